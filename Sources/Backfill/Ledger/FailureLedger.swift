import PostgresClient

/// The rows of one table that failed by their own fault, in `backfilld.failure`, where all daemons see them.
///
/// An entry keeps its row back from the scan and the probe until its next try, as long as the row has the text that it
/// failed with: another text is due at once. Every method is a transaction of its own.
package struct FailureLedger: Sendable {
    /// One failure of one row.
    package struct Charge: Sendable, Hashable {
        /// The row.
        package var key: RowKey
        /// The hash of the text that it failed with; nil where that is not known.
        package var source: Int64?
        /// The hash of the text that it has now, where a trigger of the owner's rewrote it; nil: the same.
        package var standing: Int64?
        /// What happened, with no data of the row's in it.
        package var reason: String
        /// It may be nobody's fault: the row only waits, no longer than a heartbeat or so, and is never set aside.
        var isSuspicion: Bool

        /// Describes a failure.
        package init(
            key: RowKey, source: Int64?, standing: Int64? = nil, reason: String, isSuspicion: Bool = false
        ) {
            self.isSuspicion = isSuspicion
            self.key = key
            self.source = source
            self.standing = standing
            self.reason = reason
        }
    }

    /// How a row stands after a failure.
    package struct Verdict: Sendable, Hashable {
        /// The row.
        package var key: RowKey
        /// Why the last attempt failed.
        package var reason: String
        /// How many there were with this text.
        package var attempts: Int
        /// How long it waits for the next one; nil where it is set aside.
        package var wait: Duration?
        /// Whether it is set aside by this very failure.
        package var isNew: Bool

        /// Whether it has used up its attempts.
        package var isSetAside: Bool { wait == nil }
    }

    private let table: WatchedTable
    private let pool: ConnectionPool
    private let daemon: String

    private static let deadline = Duration.seconds(30)

    /// - Parameters:
    ///   - table: The table.
    ///   - pool: Lends the sessions.
    ///   - daemon: Who writes, for people: `DaemonName.description`.
    package init(table: WatchedTable, pool: ConnectionPool, daemon: String) {
        self.table = table
        self.pool = pool
        self.daemon = daemon
    }

    /// Charges rows with a failure each, and says how they stand then.
    ///
    /// - Parameters:
    ///   - charges: The failures; of two for one row only one counts.
    ///   - retry: When rows are tried again, and how often.
    /// - Throws: `PostgresError`; `CancellationError`.
    package func charge(_ charges: [Charge], retry: RetrySettings) async throws -> [Verdict] {
        guard !charges.isEmpty else { return [] }
        let rows = try await execute(
            Statement(
                "charge failures of \(table.displayName)", SQLFile.ledgerCharge,
                [
                    .int4(table.watch), .textArray(charges.map(\.key.text)), Self.array(charges.map(\.source)),
                    Self.array(charges.map(\.standing)), .textArray(charges.map { Self.limited($0.reason) }),
                    .text(daemon), .float8(retry.first.inSeconds), .float8(retry.longest.inSeconds),
                    .int4(Int32(clamping: retry.attempts)),
                ]))
        return try rows.map { row in
            Verdict(
                key: RowKey(try row.decode("key")), reason: try row.decode("reason"),
                attempts: try row.decode("attempts"),
                wait: try row.decode("wait", as: Double?.self).map { .seconds(max($0, 0)) },
                isNew: try row.decode("is_new"))
        }
    }

    /// How the table stands: rows that failed, and whether it is paused.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    package func standing() async throws -> LedgerStanding {
        try await pool.withConnection { try await LedgerStanding.load(table, on: $0, deadline: Self.deadline) }
    }

    /// Takes away what holds no more: entries of rows that are embedded, gone, or have another text.
    ///
    /// Costs a look at each row that has an entry. Where a key can't be read as one any more, the column's type has
    /// changed, and all entries are taken away: a row too many is tried, and none is kept back for ever.
    /// - Parameter working: Rows in flight, which may be about to be charged: their entries stay.
    /// - Returns: Whether any entry is left, of this or another daemon's.
    /// - Throws: `PostgresError`; `CancellationError`.
    @discardableResult
    func purge(sparing working: [RowKey] = []) async throws -> Bool {
        do {
            return try await execute(
                Statement(
                    "purge failures of \(table.displayName)", SQLFile.fill(SQLFile.ledgerPurge, table.fragments),
                    [.int4(table.watch), .textArray(working.map(\.text))]))[0].decode("is_any_left")
        } catch let error as PostgresError where error.hasState("22") {
            _ = try await execute(
                Statement("forget failures of \(table.displayName)", SQLFile.ledgerForget, [.int4(table.watch)]))
            return false
        }
    }

    /// Lets rows be tried at once and start with a clean sheet, and tells the daemons.
    ///
    /// - Parameter keys: The rows; nil for all that have failed.
    /// - Returns: Those that had an entry.
    /// - Throws: `PostgresError`, with a data exception for a key that is not of the column's type;
    ///   `CancellationError`.
    package func forgive(_ keys: [RowKey]?) async throws -> [RowKey] {
        let chosen = keys.map { PostgresValue.textArray($0.map(\.text)) } ?? .init(type: .textArray, bytes: nil)
        let rows = try await execute(
            Statement(
                "retry failures of \(table.displayName)", SQLFile.fill(SQLFile.ledgerForgive, table.fragments),
                [.int4(table.watch), chosen]))
        return try rows.map { RowKey(try $0.decode("key")) }
    }

    private func execute(_ statement: Statement) async throws -> Rows {
        try await pool.withConnection { try await $0.execute(statement, deadline: Self.deadline) }
    }

    private static func array(_ values: [Int64?]) -> PostgresValue {
        .array(values.map { $0.map { .int8($0) } ?? .null }, of: .int8, as: .int8Array)
    }

    /// A reason is read in lists: one that goes on for pages says no more.
    static func limited(_ reason: String) -> String {
        reason.count <= 500 ? reason : String(reason.prefix(499)) + "…"
    }
}
