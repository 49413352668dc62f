import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

/// Embeds as ``HashEmbedder`` does, remembers every text, and can be held up or made to answer wrongly.
///
/// The embedder is a boundary of ours: a provider behind it may be slow, down or wrong.
final class ProbeEmbedder: Embedder {
    typealias Fault = @Sendable (_ texts: [String], _ right: [[Float]]) throws -> [[Float]]

    private struct State {
        var texts: [String] = []
        var calls = 0
        var isHeld = false
        var held = 0
        var fault: Fault?
    }

    static let dimension = 8
    private let hash = HashEmbedder(dimension: dimension)
    private let state = Mutex(State())
    let limits: EmbedderLimits
    var identity: EmbedderIdentity { hash.identity }

    init(limits: EmbedderLimits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)) {
        self.limits = limits
    }

    func embed(_ texts: [String]) async throws -> Embeddings {
        state.withLock { state in
            state.texts += texts
            state.calls += 1
            if state.isHeld { state.held += 1 }
        }
        if state.withLock(\.isHeld) {
            try await eventually("the gate opened", within: .seconds(120)) { !state.withLock(\.isHeld) }
        }
        let right = try await hash.embed(texts).vectors
        return Embeddings(try state.withLock(\.fault)?(texts, right) ?? right)
    }

    func vector(of text: String) -> [Float] { hash.vector(of: text) }

    /// How often it was called.
    var calls: Int { state.withLock(\.calls) }
    /// Texts it was given, all calls together.
    var texts: [String] { state.withLock(\.texts) }
    /// How often it was given this text.
    func count(of text: String) -> Int { state.withLock { $0.texts.count { $0 == text } } }

    /// From now on it answers, or fails, as this says; nil for right answers.
    func answer(_ fault: Fault?) { state.withLock { $0.fault = fault } }

    /// From now on calls with one of these texts are refused, as by a provider that does not like them.
    func refuse(_ poison: Set<String>) {
        answer { texts, right in
            if texts.contains(where: poison.contains) { throw EmbedderError.refused("400: invalid input") }
            return right
        }
    }

    /// Keeps every call from now on waiting until ``release()``.
    func hold() {
        state.withLock { state in
            state.isHeld = true
            state.held = 0
        }
    }
    func release() { state.withLock { $0.isHeld = false } }
    /// Calls that came since ``hold()``.
    var held: Int { state.withLock(\.held) }
    /// Waits until a call waits: the rows have been read, and nothing has been written.
    func isHolding() async throws {
        try await eventually("a call of the embedder", within: .seconds(120)) { state.withLock { $0.held > 0 } }
    }
}

/// What a provider says when it is down.
struct ProviderDown: Error, CustomStringConvertible {
    var description: String { "503 from the provider" }
}

/// The table most tests use: `id`, `topic`, `other`, and an embedding of the best type the server has.
struct LabTable: Sendable {
    var name = QualifiedName(schema: "public", name: "notes")
    var key = "id"
    var keyType = "bigint"
    var embedding = "embedding"
    var embeddingType: String?
    var recipe = TextRecipe.columns(["topic"])
    /// The whole CREATE TABLE where the usual one will not do; `{embedding}` stands for the type.
    var create: String?
    /// SQL for the text that a row is to be embedded from, worked out apart from the daemon's way.
    var expected = "topic"
}

/// A database of its own with tables that are set up, and the means to watch them.
struct Lab: Sendable {
    let database: TestDatabase
    let tables: [LabTable]
    let embedder: ProbeEmbedder
    /// A session for the test's own statements, as the superuser.
    let user: PostgresConnection

    /// Makes the database and the tables and sets them up as `backfilld setup` does.
    static func make(
        _ flavour: PostgresServer.Flavour, _ tables: [LabTable] = [LabTable()], on own: PostgresServer? = nil,
        before: String? = nil, after: String? = nil, role: String? = nil, notify: NotifyMode? = nil,
        vectorSchema: String? = nil, limits: EmbedderLimits? = nil
    ) async throws -> Lab {
        let server: PostgresServer
        if let own { server = own } else { server = try await .shared(flavour) }
        let database = try await server.createDatabase()
        let user = try await PostgresConnection.connect(ConnectionOptions(conninfo: database.conninfo))
        if flavour == .pg18WithPgvector {
            if let vectorSchema { try await user.script("CREATE SCHEMA \(vectorSchema)", name: "schema") }
            try await user.script("CREATE EXTENSION vector SCHEMA \(vectorSchema ?? "public")", name: "extension")
        }
        let embedder = limits.map { ProbeEmbedder(limits: $0) } ?? ProbeEmbedder()
        let lab = Lab(database: database, tables: tables, embedder: embedder, user: user)
        if let before { try await lab.run(before) }
        for table in tables { try await lab.run(lab.creation(of: table, flavour, vectorSchema)) }
        if let after { try await lab.run(after) }
        for table in tables { try await lab.setUp(table, role: role, notify: notify) }
        return lab
    }

    private func creation(of table: LabTable, _ flavour: PostgresServer.Flavour, _ schema: String?) -> String {
        let best = flavour == .debian ? "real[]" : (schema.map { "\($0)." } ?? "") + "vector(8)"
        let type = table.embeddingType ?? best
        let sql =
            table.create ?? """
                CREATE TABLE \(table.name.quoted) (
                    \(quoteIdentifier(table.key)) \(table.keyType) PRIMARY KEY, topic text, other integer DEFAULT 0,
                    \(quoteIdentifier(table.embedding)) {embedding})
                """
        return sql.split(separator: "{embedding}", omittingEmptySubsequences: false).joined(separator: type)
    }

