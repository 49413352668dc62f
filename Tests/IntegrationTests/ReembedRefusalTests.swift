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
