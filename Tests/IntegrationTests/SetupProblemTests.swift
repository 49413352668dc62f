import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("What set-up refuses, and how it says so", .serialized)
struct SetupProblemTests {
    private static let tables = """
        CREATE TABLE notes (id text PRIMARY KEY, loose text, title text, body text, stars int, embedding real[]);
        CREATE VIEW notes_view AS SELECT * FROM notes;
        CREATE MATERIALIZED VIEW notes_stored AS SELECT * FROM notes;
        CREATE SCHEMA other; CREATE TABLE other.elsewhere (id int);
        CREATE TABLE made (id int PRIMARY KEY, title text, body text, embedding real[] GENERATED ALWAYS AS ('{1}') STORED)
        """

    @Test(
        "A table or a column that is not what configuration says: what, where, and what to do",
        arguments: [
            (SetupPlace.options(QualifiedName(name: "note")), "table-missing", ["note", "public.notes"]),
            (
                SetupPlace.options(QualifiedName(name: "elsewhere")), "table-missing",
                ["search_path", "other.elsewhere"]
            ),
            (
                SetupPlace.options(QualifiedName(schema: "nowhere", name: "zebra")), "table-missing",
                ["nowhere.zebra", "Check the name"]
            ),
            (SetupPlace.options(QualifiedName(name: "notes_view")), "not-a-table", ["notes_view", "a view"]),
            (SetupPlace.options(QualifiedName(name: "notes_stored")), "not-a-table", ["a materialized view"]),
            (SetupPlace.options(QualifiedName(name: "notes_pkey")), "not-a-table", ["an index"]),
            (SetupPlace.options(key: "ids"), "column-missing", ["public.notes", "\"ids\"", "the key", "mean id"]),
            (SetupPlace.options(text: ["titl"]), "column-missing", ["\"titl\"", "the text", "mean title"]),
            (SetupPlace.options(embedding: "vec"), "column-missing", ["\"vec\"", "--add-column"]),
            (SetupPlace.options(key: "loose"), "key-nullable", ["\"loose\"", "SET NOT NULL"]),
            (SetupPlace.options(key: "embedding"), "column-twice", ["\"embedding\"", "the key"]),
            (SetupPlace.options(text: ["title", "embedding"]), "column-twice", ["\"embedding\"", "the text"]),
            (SetupPlace.options(embedding: "stars"), "embedding-type", ["\"stars\"", "integer", "vector(n)"]),
            (SetupPlace.options(QualifiedName(name: "made")), "embedding-type", ["generated"]),
            (SetupPlace.options(role: "no one's"), "role-missing", ["no one's", "CREATE ROLE \"no one's\""]),
        ])
    func refused(_ options: SetupOptions, _ code: String, _ words: [String]) async throws {
        let place = try await SetupPlace.make(.debian, Self.tables)
        let problem = try await place.problem(options)
        #expect(problem.code == code)
        for word in words { #expect(problem.description.contains(word), "\(problem)") }
        #expect(!problem.remedy.isEmpty)
    }

    @Test("A column of another length than the embedder's vectors")
    func dimension() async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            "CREATE EXTENSION vector; CREATE TABLE notes (id int PRIMARY KEY, title text, body text, embedding vector(384))"
        )
        let problem = try await place.problem(SetupPlace.options())
        #expect(problem.code == "dimension-mismatch")
        for word in ["384", "sha256-sincos", "vectors of 3", "public.notes"] {
            #expect(problem.description.contains(word))
        }
    }

    @Test("A schema that set-up did not make, and one of a newer release")
    func schemas() async throws {
        let place = try await SetupPlace.make(.debian)
        try await place.run("CREATE SCHEMA backfilld; CREATE TABLE backfilld.mine ()")
        #expect(try await place.problem(SetupPlace.options()) == .schemaTaken)
        await #expect(throws: TableProblem.schemaTaken) { try await place.remove() }
        try await place.run("DROP SCHEMA backfilld CASCADE")
        try await place.setUp()
        try await place.run("INSERT INTO backfilld.migration (version) VALUES (99)")
        #expect(try await place.problem(SetupPlace.options()) == .schemaTooNew(found: 99, known: 4))
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems == [.schemaTooNew(found: 99, known: 4)])
    }

    @Test("A role that is not the owner, or may not create the schema, is told who may")
    func notPermitted() async throws {
        let place = try await SetupPlace.make(.debian)
        let role = "stranger_\(place.database.name)"
        try await place.run("CREATE ROLE \(role) LOGIN; GRANT SELECT ON notes TO \(role)")
        let connection = try await place.connect(as: role)
        var problem = try await place.problem(SetupPlace.options(), as: connection)
        #expect(problem.code == "not-permitted" && problem.description.contains("postgres"), "\(problem)")
        try await place.run("ALTER TABLE notes OWNER TO \(role)")
        problem = try await place.problem(SetupPlace.options(), as: connection)
        #expect(
            problem.code == "not-permitted" && problem.description.contains("GRANT CREATE ON DATABASE"), "\(problem)")
        // The schema is somebody else's.
        try await place.setUp()
        problem = try await place.problem(SetupPlace.options(), as: connection)
        #expect(problem.code == "not-permitted" && problem.description.contains("schema backfilld"), "\(problem)")
        // A schema that the role may not even look into.
        try await place.run("CREATE SCHEMA hidden; CREATE TABLE hidden.notes (id int)")
        let hidden = SetupPlace.options(QualifiedName(schema: "hidden", name: "notes"))
        try await place.run("DROP SCHEMA backfilld CASCADE")
        problem = try await place.problem(hidden, as: connection)
        #expect(["not-permitted", "table-missing"].contains(problem.code), "\(problem)")
    }

    @Test("A role with a table of its own beside a schema of somebody else's is told so")
    func otherOwner() async throws {
        let place = try await SetupPlace.make(.debian)
        let role = "second_\(place.database.name)"
        try await place.run(
            "CREATE ROLE \(role) LOGIN; CREATE TABLE own (id int PRIMARY KEY, title text, body text, embedding real[]); ALTER TABLE own OWNER TO \(role)"
        )
        try await place.setUp(SetupPlace.options(role: role))
        let connection = try await place.connect(as: role)
        let problem = try await #require(throws: TableProblem.self) {
            let plan = try await Setup.plan(SetupPlace.options(QualifiedName(name: "own")), on: connection)
            try await Setup.run(plan, on: connection)
        }
        #expect(problem.code == "not-permitted")
        #expect(problem.description.contains("schema backfilld"))
    }

    @Test(
        "A disabled or lost trigger and a changed function are named and mended",
        arguments: PostgresServer.Flavour.allCases)
    func broken(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        for (sql, word) in [
            ("ALTER TABLE notes DISABLE TRIGGER backfilld_inserted_1", "is disabled"),
            ("ALTER TABLE notes DISABLE TRIGGER ALL", "is disabled"),
            ("ALTER TABLE notes ENABLE REPLICA TRIGGER backfilld_changed_1", "does not fire for every change"),
            ("ALTER TABLE notes ENABLE TRIGGER zzzz_backfilld_cleared_1", "does not fire for every change"),
            ("DROP TRIGGER zzzz_backfilld_cleared_1 ON notes", "old text"),
            (
                "CREATE OR REPLACE FUNCTION backfilld.wake_1() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
                "wake_1"
            ),
            ("DROP FUNCTION backfilld.inserted_1() CASCADE", "is not there"),
        ] {
            try await place.run(sql)
            let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
            #expect(problems.contains { $0.description.contains(word) }, "\(sql): \(problems)")
            try await place.setUp()
        }
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO notes VALUES ('a', 't', 'b', 1)") == ["1 [\"a\"]"])
    }

    @Test("Two that set up at once: one does it, the other does too or is told to look again", arguments: 1...3)
    func together(_ round: Int) async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector)
        let codes = try await withThrowingTaskGroup { group in
            for _ in 1...4 {
                group.addTask {
                    let connection = try await place.connect()
                    do {
                        let plan = try await Setup.plan(SetupPlace.options(), on: connection)
                        try await Setup.run(plan, on: connection)
                        return "done"
                    } catch let problem as TableProblem {
                        return problem.code
                    }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(codes.contains("done"))
        #expect(Set(codes).isSubset(of: ["done", "changed-meanwhile"]))
        try await place.setUp()
    }
}
