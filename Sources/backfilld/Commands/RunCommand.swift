import ArgumentParser
import Backfill
import Glibc
import Logging
import PostgresClient
import Systemd
import UnixSignals

/// `backfilld run`: the service.
struct RunCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Keep the embedding columns filled, until stopped. This is the service.",
        discussion: """
            Runs in the foreground, as systemd wants it: says READY after the first LISTEN and the first look at each \
            table, keeps a status line, answers the watchdog. SIGTERM finishes the batches under way and ends with 0, \
            a second one ends at once; nothing is lost either way. SIGHUP reads the configuration again.

            The tables must have been set up: see "backfilld setup". The daemon itself never changes the schema.
            """)

    @OptionGroup var options: SettingOptions

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        let settings: Settings
        do throws(ConfigurationError) {
            settings = try options.load()
        } catch {
            error.tell(as: .configurationWrong)
            ServiceNotifier().failed(
                errno: Failure.errorNumber(for: Failure.configuration),
                status: "ended: the configuration is wrong, see journalctl or backfilld config --check")
            throw ExitCode(ConfigurationError.exitCode)
        }
        let threshold = LogThreshold(settings.log.level)
        let format = LogFormat(rawValue: settings.log.format.rawValue) ?? .auto
        LoggingSystem.bootstrap(format.handlers(identifier: "backfilld", threshold: threshold), metadataProvider: nil)
        let logger = Logger(label: "backfilld")
        let service = Service(
            options: options, settings: settings, threshold: threshold, logger: logger, signals: signals)
        do {
            try await service.run()
        } catch {
            let (message, code) = (Failure.message(for: error), Failure.serviceCode(of: error))
            logger.tell(.ending(with: error), "\(message)", [.exitStatus: "\(code.rawValue)"])
            // What `systemctl status` shows of a service that is no more.
            ServiceNotifier().failed(errno: Failure.errorNumber(for: code), status: "ended: \(message)")
            throw code
        }
    }
}
