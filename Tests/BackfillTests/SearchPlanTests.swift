@testable import Backfill
import Testing

@Suite("What a search is decided from")
struct SearchPlanTests {
    private func index(
        _ name: String, _ method: String = "hnsw", _ operatorName: String? = "<=>", type: String = "vector",
        expression: String? = nil
    ) -> VectorIndex {
        VectorIndex(
            relation: 1, table: QualifiedName(name: "t"), name: name, method: method, operatorClass: "ops",
            operatorName: operatorName, expression: expression, type: type)
    }

    @Test("The best index is one by cosine, then hnsw, then that of the table itself")
    func best() {
        let ivfflat = index("a", "ivfflat")
        let euclidean = index("b", "hnsw", "<->")
        var partition = index("c")
        partition.relation = 2
        #expect(VectorIndex.best(of: [euclidean, ivfflat, partition], on: 1)?.name == "a")
        #expect(VectorIndex.best(of: [euclidean, ivfflat, index("d")], on: 1)?.name == "d")
        #expect(VectorIndex.best(of: [partition], on: 1)?.name == "c")
        #expect(VectorIndex.best(of: [], on: 1) == nil)
    }

    @Test("An index that search can't use says why")
    func obstacles() {
        var invalid = index("a")
        invalid.isValid = false
        #expect(invalid.obstacle?.contains("invalid") ?? false)
        #expect(index("a", "btree", nil).obstacle?.contains("no order by distance") ?? false)
        #expect(index("a", "hnsw", "<~>", type: "bit", expression: "(q(e))::bit(3)").obstacle != nil)
        #expect(index("a", type: "halfvec", expression: "((embedding)::public.halfvec(3072))").obstacle == nil)
        #expect(
            index("a", type: "halfvec", expression: "(public.subvector(embedding, 1, 3)::public.halfvec(3))").obstacle
                != nil)
        var partial = index("a")
        partial.predicate = "(stars > 3)"
        partial.hasAllVectors = false
        #expect(partial.obstacle?.contains("(stars > 3)") ?? false)
        partial.hasAllVectors = true
        #expect(partial.obstacle == nil)
    }

    @Test("Only a scan that gives the order counts, and only lines of the plan's own")
    func way() {
        #expect(
            SearchWay.index(in: [
                "Sort", "  ->  Limit", "        ->  Index Scan using \"My Index\" on songs t",
                "              Order By: (embedding <=> '[1]'::vector)",
            ]) == "My Index")
        #expect(
            SearchWay.index(in: [
                "Limit", "  ->  Sort", "        Sort Key: x", "        ->  Index Scan using songs_pkey on songs t",
                "              Index Cond: (id = 3)",
            ]) == nil)
        #expect(
            SearchWay.index(in: [
                "Limit", "  ->  Seq Scan on songs t", "        Filter: (a = 'Index Scan using x on y')",
                "        Order By: z",
            ]) == nil)
        #expect(
            SearchWay.index(in: [
                "Limit", "  ->  Merge Append", "        ->  Index Scan using a_1 on a", "              Order By: x",
            ]) == "a_1")
    }

    @Test("Filters are read as a person writes them")
    func filters() {
        typealias Filter = SearchQuery.Filter
        #expect(Filter(parsing: "category=jazz") == Filter("category", .eq, "jazz"))
        #expect(Filter(parsing: "a!=b") == Filter("a", .ne, "b"))
        #expect(Filter(parsing: "stars>=3") == Filter("stars", .gte, "3"))
        #expect(Filter(parsing: "stars<=3=4") == Filter("stars", .lte, "3=4"))
        #expect(Filter(parsing: "a=") == Filter("a", .eq, ""))
        for text in ["", "=", "a", "=b", "!=b"] { #expect(Filter(parsing: text) == nil, "\(text)") }
    }

    @Test("Fusion prefers what both lists have")
    func fusion() {
        #expect(ReciprocalRankFusion.score([1, nil]) == 1.0 / 61)
        #expect(ReciprocalRankFusion.score([10, 10]) > ReciprocalRankFusion.score([1, nil]))
        #expect(ReciprocalRankFusion.score([nil, nil]) == 0)
    }

    @Test("Rows are called by a column with a telling name, or a json value of one, and sorted by one with few values")
    func naming() throws {
        func column(_ name: String, _ category: String = "S", values: [String]? = nil) -> SearchShape.Column {
            SearchShape.Column(
                name: name, type: "text", castType: category == "U" ? "jsonb" : "text", category: category,
                values: values)
        }
        let columns = [column("body"), column("Kind", values: ["a", "b"]), column("suggestion", "U"), column("topic")]
        #expect(SearchShape.title(of: columns, recipe: .columns(["body"]))?.description == "topic")
        let template = TextRecipe.template(try Template(parsing: "{suggestion.title}: {body}"))
        #expect(SearchShape.title(of: Array(columns.prefix(3)), recipe: template)?.description == "suggestion.title")
        #expect(SearchShape.title(of: [columns[0]], recipe: .columns(["body"]))?.description == "body")
        #expect(SearchShape.title(of: [], recipe: .columns(["body"])) == nil)
        // A title in a json value says more than what the row is about.
        let member = SearchShape.Place(column: "suggestion", path: ["title"])
        let music = ["topic", "suggestion"].map { SearchShape.Column(name: $0, type: "text", castType: "text") }
        #expect(SearchShape.title(of: music, recipe: .columns(["topic"]), members: [member]) == member)
        #expect(SearchShape.title(of: music, recipe: .columns(["topic"]))?.column == "topic")
        #expect(SearchShape.category(of: columns, recipe: template, title: nil)?.name == "Kind")
        #expect(SearchShape.category(of: [columns[0]], recipe: template, title: nil) == nil)
    }
}