    func spec(_ table: LabTable) -> TableSpec {
        TableSpec(name: table.name, key: table.key, embedding: table.embedding, recipe: table.recipe)
    }

    func setUp(_ table: LabTable, role: String? = nil, notify: NotifyMode? = nil) async throws {
        let options = SetupOptions(
            spec: spec(table), identity: embedder.identity, notify: notify, role: role, version: "test")
        let connection = try await connect()
        try await Setup.run(Setup.plan(options, on: connection), on: connection)
        await connection.close()
    }

    /// Sessions as the program opens them.
    var sessions: SessionFactory { SessionFactory(ConnectionOptions(conninfo: database.conninfo)) }

    /// The first table as it is in the database.
    ///
    /// - Parameter identity: The embedder that it has to be of; nil for whichever it is.
    func watched(by identity: EmbedderIdentity? = nil) async throws -> WatchedTable {
        let connection = try await sessions.open()
        let table = try await WatchedTable.load(spec(tables[0]), identity: identity, on: connection)
        await connection.close()
        return table
    }

    // MARK: The test's own statements

    func connect() async throws -> PostgresConnection {
        try await PostgresConnection.connect(ConnectionOptions(conninfo: database.conninfo))
    }

    func run(_ sql: String) async throws { try await user.script(sql, name: "the test's statement") }

    /// The first column of the answer, NULL as nil.
    func values(_ sql: String) async throws -> [String?] {
        try await user.execute(Statement("the test's question", "SELECT v::text FROM (\(sql)) AS q(v)"))
            .map { try $0.decode(0, as: String?.self) }
    }

    func number(_ sql: String) async throws -> Int { Int(try await values(sql).first.flatMap(\.self) ?? "0") ?? 0 }

    func pending(_ table: LabTable? = nil) async throws -> Int {
        let table = table ?? tables[0]
        return try await number(
            "SELECT count(*) FROM \(table.name.quoted) WHERE \(quoteIdentifier(table.embedding)) IS NULL")
    }

    /// What the ledger says of a row, none where it has no entry.
    func failure(_ column: String, of key: String) async throws -> String? {
        try await values("SELECT \(column) FROM backfilld.failure WHERE key = \(quoteLiteral(key))").first ?? nil
    }

    /// How many rows have an entry in the ledger.
    func failures() async throws -> Int { try await number("SELECT count(*) FROM backfilld.failure") }

    /// Waits until just so many rows are pending, and sees to it that the others are right.
    func allRight(but left: Int, fileID: String = #fileID, line: Int = #line) async throws {
        try await eventually("\(left) rows left", within: .seconds(120), fileID: fileID, line: line) {
            try await pending() == left
        }
        let wrong = try await wrongRows()
        guard wrong.isEmpty else { throw WrongVectors(rows: wrong, place: "\(fileID):\(line)") }
    }

    /// Waits until nothing is pending any more, then compares every vector.
    func allRight(
        _ table: LabTable? = nil, within limit: Duration = .seconds(120), fileID: String = #fileID, line: Int = #line
    ) async throws {
        do {
            try await eventually("every row embedded", within: limit, fileID: fileID, line: line) {
                try await pending(table) == 0
            }
        } catch var missed as DeadlineMissed {
            missed.found = try? await account(of: table ?? tables[0])
            throw missed
        }
        let wrong = try await wrongRows(table)
        guard wrong.isEmpty else { throw WrongVectors(rows: wrong, place: "\(fileID):\(line)") }
    }

    /// What the database knows of a table that is not filled: its pending rows, those that failed, and its daemons.
    private func account(of table: LabTable) async throws -> String {
        try await values(
            """
            SELECT line FROM (
                SELECT 1, 'pending: ' || count(*) || ' ' || (array_agg(\(quoteIdentifier(table.key))))[1:9]::text
                FROM \(table.name.quoted) WHERE \(quoteIdentifier(table.embedding)) IS NULL
                UNION ALL SELECT 2, 'failed: ' || count(*) || ', ' || reason || ', until ' || max(next_try - now())
                FROM backfilld.failure GROUP BY reason
                UNION ALL SELECT 3, concat_ws(', ', 'daemon: ' || state, in_flight || ' in flight', last_error, updated_at)
                FROM backfilld.activity
            ) AS q(place, line) ORDER BY place
            """
        ).compactMap(\.self).joined(separator: "\n")
    }

    /// The referee: the keys of rows that have a vector, and not the one of their present text.
    func wrongRows(_ table: LabTable? = nil) async throws -> [String] {
        let table = table ?? tables[0]
        let rows = try await user.execute(
            Statement(
                "the referee",
                """
                SELECT \(quoteIdentifier(table.key))::text, (\(table.expected))::text,
                    \(quoteIdentifier(table.embedding))::text
                FROM \(table.name.quoted) WHERE \(quoteIdentifier(table.embedding)) IS NOT NULL
                """))
        return try rows.compactMap { row in
            let text = try row.decode(1, as: String?.self) ?? ""
            let found: String = try row.decode(2)
            let numbers = found.dropFirst().dropLast().split(separator: ",").compactMap { Float($0) }
            let isEmpty = text.allSatisfy(\.isWhitespace)
            let right = isEmpty ? [Float](repeating: 0, count: ProbeEmbedder.dimension) : embedder.vector(of: text)
            // halfvec has 11 bits of precision.
            let isRight = numbers.count == right.count && zip(numbers, right).allSatisfy { abs($0 - $1) < 0.001 }
            return isRight ? nil : try row.decode(0)
        }
    }
}

/// Rows with a vector that is not of their present text.
struct WrongVectors: Error, CustomStringConvertible {
    let rows: [String]
    let place: String
    var description: String { "\(place): \(rows.count) vectors are not of their row's present text: \(rows.prefix(5))" }
}
