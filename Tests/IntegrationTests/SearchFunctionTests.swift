@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("The SQL function backfilld.search")
struct SearchFunctionTests {
    private static func make(
        _ flavour: PostgresServer.Flavour, rows: Int = 200, table: String = "public.songs", key: String = "id",
        create: String? = nil, type: String? = nil
    ) async throws -> SearchPlace {
        let search = try await SearchPlace.make(flavour, rows: rows, table: table, key: key, type: type, create: create)
        try await search.place.setUp(
            SetupOptions(spec: try search.spec, identity: SearchPlace.identity, search: true, version: "test"))
        return search
    }

    private static func literal(_ vector: [Float], _ flavour: PostgresServer.Flavour) -> String {
        let text = vector.map { "\($0)" }.joined(separator: ",")
        return flavour == .debian ? "'{\(text)}'::real[]" : "'[\(text)]'::public.vector"
    }

    @Test(
        "It finds what is nearest, with filters, as the caller sees the table",
        arguments: PostgresServer.Flavour.allCases)
    func finds(_ flavour: PostgresServer.Flavour) async throws {
        let search = try await Self.make(flavour)
        let vector = SearchPlace.vector(21)
        let literal = Self.literal(vector, flavour)
        let ask = { (rest: String) in
            try await search.place.texts("SELECT key FROM backfilld.search('songs', \(literal)\(rest))").compactMap {
                $0
            }
        }
        #expect(try await ask("") == (try await search.nearest(vector, 10)))
        #expect(
            try await ask(", 5, '{\"category\": \"jazz\", \"stars\": 2}'")
                == (try await search.nearest(vector, 5, where: "category = 'jazz' AND stars = 2")))
        let data = try await search.place.texts(
            """
            SELECT data::text FROM backfilld.search(table_name => 'public.songs', query => \(literal), k => 1)
            """)
        #expect(data[0]?.contains("\"title\": \"Song ") ?? false)
        #expect(!(data[0]?.contains("embedding") ?? true))
        let role = search.place.database.name + "_caller"
        try await search.place.run(
            """
            CREATE ROLE \(role) LOGIN;
            GRANT USAGE ON SCHEMA backfilld TO \(role);
            GRANT SELECT ON backfilld.watch TO \(role);
            GRANT SELECT (id, title, embedding, stars) ON songs TO \(role);
            ALTER TABLE songs ENABLE ROW LEVEL SECURITY;
            CREATE POLICY seen ON songs FOR SELECT TO \(role) USING (stars < 2)
            """)
        let caller = try await search.place.connect(as: role)
        // As PostgREST calls a stable function: in a transaction that only reads, with a path of its own.
        try await caller.script(
            "SET default_transaction_read_only = on; SET search_path = pg_temp", name: "settings of the caller")
        let seen = try await SetupPlace.texts(
            "SELECT key || ':' || (data ->> 'title') FROM backfilld.search('songs', \(literal), 4)", on: caller)
        #expect(
            seen == (try await search.nearest(vector, 4, where: "stars < 2")).map { "\($0):Song \($0)" })
        await caller.close()
    }

    @Test(
        "What cannot be asked is said, and nothing of a filter is taken for SQL",
        arguments: PostgresServer.Flavour.allCases)
    func refusals(_ flavour: PostgresServer.Flavour) async throws {
        let search = try await Self.make(flavour, rows: 20)
        let literal = Self.literal(SearchPlace.vector(22), flavour)
        for (arguments, state) in [
            ("'nowhere', \(literal)", "42P01"), ("'songs', \(literal), 0", "22023"), ("'songs', NULL", "22004"),
            ("'songs', \(literal), 5, '{\"nothing\": 1}'", "42703"),
            ("'songs', \(literal), 5, '{\"stars\": \"1 OR true\"}'", "22P02"),
        ] {
            let error = try await #require(throws: PostgresError.self, "\(arguments)") {
                try await search.place.texts("SELECT key FROM backfilld.search(\(arguments))")
            }
            #expect(error.hasState(state), "\(arguments): \(error)")
        }
        let none = try await search.place.texts(
            "SELECT key FROM backfilld.search('songs', \(literal), 5, '{\"title\": \"'' OR true --\"}')")
        #expect(none == [])
    }

    @Test("It goes through the index, and leaves the session's settings as they were")
    func index() async throws {
        let search = try await Self.make(.pg18WithPgvector, rows: 6000)
        try await search.place.run("CREATE INDEX ON songs USING hnsw (embedding vector_cosine_ops)")
        try await search.place.run("SET hnsw.ef_search = 33")
        let vector = SearchPlace.vector(23)
        let keys = try await search.place.texts(
            "SELECT key FROM backfilld.search('songs', \(Self.literal(vector, .pg18WithPgvector)))"
        ).compactMap { $0 }
        #expect(Set(keys).intersection(try await search.nearest(vector, 10)).count >= 9)
        #expect(try await search.place.texts("SELECT current_setting('hnsw.ef_search')") == ["33"])
        try await search.place.run("SELECT pg_stat_force_next_flush()")
        try await eventually("the index's use is counted", within: .seconds(60)) {
            try await search.place.texts(
                "SELECT idx_scan::text FROM pg_stat_user_indexes WHERE indexrelname LIKE 'songs_embedding%'") != ["0"]
        }
    }

    @Test("A filter takes any of several values, and of an array's any; what is no filter is refused in words")
    func filters() async throws {
        let search = try await Self.make(.pg18WithPgvector, rows: 300)
        let vector = SearchPlace.vector(9)
        let ask = { (filters: String) in
            try await search.place.texts(
                "SELECT key FROM backfilld.search('songs', \(Self.literal(vector, .pg18WithPgvector)), 9, '\(filters)')"
            ).compactMap(\.self)
        }
        for (filters, condition) in [
            (#"{"category": ["jazz", "blues"]}"#, "category IN ('jazz', 'blues')"),
            (#"{"stars": [1, 2]}"#, "stars IN (1, 2)"),
            (#"{"tags": "t1"}"#, "'t1' = ANY (tags)"), (#"{"tags": ["t1", "t2"]}"#, "tags && '{t1,t2}'"),
            (#"{"stars": null}"#, "stars IS NULL"), ("{}", "true"),
        ] {
            #expect(try await ask(filters) == (try await search.nearest(vector, 9, where: condition)), "\(filters)")
        }
        let refused = await #expect(throws: PostgresError.self) { try await ask("[1]") }
        #expect(refused?.sqlState == "22023")
    }

    @Test("A name that two schemas have is no name, and the zero vector has no place by whatever distance")
    func doubtful() async throws {
        let search = try await Self.make(.pg18WithPgvector, rows: 50)
        try await search.place.run(
            """
            CREATE INDEX ON songs USING hnsw (embedding vector_l2_ops);
            UPDATE songs SET embedding = (SELECT array_agg(0) FROM generate_series(1, 16))::real[]::vector WHERE id <= 5
            """)
        let literal = Self.literal(SearchPlace.vector(9), .pg18WithPgvector)
        let keys = try await search.place.texts("SELECT key FROM backfilld.search('songs', \(literal), 50)")
        #expect(keys.count == 40 && !keys.contains("3"))
        try await search.place.run(
            """
            CREATE SCHEMA other;
            CREATE TABLE other.songs (id bigint PRIMARY KEY, title text, embedding vector(16));
            INSERT INTO backfilld.watch SELECT (jsonb_populate_record(w, jsonb_build_object(
                'id', 2, 'relation', 'other.songs'))).* FROM backfilld.watch AS w
            """)
        let refused = await #expect(throws: PostgresError.self) {
            try await search.place.texts("SELECT key FROM backfilld.search('songs', \(literal))")
        }
        #expect(refused?.sqlState == "42P09")
        #expect(
            try await search.place.texts("SELECT key FROM backfilld.search('public.songs', \(literal), 3)").count == 3)
    }

    @Test("Tables with odd names are found by theirs")
    func names() async throws {
        let search = try await Self.make(
            .pg18WithPgvector, rows: 30, table: "public.\"My %s \"\"Songs\"\" x\"", key: "Key %I",
            create: """
                CREATE TABLE public."My %s ""Songs"" x" ("Key %I" text PRIMARY KEY, title text, body text,
                category text, stars int, added date, tags text[], notes jsonb, embedding {embedding})
                """, type: "public.halfvec(16)")
        let vector = SearchPlace.vector(24)
        let literal = Self.literal(vector, .pg18WithPgvector)
        for name in ["\"My %s \"\"Songs\"\" x\"", "public.\"My %s \"\"Songs\"\" x\""] {
            let keys = try await search.place.texts("SELECT key FROM backfilld.search('\(name)', \(literal))")
            #expect(keys == (try await search.nearest(vector, 10)))
        }
    }

    @Test("It is made when asked for, kept up to date, checked, and taken away; the owner's own functions stay")
    func life() async throws {
        let search = try await SearchPlace.make(.pg18WithPgvector, rows: 0)
        let options = SetupOptions(spec: try search.spec, identity: SearchPlace.identity, version: "test")
        let checkup = Checkup(search.place.connection, embedder: HashEmbedder(dimension: 16), version: "test")
        let functions = {
            try await search.place.texts(
                "SELECT n.nspname || '.' || proname FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace "
                    + "WHERE proname LIKE 'search%' AND n.nspname IN ('public', 'backfilld') ORDER BY 1")
        }
        try await search.place.run("CREATE FUNCTION search_music_knowledge() RETURNS int LANGUAGE sql AS 'SELECT 1'")
        #expect(try await Setup.plan(options, on: search.place.connection).isEmpty)
        #expect(try await checkup.search().isEmpty)
        var asked = options
        asked.search = true
        let plan = try await search.place.setUp(asked)
        #expect(plan.script.contains("CREATE FUNCTION backfilld.search(") && plan.notes.count == 1)
        #expect(try await checkup.search().map(\.level) == [.ok])
        // Another body, and one of other arguments, as an older release had it.
        try await search.place.run(
            """
            DO $$ BEGIN
                EXECUTE replace(pg_get_functiondef('backfilld.search'::regproc), 'STABLE', 'VOLATILE');
                EXECUTE replace(pg_get_functiondef('backfilld.search'::regproc), 'no table % is set up', 'oh, %');
            END $$;
            CREATE FUNCTION backfilld.search(table_name text, query real[]) RETURNS int LANGUAGE sql AS 'SELECT 1'
            """)
        #expect(try await checkup.search().map(\.level) == [.warning])
        #expect(try await search.place.setUp(options).steps.map(\.title) == ["function backfilld.search"])
        #expect(try await checkup.search().map(\.level) == [.ok])
        try await Setup.run(try await Setup.searchRemoval(on: search.place.connection), on: search.place.connection)
        #expect(try await functions() == ["public.search_music_knowledge"])
        #expect(try await Setup.searchRemoval(on: search.place.connection).isEmpty)
        try await search.place.setUp(asked)
        try await search.place.remove()
        #expect(try await functions() == ["public.search_music_knowledge"])
    }
}
