import ArgumentParser
import Backfill
import PostgresClient

/// `backfilld failures retry`.
struct FailuresRetryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retry",
        abstract: "Let rows that failed be tried again now.",
        discussion: """
            They start with a clean sheet, as if they had not failed yet; daemons that are connected begin at once. \
            With several tables configured the one that has the key is found; --table names it where more than one has.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "All rows that failed, of --table or of all tables.")
    var all = false

    @Argument(help: ArgumentHelp("Keys of rows that failed.", valueName: "key"))
    var keys: [String] = []

    func validate() throws {
        if all != keys.isEmpty { throw ValidationError("Name the rows by their keys, or say --all.") }
    }

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            let pool = assembly.pool()
            let tables = try await assembly.watchedTables(on: connection)
            let chosen = all ? nil : try await Self.choose(keys, of: tables, on: connection)
            for (number, table) in tables.enumerated() {
                if let chosen, chosen[number].isEmpty { continue }
                let ledger = FailureLedger(table: table, pool: pool, daemon: "")
                let count = try await ledger.forgive(chosen?[number]).count
                let rows = count == 1 ? "row is" : "rows are"
                print(
                    "\(table.displayName): \(count == 0 ? "no row has failed" : "\(count.grouped) \(rows) tried again")"
                )
            }
            await pool.discardIdle()
            await connection.close()
        }
    }

    /// Which of the keys are whose, table by table: all of them are found before anything is done.
    private static func choose(
        _ keys: [String], of tables: [WatchedTable], on connection: PostgresConnection
    ) async throws -> [[RowKey]] {
        var chosen = [[RowKey]](repeating: [], count: tables.count)
        for key in keys {
            var found: [Int] = []
            var isKey = false
            for (number, table) in tables.enumerated() {
                do {
                    // Asked of the table, since a ledger without entries takes any text for a key.
                    _ = try await Waiting(table, on: connection).missing([key])
                    if try await FailedRow.isThere(RowKey(key), in: table, on: connection) { found.append(number) }
                    isKey = true
                } catch let error as PostgresError where error.hasState("22") {
                    // No key of this table: perhaps one of the next.
                }
            }
            let names = tables.map(\.displayName)
            guard let number = found.first else {
                complain(
                    isKey
                        ? "backfilld: no failure of row \(key) is recorded in \(names.joined(separator: ", ")); those "
                            + "that are: backfilld failures"
                        : "backfilld: \(key) is no key of \(names.joined(separator: ", ")): the column is of type "
                            + tables.map(\.keyType).joined(separator: ", "))
                throw Failure.data
            }
            guard found.count == 1 else {
                complain(
                    "backfilld: row \(key) failed in \(found.map { names[$0] }.joined(separator: " and in ")); say which "
                        + "one is meant: --table NAME")
                throw Failure.usage
            }
            chosen[number].append(RowKey(key))
        }
        return chosen
    }
}
