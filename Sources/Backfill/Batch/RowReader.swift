import PostgresClient

/// Reads pending rows: their text, and the hash of what it is made from.
struct RowReader: Sendable {
    private let table: WatchedTable
    private let pool: ConnectionPool
    private let textBytes: Int
    private let read: String
    private let free: String
    private let scan: String
    private let columns: [String]
    private let rendering: TextRendering

    /// Of a column no more than this many times the text limit is fetched, so that a huge value can't fill the memory.
    static let columnFactor = 4
    private static let deadline = Duration.seconds(60)

    /// - Parameters:
    ///   - table: The table to read.
    ///   - pool: Lends the sessions.
    ///   - textBytes: Texts are cut to so many UTF-8 bytes.
    init(table: WatchedTable, pool: ConnectionPool, textBytes: Int) {
        self.table = table
        self.pool = pool
        self.textBytes = textBytes
        rendering = TextRendering(table.spec.recipe, jsonColumns: table.jsonColumns, textBytes: textBytes)
        columns = table.spec.recipe.columns
        read = SQLFile.fill(SQLFile.batchRead, table.fragments)
        free = SQLFile.fill(SQLFile.batchFree, table.fragments)
        scan = SQLFile.fill(SQLFile.scanBacklog, table.fragments)
    }

    /// The rows among these that are pending.
    ///
    /// - Parameter keys: The text form of keys.
    /// - Throws: `PostgresError`; `CancellationError`.
    func read(_ keys: [RowKey]) async throws -> [PendingRow] {
        let statement = Statement(
            "read batch of \(table.displayName)", read,
            [.textArray(keys.map(\.text)), .int4(Int32(clamping: textBytes * Self.columnFactor))], prepared: true)
        let rows = try await pool.withConnection { try await $0.execute(statement, deadline: Self.deadline) }
        return try rows.map { row in
            let values = try columns.indices.map { try row.decode($0 + 3, as: String?.self) }
            let (text, isCut) = rendering.text(values)
            return PendingRow(
                key: RowKey(try row.decode(0)), source: try row.decode(1), text: text, isCut: isCut,
                mayBeLocked: try row.decode(2))
        }
    }

    /// The rows among these that are pending, where some of them may be beyond reading: a generated column that fails, a value
    /// that is damaged or in no encoding.
    ///
    /// - Parameters:
    ///   - keys: The text form of keys that the table has: of others the error may be theirs, and no row's.
    ///   - failed: Hears of each row that cannot be read.
    /// - Throws: `PostgresError` where it is no row's own; `CancellationError`.
    func read(_ keys: ArraySlice<RowKey>, failed: (RowKey, PostgresError) -> Void) async throws -> [PendingRow] {
        var (rows, parts, unread) = ([PendingRow](), [keys], [(key: RowKey, error: PostgresError)]())
        // Of a damaged row the server says so, of nearly all else only that something is wrong, which may be the server.
        var doubtful: PostgresError? {
            rows.isEmpty ? unread.first { !$0.error.mayBeOneRowsOwn && !$0.error.hasState("XX") }?.error : nil
        }
        while let part = parts.popLast() {
            if let doubtful, unread.count >= WriteSearch.mostInVain { throw doubtful }
            do {
                rows += try await read(Array(part))
            } catch let error as PostgresError
                where error.code == .server && error.isDivisible && !error.isAboutTheSchema && !error.isOfLocks
            {
                guard part.count > 1 else {
                    if let key = part.first { unread.append((key, error)) }
                    continue
                }
                let middle = part.startIndex + part.count / 2
                parts += [part[middle...], part[..<middle]]
            }
        }
        if let doubtful { throw doubtful }
        for row in unread { failed(row.key, row.error) }
        return rows
    }

    /// Why some of these rows would take no vector: somebody else has them locked, or has just changed their text.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    func obstacles(among rows: [PendingRow]) async throws -> [RowKey: RowOutcome] {
        guard !rows.isEmpty else { return [:] }
        let statement = Statement(
            "look for locks on rows of \(table.displayName)", free, [.textArray(rows.map(\.key.text))])
        var sources: [RowKey: [Int64?]] = [:]
        for row in try await pool.withConnection({ try await $0.execute(statement, deadline: Self.deadline) }) {
            sources[RowKey(try row.decode(0)), default: []].append(try row.decode(1))
        }
        var found: [RowKey: RowOutcome] = [:]
        for row in rows {
            guard let now = sources[row.key] else {
                found[row.key] = .locked(nil)
                continue
            }
            if !now.contains(where: { $0 == nil || $0 == row.source }) { found[row.key] = .outdated }
        }
        return found
    }

    /// Keys of pending rows, at most so many, in the order in which the table has them.
    ///
    /// - Parameter skipsLocked: Whether rows that somebody may have locked are left out.
    /// - Throws: `PostgresError`; `CancellationError`.
    func scan(limit: Int, skipsLocked: Bool = false) async throws -> [RowKey] {
        let statement = Statement(
            "scan backlog of \(table.displayName)", scan, [.int8(Int64(limit)), .bool(skipsLocked)])
        let rows = try await pool.withConnection { try await $0.execute(statement, deadline: Self.deadline) }
        return try rows.map { RowKey(try $0.decode(0)) }
    }
}
