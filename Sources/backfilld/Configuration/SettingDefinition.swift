/// What a setting is: the one place from which reading, checking, suggestions, `backfilld config`
/// and the commented configuration file are made.
struct SettingDefinition: Sendable {
    /// The dotted name, as in the TOML file.
    let key: String
    let kind: SettingKind
    /// The default as it would be written, nil where there is none.
    let defaultText: String?
    /// One paragraph: what it is and what follows from it.
    let documentation: String
    /// For a default that a value can't express.
    var defaultNote: String?
    /// A password, or something that may contain one: never on the command line, never shown.
    var isSecret = false
    /// A reload changes it without a restart.
    var changesLive = false
    /// The command line option of its own; any other is given by `--set key=value`.
    var flag: String?
    /// Other variables that mean it: those of other programs and of the first version.
    var otherVariables: [String] = []

    /// The environment variable: `limits.rowsPerSecond` is BACKFILLD_LIMITS_ROWS_PER_SECOND.
    var variable: String { SettingDefinition.variablePrefix + Self.separated(key, by: "_").uppercased() }

    /// The file in `$CREDENTIALS_DIRECTORY`: `database.url` is database-url.
    var credential: String? { isSecret ? Self.separated(key, by: "-").lowercased() : nil }

    /// What every variable of ours begins with.
    static let variablePrefix = "BACKFILLD_"

    private static func separated(_ key: String, by separator: String) -> String {
        var words = ""
        for character in key {
            if character == "." {
                words += separator
            } else if character.isUppercase {
                words += separator + character.lowercased()
            } else {
                words.append(character)
            }
        }
        return words
    }
}

extension SettingDefinition {
    /// Every setting there is.
    static let all: [SettingDefinition] =
        embedding + local + hash + remote + remotePace + database + table + pipeline + console
        + service

    private static let byKey = Dictionary(uniqueKeysWithValues: all.map { ($0.key, $0) })

    /// The definition of a key; `tables.3.name` is defined as `table.name` is.
    static func named(_ key: String) -> SettingDefinition? {
        if let definition = byKey[key] { return definition }
        let parts = key.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "tables", Int(parts[1]) != nil else { return nil }
        return byKey["table.\(parts[2])"]
    }

    /// The problem with a key or variable that is no setting's.
    static func unknown(_ name: String, at origin: Origin, among candidates: [String]) -> ConfigurationProblem {
        let remedy =
            nearestName(to: name, among: candidates).map { "Did you mean \"\($0)\"?" }
            ?? "\"backfilld config --template\" lists every setting."
        return ConfigurationProblem(origin, "there is no setting \(quotedName(name))", remedy: remedy)
    }
}
