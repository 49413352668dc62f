import Configuration
import Synchronization

/// Reads settings through swift-configuration, the strongest source first, and keeps where each came from.
struct SettingReader {
    private let reader: ConfigReader
    private let recorder = OriginRecorder()
    /// What was read, in order.
    private(set) var effective: [EffectiveSetting] = []

    init(_ providers: [any SettingProvider]) {
        reader = ConfigReader(providers: providers, accessReporter: recorder)
    }

    /// Reads a setting; nil if it is set nowhere and has no default.
    ///
    /// - Parameter key: where to read it, if that is not the definition's key: `tables.0.name`.
    mutating func read(_ definition: SettingDefinition, key: String? = nil) -> Sourced<SettingValue>? {
        let key = key ?? definition.key
        var result: Sourced<SettingValue>?
        if let value = value(of: definition, at: ConfigKey(key.split(separator: ".").map(String.init))) {
            result = Sourced(value: value, origin: recorder.latest)
        } else if let text = definition.defaultText, let value = try? definition.kind.value(of: .words(text)) {
            result = Sourced(value: value, origin: .builtIn)
        }
        record(key, result?.value, result?.origin ?? .builtIn, isSecret: definition.isSecret)
        return result
    }

    /// Adds something effective that is no setting of ours, or a default that depends on others.
    mutating func record(_ key: String, _ value: SettingValue?, _ origin: Origin, isSecret: Bool = false) {
        let setting = EffectiveSetting(key: key, value: value, origin: origin, isSecret: isSecret)
        if let index = effective.firstIndex(where: { $0.key == key }) {
            effective[index] = setting
        } else {
            effective.append(setting)
        }
    }

    private func value(of definition: SettingDefinition, at key: ConfigKey) -> SettingValue? {
        // Secret or not is told each time: swift-configuration can log what is read.
        let isSecret = definition.isSecret
        return switch definition.kind {
        case .text, .anyText, .choice, .amount:
            reader.string(forKey: key, isSecret: isSecret).map(SettingValue.text)
        case .number:
            reader.int(forKey: key, isSecret: isSecret).map(SettingValue.number)
        case .list:
            reader.stringArray(forKey: key, isSecret: isSecret).map(SettingValue.list)
        case .duration:
            reader.string(forKey: key, as: DurationText.self, isSecret: isSecret).map { .duration($0.duration) }
        case .size:
            reader.string(forKey: key, as: SizeText.self, isSecret: isSecret).map { .size($0.bytes) }
        }
    }
}

/// Remembers which provider's key won the last look-up.
private final class OriginRecorder: AccessReporter {
    private let origin = Mutex(Origin.builtIn)

    var latest: Origin { origin.withLock { $0 } }

    func report(_ event: AccessEvent) {
        // Providers are asked in turn until one has a value: that one is the last.
        guard case .success(let result)? = event.providerResults.last?.result, result.value != nil else { return }
        origin.withLock { $0 = Origin(reported: result.encodedKey) }
    }
}
