import ArgumentParser
import Backfill
import PostgresClient

/// `backfilld wait`: for scripts and CI.
struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait",
        abstract: "Wait until rows are embedded.",
        discussion: """
            Without keys it waits until no row of the table is pending (of all configured tables, where --table names \
            none). Ends with 0 when that is so, and with 75 when the time is up, saying what is missing.
            """)

    @OptionGroup var options: SettingOptions

    @Option(help: ArgumentHelp("How long to wait at most: 500ms, 30s, 5min.", valueName: "duration"))
    var timeout = "30s"

    @Argument(help: "Keys of the rows to wait for.")
    var keys: [String] = []

    func validate() throws {
        if QuantityUnits.durations.parse(timeout) == nil {
            throw ValidationError("--timeout \(timeout) is no duration. Write it with a unit: 500ms, 30s, 5min.")
        }
    }

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let limit = Duration.nanoseconds(QuantityUnits.durations.parse(timeout) ?? 0)
            let assembly = try Assembly(settings)
            if !keys.isEmpty, assembly.tables.count > 1 {
                complain("backfilld: several tables are configured; say which one the keys are of: --table NAME")
                throw Failure.usage
            }
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            let end = ContinuousClock.now + limit
            for table in assembly.tables {
                let watched = try await WatchedTable.load(table, identity: nil, on: connection)
                try await wait(for: watched, until: end, on: connection)
            }
            await connection.close()
        }
    }

    private func wait(
        for table: WatchedTable, until end: ContinuousClock.Instant, on connection: PostgresConnection
    ) async throws {
        let waiting = Waiting(table, on: connection)
        var pause = Duration.milliseconds(20)
        while true {
            let missing: Waiting.Missing
            do {
                missing = try await waiting.missing(keys)
            } catch let error as PostgresError where error.hasState("22") && !keys.isEmpty {
                complain("backfilld: a key is none of \(table.displayName): its column is of type \(table.keyType)")
                throw Failure.data
            }
            if missing.isEmpty { return }
            guard ContinuousClock.now < end else {
                let standing = try await LedgerStanding.load(table, on: connection)
                complain("backfilld: \(Self.text(missing, table, timeout, standing, isAll: keys.isEmpty))")
                throw Failure.temporary
            }
            // Soon after an insert often, since the row is done in no time; a long wait is worth a query a second.
            try await Task.sleep(for: min(pause, end - .now))
            pause = min(pause * 3 / 2, .seconds(1))
        }
    }

    private static func text(
        _ missing: Waiting.Missing, _ table: WatchedTable, _ timeout: String, _ standing: LedgerStanding, isAll: Bool
    ) -> String {
        var parts: [String] = []
        if !missing.pending.isEmpty {
            let among = isAll ? "rows are not embedded, among them" : "not embedded:"
            parts.append("\(among) \(missing.pending.joined(separator: ", "))")
        }
        if !missing.absent.isEmpty { parts.append("no such row: \(missing.absent.joined(separator: ", "))") }
        return "\(table.displayName): after \(timeout) \(parts.joined(separator: "; "))."
            + (missing.pending.isEmpty ? "" : " \(hint(standing))")
    }

    private static func hint(_ standing: LedgerStanding) -> String {
        if standing.pause != nil { return "The table is paused: backfilld resume" }
        if standing.failing + standing.setAside > 0 { return "Rows have failed: backfilld failures" }
        return "Is a daemon running? backfilld status"
    }
}
