@testable import Backfill
import Testing

@Suite("Advice on the index of a table's vectors")
struct IndexAdviceTests {
    private func facts(
        rows: Int = 100_000, dimension: Int = 384, kind: EmbeddingKind = .vector(schema: "extensions"),
        version: [Int]? = [0, 8, 1], memory: Int64 = 1 << 30, indexes: [VectorIndex] = []
    ) -> IndexFacts {
        IndexFacts(
            table: "public.music_knowledge", rows: rows, column: "embedding", kind: kind, dimension: dimension,
            memory: memory, vectorVersion: version, indexes: indexes, shape: Fixture.table)
    }

    private func index(_ name: String, _ method: String = "hnsw", lists: Int? = nil) -> VectorIndex {
        VectorIndex(
            index: 7, relation: 1000, table: QualifiedName(schema: "public", name: "music_knowledge"), name: name,
            method: method, operatorClass: "vector_cosine_ops", operatorName: "<=>", type: "vector",
            options: lists.map { ["lists": "\($0)"] } ?? [:])
    }

    private func sql(_ facts: IndexFacts, memory: Int64? = nil) -> [String] {
        IndexBuild.plan(facts, IndexAdvice(facts), memory: memory).steps.map(\.sql)
    }

    @Test("A large table gets hnsw by cosine distance, a small one none unless it is wanted")
    func hnsw() {
        let advice = IndexAdvice(facts())
        #expect(advice.verdict == .build && advice.fits == true && advice.faults.isEmpty)
        #expect(
            sql(facts()) == [
                "CREATE INDEX CONCURRENTLY \"music_knowledge_embedding_hnsw\" ON \"public\".\"music_knowledge\" USING hnsw "
                    + "(\"embedding\" \"extensions\".vector_cosine_ops) WITH (m = 16, ef_construction = 128);"
            ])
        #expect(IndexAdvice(facts(rows: 5000)).verdict == .notNeeded && sql(facts(rows: 5000)).isEmpty)
        #expect(IndexAdvice(facts(rows: 5000), evenIfSmall: true).verdict == .build)
        #expect(IndexAdvice(facts(rows: 0)).verdict == .notNeeded)
        #expect(IndexAdvice(facts(rows: 2_000_000)).choice?.options.map(\.value) == [24, 128])
    }

    @Test("Over 2,000 dimensions it is on the column cast to halfvec, over 4,000 there is none")
    func dimensions() {
        #expect(
            sql(facts(dimension: 3072))[0].contains(
                "((\"embedding\"::\"extensions\".halfvec(3072)) \"extensions\".halfvec_cosine_ops)"))
        let half = facts(dimension: 3072, kind: .halfvec(schema: "public"))
        #expect(sql(half)[0].contains("(\"embedding\" \"public\".halfvec_cosine_ops)"))
        #expect(IndexAdvice(facts(dimension: 4001)).verdict == .impossible)
        #expect(IndexAdvice(facts(dimension: 3072, version: [0, 6, 2])).verdict == .impossible)
        #expect(IndexAdvice(facts(dimension: 2000, version: [0, 6, 2])).verdict == .build)
        #expect(IndexAdvice(facts(kind: .real, version: nil)).verdict == .impossible)
    }

    @Test("A graph far too large for memory, or a pgvector without hnsw, makes it ivfflat, with lists for the rows")
    func ivfflat() {
        let large = IndexAdvice(facts(rows: 50_000_000))
        #expect(large.choice?.method == "ivfflat" && large.choice?.options.map(\.value) == [7071])
        let old = IndexAdvice(facts(rows: 200_000, version: [0, 4, 4]))
        #expect(old.choice?.method == "ivfflat" && old.choice?.options == [.init(name: "lists", value: 200)])
        #expect(IndexChoice.lists(rows: 100) == 10 && IndexChoice.lists(rows: 1_000_000) == 1000)
        let tight = IndexAdvice(facts(rows: 400_000, memory: 64 << 20))
        #expect(tight.choice?.method == "hnsw" && tight.fits == false)
        #expect(sql(facts(), memory: 256 << 20).first == "SET maintenance_work_mem = '262144kB';")
    }

    @Test("An index that search uses is good; ivfflat that the table has outgrown is replaced")
    func maintenance() {
        #expect(IndexAdvice(facts(indexes: [index("a")])).verdict == .good)
        #expect(IndexAdvice(facts(rows: 150_000, indexes: [index("a", "ivfflat", lists: 100)])).verdict == .good)
        let outgrown = facts(rows: 400_000, indexes: [index("a", "ivfflat", lists: 100)])
        #expect(IndexAdvice(outgrown).verdict == .rebuild)
        let steps = sql(outgrown)
        #expect(steps.count == 3 && steps[0].contains("USING ivfflat") && steps[0].contains("WITH (lists = 400)"))
        #expect(steps[1] == "DROP INDEX CONCURRENTLY \"public\".\"a\";")
        #expect(steps[2] == "ALTER INDEX \"public\".\"music_knowledge_embedding_ivfflat\" RENAME TO \"a\";")
    }

    @Test("A left-over of a build is dropped first; what is being built is waited for; what can't be used is named")
    func faults() {
        var invalid = index("a_left_over")
        invalid.isValid = false
        let facts = facts(indexes: [invalid])
        #expect(IndexAdvice(facts).faults.count == 1)
        let steps = sql(facts)
        #expect(steps.count == 2 && steps[0] == "DROP INDEX CONCURRENTLY \"public\".\"a_left_over\";")
        #expect(sql(self.facts(rows: 10, indexes: [invalid])).count == 1)
        #expect(sql(self.facts(indexes: [invalid, index("b")])).count == 1)
        var building = invalid
        building.builder = 4711
        #expect(IndexAdvice(self.facts(indexes: [building])).verdict == .underWay)
        #expect(sql(self.facts(indexes: [building])).isEmpty)
        var partial = index("p")
        partial.predicate = "(stars > 3)"
        partial.hasAllVectors = false
        let advice = IndexAdvice(self.facts(indexes: [partial]))
        #expect(advice.verdict == .build && advice.faults[0].contains("(stars > 3)"))
        // Its owner has a use for it: where search does not need one, or has one, it is in order.
        #expect(IndexAdvice(self.facts(rows: 100, indexes: [partial])).faults.isEmpty)
        #expect(IndexAdvice(self.facts(indexes: [partial, index("b")])).faults.isEmpty)
        partial.isValid = false
        #expect(IndexAdvice(self.facts(indexes: [partial, index("b")])).faults.count == 1)
    }

    @Test(
        "An index by another order than cosine's is told, where vectors of length one are not in the same order by it")
    func foreignOrder() {
        var other = index("b")
        other.operatorName = "<->"
        #expect(IndexAdvice(facts(indexes: [other])).faults == [])
        other.operatorName = "<+>"
        let advice = IndexAdvice(facts(indexes: [other]))
        #expect(advice.faults.count == 1 && advice.faults[0].contains("taxicab distance"), "\(advice.faults)")
        // Search goes through the better one.
        #expect(IndexAdvice(facts(indexes: [other, index("a")])).faults == [])
    }

    @Test("Names that are taken are not taken again, and fit whatever the table is called")
    func names() {
        var taken = facts()
        taken.takenNames = ["music_knowledge_embedding_hnsw"]
        #expect(sql(taken)[0].contains("\"music_knowledge_embedding_hnsw_2\""))
        let long = String(repeating: "ü", count: 31)
        #expect(IndexPlan.stem(long, "embedding").utf8.count <= 40)
    }

    @Test("A partitioned table gets one on the root, one on each leaf, concurrently, and attaches them")
    func partitioned() {
        var partitioned = facts()
        partitioned.shape = Fixture.partitioned
        let plan = IndexBuild.plan(partitioned, IndexAdvice(partitioned))
        #expect(plan.stages.map(\.kind) == [.transaction, .alone, .transaction, .transaction])
        #expect(
            plan.stages[0].steps.map { $0.sql.contains("ON ONLY") || $0.sql.contains("ATTACH") } == [true, true, true])
        #expect(
            plan.stages[1].steps.allSatisfy { $0.sql.hasPrefix("CREATE INDEX CONCURRENTLY") }
                && plan.stages[1].steps.count == 2)
    }
}
