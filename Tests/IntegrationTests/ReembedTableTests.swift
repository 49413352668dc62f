import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Tables of every kind are embedded anew", .inLanes)
struct ReembedTableTests {
    private static let fill =
        "INSERT INTO notes (id, topic) SELECT i, 'text ' || i FROM generate_series(0, 999, 5) AS i;"

    @Test("Partitioned on two levels, with indexes on the root, on one partition, and one partition added meanwhile")
    func partitioned() async throws {
        let lab = try await Lab.make(.pg18WithPgvector, [PipelinePartitionTests.range])
        try await lab.run(
            Self.fill + "INSERT INTO notes (id, topic) SELECT i, 'text ' || i FROM generate_series(5000, 5050) AS i")
        try await lab.drain(lab.embedder)
        try await lab.run(
            """
            CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops) WITH (m='7');
            CREATE INDEX only_b ON "low B" USING ivfflat (embedding vector_cosine_ops) WITH (lists='3');
            CREATE INDEX invalid ON ONLY notes (topic) WHERE embedding IS NULL
            """)
        let question = """
            SELECT string_agg(c.relname || coalesce(' < ' || p.relname, '') || ' ' || i.indisvalid, E'\\n' ORDER BY c.relname)
            FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid LEFT JOIN pg_inherits h ON h.inhrelid = c.oid
                LEFT JOIN pg_class p ON p.oid = h.inhparent
            WHERE c.relname !~ '_previous$'
            """
        let before = try await lab.values(question)
        let tally = Tally()
        let model = ModelEmbedder("new", dimension: 12) { _ in
            guard tally.next() == 1 else { return }
            try await lab.run(
                "CREATE TABLE more PARTITION OF notes FOR VALUES FROM (10000) TO (20000); "
                    + "INSERT INTO notes (id, topic) VALUES (10001, 'more')")
        }
        try await lab.reembed(model)
        #expect(try await lab.vectors(of: model).right == 252)
        let after = try await lab.values(question)[0] ?? ""
        for line in (before[0] ?? "").split(separator: "\n") { #expect(after.contains(line), "\(line) in \(after)") }
        try await expectOnlyTriggersOfMore(lab, model)
        try await lab.run("UPDATE notes SET topic = topic || ' changed' WHERE id IN (5, 505, 5005)")
        try await lab.drain(model)
        #expect(try await lab.vectors(of: model).right == 252)
        try await lab.reembed(model, dropsOld: true)
        try await expectOnlyTriggersOfMore(lab, model)
    }

    /// What set-up finds after a partition came that it has not seen: no trigger of its own, and nothing else.
    private func expectOnlyTriggersOfMore(_ lab: Lab, _ model: ModelEmbedder) async throws {
        let connection = try await lab.connect()
        let options = SetupOptions(spec: lab.spec(lab.tables[0]), identity: model.identity, version: "test")
        let problems = try await Setup.problems(with: options, on: connection)
        #expect(
            problems.count == 2
                && problems.allSatisfy { $0.code == "trigger-missing" && $0.summary.contains("public.more") },
            "\(problems)")
        await connection.close()
    }

    @Test("Partitioned, in place", arguments: PostgresServer.Flavour.allCases)
    func partitionedInPlace(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [PipelinePartitionTests.range])
        try await lab.run(Self.fill)
        try await lab.drain(lab.embedder)
        let model = ModelEmbedder("new")
        #expect(try await lab.reembed(model, inPlace: true).embedded == 200)
        try await lab.expectAll(200, of: model)
    }

    @Test("Keys of several types, a vector without a length, halfvec, and no text at all", arguments: 0..<5)
    func kinds(_ index: Int) async throws {
        var table = LabTable()
        table.keyType = ["text", "uuid", "timestamptz", "bigint[]", "numeric"][index]
        table.embeddingType = ["vector", "halfvec(8)", "halfvec", "real[]", "vector(8)"][index]
        let key = [
            "i || ' : ''x'' \"'", "gen_random_uuid()", "timestamptz '2000-01-01' + i * interval '1 s'",
            "ARRAY[i, NULL]",
            "i / 7.0",
        ][index]
        let lab = try await Lab.make(.pg18WithPgvector, [table])
        try await lab.run(
            "INSERT INTO notes SELECT \(key), CASE WHEN i > 3 THEN 'text ' || i END FROM generate_series(1, 60) AS i")
        try await lab.drain(lab.embedder)
        let (wide, narrow) = (ModelEmbedder("wide", dimension: 12), ModelEmbedder("narrow", dimension: 12))
        try await lab.reembed(wide)
        #expect(try await lab.vectors(of: wide).filled == 60)
        // Rows without text have the zero vector, as ever.
        try await lab.run("UPDATE notes SET topic = 'a' WHERE topic IS NULL")
        try await lab.drain(wide)
        try await lab.expectAll(60, of: wide)
        try await lab.reembed(narrow, inPlace: true)
        try await lab.expectAll(60, of: narrow)
    }

    @Test("Names that are up to no good, as long as names can be")
    func names() async throws {
        for name in [
            "q\"uote", "it's; DROP TABLE x; --", "{key} {table}", String(repeating: "ä", count: 31),
            "e\u{301}\u{301}\" é",
        ] {
            var table = LabTable(name: QualifiedName(schema: "public", name: "t" + name), key: "k" + name)
            table.embedding = "e" + name
            let lab = try await Lab.filled(.pg18WithPgvector, table, rows: 20)
            let index = quoteIdentifier("i" + name)
            try await lab.run(
                "CREATE INDEX \(index) ON \(table.name.quoted) USING hnsw (\(quoteIdentifier(table.embedding)) vector_l2_ops)"
            )
            let model = ModelEmbedder("it's \"new\"", dimension: 12, traits: ["pro'mpt": "\"q\": '\\"])
            let script = try await lab.withReembed(model) { try await $0.script(inPlace: false, dropsOld: false) }
            #expect(script.contains("ADD COLUMN"))
            try await lab.reembed(model)
            try await lab.expectAll(20, of: model)
            try await lab.expectSetUp(model)
            try await lab.reembed(ModelEmbedder("third"), dropsOld: true)
            #expect(try await lab.columns().last == table.embedding)
            #expect(
                try await lab.number(
                    "SELECT count(*) FROM pg_index WHERE indexrelid = \(quoteLiteral("public." + index))::regclass")
                    == 1)
        }
    }

    @Test("--print is a script that psql runs: of an empty table it makes one of the new model")
    func script() async throws {
        let lab = try await Lab.filled(
            .pg18WithPgvector, rows: 0, indexes: "CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        let model = ModelEmbedder("new", dimension: 12)
        let before = try await SetupPlace(database: lab.database, connection: lab.user).dump()
        let script = try await lab.withReembed(model) { try await $0.script(inPlace: false, dropsOld: false) }
        #expect(try await SetupPlace(database: lab.database, connection: lab.user).dump() == before)
        try await lab.database.psql(script)
        #expect(try await lab.columns().last == "embedding")
        #expect(
            try await lab.values(
                "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'notes'::regclass AND attname = 'embedding'"
            )
                == ["vector(12)"])
        try await lab.expectSetUp(model)
        #expect(try await lab.number("SELECT count(*) FROM pg_indexes WHERE indexname LIKE 'graph%'") == 2)
    }
}
