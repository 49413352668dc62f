/// A setting as it counts, for `backfilld config`. A secret's value is not in it in the clear.
struct EffectiveSetting: Sendable {
    /// The dotted key, `tables.0.name` for an item of a list, or the name of a variable of libpq's.
    let key: String
    /// The value for a person: no secret, nothing a terminal obeys.
    let shown: String
    /// The checked value; nil for a secret, and where nothing is set and there is no default.
    let value: SettingValue?
    let origin: Origin
    /// Equal for equal values, of secrets too.
    let fingerprint: Secret

    init(key: String, value: SettingValue?, origin: Origin, isSecret: Bool) {
        self.key = key
        self.origin = origin
        self.value = isSecret ? nil : value
        fingerprint = Secret(value.map { "\($0)" } ?? "")
        let text =
            switch value {
            case nil: "(not set)"
            case let value? where !isSecret: value.description
            case let value?: key == "database.url" ? ConnectionText.shown(value.description) : Secret.mask
            }
        shown = String(quoted(text, most: .max).dropFirst().dropLast())
    }
}

extension Settings {
    /// Every effective setting with where it came from, in columns.
    var lines: [String] {
        let width = effective.map(\.key.count).max() ?? 0
        let valueWidth = min(effective.map(\.shown.count).max() ?? 0, 48)
        return effective.map { setting in
            let key = setting.key + String(repeating: " ", count: width - setting.key.count)
            let padding = String(repeating: " ", count: max(0, valueWidth - setting.shown.count))
            return "\(key)  \(setting.shown)\(padding)  \(setting.origin)"
        }
    }
}

/// What `backfilld config --json` prints.
struct ConfigurationReport: Encodable {
    struct Setting: Encodable {
        let key: String
        /// A number, a text, a list, or null.
        let value: Value
        let origin: String
    }

    enum Value: Encodable {
        case none
        case number(Int)
        case text(String)
        case list([String])

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .none: try container.encodeNil()
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            case .list(let items): try container.encode(items)
            }
        }
    }

    let valid: Bool
    var settings: [Setting] = []
    var warnings: [String] = []
    var problems: [ConfigurationProblem] = []

    init(_ settings: Settings) {
        valid = true
        warnings = settings.warnings
        self.settings = settings.effective.map { setting in
            let value: Value =
                switch setting.value {
                case nil: setting.fingerprint.reveal.isEmpty ? .none : .text(setting.shown)
                case .number(let number): .number(number)
                case .list(let items): .list(items)
                case .text, .duration, .size: .text(setting.shown)
                }
            return Setting(key: setting.key, value: value, origin: setting.origin.description)
        }
    }

    init(_ error: ConfigurationError) {
        valid = false
        problems = error.problems
        warnings = error.warnings
    }
}
