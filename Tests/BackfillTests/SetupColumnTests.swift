import Testing

@testable import Backfill

struct SetupColumnTests {
    private func problem(_ spec: TableSpec, _ shape: TableShape) -> TableProblem? {
        do {
            try shape.checkColumns(spec, identity: Fixture.hash, embeddingMayBeMissing: false)
            return nil
        } catch {
            return error
        }
    }

    private func spec(key: String = "id", embedding: String = "embedding", columns: [String] = ["topic"]) -> TableSpec {
        TableSpec(name: QualifiedName(name: "m"), key: key, embedding: embedding, recipe: .columns(columns))
    }

    @Test func namesWhatIsWrong() {
        let table = Fixture.table
        #expect(problem(spec(), table) == nil)
        #expect(problem(spec(key: "topic"), table)?.code == "key-nullable")
        #expect(problem(spec(embedding: "topic", columns: ["category"]), table)?.code == "embedding-type")
        #expect(problem(spec(embedding: "category", columns: ["category"]), table)?.code == "column-twice")
        #expect(
            problem(spec(columns: ["topik"]), table)
                == .columnMissing(
                    table: "public.music_knowledge", column: "topik", role: .text, similar: ["topic"]))
        var short = table
        short.columns[4].modifier = 3
        #expect(problem(spec(), short)?.code == "dimension-mismatch")
        short.columns[4].modifier = -1
        #expect(problem(spec(), short) == nil)
    }

    @Test func everyProblemSaysWhatToDo() throws {
        let text = try #require(problem(spec(columns: ["topik"]), Fixture.table)).description
        #expect(text.hasPrefix("table public.music_knowledge has no column \"topik\""))
        #expect(text.hasSuffix("Did you mean topic?"))
    }

    private func added(_ change: (inout DatabaseFacts) -> Void) throws -> SetupPlan {
        var facts = Fixture.facts
        facts.vectorSchema = nil
        change(&facts)
        var options = Fixture.options
        options.addColumn = true
        var shape = Fixture.table
        shape.columns.removeLast()
        return try SetupPlan(options, shape: shape, facts: facts)
    }

    @Test func addsTheBestColumnThereIs() throws {
        let there = try added { $0.vectorSchema = "extensions" }
        #expect(there.script.contains("ADD COLUMN \"embedding\" \"extensions\".vector(384);"))
        #expect(there.script.contains("IN ACCESS EXCLUSIVE MODE"))
        let installable = try added {
            $0.vectorAvailable = true
            $0.vectorInstallable = true
        }
        #expect(installable.script.contains("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA \"public\";"))
        let forbidden = try added {
            $0.vectorAvailable = true
            $0.vectorInstallable = false
        }
        #expect(forbidden.script.contains("ADD COLUMN \"embedding\" real[];"))
        #expect(forbidden.notes.contains { $0.contains("superuser") })
        #expect(try added { _ in }.notes == ["The column is real[]: the server has no pgvector to install."])
        #expect(try added { _ in }.script.contains("OLD.\"embedding\" OPERATOR(pg_catalog.=) NEW.\"embedding\""))
    }

    @Test func aColumnIsOnlyAddedWhenAsked() {
        var shape = Fixture.table
        shape.columns.removeLast()
        #expect(throws: TableProblem.self) { try SetupPlan(Fixture.options, shape: shape, facts: Fixture.facts) }
    }

    @Test func watchedTableNeedsItsSetUp() throws {
        let after = Fixture.after(Fixture.options, Fixture.table)
        let table = try WatchedTable(
            Fixture.spec, identity: Fixture.hash, shape: after, facts: Fixture.factsAfter)
        #expect(table.watch == 1)
        #expect(table.embeddingKind == .vector(schema: "extensions"))
        #expect(table.dimension == 384)
        #expect(throws: TableProblem.notSetUp(table: "public.music_knowledge")) {
            try WatchedTable(Fixture.spec, identity: nil, shape: Fixture.table, facts: Fixture.facts)
        }
        let other = TableSpec(
            name: Fixture.spec.name, key: "id", embedding: "embedding", recipe: .columns(["topic"]))
        #expect(throws: TableProblem.self) {
            try WatchedTable(other, identity: nil, shape: after, facts: Fixture.factsAfter)
        }
    }
}
