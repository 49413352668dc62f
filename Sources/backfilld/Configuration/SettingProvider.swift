import Configuration

/// A value of a source, checked, with its place.
struct ProvidedValue: Sendable, Equatable {
    /// The value as swift-configuration hands it on: quantities stay texts and are converted on reading.
    let content: ConfigContent
    let origin: Origin
}

/// One source of settings as a provider of swift-configuration.
///
/// Values are checked when a source is made, so that every bad one is reported and not just the
/// first that is read; looking one up can't fail any more. The key a lookup reports is the origin,
/// which is how the reader learns where the winning value came from.
protocol SettingProvider: ConfigProvider, ConfigSnapshot {
    /// The values by dotted key; an item of `[[tables]]` is `tables.0.name`.
    var values: [String: ProvidedValue] { get }
}

extension SettingProvider {
    func value(forKey key: AbsoluteConfigKey, type: ConfigType) throws -> LookupResult {
        let name = key.components.joined(separator: ".")
        guard let provided = values[name] else { return LookupResult(encodedKey: name, value: nil) }
        let isSecret = SettingDefinition.named(name)?.isSecret ?? true
        return LookupResult(
            encodedKey: provided.origin.description, value: ConfigValue(provided.content, isSecret: isSecret))
    }

    nonisolated(nonsending) func fetchValue(
        forKey key: AbsoluteConfigKey, type: ConfigType
    ) async throws -> LookupResult {
        try value(forKey: key, type: type)
    }

    nonisolated(nonsending) func watchValue<Return: ~Copyable>(
        forKey key: AbsoluteConfigKey,
        type: ConfigType,
        updatesHandler:
            nonisolated(nonsending) (
                _ updates: ConfigUpdatesAsyncSequence<Result<LookupResult, any Error>, Never>
            ) async throws -> Return
    ) async throws -> Return {
        try await watchValueFromValue(forKey: key, type: type, updatesHandler: updatesHandler)
    }

    func snapshot() -> any ConfigSnapshot { self }

    nonisolated(nonsending) func watchSnapshot<Return: ~Copyable>(
        updatesHandler:
            nonisolated(nonsending) (
                _ updates: ConfigUpdatesAsyncSequence<any ConfigSnapshot, Never>
            ) async throws -> Return
    ) async throws -> Return {
        try await watchSnapshotFromSnapshot(updatesHandler: updatesHandler)
    }
}

/// Collects the checked values of a source and what is wrong with the others.
struct SettingCollector {
    private(set) var values: [String: ProvidedValue] = [:]
    private(set) var problems: [ConfigurationProblem] = []

    /// Takes a value if it is one the definition allows.
    mutating func take(_ raw: RawValue, key: String, definition: SettingDefinition, origin: Origin) {
        do throws(ValueFault) {
            let value = try definition.kind.value(of: raw, isSecret: definition.isSecret)
            values[key] = ProvidedValue(content: value.content, origin: origin)
        } catch {
            problems.append(ConfigurationProblem(origin, "\(key) \(error.what)", remedy: error.remedy))
        }
    }

    mutating func report(_ problem: ConfigurationProblem) {
        problems.append(problem)
    }
}

extension SettingValue {
    /// The value as swift-configuration carries it.
    var content: ConfigContent {
        switch self {
        case .number(let number): .int(number)
        case .list(let items): .stringArray(items)
        case .text, .duration, .size: .string(description)
        }
    }
}
