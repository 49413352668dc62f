import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("What a reembed refuses before anything is changed", .inLanes)
struct ReembedRefusalTests {
    /// What is bound to a column by its place, with the words that name it.
    private static let bound = [
        ("CREATE VIEW shown AS SELECT id, embedding FROM notes", "view shown"),
        ("CREATE MATERIALIZED VIEW kept AS SELECT vector_dims(embedding) FROM notes", "materialized view kept"),
        ("CREATE POLICY p ON notes FOR SELECT USING (embedding IS NOT NULL)", "policy p on table notes"),
        ("ALTER TABLE notes ADD d int GENERATED ALWAYS AS (vector_dims(embedding)) STORED", "column d of table notes"),
        ("ALTER TABLE notes ADD CONSTRAINT c CHECK (vector_dims(embedding) = 8)", "constraint c on table notes"),
        (
            "CREATE FUNCTION f() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(embedding) FROM notes; END",
            "function f()"
        ),
        ("CREATE PUBLICATION pub FOR TABLE notes (id, embedding)", "publication of table notes in publication pub"),
        (
            """
            CREATE FUNCTION t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER own BEFORE UPDATE OF embedding ON notes FOR EACH ROW EXECUTE FUNCTION t()
            """, "trigger own on table notes"
        ),
        ("CREATE TABLE child () INHERITS (notes)", "tables that inherit from it"),
        ("ALTER TABLE notes ALTER embedding SET DEFAULT '[1,2,3,4,5,6,7,8]'", "default value for column embedding"),
    ]

