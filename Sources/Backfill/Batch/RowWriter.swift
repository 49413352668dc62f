import PostgresClient

/// Writes vectors into rows that are still what they were when they were read.
struct RowWriter: Sendable {
    private let table: WatchedTable
    private let pool: ConnectionPool
    private let write: String
    private let unwritten: String
    private let lock: String
    private let clear: String

    private let turn = WriteTurn()

    /// Rows are locked as long, and with them whoever wants to change them.
    static let deadline = Duration.seconds(10)

    /// - Parameters:
    ///   - table: The table to write.
    ///   - pool: Lends the sessions.
    init(table: WatchedTable, pool: ConnectionPool) {
        self.table = table
        self.pool = pool
        write = SQLFile.fill(SQLFile.batchWrite, table.fragments)
        unwritten = SQLFile.fill(SQLFile.batchUnwritten, table.fragments)
        lock = SQLFile.fill(SQLFile.batchLock, table.fragments)
        clear = SQLFile.fill(SQLFile.batchClear, table.fragments)
    }

    /// What became of rows that were to be written.
    struct Written: Sendable {
        /// Of each row.
        var outcomes: [RowKey: RowOutcome] = [:]
        /// An error that may be each row's own, of a trigger, or the table's, where it is about names or privileges; or, where
        /// no row at all got past it, the server's.
        var doubt: PostgresError?
    }

    /// Writes what may be written and says what became of each row.
    ///
    /// An error that may be one row's own, a CHECK or an owner's RAISE, splits the batch until it is found. A deadline that
    /// the server kept splits it, too: half of the rows may be done within it.
    /// - Throws: `PostgresError` where the failure is no row's own; ``TableProblem/superseded(table:embedder:)`` where
    ///   these vectors belong in the column no more; `CancellationError`.
    func write(_ rows: [EmbeddedRow]) async throws -> Written {
        guard !rows.isEmpty else { return Written() }
        var search = WriteSearch(rows)
        while let part = search.next() {
            do {
                let found = try await turn.run {
                    try await pool.withConnection { try await writeOnce(Array(part), on: $0) }
                }
                search.note(found)
            } catch let error as PostgresError where error.isDivisible {
                search.note(error, of: part)
            }
        }
        return try search.result()
    }

    /// Writes what can be written now; rows that moved under the statement's eyes are tried again, a few times.
    private func writeOnce(
        _ rows: [EmbeddedRow], on connection: PostgresConnection
    ) async throws -> [RowKey: RowOutcome] {
        var outcomes: [RowKey: RowOutcome] = [:]
        var left = rows
        for _ in 0..<3 where !left.isEmpty {
            for row in left { outcomes[row.key] = nil }
            outcomes.merge(try await writePass(left, on: connection)) { $1 }
            left = left.filter { outcomes[$0.key]?.keptVector != nil }
        }
        try await lookUp(
            rows.filter { outcomes[$0.key] == .rewritten(standing: nil) }.map(\.key), &outcomes, on: connection)
        let unlocked = rows.filter { outcomes[$0.key] == nil }
        if !unlocked.isEmpty { outcomes.merge(try await examine(unlocked, on: connection)) { $1 } }
        return outcomes
    }

    /// What rewritten rows have for a text by now: their triggers fire as late as at the commit.
    private func lookUp(
        _ rewritten: [RowKey], _ outcomes: inout [RowKey: RowOutcome], on connection: PostgresConnection
    ) async throws {
        guard !rewritten.isEmpty else { return }
        let found = try await standing(of: rewritten, on: connection)
        for key in rewritten {
            outcomes[key] = found[key].map { $0.isPending ? .rewritten(standing: $0.source) : .settled } ?? .settled
        }
    }

    /// One round trip and transaction: the rows that could be locked, and whether they were written and stay so.
    private func writePass(
        _ rows: [EmbeddedRow], on connection: PostgresConnection
    ) async throws -> [RowKey: RowOutcome] {
        let (keys, sources) = (
            PostgresValue.textArray(rows.map(\.key.text)), PostgresValue.int8Array(rows.map(\.source))
        )
        let vectors = table.parameter(for: rows.map(\.vector))
        let answers = try await connection.pipelineWithTriggers(
            [
                Statement(
                    "write batch of \(table.displayName)", write,
                    [keys, sources, vectors, .int4(Int32(rows[0].vector.count))], prepared: true),
                Statement("clear rewritten rows of \(table.displayName)", clear, [keys, sources], prepared: true),
            ], deadline: Self.deadline)
        var outcomes: [RowKey: RowOutcome] = [:]
        var hasTriggers = false
        for locked in answers[0] {
            let number = Int(try locked.decode(0, as: Int64.self))
            guard number > 0 else {
                throw TableProblem.superseded(table: table.displayName, embedder: table.identity)
            }
            let row = rows[number - 1]
            guard let source = try locked.decode(1, as: Int64?.self) else {
                guard outcomes[row.key] == nil else { continue }
                // Who changes other columns of it without a pause is nobody who refuses.
                let isMoving = try locked.decode(2, as: Bool.self)
                hasTriggers = hasTriggers || !isMoving
                outcomes[row.key] =
                    isMoving
                    ? .locked(row)
                    : .refused(row, reason: "a trigger of the table keeps the embedding from being written")
                continue
            }
            if try locked.decode(2, as: Bool.self) {
                outcomes[row.key] = .refused(row, reason: "a trigger of the table puts NULL in the embedding's place")
            } else {
                outcomes[row.key] = source == row.source ? .written : .rewritten(standing: nil)
            }
        }
        if !answers[0].isEmpty { await turn.learn(hasTriggers: hasTriggers) }
        for cleared in answers[1] {
            let key = rows[Int(try cleared.decode(0, as: Int64.self)) - 1].key
            if outcomes[key] == .written { outcomes[key] = .rewritten(standing: nil) }
        }
        return outcomes
    }

    /// Why rows were not even locked: they changed, are gone, are somebody's at the moment, or are closed to us.
    private func examine(_ rows: [EmbeddedRow], on connection: PostgresConnection) async throws -> [RowKey: RowOutcome]
    {
        let found = try await standing(of: rows.map(\.key), on: connection)
        var outcomes: [RowKey: RowOutcome] = [:]
        for row in rows {
            guard let now = found[row.key] else {
                outcomes[row.key] = .settled
                continue
            }
            if !now.isPending {
                outcomes[row.key] = .settled
            } else if now.source != row.source {
                outcomes[row.key] = .outdated
            } else if !table.hasRowSecurity {
                // Nothing else keeps a row from being locked.
                outcomes[row.key] = .locked(row)
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
        of keys: [RowKey], on connection: PostgresConnection
    ) async throws -> [RowKey: (source: Int64, isPending: Bool)] {
        let answer = try await connection.execute(
            Statement("look at unwritten rows of \(table.displayName)", unwritten, [.textArray(keys.map(\.text))]),
            deadline: Self.deadline)
        var found: [RowKey: (source: Int64, isPending: Bool)] = [:]
        for row in answer { found[RowKey(try row.decode(0))] = (try row.decode(1), try row.decode(2)) }
        return found
    }

    /// Whether somebody has the row locked, or had it until now; false where it can be seen but never be locked.
    private func isLocked(_ key: RowKey, on connection: PostgresConnection) async throws -> Bool {
        do {
            let free = try await connection.execute(
                Statement("try the lock of a row of \(table.displayName)", lock, [.text(key.text)]),
                deadline: Self.deadline)
            return !free.isEmpty
        } catch let error as PostgresError where error.hasState("55P03") {
            return true
        }
    }
}
