import PostgresClient
import TestSupport
import Testing

@testable import Backfill

/// A table with rows, and its ledger.
struct LedgerPlace: Sendable {
    let lab: Lab
    let table: WatchedTable
    let pool: ConnectionPool
    let ledger: FailureLedger

    /// Waits are long, so that nothing comes due by itself.
    static let retry = RetrySettings(first: .seconds(100), longest: .seconds(300), attempts: 4)

    static func make(
        _ flavour: PostgresServer.Flavour, _ table: LabTable = LabTable(), rows: String? = nil, role: String? = nil,
        before: String? = nil
    ) async throws -> LedgerPlace {
        let lab = try await Lab.make(flavour, [table], before: before, role: role)
        let rows = rows ?? "INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 5) AS i"
        try await lab.run(rows)
        return try await of(lab, user: role)
    }

    static func of(_ lab: Lab, user: String? = nil) async throws -> LedgerPlace {
        let conninfo = user.map { lab.database.conninfo(user: $0) } ?? lab.database.conninfo
        let sessions = SessionFactory(ConnectionOptions(conninfo: conninfo))
        let connection = try await sessions.open()
        let watched = try await WatchedTable.load(lab.spec(lab.tables[0]), identity: nil, on: connection)
        await connection.close()
        let pool = ConnectionPool(sessions, limit: 4)
        return LedgerPlace(
            lab: lab, table: watched, pool: pool,
            ledger: FailureLedger(table: watched, pool: pool, daemon: "host:1:a"))
    }

    /// Keys that a scan brings.
    func due() async throws -> [String] {
        try await RowReader(table: table, pool: pool, textBytes: 1000).scan(limit: 100).map(\.text).sorted()
    }

    /// Whether the heartbeat's probe finds anything.
    func isPending() async throws -> Bool {
        let rows = try await pool.withConnection {
            try await $0.execute(Statement("probe", SQLFile.fill(SQLFile.probePending, table.fragments)))
        }
        return try rows[0].decode(0)
    }

    /// Keys of rows that may be read.
    func read(_ keys: [RowKey]) async throws -> [PendingRow] {
        try await RowReader(table: table, pool: pool, textBytes: 1000).read(keys)
    }

    /// The hash of a row's present text.
    func source(_ key: RowKey) async throws -> Int64 {
        try #require(try await read([key]).first).source
    }

    @discardableResult
    func fail(
        _ key: RowKey, source: Int64?, standing: Int64? = nil, _ reason: String = "refused",
        _ retry: RetrySettings = retry
    ) async throws -> [FailureLedger.Verdict] {
        try await ledger.charge(
            [.init(key: key, source: source, standing: standing, reason: reason)], retry: retry)
    }

    /// Fails a row as often as it may.
    func setAside(_ key: RowKey) async throws {
        let source = try await source(key)
        for _ in 0..<Self.retry.attempts { try await fail(key, source: source) }
    }

    func entry(_ column: String, of key: String) async throws -> String? {
        try await lab.values("SELECT \(column) FROM backfilld.failure WHERE key = \(quoteLiteral(key))").first ?? nil
    }
}
