import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Set-up of partitioned tables, on servers", .serialized)
struct SetupPartitionedTests {
    /// Nested, with columns in another order in one partition.
    private static let table = """
        CREATE TABLE notes (id int NOT NULL, title text, body text, embedding real[]) PARTITION BY RANGE (id);
        CREATE INDEX ON notes (id);
        CREATE INDEX of_the_owner ON notes (title) WHERE embedding IS NULL;
        CREATE TABLE notes_low PARTITION OF notes FOR VALUES FROM (0) TO (100) PARTITION BY LIST (id);
        CREATE TABLE notes_one PARTITION OF notes_low FOR VALUES IN (1);
        CREATE TABLE notes_other PARTITION OF notes_low DEFAULT;
        CREATE TABLE notes_high (embedding real[], body text, extra_gone int, title text, id int NOT NULL);
        ALTER TABLE notes_high DROP extra_gone;
        ALTER TABLE notes ATTACH PARTITION notes_high FOR VALUES FROM (100) TO (200);
        """

    @Test("Every way into a partition is noticed", arguments: PostgresServer.Flavour.allCases)
    func inserts(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.table)
        try await place.setUp()
        let ear = try await SetupEar(place)
        for (sql, expected) in [
            ("INSERT INTO notes VALUES (1), (2), (100)", "1 [\"1\",\"2\",\"100\"]"),
            ("INSERT INTO notes_low VALUES (1)", "1 [\"1\"]"), ("INSERT INTO notes_one VALUES (1)", "1 [\"1\"]"),
            ("INSERT INTO notes_high (id) VALUES (101)", "1 [\"101\"]"),
            ("UPDATE notes SET title = 'x'", "1"), ("UPDATE notes_one SET title = 'y'", "1"),
            ("UPDATE notes_high SET title = 'y'", "1"),
        ] {
            #expect(try await ear.payloads(of: sql) == [expected], "\(sql)")
        }
        try await place.run("UPDATE notes SET embedding = '{1}'; UPDATE notes_high SET title = 'z' WHERE id = 100")
        #expect(try await place.cleared() == ["100"])
        // Moved to another partition: it keeps its embedding, but not when its text changes on the way.
        try await place.run("UPDATE notes SET embedding = '{1}'; UPDATE notes SET id = 150 WHERE id = 2")
        #expect(try await place.cleared() == [])
        try await place.run("UPDATE notes SET id = 2, title = 'moved' WHERE id = 150")
        #expect(try await place.cleared() == ["2"])
    }

    @Test(
        "A partition attached later is named, and a second set-up mends it", arguments: PostgresServer.Flavour.allCases)
    func attachedLater(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.table)
        try await place.setUp()
        try await place.run(
            """
            CREATE TABLE "New one" (LIKE notes);
            INSERT INTO "New one" VALUES (300, 't', 'b', '{1}');
            ALTER TABLE notes ATTACH PARTITION "New one" FOR VALUES FROM (300) TO (400)
            """)
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems.map(\.code) == ["trigger-missing", "trigger-missing"])
        #expect(problems.allSatisfy { $0.description.contains("public.\"New one\"") })
        let ear = try await SetupEar(place)
        // Clearing is a row trigger, which the server itself makes with the partition.
        #expect(try await ear.payloads(of: "UPDATE \"New one\" SET title = 'x'") == [])
        #expect(try await place.cleared() == ["300"])
        try await place.setUp()
        #expect(try await ear.payloads(of: "INSERT INTO \"New one\" VALUES (301)") == ["1 [\"301\"]"])
        let invalid = "SELECT count(*)::text FROM pg_index WHERE NOT indisvalid"
        #expect(try await place.texts(invalid) == ["0"])
    }

    @Test("Indexes on partitions are attached and valid; one that is missing or invalid is named and made again")
    func indexes() async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector, Self.table)
        try await place.setUp()
        let count = """
            SELECT count(*)::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname LIKE 'backfilld_pending%' AND i.indisvalid
            """
        #expect(try await place.texts(count) == ["5"])
        try await place.run("DROP INDEX backfilld_pending_1")
        try await place.run("CREATE INDEX backfilld_pending_1 ON ONLY notes ((true)) WHERE embedding IS NULL")
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems.map(\.code) == ["index-missing", "index-missing", "index-missing"])
        #expect(problems.contains { $0.description.contains("public.notes_one") })
        try await place.setUp()
        #expect(try await place.texts(count) == ["5"])
    }

    @Test("Beside a foreign partition inserts still work, through the root and into it")
    func foreign() async throws {
        let far = try await SetupPlace.make(
            .pg18WithPgvector, "CREATE TABLE far (id int, title text, body text, embedding real[])")
        let server = far.database.server
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            Self.table + """
                CREATE EXTENSION postgres_fdw;
                CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw
                    OPTIONS (host '\(server.socketDirectory)', port '\(server.port)', dbname '\(far.database.name)');
                CREATE USER MAPPING FOR postgres SERVER elsewhere OPTIONS (user 'postgres');
                CREATE FOREIGN TABLE notes_far PARTITION OF notes FOR VALUES FROM (500) TO (600)
                    SERVER elsewhere OPTIONS (table_name 'far');
                """)
        let plan = try await place.setUp()
        #expect(plan.warnings.contains { $0.contains("foreign table") })
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO notes VALUES (1), (500)") == ["1"])
        #expect(try await ear.payloads(of: "INSERT INTO notes_far VALUES (501)") == ["1"])
        #expect(try await ear.payloads(of: "INSERT INTO notes_one VALUES (1)") == ["1 [\"1\"]"])
        #expect(try await ear.payloads(of: "UPDATE notes SET title = 'x', embedding = '{1}'") == ["1"])
        try await place.run("UPDATE notes SET title = 'y'")
        #expect(try await place.cleared() == ["1", "1", "500", "501"])
        try await place.remove()
        #expect(try await far.cleared("far") == ["500", "501"])
    }
}
