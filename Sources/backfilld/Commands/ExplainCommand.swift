import ArgumentParser
import Backfill
import FoundationEssentials
import PostgresClient

/// `backfilld explain`: one row under the glass.
struct ExplainCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Show what one row is embedded from, and where it stands.",
        discussion: """
            Prints the exact text that is given to the embedder, its size and the hash that tells whether it changed, \
            and whether the row is pending and why. Ends with 1 when there is no such row.
            """)

    @OptionGroup var options: SettingOptions

    @Argument(help: "The row's key.")
    var key: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            guard assembly.tables.count == 1, let spec = assembly.tables.first else {
                complain("backfilld: several tables are configured; say which one the row is in: --table NAME")
                throw Failure.usage
            }
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            let table = try await WatchedTable.load(spec, identity: nil, on: connection)
            let row: RowExplanation?
            do {
                row = try await RowExplanation.load(key, in: table, textBytes: settings.textBytes, on: connection)
            } catch let error as PostgresError where error.hasState("22") {
                complain("backfilld: \(key) is no key of \(table.displayName): its column is of type \(table.keyType)")
                throw Failure.data
            }
            guard let row else {
                complain("backfilld: \(table.displayName) has no row with the key \(key)")
                throw ExitCode(1)
            }
            let status = try await TableStatus.load(table, on: connection)
            await connection.close()
            if json {
                print(try printedJSON(row))
            } else {
                print(Self.text(row, table, status))
            }
        }
    }

    private static func text(
        _ row: RowExplanation, _ table: WatchedTable, _ status: TableStatus
    ) -> String {
        let hash = String(UInt64(bitPattern: row.source), radix: 16)
        var lines = ["\(table.displayName), row \(row.key)", ""]
        lines += row.text.split(separator: "\n", omittingEmptySubsequences: false).map { "    \($0)" }
        lines += [
            "",
            "text       \(row.bytes.grouped) bytes" + (row.isCut ? ", cut to limits.textBytes" : "")
                + (row.text.isEmpty ? ": no text, so it gets the zero vector" : ""),
            "source     \(hash) (hash of \(table.baseColumns.joined(separator: ", ")))",
        ]
        if row.isPending {
            lines.append(
                "pending    yes: column \(table.spec.embedding) is NULL, so the row is new, or its text changed"
                    + prospect(row, status))
        } else {
            lines.append(
                "pending    no: \(row.dimension ?? 0) dimensions are there, of length "
                    + "\(Double(Int((row.norm ?? 0) * 1000)) / 1000)")
        }
        if let failure = row.failure {
            lines.append(
                "failed     \(failure.attempts.counted("time")) with this text, from \(failure.firstAt) to "
                    + "\(failure.lastAt): \(failure.reason)")
            lines.append(
                "next try   \(failure.isSetAside ? "set aside: none, until its text changes or" : "\(failure.wait); at once:") "
                    + "backfilld failures retry \(shellArgument(row.key))")
        }
        if let holder = row.lockedBy {
            lines.append("locked     by server process \(holder), whose transaction has not ended")
        }
        if !row.claimedBy.isEmpty {
            lines.append("claimed    by \(row.claimedBy.map(\.description).joined(separator: " and by "))")
        }
        if let paused = row.paused { lines.append("paused     \(paused.line); to go on: backfilld resume") }
        lines.append("last write " + (row.lastWrite ?? "not known: the server does not keep track_commit_timestamp"))
        if let last = status.lastEmbeddedAt { lines.append("table      last embedded a row at \(last)") }
        return terminalText(lines)
    }

    /// What becomes of a pending row next.
    private static func prospect(_ row: RowExplanation, _ status: TableStatus) -> String {
        if row.paused != nil { return "; the table is paused" }
        if row.failure?.isSetAside ?? false { return "; it is set aside" }
        guard status.daemons.contains(where: { $0.state != "gone" }) else {
            return "; no daemon is connected to take it"
        }
        if row.failure != nil { return "; it waits for another try" }
        if row.lockedBy != nil { return "; it is embedded when the lock is gone" }
        if row.claimedBy.isEmpty { return "; a daemon will take it" }
        return row.claimedBy.allSatisfy(\.isDaemon)
            ? "; a daemon has claimed rows of its bucket" : "; no daemon gets to claim it"
    }
}
