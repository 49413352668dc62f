import ArgumentParser
import FoundationEssentials
import Glibc
import Logging
import Systemd

/// The options by which every command takes settings.
///
/// Values stay texts here: they are checked with those of the other sources, so that a bad one is
/// reported in the same words wherever it came from. There is no option for the database's
/// address or password: everybody on a machine can read the arguments of its processes.
struct SettingOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "Read this configuration file, which must exist.",
            discussion: "Without it \(ConfigurationSources.standardPath) is read if it is there.",
            valueName: "path"),
        completion: .file(extensions: ["toml"]))
    var configPath: String?

    @Option(
        name: .customLong("table"),
        help: ArgumentHelp(
            "The table; with several configured, the one of them to use.", valueName: "name"))
    var table: String?

    @Option(
        name: .customLong("embedder"),
        help: ArgumentHelp(
            "What makes the vectors: local, openai, cohere, codette, supabase or hash.", valueName: "name"))
    var embedder: String?

    @Option(name: .customLong("batch-rows"), help: ArgumentHelp("The most rows of a batch.", valueName: "n"))
    var batchRows: String?

    @Option(
        name: .customLong("log-level"),
        help: ArgumentHelp("The least important messages to log: trace … critical.", valueName: "level"),
        completion: .list(Logger.Level.allCases.map(\.rawValue)))
    var logLevel: String?

    @Option(
        name: .customLong("log-format"),
        help: ArgumentHelp("auto, journal, terminal or plain.", valueName: "format"),
        completion: .list(LogFormat.allCases.map(\.rawValue)))
    var logFormat: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Any other setting: --set batch.quiet=50ms. May be repeated.",
            discussion: """
                Not the database's address or password, since everybody on this machine can read a command line: \
                set DATABASE_URL, or one of the places "backfilld config --template" names.
                """,
            valueName: "key=value"))
    var assignments: [String] = []

    /// What these options say.
    var commandLine: CommandLineSettings {
        var commandLine = CommandLineSettings()
        // An option of its own is given last: it is stronger than a --set of the same setting.
        for assignment in assignments { commandLine.add(assignment: assignment) }
        commandLine.add("table.name", table)
        commandLine.add("embedder", embedder)
        commandLine.add("batch.rows", batchRows)
        commandLine.add("log.level", logLevel)
        commandLine.add("log.format", logFormat)
        return commandLine
    }

    /// Whether the service manager names credentials that this process may not look at.
    ///
    /// So it is for `ExecReload=` in a sandbox: systemd up to 256 sets the variable there and does not mount what it
    /// names (systemd issue 35227).
    static var areCredentialsOutOfReach: Bool {
        let directory = ProcessInfo.processInfo.environment["CREDENTIALS_DIRECTORY"] ?? ""
        return !directory.isEmpty && access(directory, R_OK | X_OK) != 0
    }

    /// Reads the settings of this process: options, environment, credentials and files.
    ///
    /// - Parameters:
    ///   - skipsCredentials: Whether to do without the credentials, and so perhaps without the database's address.
    ///   - add: Adds what other options say, which is stronger.
    func load(
        needsDatabase: Bool = true, skipsCredentials: Bool = false,
        adding add: (inout CommandLineSettings) -> Void = { _ in }
    ) throws(ConfigurationError) -> Settings {
        var commandLine = commandLine
        add(&commandLine)
        let environment = ProcessInfo.processInfo.environment
        return try Settings.load(
            commandLine: commandLine,
            environment: environment,
            workingDirectory: FileManager.default.currentDirectoryPath,
            configPath: configPath,
            credentialsDirectory: skipsCredentials ? nil : environment["CREDENTIALS_DIRECTORY"],
            userID: geteuid(),
            needsDatabase: needsDatabase && !skipsCredentials)
    }

    /// Reads the settings for a command: warnings and problems go to standard error.
    ///
    /// - Parameter event: What the problems are where standard error is the journal; nil where they are output there, too.
    /// - Throws: the exit code EX_CONFIG if something is wrong.
    func settings(
        needsDatabase: Bool = true, skipsCredentials: Bool = false, event: JournalEvent? = nil,
        adding add: (inout CommandLineSettings) -> Void = { _ in }
    ) throws(ExitCode) -> Settings {
        do throws(ConfigurationError) {
            let settings = try load(needsDatabase: needsDatabase, skipsCredentials: skipsCredentials, adding: add)
            for warning in settings.warnings { complain("Warning: \(warning)") }
            return settings
        } catch {
            error.tell(as: event)
            throw ExitCode(ConfigurationError.exitCode)
        }
    }
}
