import ArgumentParser
import Backfill
import PostgresClient

/// `backfilld failures`: the rows that failed.
struct FailuresCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "failures",
        abstract: "Show the rows that failed, and let them be tried again.",
        subcommands: [FailuresListCommand.self, FailuresRetryCommand.self],
        defaultSubcommand: FailuresListCommand.self)
}

/// `backfilld failures list`, or without the word.
struct FailuresListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the rows that failed, why, and when they are tried again.",
        discussion: """
            A row that fails by its own fault (its text is refused, a constraint or a trigger refuses its embedding) is \
            tried again after longer and longer waits, and set aside after retry.attempts. A set-aside row is tried \
            again when its text changes, or by "backfilld failures retry". Of each table the first 1,000 rows are \
            shown, those set aside first; with --json all.
            """)

    @OptionGroup var options: SettingOptions
    @OptionGroup var table: TableArgument

    @Flag(help: "Print JSON.")
    var json = false

    private static let most = 1000

    func run() async throws {
        let settings = try table.settings(options)
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            var all: [FailedRow] = []
            var sections: [String] = []
            for table in try await assembly.watchedTables(on: connection) {
                let rows = try await FailedRow.load(table, limit: json ? .max : Self.most + 1, on: connection)
                all += rows
                if !json { sections.append(Self.section(rows, table.displayName, most: Self.most)) }
            }
            await connection.close()
            if json {
                print(try printedJSON(["failures": all]))
            } else {
                print(sections.joined(separator: "\n"))
            }
        }
    }

    /// One table's rows, for people; those beyond `most` are only said to be there.
    static func section(_ rows: [FailedRow], _ table: String, most: Int) -> String {
        guard !rows.isEmpty else { return "\(table): no row has failed" }
        var lines: [String] = []
        for row in rows.prefix(most) {
            let attempts = row.attempts.counted("attempt")
            let span = row.attempts == 1 ? row.firstAt : "\(row.firstAt) to \(row.lastAt)"
            lines += ["\(table), key \(row.key): \(row.prospect), \(attempts), \(span)", "    \(row.reason)"]
        }
        if rows.count > most { lines.append("\(table): and more; all of them: backfilld failures --json") }
        return terminalText(lines)
    }
}
