import Configuration
import Glibc

/// Everything settings are read from, gathered and checked on its own.
struct ConfigurationSources {
    /// The path of the configuration file that is read if nobody names another.
    static let standardPath = "/etc/backfilld/backfilld.toml"

    /// The providers, the strongest first.
    let providers: [any SettingProvider]
    let toml: TOMLProvider?
    /// The variables of the process and of the `.env` files, the strongest first.
    let variables: [TextProvider.Variables]
    private(set) var problems: [ConfigurationProblem] = []
    private(set) var warnings: [String] = []

    init(
        commandLine: CommandLineSettings, environment: [String: String], workingDirectory: String, configPath: String?,
        credentialsDirectory: String?, userID: UInt32, standardPath: String
    ) {
        var problems: [ConfigurationProblem] = []
        var warnings: [String] = []
        var providers: [any SettingProvider] = [TextProvider.commandLine(commandLine, problems: &problems)]

        var process: TextProvider.Variables = [:]
        for (name, value) in environment { process[name] = Sourced(value: value, origin: .environment(name)) }
        providers.append(TextProvider.variables(process, named: "environment", problems: &problems))
        var variables = [process]

        if let credentialsDirectory, !credentialsDirectory.isEmpty {
            providers.append(TextProvider.credentials(in: credentialsDirectory, problems: &problems))
        }
        for name in [".env.local", ".env"] {
            guard
                let found = Self.dotEnv(name, in: workingDirectory, userID: userID, &warnings)
            else { continue }
            providers.append(TextProvider.variables(found, named: name, problems: &problems))
            variables.append(found)
        }
        toml = Self.toml(
            configPath, standardPath: standardPath, workingDirectory: workingDirectory, &problems, &warnings)
        if let toml { providers.append(toml) }

        self.providers = providers
        self.variables = variables
        self.problems = problems
        self.warnings = warnings
    }

    private static func dotEnv(
        _ name: String, in directory: String, userID: UInt32, _ warnings: inout [String]
    ) -> TextProvider.Variables? {
        switch ConfigurationFile.read(
            resolved(name, in: directory), examine: ConfigurationFile.refusalForRoot(userID: userID))
        {
        case .absent:
            return nil
        case .refused(let reason):
            warnings.append("\(name) is not read: it \(reason)")
            return nil
        case .text(let text):
            let file = DotEnvFile(text)
            if !file.skippedLines.isEmpty {
                let lines = file.skippedLines.prefix(10).map(String.init).joined(separator: ", ")
                let more = file.skippedLines.count > 10 ? ", …" : ""
                warnings.append("\(name), line \(lines)\(more): not understood as NAME=value, and skipped")
            }
            for (variable, found) in file.variables where LibpqVariables.onlyInEnvironment.contains(variable) {
                warnings.append(
                    "\(name), line \(found.line): \(variable) can't be given here, only in the process environment")
            }
            return Dictionary(
                uniqueKeysWithValues: file.variables.map { variable, found in
                    (variable, Sourced(value: found.value, origin: Origin.file(name, line: found.line)))
                })
        }
    }

    private static func toml(
        _ configPath: String?, standardPath: String, workingDirectory: String,
        _ problems: inout [ConfigurationProblem], _ warnings: inout [String]
    ) -> TOMLProvider? {
        let path = configPath ?? standardPath
        let isReadableByAll = Flag()
        let outcome = ConfigurationFile.read(resolved(path, in: workingDirectory)) { status in
            isReadableByAll.isSet = status.st_mode & 0o004 != 0
            return nil
        }
        switch outcome {
        case .absent:
            if configPath != nil {
                problems.append(ConfigurationProblem("--config \(path)", "there is no such file"))
            }
            return nil
        case .refused(let reason):
            problems.append(ConfigurationProblem(path, reason))
            return nil
        case .text(let text):
            let provider = TOMLProvider(text: text, path: path, problems: &problems)
            let secrets = SettingDefinition.all.filter(\.isSecret).compactMap { definition in
                provider.values[definition.key].flatMap { isShownSecret(definition.key, $0) ? definition.key : nil }
            }
            if isReadableByAll.isSet, !secrets.isEmpty {
                warnings.append(
                    "\(path) holds \(secrets.joined(separator: " and ")) and everybody may read it: chmod 640")
            }
            return provider
        }
    }

    /// A URL with no password in it may stand where everybody reads it.
    private static func isShownSecret(_ key: String, _ provided: ProvidedValue) -> Bool {
        guard key == "database.url", case .string(let text) = provided.content else { return true }
        guard let address = try? ConnectionText(text) else { return true }
        return address.parameters.keys.contains { $0.hasSuffix("password") || $0.hasSuffix("secret") }
    }

    private static func resolved(_ path: String, in directory: String) -> String {
        path.hasPrefix("/") ? path : "\(directory)/\(path)"
    }

    /// What a closure found on its way.
    private final class Flag {
        var isSet = false
    }
}
