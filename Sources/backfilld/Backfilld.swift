import ArgumentParser
import Glibc
import Systemd

/// The program.
@main
struct Backfilld: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfilld",
        abstract: "Keeps the embedding column of a Postgres table filled.",
        discussion: """
            Once:    backfilld setup        (as the table's owner: triggers, an index, a schema of its own)
            Always:  systemctl start backfilld        (or in a terminal: backfilld run)
            Then insert rows, and find them embedded: backfilld status

            The database is named by DATABASE_URL, or by libpq's PG* variables. Exit codes are those of sysexits(3).
            """,
        version: Version.text,
        subcommands: [
            RunCommand.self, SetupCommand.self, BackfillCommand.self, StatusCommand.self, WaitCommand.self,
            SearchCommand.self, IndexCommand.self, QualityCommand.self,
            FailuresCommand.self, PauseCommand.self, ResumeCommand.self, ReembedCommand.self, ExplainCommand.self,
            CheckCommand.self, ConfigCommand.self, ModelCommand.self,
            EmbedCommand.self, TokenizeCommand.self, VersionCommand.self,
        ])

    /// Runs the command that is asked for; one whose output nobody got has not done its work.
    static func main() async {
        // Whichever command it is: the database password and a provider's key may be in it.
        CoreDumps.disable()
        // Swift's own handlers start its backtracer, which may not look into a process that is never dumped, and then go
        // on as if the watchdog's SIGABRT had not come.
        for crash in [SIGABRT, SIGQUIT, SIGILL, SIGTRAP, SIGFPE, SIGBUS, SIGSEGV] { signal(crash, SIG_DFL) }
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            // Who closes a pipe has read enough.
            guard fflush(nil) != 0, errno != EPIPE else { return }
            complain("backfilld: the output cannot be written: \(String(cString: strerror(errno)))")
            throw Failure.inputOutput
        } catch {
            exit(withError: error)
        }
    }
}
