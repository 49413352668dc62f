import Backfill
import HTTPTypes
import PostgresClient

/// The tables that can be asked about, and what is known of each, looked up anew now and then.
actor TableDirectory {
    private struct Known<Value: Sendable>: Sendable {
        var value: Value
        var until: ContinuousClock.Instant
    }

    private let tables: @Sendable () -> [Int32: WatchedTable]
    private let order: [QualifiedName]
    private let pool: ConnectionPool
    /// For what whoever watches waits for, which is short.
    private let watching: ConnectionPool
    private var counting: Task<Void, Never>?
    private var counts = 0
    private var searches: [Int32: Known<Search>] = [:]
    private var loading: [Int32: Task<Search, any Error>] = [:]
    private var statuses: [Int32: Known<Standing>] = [:]

    /// Columns and indexes come seldom.
    private static let searchAge = Duration.seconds(60)
    /// Counting costs up to some milliseconds a table.
    private static let countAge = Duration.seconds(5)

    /// How long whoever asks waits for a count, where there is one of before and where there is none.
    private static let patience = Duration.seconds(1)
    private static let firstPatience = Duration.seconds(5)

    /// What was counted in a table, and what the daemon had embedded then.
    struct Standing: Sendable {
        var rows: Int
        var embedded: Int
        var pending: Int
        var tally: Int
        /// Rows that were told since.
        var told = 0
        /// Which of all counts it is.
        var number = 0
    }

    init(
        _ tables: @escaping @Sendable () -> [Int32: WatchedTable], order: [QualifiedName] = [], pool: ConnectionPool,
        watching: ConnectionPool? = nil
    ) {
        self.order = order
        self.tables = tables
        self.pool = pool
        self.watching = watching ?? pool
    }

    /// The tables, in the order in which they are configured.
    nonisolated var all: [(slot: Int32, table: WatchedTable)] {
        let places = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
        return tables().map { ($0.key, $0.value) }.sorted { one, other in
            let (place, another) = (places[one.1.spec.name] ?? .max, places[other.1.spec.name] ?? .max)
            return place == another ? one.1.displayName < other.1.displayName : place < another
        }
    }

    /// The table of a name; the first where none is given.
    ///
    /// - Throws: ``Refused``.
    nonisolated func named(_ name: String?) throws -> (slot: Int32, table: WatchedTable) {
        let all = all
        guard let name, !name.isEmpty else {
            guard let first = all.first else { throw Refused(.notFound, "no table is watched") }
            return first
        }
        let found = all.first { $0.table.displayName == name } ?? all.first { $0.table.spec.name.description == name }
        guard let found else {
            throw Refused(.notFound, "no watched table has this name; /api/tables lists them")
        }
        return found
    }

    /// What answers questions to a table.
    func search(_ slot: Int32, _ table: WatchedTable) async throws -> Search {
        if let known = searches[slot], known.until > .now, known.value.watched == table { return known.value }
        if let task = loading[slot] { return try await task.value }
        let task = Task { [watching] in try await watching.withConnection { try await Search(table, on: $0) } }
        loading[slot] = task
        defer { loading[slot] = nil }
        let search = try await task.value
        searches[slot] = Known(value: search, until: .now + Self.searchAge)
        return search
    }

    /// Asks a table.
    func answer(
        _ query: SearchQuery, _ slot: Int32, _ table: WatchedTable, within deadline: Duration
    ) async throws -> SearchAnswer {
        try await asking(slot, table) { [pool] search in
            try await pool.withConnection { try await search.answer(query, on: $0, deadline: deadline) }
        }
    }

    /// Asks a table by what is known of it, which is looked up anew where a column or the table is not there any more.
    private func asking<T: Sendable>(
        _ slot: Int32, _ table: WatchedTable, _ body: @Sendable (Search) async throws -> T
    ) async throws -> T {
        do {
            return try await body(try await search(slot, table))
        } catch let error as PostgresError where error.isOfAnotherTable {
            searches[slot] = nil
        }
        do {
            return try await body(try await search(slot, table))
        } catch let error as PostgresError where error.isOfAnotherTable {
            throw Refused(
                .serviceUnavailable, "the table is not what it was when it was set up; /api/status says how it is",
                retryAfter: 10)
        }
    }

    /// Rows for people.
    func rows(_ keys: [RowKey], _ slot: Int32) async throws -> [SearchHit] {
        guard let table = tables()[slot] else { return [] }
        return try await asking(slot, table) { [watching] search in
            try await watching.withConnection { try await search.rows(keys, on: $0) }
        }
    }

    /// Rows for a map.
    func mapRows(_ slot: Int32, _ table: WatchedTable, _ most: Int, of rows: Int) async throws -> [MapRow] {
        try await asking(slot, table) { [pool] search in
            try await pool.withConnection { try await search.mapRows(most, of: rows, on: $0) }
        }
    }

    /// Vectors of rows.
    func vectors(of keys: [RowKey], _ slot: Int32) async throws -> [String: [Float]] {
        guard let table = tables()[slot] else { return [:] }
        return try await asking(slot, table) { [watching] search in
            try await watching.withConnection { try await search.vectors(of: keys, on: $0) }
        }
    }

    /// Which rows have their embedding: each at the place of its key.
    func embedded(_ keys: [RowKey], _ table: WatchedTable) async throws -> [EmbeddedRows.Row?] {
        try await pool.withConnection { try await EmbeddedRows.among(keys, of: table, on: $0) }
    }

    /// How full tables are, as of some seconds ago; what can't be counted now, or not in a moment, is as it was.
    func standing(embedded: [Int32: Int]) async -> [Int32: Standing] {
        let ages = tables().keys.map { statuses[$0]?.until }
        if ages.contains(where: { $0.map { $0 <= .now } ?? true }) {
            let task = counting ?? Task { await self.count(embedded) }
            counting = task
            await Self.wait(for: task, ages.contains(nil) ? Self.firstPatience : Self.patience)
        }
        return statuses.mapValues(\.value)
    }

    /// These numbers of rows were told.
    func told(_ rows: [Int32: Int], of standing: [Int32: Standing]) {
        for (slot, rows) in rows {
            guard var known = statuses[slot], known.value.number == standing[slot]?.number else { continue }
            known.value.told = max(known.value.told, rows)
            statuses[slot] = known
        }
    }

    /// Waits until a task has ended, or for so long.
    private static func wait(for task: Task<Void, Never>, _ patience: Duration) async {
        let (moments, moment) = AsyncStream.makeStream(of: Void.self)
        let clock = Task {
            try? await Task.sleep(for: patience)
            moment.finish()
        }
        Task {
            await task.value
            moment.finish()
        }
        for await _ in moments {}
        clock.cancel()
    }

    private func count(_ embedded: [Int32: Int]) async {
        defer { counting = nil }
        for (slot, table) in tables() where statuses[slot].map({ $0.until <= .now }) ?? true {
            let before = statuses[slot]?.value
            // Asked for again only after a while, whatever comes of it.
            statuses[slot] = before.map { Known(value: $0, until: .now + Self.countAge) }
            let status = try? await watching.withConnection { try await TableStatus.load(table, on: $0) }
            guard let status else { continue }
            counts += 1
            statuses[slot] = Known(
                value: Standing(
                    rows: status.rows, embedded: status.embedded, pending: status.pending, tally: embedded[slot] ?? 0,
                    number: counts),
                until: .now + Self.countAge)
        }
    }
}

extension PostgresError {
    /// Whether a table or a column is not there.
    fileprivate var isOfAnotherTable: Bool { (hasState("42P01") || hasState("42703")) && !isInside }
}
