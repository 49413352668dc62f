import Embedders
import Testing

@testable import Backfill

@Suite("What a reembed decides before it does anything")
struct ReembedPlanTests {
    private static let other = EmbedderIdentity(embedder: "local", model: "wide", dimension: 768)

    private func facts(_ change: (inout ReembedFacts) -> Void = { _ in }) throws -> ReembedFacts {
        let shape = Fixture.after(Fixture.options, Fixture.table)
        let table = try WatchedTable(Fixture.spec, identity: nil, shape: shape, facts: Fixture.factsAfter)
        let watch = try #require(shape.watch)
        var facts = ReembedFacts(
            serverVersion: 180_000, table: table, shape: shape, watch: watch, spec: Fixture.spec,
            identity: Self.other, column: Fixture.embedding, kind: .vector(schema: "extensions"))
        change(&facts)
        return facts
    }

    private func run(_ identity: EmbedderIdentity = other, _ mode: ReembedRun.Mode = .shadow) -> ReembedRun {
        ReembedRun(
            run: 7, mode: mode, phase: .filling, nextColumn: mode == .shadow ? "embedding_next" : nil,
            embedding: Fixture.spec.embedding, identity: identity, old: nil, cursor: nil, walked: 0, total: 0,
            startedAt: "")
    }

    @Test("What there is to do")
    func work() throws {
        #expect(try ReembedWork(facts(), inPlace: false, dropsOld: false) == .shadow)
        #expect(try ReembedWork(facts { $0.identity = Fixture.hash }, inPlace: true, dropsOld: false) == .nothing)
        let kept = try facts {
            $0.identity = Fixture.hash
            $0.watch.previous = "embedding_previous"
        }
        #expect(try ReembedWork(kept, inPlace: false, dropsOld: true) == .dropPrevious)
        #expect(try ReembedWork(kept, inPlace: false, dropsOld: false) == .nothing)
        let same = EmbedderIdentity(embedder: "local", model: "m", dimension: 384)
        #expect(try ReembedWork(facts { $0.identity = same }, inPlace: true, dropsOld: false) == .walk)
        let walking = try facts {
            $0.identity = same
            $0.run = run(same, .inPlace)
        }
        #expect(try ReembedWork(walking, inPlace: false, dropsOld: false) == .walkOn)
        #expect(throws: TableProblem.self) { try ReembedWork(facts(), inPlace: true, dropsOld: false) }
        #expect(throws: TableProblem.self) {
            try ReembedWork(
                facts {
                    $0.identity = same
                    $0.run = run(same, .inPlace)
                    $0.spec = TableSpec(
                        name: $0.spec.name, key: $0.spec.key, embedding: "another", recipe: $0.spec.recipe)
                }, inPlace: false, dropsOld: false)
        }
        #expect(throws: TableProblem.self) {
            try ReembedWork(
                facts {
                    $0.identity = same
                    $0.isBoundByPolicies = true
                }, inPlace: true, dropsOld: false)
        }
        // Its column went away.
        #expect(throws: TableProblem.self) {
            try ReembedWork(facts { $0.run = run() }, inPlace: false, dropsOld: false)
        }
    }

    @Test("The column comes under a lock that is held for a moment; the swap is one transaction")
    func plans() throws {
        let plan = ReembedPlan(facts: try facts())
        let beginning = plan.beginning()
        #expect(beginning.stages.map(\.kind) == [.transaction, .alone])
        #expect(beginning.script.contains("ADD COLUMN \"embedding_next\" \"extensions\".vector(768);"))
        #expect(beginning.script.contains("CREATE INDEX CONCURRENTLY \"backfilld_pending_1_next\""))
        // A script that is only shown makes sure that the rows were embedded, before it locks anything.
        let shown = plan.swapping().steps
        #expect(
            shown.map(\.isUnderLock) == [false, true, true] && shown[0].sql.contains("IS NULL AND \"embedding\" IS NOT")
        )
        let begun = try facts {
            $0.run = run()
            $0.fingerprint = "00ff"
        }
        let swap = ReembedPlan(facts: begun).swapping()
        #expect(swap.stages.count == 1)
        #expect(swap.steps.first?.sql.contains("IN ACCESS EXCLUSIVE MODE") == true)
        #expect(swap.steps.allSatisfy { $0.isUnderLock })
        #expect(swap.script.contains("generation = generation + 1"))
        #expect(swap.steps.last?.sql.contains("IS DISTINCT FROM '00ff'") == true)
        #expect(plan.abandoning().script.contains("DROP TRIGGER IF EXISTS \"zzzz_backfilld_cleared_1_next\""))
    }

    @Test("Attributes, privileges and options are written as DDL")
    func attributes() throws {
        let script = ReembedPlan(
            facts: try facts {
                $0.attributes = .init(
                    storage: "m", compression: "l", statistics: 5, options: ["n_distinct=-0.5"], comment: "it's",
                    grants: [
                        .init(role: "a \"b\"", privilege: "SELECT", isGrantable: true),
                        .init(role: nil, privilege: "UPDATE", isGrantable: false),
                    ])
            }
        ).beginning().script
        for words in [
            "SET STORAGE MAIN;", "SET COMPRESSION lz4;", "SET STATISTICS 5;", "SET (\"n_distinct\" = '-0.5');",
            "IS 'it''s';",
            "GRANT SELECT (\"embedding_next\") ON \"public\".\"music_knowledge\" TO \"a \"\"b\"\"\" WITH GRANT OPTION;",
            "GRANT UPDATE (\"embedding_next\") ON \"public\".\"music_knowledge\" TO PUBLIC;",
        ] { #expect(script.contains(words), "\(words)") }
    }

    @Test("An index that was cut off is dropped and built again; one in a tablespace is built there")
    func indexes() throws {
        let old = ReembedFacts.Index(
            index: 90, relation: 1000, table: QualifiedName(schema: "public", name: "music_knowledge"), name: "graph",
            tablespace: "fast", tail: "hnsw (embedding)")
        var half = old
        half.name = ReembedNames.index(watch: 1, replacing: "graph", tail: old.tail)
        var orphan = old
        (orphan.index, orphan.name) = (92, "backfilld_next_1_0")
        half.isValid = false
        let stages = ReembedIndexes(
            facts: try facts {
                $0.indexes = [old]
                $0.nextIndexes = [half, orphan]
                $0.nextTails = ["hnsw (embedding)": "hnsw (embedding_next)"]
            }
        ).stages()
        #expect(stages.map(\.kind) == [.alone])
        #expect(
            stages[0].steps.map(\.sql) == [
                "DROP INDEX CONCURRENTLY \"public\".\"backfilld_next_1_0\";",
                "DROP INDEX CONCURRENTLY \"public\".\"\(half.name)\";", "SET default_tablespace = \"fast\";",
                "CREATE INDEX CONCURRENTLY \"\(half.name)\" ON \"public\".\"music_knowledge\" "
                    + "USING hnsw (embedding_next);",
                "SET default_tablespace TO DEFAULT;",
            ])
    }

    @Test(
        "The length of vectors in casts follows the model, and nothing else does",
        arguments: [
            (
                "hnsw (((embedding)::public.halfvec(384)) public.ops)",
                "hnsw (((embedding)::public.halfvec(768)) public.ops)"
            ),
            (
                "hnsw (((b(e))::bit(384)) o) WHERE (x = 'vector(384)')",
                "hnsw (((b(e))::bit(768)) o) WHERE (x = 'vector(384)')"
            ),
            ("btree (f(384), my_vector(384), varbit(384))", "btree (f(384), my_vector(384), varbit(384))"),
            ("btree (\"vector(384)\", vector(38), vector(3840))", "btree (\"vector(384)\", vector(38), vector(3840))"),
        ])
    func resized(_ old: String, _ new: String) {
        #expect(IndexTrial.resized(old, from: 384, to: 768) == new)
        #expect(IndexTrial.resized(old, from: nil, to: 768) == old)
    }

    @Test("Names have at most 63 bytes, of whole characters, and an index's stays its own")
    func names() {
        #expect(ReembedNames.next("embedding") == "embedding_next")
        #expect(ReembedNames.previous(index: "graph", oid: 5) == "graph_previous")
        let long = String(repeating: "ä", count: 31)
        for name in [
            ReembedNames.next(long), ReembedNames.previous(long),
            ReembedNames.previous(index: long, oid: 4_294_967_295),
        ] { #expect(name.utf8.count <= 63 && name.hasPrefix("ää"), "\(name)") }
        #expect(ReembedNames.previous(index: long, oid: 1) != ReembedNames.previous(index: long, oid: 2))
    }

    @Test("What differs between two identities is said with both values, hashes shortened")
    func differences() {
        let old = EmbedderIdentity(
            embedder: "local", model: "m", dimension: 3,
            traits: ["weights": "sha256:aaaaaaaaaaaaaaaa", "pooling": "mean"])
        let new = EmbedderIdentity(
            embedder: "local", model: "m", dimension: 4, traits: ["weights": "sha256:bbbbbbbbbbbbbbbb", "prompt": ""])
        #expect(old.differences(from: old) == [])
        #expect(
            old.differences(from: new) == [
                "dimension 3, not 4", "pooling mean, not none", "prompt none, not \"\"",
                "weights sha256:aaaaaaaaaaaa…, not sha256:bbbbbbbbbbbb…",
            ])
        #expect(old.traitsLiteral.hasPrefix("pg_catalog.jsonb_object(ARRAY['pooling', 'weights']::"))
    }
}