    @Test("Whatever is bound to the old column by its place is named", arguments: bound.indices)
    func dependents(_ index: Int) async throws {
        let (sql, words) = Self.bound[index]
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 3)
        try await lab.run(sql)
        let problem = try await lab.problem(ModelEmbedder("new"))
        #expect(problem.code == "dependents" && problem.description.contains(words), "\(problem)")
        #expect(try await lab.number("SELECT count(*) FROM backfilld.reembed") == 0)
    }

    @Test("A partition on another server, which would lack the new column, is named")
    func foreign() async throws {
        let lab = try await Lab.make(.debian, [PipelinePartitionTests.range])
        try await lab.run(
            """
            CREATE FOREIGN DATA WRAPPER dummy; CREATE SERVER elsewhere FOREIGN DATA WRAPPER dummy;
            CREATE TABLE far_parent (LIKE notes) PARTITION BY RANGE (id);
            CREATE FOREIGN TABLE far PARTITION OF far_parent FOR VALUES FROM (20000) TO (30000) SERVER elsewhere;
            ALTER TABLE notes DROP CONSTRAINT notes_pkey;
            ALTER TABLE notes ATTACH PARTITION far_parent FOR VALUES FROM (20000) TO (30000)
            """)
        let problem = try await lab.problem(ModelEmbedder("new"))
        #expect(problem.code == "dependents" && problem.summary.contains("foreign table public.far,"), "\(problem)")
    }

    @Test("A view that comes while it fills keeps the columns from being swapped")
    func late() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 30)
        let model = ModelEmbedder("new") {
            if $0.contains("text 20") {
                try await lab.run("CREATE OR REPLACE VIEW shown AS SELECT embedding FROM notes")
            }
        }
        #expect(try await lab.problem(model).code == "dependents")
        #expect(try await lab.wrongRows() == [])
        try await lab.run("DROP VIEW shown")
        let again = ModelEmbedder("new")
        #expect(try await lab.reembed(again).embedded == 0)
        try await lab.expectAll(30, of: again)
    }

    @Test("What comes while the swap waits for its lock: a view keeps it from being done, an index is carried over")
    func beforeTheLock() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 30)
        let reader = try await lab.connect()
        let model = ModelEmbedder("new") { texts in
            guard texts.contains("text 20") else { return }
            // It is in nobody's way but the swap's: indexes are built beside a transaction without a snapshot.
            try await reader.script("BEGIN; LOCK TABLE notes IN ACCESS SHARE MODE", name: "the reader")
        }
        let waits = Tally()
        let running = Task {
            try await lab.withReembed(model) {
                try await $0.run { if case .schema(.waiting) = $0 { waits.next() } }
            }
        }
        try await eventually("the swap waits") { waits.count > 0 }
        try await lab.run("CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        try await lab.run("CREATE VIEW shown AS SELECT embedding FROM notes")
        try await reader.script("COMMIT", name: "the reader")
        let problem = await #expect(throws: TableProblem.self) { try await running.value }
        #expect(
            problem?.code == "dependents" && problem?.description.contains("view shown") == true, "\(problem as Any)")
        #expect(try await lab.wrongRows() == [])
        try await lab.run("DROP VIEW shown")
        try await lab.reembed(ModelEmbedder("new"))
        try await lab.expectAll(30, of: model)
        #expect(
            try await lab.values("SELECT indexdef FROM pg_indexes WHERE indexname = 'graph'")[0]?
                .hasSuffix("(embedding vector_l2_ops)") == true)
        await reader.close()
    }

    @Test("An index alone that comes while the swap waits is made for the new column too, in the same run")
    func indexBeforeTheLock() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 30)
        let reader = try await lab.connect()
        let model = ModelEmbedder("new", dimension: 12) { texts in
            guard texts.contains("text 20") else { return }
            try await reader.script("BEGIN; LOCK TABLE notes IN ACCESS SHARE MODE", name: "the reader")
        }
        let waits = Tally()
        let running = Task {
            try await lab.withReembed(model) {
                try await $0.run { if case .schema(.waiting) = $0 { waits.next() } }
            }
        }
        try await eventually("the swap waits") { waits.count > 0 }
        try await lab.run("CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        try await reader.script("COMMIT", name: "the reader")
        _ = try await running.value
        try await lab.expectAll(30, of: model)
        try await lab.expectSetUp(model)
        #expect(
            try await lab.values("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%graph%' ORDER BY 1")
                == ["graph", "graph_previous"])
        await reader.close()
    }

    @Test("--drop-old names what uses the column that was kept")
    func dropOld() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 5)
        let model = ModelEmbedder("new")
        try await lab.reembed(model)
        try await lab.run("CREATE VIEW shown AS SELECT embedding_previous FROM notes")
        let problem = try await #require(throws: TableProblem.self) { try await lab.reembed(model, dropsOld: true) }
        #expect(problem.code == "dependents" && problem.summary.contains("view shown"), "\(problem)")
        try await lab.run("DROP VIEW shown")
        #expect(try await lab.reembed(model, dropsOld: true).dropped == "embedding_previous")
    }

    @Test("The length that only an index has, in a cast, follows the model; where it is no cast, nothing is begun")
    func lengths() async throws {
        var table = LabTable()
        table.embeddingType = "vector"
        let lab = try await Lab.filled(
            .pg18WithPgvector, table, rows: 20,
            indexes: "CREATE INDEX graph ON notes USING hnsw ((embedding::vector(8)) vector_l2_ops)")
        let model = ModelEmbedder("wide", dimension: 12)
        try await lab.reembed(model, dropsOld: true)
        try await lab.expectAll(20, of: model)
        #expect(
            try await lab.values("SELECT indexdef FROM pg_indexes WHERE indexname = 'graph'")[0]?
                .contains("vector(12)") == true)
        try await lab.run(
            """
            CREATE FUNCTION cut(vector) RETURNS vector(12) LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
                IF public.vector_dims($1) <> 12 THEN RAISE 'not of 12' USING ERRCODE = '22000'; END IF; RETURN $1; END $$;
            CREATE INDEX own ON notes (vector_dims(cut(embedding)))
            """)
        let problem = try await lab.problem(ModelEmbedder("narrow", dimension: 6))
        #expect(problem.code == "index-impossible" && problem.summary.contains("own"), "\(problem)")
        #expect(try await lab.columns().last == "embedding")
    }

    @Test("An index whose name with _previous is another's; what was built for one that went away")
    func taken() async throws {
        let lab = try await Lab.filled(
            .pg18WithPgvector, rows: 20,
            indexes: """
                CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops);
                CREATE INDEX graph_previous ON notes USING hnsw (embedding vector_cosine_ops)
                """)
        await #expect(throws: Interrupted.self) {
            try await lab.reembed(ModelEmbedder("new") { if $0.contains("text 20") { throw Interrupted() } })
        }
        // As what a run before a dump, or before a REINDEX, may have left.
        try await lab.run("CREATE INDEX backfilld_next_1_27708 ON notes USING hnsw (embedding_next vector_l2_ops)")
        let model = ModelEmbedder("new")
        try await lab.reembed(model, dropsOld: true)
        try await lab.expectAll(20, of: model)
        #expect(
            try await lab.values("SELECT indexname FROM pg_indexes WHERE tablename = 'notes' ORDER BY 1")
                == ["backfilld_pending_1", "graph", "graph_previous", "notes_pkey"])
    }

    @Test("A script that is run without the filling swaps nothing")
    func script() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 5)
        let model = ModelEmbedder("new")
        let script = try await lab.withReembed(model) { try await $0.script(inPlace: false, dropsOld: false) }
        await #expect(throws: (any Error).self) { try await lab.database.psql(script) }
        #expect(try await lab.wrongRows() == [])
        // Nor does the rest of it, shown when the run has begun.
        let rest = try await lab.withReembed(model) { try await $0.script(inPlace: false, dropsOld: false) }
        #expect(!rest.contains("ADD COLUMN"))
        await #expect(throws: (any Error).self) { try await lab.database.psql(rest) }
        #expect(try await lab.wrongRows() == [])
        try await lab.reembed(model)
        try await lab.expectAll(5, of: model)
    }

    @Test("An index or a type that the new dimension is too much for, and a name that is taken")
    func impossible() async throws {
        let lab = try await Lab.filled(
            .pg18WithPgvector, rows: 3, indexes: "CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        let dump = try await SetupPlace(database: lab.database, connection: lab.user).dump()
        let index = try await lab.problem(ModelEmbedder("wide", dimension: 2001))
        #expect(index.code == "index-impossible" && index.summary.contains("graph") && index.summary.contains("2000"))
        let column = try await lab.problem(ModelEmbedder("wider", dimension: 16_001))
        #expect(column.code == "column-impossible" && column.summary.contains("16000"), "\(column)")
        #expect(try await SetupPlace(database: lab.database, connection: lab.user).dump() == dump)
        try await lab.run("ALTER TABLE notes ADD embedding_next text")
        let taken = try await lab.problem(ModelEmbedder("new"))
        #expect(taken == .columnTaken(table: "public.notes", column: "embedding_next", isPrevious: false))
        let place = try await lab.problem(ModelEmbedder("wide", dimension: 9), inPlace: true)
        #expect(place.code == "dimension-mismatch")
    }

    @Test("Somebody who is not the owner, and a table that is not set up")
    func owner() async throws {
        let lab = try await Lab.filled(.debian, rows: 3)
        let role = "nobody_\(lab.database.name)"
        try await lab.run(
            "CREATE ROLE \(role) LOGIN; GRANT USAGE ON SCHEMA backfilld TO \(role); "
                + "GRANT SELECT ON ALL TABLES IN SCHEMA backfilld TO \(role); GRANT SELECT ON notes TO \(role)")
        let problem = try await #require(throws: TableProblem.self) {
            try await lab.reembed(ModelEmbedder("new"), user: role)
        }
        #expect(problem.code == "not-permitted" && problem.remedy.contains("postgres"), "\(problem)")
        let connection = try await lab.connect()
        try await Setup.run(try await Setup.removal(of: nil, on: connection), on: connection)
        await connection.close()
        #expect(try await lab.problem(ModelEmbedder("new")).code == "not-set-up")
    }

    @Test("Rows that the new model's vectors cannot get into keep the columns from being swapped")
    func incomplete() async throws {
        let lab = try await Lab.filled(.debian, rows: 30)
        await #expect(throws: Interrupted.self) {
            try await lab.reembed(ModelEmbedder("new") { _ in throw Interrupted() })
        }
        try await lab.run("ALTER TABLE notes ADD CONSTRAINT odd CHECK (embedding_next IS NULL OR id <> 7)")
        let model = ModelEmbedder("new")
        #expect(try await lab.problem(model) == .reembedIncomplete(table: "public.notes", rows: 1))
        #expect(try await lab.wrongRows() == [])
        try await lab.run("ALTER TABLE notes DROP CONSTRAINT odd")
        #expect(try await lab.reembed(model).embedded == 1)
        try await lab.expectAll(30, of: model)
    }
}
