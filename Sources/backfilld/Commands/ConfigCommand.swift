import Backfill
import ArgumentParser
import FoundationEssentials

/// `backfilld config`: what the daemon would run with, and why.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Show every effective setting and where it came from.",
        discussion: """
            Settings come, the strongest first, from the command line, BACKFILLD_* variables (and DATABASE_URL), the \
            files of $CREDENTIALS_DIRECTORY (database-url and others), .env.local and .env in the working \
            directory, the configuration file, and the defaults. Secrets are shown as <redacted>; of the \
            database's address only host, port, database and user are shown.

            Nothing is connected to. The exit code is 0 if the configuration is right and 78 if it is not; then \
            everything that is wrong is said at once.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Only say whether the configuration is right.")
    var check = false

    @Flag(help: "Print JSON: settings, warnings and problems.")
    var json = false

    @Flag(help: "Print a commented configuration file with every setting and its default.")
    var template = false

    @Flag(help: ArgumentHelp("Print the source of backfilld.toml(5).", visibility: .hidden))
    var manual = false

    @Flag(help: ArgumentHelp("Print the source of docs/configuration.md.", visibility: .hidden))
    var reference = false

    func run() async throws {
        if template {
            print(CommentedFile.text, terminator: "")
        } else if manual {
            print(ManualPage.text, terminator: "")
        } else if reference {
            print(ConfigurationPage.text, terminator: "")
        } else if json {
            try printReport()
        } else {
            // In the journal it is `systemctl reload` that asks.
            let settings = try options.settings(
                skipsCredentials: skipsCredentials, event: check ? .reloadRefused : nil)
            if skipsCredentials { print("The credentials cannot be read from here: they are not checked.") }
            print(check ? Self.summary(settings) : settings.lines.joined(separator: "\n"))
        }
    }

    /// A check before a reload has to do without what only the daemon can see.
    private var skipsCredentials: Bool { check && SettingOptions.areCredentialsOutOfReach }

    private func printReport() throws {
        var exitCode = ExitCode.success
        var report: ConfigurationReport
        do throws(ConfigurationError) {
            report = ConfigurationReport(try options.load(skipsCredentials: skipsCredentials))
        } catch {
            report = ConfigurationReport(error)
            exitCode = ExitCode(ConfigurationError.exitCode)
        }
        if check { report.settings = [] }
        print(try printedJSON(report))
        if !exitCode.isSuccess { throw exitCode }
    }

    private static func summary(_ settings: Settings) -> String {
        let tables = settings.tables.count.counted("table")
        return "The configuration is right: \(tables), embedder \(settings.embedder), "
            + (settings.file.map { "file \($0)." } ?? "no configuration file.")
    }
}
