import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Set-up through renames, dumps and restores", .serialized)
struct SetupDumpTests {
    private static let types = PostgresServer.Flavour.allCases

    @Test("A dump restored into another database is set up there", arguments: types)
    func dump(_ flavour: PostgresServer.Flavour) async throws {
        let partitioned = """
            CREATE TABLE "Big: notes" (id int NOT NULL, title text, body text, embedding real[]) PARTITION BY HASH (id);
            CREATE TABLE big_0 PARTITION OF "Big: notes" FOR VALUES WITH (MODULUS 1, REMAINDER 0)
            """
        let place = try await SetupPlace.make(flavour, "\(SetupPlace.notes);\(partitioned)")
        let role = "dumped_\(flavour)_\(place.database.name)".lowercased()
        try await place.run("CREATE ROLE \(role) LOGIN; ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        let all = [
            SetupPlace.options(role: role), SetupPlace.options(QualifiedName(schema: "public", name: "Big: notes")),
        ]
        for options in all { try await place.setUp(options) }
        let script = try await place.dump()
        let other = try await SetupPlace.make(flavour, "")
        try await other.database.psql(script)
        let ear = try await SetupEar(other)
        for (number, options) in all.enumerated() {
            #expect(try await Setup.plan(options, on: other.connection).steps.map(\.title) == [])
            #expect(try await Setup.problems(with: options, on: other.connection) == [])
            let table = try await WatchedTable.load(options.spec, identity: SetupPlace.hash, on: other.connection)
            let insert = "INSERT INTO \(table.quotedRelation) (id, title) VALUES ('7', 't')"
            #expect(try await ear.payloads(of: insert) == ["\(number + 1) [\"7\"]"])
            try await other.run("UPDATE \(table.quotedRelation) SET embedding = '{1}'")
            let update = "UPDATE \(table.quotedRelation) SET title = 'x'"
            #expect(try await ear.payloads(of: update) == ["\(number + 1)"])
            #expect(try await other.cleared(table.quotedRelation) == ["7"])
        }
        // A table that is new there gets a number of its own.
        try await other.run("CREATE TABLE third (id int PRIMARY KEY, title text, body text, embedding real[])")
        try await other.setUp(SetupPlace.options(QualifiedName(name: "third")))
        try await other.remove()
    }

    @Test("A renamed table in a renamed schema stays watched; a renamed column is named", arguments: types)
    func renamed(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        try await place.run(
            "CREATE SCHEMA \"new home\"; ALTER TABLE notes SET SCHEMA \"new home\"; ALTER TABLE \"new home\".notes RENAME TO \"New\""
        )
        let name = QualifiedName(schema: "new home", name: "New")
        #expect(try await Setup.plan(SetupPlace.options(name), on: place.connection).isEmpty)
        let ear = try await SetupEar(place)
        let table = name.quoted
        #expect(try await ear.payloads(of: "INSERT INTO \(table) VALUES ('a', 't', 'b')") == ["1 [\"a\"]"])

        try await place.run("ALTER TABLE \(table) RENAME title TO heading; UPDATE \(table) SET embedding = '{1}'")
        #expect(try await ear.payloads(of: "UPDATE \(table) SET heading = 'x'") == ["1"])
        #expect(try await place.cleared(table) == ["a"])
        let problems = try await Setup.problems(with: SetupPlace.options(name), on: place.connection)
        #expect(problems.map(\.code) == ["column-missing"])
        #expect(problems[0].description.contains("\"title\""))
        try await place.setUp(SetupPlace.options(name, text: ["heading", "body"]))

        try await place.run("ALTER TABLE \(table) RENAME embedding TO vec")
        #expect(try await ear.payloads(of: "INSERT INTO \(table) VALUES ('b', 't', 'b')") == ["1"])
        try await place.run("UPDATE \(table) SET vec = '{1}'")
        let error = try await #require(throws: PostgresError.self) {
            try await place.run("UPDATE \(table) SET heading = 'y'")
        }
        #expect(error.message.contains("embedding column") && error.hint?.contains("backfilld setup") ?? false)
        try await place.setUp(SetupPlace.options(name, text: ["heading", "body"], embedding: "vec"))
        try await place.run("UPDATE \(table) SET heading = 'y'")
        #expect(try await place.texts("SELECT count(vec)::text FROM \(table)") == ["0"])
    }
}
