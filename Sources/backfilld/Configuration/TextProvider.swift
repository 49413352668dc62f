import Configuration

/// A source whose values are words: the environment, a `.env` file, credentials, the command line.
struct TextProvider: SettingProvider {
    let providerName: String
    let values: [String: ProvidedValue]

    /// A variable with its place.
    typealias Variables = [String: Sourced<String>]

    /// The settings among variables, by our names and by those of others.
    ///
    /// An empty variable counts as not set, as it does for libpq: that is how one is switched off
    /// in a unit file or a compose file.
    static func variables(_ variables: Variables, named name: String, problems: inout [ConfigurationProblem]) -> Self {
        var collector = SettingCollector()
        for definition in SettingDefinition.all {
            for variable in [definition.variable] + definition.otherVariables {
                guard let given = variables[variable], !given.value.isEmpty else { continue }
                let words = FirstVersion.translated(given.value, of: variable)
                collector.take(.words(words), key: definition.key, definition: definition, origin: given.origin)
                break
            }
        }
        let known = SettingDefinition.all.map(\.variable)
        for (variable, given) in variables.sorted(by: { $0.key < $1.key }) {
            guard variable.hasPrefix(SettingDefinition.variablePrefix), !known.contains(variable) else { continue }
            // Kubernetes puts these into every container beside a service that is called backfilld.
            let ofService = ["BACKFILLD_SERVICE_HOST", "BACKFILLD_SERVICE_PORT", "BACKFILLD_PORT"]
            if ofService.contains(where: { variable == $0 || variable.hasPrefix($0 + "_") }) { continue }
            collector.report(unknownVariable(variable, at: given.origin, known: known))
        }
        problems += collector.problems
        return TextProvider(providerName: name, values: collector.values)
    }

    private static func unknownVariable(
        _ variable: String, at origin: Origin, known: [String]
    ) -> ConfigurationProblem {
        if variable == "BACKFILLD_CONFIG" {
            return ConfigurationProblem(
                origin, "the configuration file is not named by a variable", remedy: "Use the option --config PATH.")
        }
        return SettingDefinition.unknown(variable, at: origin, among: known)
    }

    /// The options of the command line.
    static func commandLine(_ commandLine: CommandLineSettings, problems: inout [ConfigurationProblem]) -> Self {
        var collector = SettingCollector()
        for given in commandLine.values {
            let origin = Origin.commandLine(given.flag)
            guard let definition = SettingDefinition.named(given.key), !given.key.hasPrefix("tables.") else {
                let known = SettingDefinition.all.filter { !$0.isSecret }.map(\.key)
                collector.report(SettingDefinition.unknown(given.key, at: origin, among: known))
                continue
            }
            guard !definition.isSecret else {
                let remedy = """
                    Everybody on this machine can read a command line. Use the variable \(definition.variable) \
                    or the credential \(definition.credential ?? "").
                    """
                collector.report(
                    ConfigurationProblem(origin, "\(definition.key) is not taken from there", remedy: remedy))
                continue
            }
            collector.take(.words(given.value), key: given.key, definition: definition, origin: origin)
        }
        problems += collector.problems
        return TextProvider(providerName: "command line", values: collector.values)
    }

    /// The secrets in `$CREDENTIALS_DIRECTORY`, one file each; other files there are not ours to judge.
    static func credentials(in directory: String, problems: inout [ConfigurationProblem]) -> Self {
        var collector = SettingCollector()
        for definition in SettingDefinition.all {
            guard let name = definition.credential else { continue }
            let origin = Origin.credential(name)
            switch ConfigurationFile.read("\(directory)/\(name)") {
            case .absent: continue
            case .refused(let reason): collector.report(ConfigurationProblem(origin, reason))
            case .text(var text):
                while text.unicodeScalars.last == "\n" || text.unicodeScalars.last == "\r" {
                    text.unicodeScalars.removeLast()
                }
                collector.take(.words(text), key: definition.key, definition: definition, origin: origin)
            }
        }
        problems += collector.problems
        return TextProvider(providerName: "credentials", values: collector.values)
    }
}

/// What options of the command line say about settings.
struct CommandLineSettings: Sendable {
    /// One option.
    struct Value: Sendable {
        let key: String
        let value: String
        /// As the user wrote it, for messages: `--batch-rows`, `--set batch.rows`.
        let flag: String
    }

    var values: [Value] = []

    /// Adds the value of an option with a definition, unless it was not given.
    mutating func add(_ key: String, _ value: String?) {
        guard let value else { return }
        values.append(Value(key: key, value: value, flag: SettingDefinition.named(key)?.flag ?? "--set \(key)"))
    }

    /// Adds what follows a `--set`: `key=value`.
    mutating func add(assignment: String) {
        guard let equals = assignment.firstIndex(of: "=") else {
            // A secret may have been meant; only its place is named.
            values.append(Value(key: "", value: "", flag: "--set (without \"key=value\")"))
            return
        }
        let key = trimmed(assignment[..<equals])
        let flag = SettingDefinition.named(key) == nil ? "--set" : "--set \(key)"
        values.append(Value(key: key, value: String(assignment[assignment.index(after: equals)...]), flag: flag))
    }
}
