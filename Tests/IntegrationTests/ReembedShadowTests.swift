import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Another model in a column of its own", .inLanes)
struct ReembedShadowTests {
    @Test("Another dimension: all rows, the old column kept", arguments: PostgresServer.Flavour.allCases)
    func dimension(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.filled(flavour)
        let old = try await lab.values("SELECT embedding FROM notes ORDER BY id")
        let model = ModelEmbedder("wide", dimension: 12, traits: ["pooling": "mean", "weights": "sha256:00ff"])
        let result = try await lab.reembed(model)
        #expect(result.embedded == 100)
        #expect(result.kept == "embedding_previous")
        try await lab.expectAll(100, of: model)
        #expect(try await lab.values("SELECT embedding_previous FROM notes ORDER BY id") == old)
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding_previous", "embedding"])
        try await lab.expectSetUp(model)
        // The table is watched as before: a changed text is pending, and embedded by the new model.
        try await lab.run(
            "UPDATE notes SET topic = topic || ' changed' WHERE id <= 3; INSERT INTO notes VALUES (101, 'new')")
        #expect(try await lab.pending() == 4)
        try await lab.drain(model)
        try await lab.expectAll(101, of: model)
        #expect(try await lab.reembed(model).isNothing)
    }

    @Test("The same dimension, another model; the old column dropped in the same run or later")
    func dropsOld() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector)
        let (second, third) = (ModelEmbedder("second"), ModelEmbedder("third"))
        try await lab.reembed(second, dropsOld: true)
        try await lab.expectAll(100, of: second)
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding"])
        try await lab.reembed(third)
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding_previous", "embedding"])
        #expect(try await lab.problem(second).code == "column-taken")
        #expect(try await lab.reembed(third, dropsOld: true).dropped == "embedding_previous")
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding"])
        try await lab.reembed(second)
        // That of the run before goes first.
        try await lab.reembed(third, dropsOld: true)
        #expect(try await lab.columns() == ["id", "topic", "other", "embedding"])
        try await lab.expectAll(100, of: third)
        try await lab.expectSetUp(third)
    }

    @Test("Indexes of every kind are there afterwards, by the same names and with the same definitions")
    func indexes() async throws {
        let definitions = [
            "flat": "ivfflat (embedding vector_cosine_ops) WITH (lists='5')",
            "graph": "hnsw (embedding vector_l2_ops) WITH (m='8', ef_construction='20') WHERE (id > 5)",
            "Half \"one\"": "hnsw (((embedding)::halfvec(8)) halfvec_cosine_ops)",
            "bits": "hnsw (((binary_quantize(embedding))::bit(8)) bit_hamming_ops)",
            "pair": "btree (other DESC NULLS LAST, vector_dims(embedding)) WHERE (embedding IS NOT NULL)",
            "sum": "btree (id) INCLUDE (embedding)",
        ]
        let lab = try await Lab.filled(
            .pg18WithPgvector,
            indexes: definitions.map { "CREATE INDEX \(quoteIdentifier($0)) ON notes USING \($1);" }.joined()
                + "COMMENT ON INDEX flat IS 'it''s flat'; CREATE INDEX apart ON notes (other)")
        let model = ModelEmbedder("wide", dimension: 12)
        try await lab.reembed(model)
        for (name, definition) in definitions {
            let found = try await lab.values(
                """
                SELECT pg_get_indexdef(indexrelid) FROM pg_index
                WHERE indexrelid = \(quoteLiteral("public." + quoteIdentifier(name)))::regclass AND indisvalid
                """)
            let wanted = definition.split(separator: "(8)", omittingEmptySubsequences: false).joined(separator: "(12)")
            #expect(
                found == [
                    "CREATE INDEX \(name == "Half \"one\"" ? quoteIdentifier(name) : name) ON public.notes USING \(wanted)"
                ])
        }
        #expect(try await lab.values("SELECT obj_description('flat'::regclass)") == ["it's flat"])
        #expect(try await lab.number("SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%\\_previous'") == 6)
        #expect(try await lab.number("SELECT count(*) FROM pg_indexes WHERE indexname LIKE '%next%'") == 0)
        #expect(
            try await lab.values(
                "SELECT count(*) FROM pg_stats WHERE tablename = 'notes' AND attname = 'embedding' AND n_distinct <> 0")
                == ["1"])
        try await lab.reembed(model, dropsOld: true)
        #expect(try await lab.number("SELECT count(*) FROM pg_indexes WHERE tablename = 'notes'") == 9)
    }

    @Test("Privileges, comment, storage, compression, statistics and options of the column are carried over")
    func attributes() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 3)
        let role = "reader \(lab.database.name)"
        let quoted = quoteIdentifier(role)
        try await lab.run(
            """
            CREATE ROLE \(quoted); GRANT SELECT (embedding) ON notes TO \(quoted) WITH GRANT OPTION;
            GRANT UPDATE (embedding), REFERENCES (embedding) ON notes TO PUBLIC;
            COMMENT ON COLUMN notes.embedding IS 'what it''s about';
            ALTER TABLE notes ALTER embedding SET STORAGE MAIN, ALTER embedding SET COMPRESSION pglz,
                ALTER embedding SET STATISTICS 17, ALTER embedding SET (n_distinct = -0.5)
            """)
        let question = """
            SELECT concat_ws('|', attstorage, attcompression, attstattarget, attoptions,
                (SELECT string_agg(l::text, ' ' ORDER BY l::text) FROM unnest(attacl) AS l),
                col_description(attrelid, attnum))
            FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'embedding'
            """
        let before = try await lab.values(question)
        try await lab.reembed(ModelEmbedder("other"))
        #expect(try await lab.values(question) == before)
    }

    @Test("The daemon's role goes on with the new column: setup --role has nothing to add")
    func role() async throws {
        let place = "daemon_of_reembed"
        let server = try await PostgresServer.shared(.pg18WithPgvector)
        let lab = try await Lab.make(
            .pg18WithPgvector, on: server, before: "DROP ROLE IF EXISTS \(place); CREATE ROLE \(place) LOGIN",
            role: place)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 20) AS i")
        try await lab.drain(lab.embedder)
        let model = ModelEmbedder("other")
        try await lab.reembed(model)
        let options = SetupOptions(
            spec: lab.spec(lab.tables[0]), identity: model.identity, role: place, version: "test")
        let connection = try await lab.connect()
        #expect(try await Setup.plan(options, on: connection).steps.map(\.title) == [])
        try await Setup.run(try await Setup.removal(of: nil, on: connection), on: connection)
        await connection.close()
        #expect(
            try await lab.number(
                "SELECT count(*) FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attacl::text LIKE '%daemon_of%'"
            )
                == 0)
        try await lab.run("DROP OWNED BY \(place); DROP ROLE \(place)")
    }
}
