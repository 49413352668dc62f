import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("setup --add-column, on servers", .serialized)
struct SetupAddColumnTests {
    private static let bare = "CREATE TABLE notes (id text PRIMARY KEY, title text, body text)"
    private static let options = SetupPlace.options(addColumn: true)

    private func type(_ place: SetupPlace, _ table: String = "notes") async throws -> [String?] {
        try await place.texts(
            """
            SELECT format_type(atttypid, atttypmod) FROM pg_attribute
            WHERE attrelid = '\(table)'::regclass AND attname = 'embedding'
            """)
    }

    @Test(
        "vector(n) where pgvector is or can be, wherever that is",
        arguments: [
            ("CREATE EXTENSION vector", "vector(3)", "is installed in schema public"),
            ("", "vector(3)", "this role can install it"),
            ("CREATE SCHEMA extensions", "extensions.vector(3)", "this role can install it"),
            (
                "CREATE SCHEMA \"Odd\"; CREATE EXTENSION vector SCHEMA \"Odd\"", "\"Odd\".vector(3)",
                "is installed in schema Odd"
            ),
        ])
    func vector(_ before: String, _ expected: String, _ note: String) async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector, "\(before);\(Self.bare)")
        let extensions = try await place.texts("SELECT extname::text FROM pg_extension")
        let plan = try await Setup.plan(Self.options, on: place.connection)
        #expect(plan.notes.contains { $0.contains("vector(3)") && $0.contains(note) }, "\(plan.notes)")
        // Looking whether it can be installed leaves nothing behind.
        #expect(try await place.texts("SELECT extname::text FROM pg_extension") == extensions)
        try await place.setUp(Self.options)
        #expect(try await type(place) == [expected])
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO notes VALUES ('a', 't', 'b')") == ["1 [\"a\"]"])
        try await place.remove()
        #expect(try await type(place) == [expected])
    }

    @Test("real[] where the server has no pgvector, and the note says so")
    func real() async throws {
        let place = try await SetupPlace.make(.debian, Self.bare)
        let plan = try await place.setUp(Self.options)
        #expect(plan.notes.contains { $0.contains("real[]") && $0.contains("no pgvector") })
        #expect(try await type(place) == ["real[]"])
        #expect(try await place.setUp(Self.options).isEmpty)
    }

    @Test("real[] for a role that may not install pgvector, and the note says who may")
    func mayNotInstall() async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector, "")
        let owner = "adder_\(place.database.name)"
        let database = place.database.name
        try await place.run(
            """
            CREATE ROLE \(owner) LOGIN; GRANT CREATE ON DATABASE \(database) TO \(owner);
            GRANT ALL ON SCHEMA public TO \(owner); CREATE SCHEMA extensions;
            """)
        let connection = try await place.connect(as: owner)
        try await connection.script(Self.bare, name: "the table")
        let plan = try await place.setUp(Self.options, as: connection)
        #expect(
            plan.notes.contains { $0.contains("real[]") && $0.contains("CREATE EXTENSION vector") }, "\(plan.notes)")
        #expect(try await type(place) == ["real[]"])
    }

    @Test("real[] for vectors that pgvector has no room for; without the question the column is missing")
    func others() async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector, Self.bare)
        #expect(try await place.problem(SetupPlace.options()).description.contains("--add-column"))
        let long = EmbedderIdentity(embedder: "hash", model: "m", dimension: 16_001)
        try await place.setUp(SetupPlace.options(identity: long, addColumn: true))
        #expect(try await type(place) == ["real[]"])
    }

    @Test("A partitioned table gets the column in all partitions, and a role the right to it")
    func partitioned() async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            """
            CREATE TABLE notes (id text NOT NULL, title text, body text) PARTITION BY HASH (id);
            CREATE TABLE notes_0 PARTITION OF notes FOR VALUES WITH (MODULUS 1, REMAINDER 0)
            """)
        let role = "added_\(place.database.name)"
        try await place.run("CREATE ROLE \(role) LOGIN")
        try await place.setUp(SetupPlace.options(role: role, addColumn: true))
        #expect(try await type(place, "notes_0") == ["vector(3)"])
        let connection = try await place.connect(as: role)
        try await connection.script("UPDATE notes SET embedding = '[1,2,3]'", name: "as the daemon does")
    }
}
