import PostgresClient

/// Writes vectors into rows that are still what they were when they were read.
public struct RowWriter: Sendable {
    private let table: WatchedTable
    private let pool: ConnectionPool
    private let write: String
    private let unwritten: String
    private let lock: String
    private let clear: String

    private static let deadline = Duration.seconds(30)

    /// - Parameters:
    ///   - table: The table to write.
    ///   - pool: Lends the sessions.
    public init(table: WatchedTable, pool: ConnectionPool) {
        self.table = table
        self.pool = pool
        write = SQLFile.fill(SQLFile.batchWrite, table.fragments)
        unwritten = SQLFile.fill(SQLFile.batchUnwritten, table.fragments)
        lock = SQLFile.fill(SQLFile.batchLock, table.fragments)
        clear = SQLFile.fill(SQLFile.batchClear, table.fragments)
    }

    /// Writes what may be written and says what became of each row.
    ///
    /// An error that may be one row's own, a CHECK or an owner's RAISE, splits the batch until it is found.
    /// - Throws: ``PostgresError`` where the failure is no row's own; `CancellationError`.
    public func write(_ rows: [EmbeddedRow]) async throws -> [String: RowOutcome] {
        guard !rows.isEmpty else { return [:] }
        do {
            return try await pool.withConnection { try await writeOnce(rows, on: $0) }
        } catch let error as PostgresError where error.mayBeOneRowsOwn {
            guard rows.count > 1 else { return [rows[0].key: .failed(error.description)] }
            let half = rows.count / 2
            return try await write(Array(rows[..<half])).merging(write(Array(rows[half...]))) { $1 }
        }
    }

    /// Writes what can be written now; rows that moved under the statement's eyes are tried again, a few times.
    private func writeOnce(_ rows: [EmbeddedRow], on connection: PostgresConnection) async throws -> [String:
        RowOutcome]
    {
        var outcomes: [String: RowOutcome] = [:]
        var left = rows
        for _ in 0..<3 where !left.isEmpty {
            for row in left { outcomes[row.key] = nil }
            outcomes.merge(try await writePass(left, on: connection)) { $1 }
            left = left.filter { if case .refused = outcomes[$0.key] { true } else { false } }
        }
        let unlocked = rows.filter { outcomes[$0.key] == nil }
        if !unlocked.isEmpty { outcomes.merge(try await examine(unlocked, on: connection)) { $1 } }
        return outcomes
    }

    /// One statement: the rows that it locked, and whether they were written.
    private func writePass(_ rows: [EmbeddedRow], on connection: PostgresConnection) async throws -> [String:
        RowOutcome]
    {
        let statement = Statement(
            "write batch of \(table.displayName)", write,
            [
                .textArray(rows.map(\.key)), .int8Array(rows.map(\.source)),
                table.parameter(for: rows.map(\.vector)), .int4(Int32(rows[0].vector.count)),
            ], prepared: true)
        let answer = try await connection.execute(statement, deadline: Self.deadline)
        var outcomes: [String: RowOutcome] = [:]
        var rewritten: [(key: String, source: Int64)] = []
        for locked in answer {
            let row = rows[Int(try locked.decode(0, as: Int64.self)) - 1]
            guard let source = try locked.decode(1, as: Int64?.self) else {
                let reason = "a trigger of the table keeps the embedding from being written"
                outcomes[row.key] = .refused(row, reason: reason)
                continue
            }
            outcomes[row.key] = source == row.source ? .written : .rewritten
            if source != row.source { rewritten.append((row.key, source)) }
        }
        if !rewritten.isEmpty {
            try await connection.execute(
                Statement(
                    "clear rewritten rows of \(table.displayName)", clear,
                    [.textArray(rewritten.map(\.key)), .int8Array(rewritten.map(\.source))]), deadline: Self.deadline)
        }
        return outcomes
    }

    /// Why rows were not even locked: they changed, are gone, are somebody's at the moment, or are closed to us.
    private func examine(_ rows: [EmbeddedRow], on connection: PostgresConnection) async throws -> [String: RowOutcome]
    {
        let found = try await standing(of: rows.map(\.key), on: connection)
        var outcomes: [String: RowOutcome] = [:]
        for row in rows {
            guard let now = found[row.key] else {
                outcomes[row.key] = .settled
                continue
            }
            if !now.isPending {
                outcomes[row.key] = .settled
            } else if now.source != row.source {
                outcomes[row.key] = .outdated
            } else if try await isLocked(row.key, on: connection) {
                outcomes[row.key] = .locked(row)
            } else if try await standing(of: [row.key], on: connection)[row.key] ?? (0, false) != now {
                // Whoever had it locked at the first look has written it since: the next try finds out what.
                outcomes[row.key] = .locked(row)
            } else {
                outcomes[row.key] = .refused(
                    row, reason: "a row level security policy keeps this role from updating the row")
            }
        }
        return outcomes
    }

    /// The source hash of each of these rows that is there, and whether it is pending.
    private func standing(
        of keys: [String], on connection: PostgresConnection
    ) async throws -> [String: (source: Int64, isPending: Bool)] {
        let answer = try await connection.execute(
            Statement("look at unwritten rows of \(table.displayName)", unwritten, [.textArray(keys)]),
            deadline: Self.deadline)
        var found: [String: (source: Int64, isPending: Bool)] = [:]
        for row in answer { found[try row.decode(0)] = (try row.decode(1), try row.decode(2)) }
        return found
    }

    /// Whether somebody has the row locked, or had it until now; false where it can be seen but never be locked.
    private func isLocked(_ key: String, on connection: PostgresConnection) async throws -> Bool {
        do {
            let free = try await connection.execute(
                Statement("try the lock of a row of \(table.displayName)", lock, [.text(key)]), deadline: Self.deadline)
            return !free.isEmpty
        } catch let error as PostgresError where error.hasState("55P03") {
            return true
        }
    }
}

extension PostgresError {
    /// Whether an error of a batch may come from one of its rows: from a constraint, a trigger, or the data itself.
    ///
    /// Everything about the connection, the server's state, the schema, privileges, locks and deadlines is not.
    var mayBeOneRowsOwn: Bool {
        code == .server && ["22", "23", "27", "38", "39", "44", "P0"].contains(where: hasState)
    }
}
