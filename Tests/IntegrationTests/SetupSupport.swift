import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

/// One test's database, with a connection of the superuser.
struct SetupPlace: Sendable {
    let database: TestDatabase
    let connection: PostgresConnection

    /// Vectors of three components, which are easy to write down.
    static let hash = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: 3)

    /// A table that every server can have.
    static let notes = """
        CREATE TABLE notes (id text PRIMARY KEY, title text, body text, stars int, embedding real[])
        """

    /// A database of the server that tests share, after some SQL.
    static func make(_ flavour: PostgresServer.Flavour, _ sql: String = notes) async throws -> SetupPlace {
        try await make(on: .shared(flavour), sql)
    }

    /// A database of some server, after some SQL.
    static func make(on server: PostgresServer, _ sql: String = notes) async throws -> SetupPlace {
        let database = try await server.createDatabase()
        let place = SetupPlace(database: database, connection: try await connect(database.conninfo))
        try await place.run(sql)
        return place
    }

    static func connect(_ conninfo: String) async throws -> PostgresConnection {
        try await .connect(ConnectionOptions(conninfo: conninfo))
    }

    /// A connection as some role.
    func connect(as user: String = "postgres") async throws -> PostgresConnection {
        try await Self.connect(database.conninfo(user: user))
    }

    /// What is configured for a table like `notes`.
    static func options(
        _ table: QualifiedName = QualifiedName(name: "notes"), key: String = "id", text: [String] = ["title", "body"],
        embedding: String = "embedding", identity: EmbedderIdentity = hash, notify: NotifyMode? = nil,
        role: String? = nil, addColumn: Bool = false
    ) -> SetupOptions {
        SetupOptions(
            spec: TableSpec(name: table, key: key, embedding: embedding, recipe: .columns(text)), identity: identity,
            notify: notify, role: role, addColumn: addColumn, version: "1.2.3")
    }

    /// Plans and runs a set-up; afterwards there is nothing left to do and nothing wrong.
    @discardableResult
    func setUp(
        _ options: SetupOptions = options(), as connection: PostgresConnection? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> SetupPlan {
        let connection = connection ?? self.connection
        let plan = try await Setup.plan(options, on: connection)
        try await Setup.run(plan, on: connection)
        let again = try await Setup.plan(options, on: connection)
        #expect(again.steps.map(\.title) == [], sourceLocation: sourceLocation)
        #expect(try await Setup.problems(with: options, on: connection) == [], sourceLocation: sourceLocation)
        return plan
    }

    /// The problem that planning a set-up ends in.
    func problem(
        _ options: SetupOptions, as connection: PostgresConnection? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TableProblem {
        let connection = connection ?? self.connection
        return try await #require(throws: TableProblem.self, sourceLocation: sourceLocation) {
            try await Setup.plan(options, on: connection)
        }
    }

    /// Takes set-up away again.
    @discardableResult
    func remove(_ tables: [QualifiedName]? = nil) async throws -> SetupPlan {
        let plan = try await Setup.removal(of: tables, on: connection)
        try await Setup.run(plan, on: connection)
        return plan
    }

    /// Runs any number of statements.
    func run(_ sql: String) async throws {
        try await connection.script(sql, name: "the test's SQL")
    }

    /// The first column of a query's rows, as text; nil is NULL.
    func texts(_ sql: String) async throws -> [String?] {
        try await Self.texts(sql, on: connection)
    }

    static func texts(_ sql: String, on connection: PostgresConnection) async throws -> [String?] {
        try await connection.execute(Statement("the test's query", sql)).map { try $0.decode(0) }
    }

    /// Keys of the rows of `notes` that have no embedding.
    func cleared(_ table: String = "notes") async throws -> [String] {
        try await texts("SELECT id::text FROM \(table) WHERE embedding IS NULL ORDER BY 1").compactMap { $0 }
    }

    /// The database as pg_dump writes it, rows included.
    func dump() async throws -> String {
        let result = try await RunningProcess.run(
            database.server.flavour.binDirectory() + "/pg_dump", ["-d", database.conninfo],
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
        try #require(result.exit == .code(0), "\(result)")
        // pg_dump guards its script with a random word.
        return result.output.split(separator: "\n", omittingEmptySubsequences: false)
            .filter { !$0.hasPrefix("\\restrict") && !$0.hasPrefix("\\unrestrict") }.joined(separator: "\n")
    }
}

/// A LISTENing connection and a writing one.
struct SetupEar: Sendable {
    private let listening: PostgresConnection
    /// The connection that writes.
    let writing: PostgresConnection

    init(_ place: SetupPlace, writer: String = "postgres") async throws {
        listening = try await place.connect()
        try await listening.script("LISTEN backfilld", name: "LISTEN")
        writing = try await place.connect(as: writer)
    }

    /// What was sent while some SQL ran: notifications keep the order of commits, so a last one marks the end.
    func payloads(of sql: String) async throws -> [String] {
        try await payloads { try await writing.script(sql, name: "the test's SQL") }
    }

    func payloads(of body: () async throws -> Void) async throws -> [String] {
        try await body()
        try await writing.script("SELECT pg_catalog.pg_notify('backfilld', 'end')", name: "the end")
        let notifications = listening.notifications
        return try await withDeadline(.seconds(60), "the last notification") {
            var payloads: [String] = []
            for await notification in notifications {
                if notification.payload == "end" { break }
                payloads.append(notification.payload)
            }
            return payloads
        }
    }
}
