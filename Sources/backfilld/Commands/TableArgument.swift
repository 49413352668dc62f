import ArgumentParser
import Backfill
import PostgresClient

/// A table as an argument of its own, for commands that are about tables: one of those configured, or all of them.
struct TableArgument: ParsableArguments {
    @Argument(help: ArgumentHelp("The table; without it all that are configured.", valueName: "table"))
    var name: String?

    /// The settings, with the table that is named here, or by --table.
    func settings(_ options: SettingOptions) throws(ExitCode) -> Settings {
        try options.settings { commandLine in commandLine.add("table.name", name) }
    }
}
