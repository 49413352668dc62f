import Embedders
import PostgresClient

/// One question as SQL: decided from the question and the table's shape, before anything is sent.
struct SearchPlan: Sendable {
    /// What the transaction is set to first.
    let settings: Statement
    /// The search itself.
    let search: Statement
    /// The plan that the server makes of it.
    let explanation: Statement
    /// The columns whose texts come with each row, in order.
    let columns: [String]

    /// hnsw's candidates, at least: with fewer its answers miss more than they save.
    static let leastCandidates = 150
    /// Of rows with all the words, so many are ranked for a hybrid search: where more have them, they tell little.
    static let mostRanked = 500
    /// Text values are cut to so many characters.
    static let valueLength = 8000

    /// - Throws: ``SearchProblem`` for what cannot be asked.
    init(_ query: SearchQuery, table: WatchedTable, shape: SearchShape) throws(SearchProblem) {
        columns = Self.columns(table, shape)
        guard (1...SearchQuery.mostRows).contains(query.limit) else { throw .badLimit(query.limit) }
        if query.mode != .vector, query.text.allSatisfy(\.isWhitespace) { throw .nothingAsked }

        var builder = Builder()
        var vector: Builder.Place?
        if query.mode != .text {
            guard let components = query.vector else { throw .noVector }
            let dimension = table.dimension ?? table.identity.dimension
            guard components.count == dimension else {
                throw .otherDimension(table: table.displayName, has: dimension, query: components.count)
            }
            vector = builder.add(Self.value(components, table))
        }
        let conditions = try Self.conditions(query.filters, table, shape, &builder)
        var fragments = [
            "key": quoteIdentifier(table.spec.key), "embedding": quoteIdentifier(table.spec.embedding),
            "table": table.quotedRelation, "filters": conditions, "limit": String(query.limit),
            "smoothing": String(ReciprocalRankFusion.smoothing),
            "carried": columns.enumerated().map { ", t.\(quoteIdentifier($1)) AS c\($0)" }.joined(),
            "passed": columns.indices.map { ", m.c\($0)" }.joined(),
            "ranked": query.mode == .hybrid ? String(Self.mostRanked) : "ALL",
            "fused": columns.indices.map { ", COALESCE(n.c\($0), w.c\($0)) AS c\($0)" }.joined(),
            "texts": columns.indices.map {
                ", pg_catalog.left(n.c\($0)::pg_catalog.text, \(Self.valueLength)) AS c\($0)"
            }.joined(),
        ]
        // Enough of both lists for a row that is in the middle of each to come out first.
        let candidates = query.mode == .hybrid ? min(max(query.limit * 4, 50), 1000) : query.limit
        if let vector {
            let distance = Distance(table, shape, vector: vector)
            fragments.merge(distance.fragments) { $1 }
            let most = distance.isApproximate ? min(candidates * 2, 1000) : candidates
            fragments["candidates"] = String(most)
            fragments["near"] = SQLFile.fill(SQLFile.searchNear, fragments)
        }
        if query.mode != .vector {
            fragments["words"] =
                "pg_catalog.websearch_to_tsquery("
                + "\(builder.add(.text(shape.words?.configuration ?? shape.configuration)).sql)::pg_catalog.text"
                + "::pg_catalog.regconfig, \(builder.add(.text(WebQuery.bounded(query.text))).sql)::pg_catalog.text)"
            fragments["document"] = Self.document(table, shape)
            fragments["candidates"] = String(candidates)
            fragments["matching"] = SQLFile.fill(SQLFile.searchWords, fragments)
        }
        let template =
            switch query.mode {
            case .vector: SQLFile.searchVector
            case .text: SQLFile.searchText
            case .hybrid: SQLFile.searchHybrid
            }
        let sql = SQLFile.fill(template, fragments)
        search = Statement("search of \(table.displayName)", sql, builder.parameters)
        explanation = Statement(
            "plan of a search of \(table.displayName)", "EXPLAIN (COSTS OFF) " + sql, builder.parameters)
        settings = Self.settings(query, candidates: candidates, table, shape)
    }

    /// The columns that come with each row: those of the text, the title's and the category, as far as they may be read.
    static func columns(_ table: WatchedTable, _ shape: SearchShape) -> [String] {
        var seen: Set<String> = []
        let wanted = [shape.title?.column, shape.category?.name].compactMap { $0 } + table.spec.recipe.columns
        return wanted.filter { shape.column($0) != nil && seen.insert($0).inserted }
    }

    private static func value(_ components: [Float], _ table: WatchedTable) -> PostgresValue {
        let type = TypeOID(rawValue: UInt32(truncatingIfNeeded: table.embeddingTypeOID))
        switch table.embeddingKind {
        case .vector: return .vector(components, type: type)
        case .halfvec: return .halfvec(components, type: type)
        case .real:
            // Of length one, so that the server has only the row's own length to compute.
            let length = components.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
            // As pgvector says of the zero vector, it is near to nothing.
            return .float4Array(components.map { length > 0 ? Float(Double($0) / length) : .nan })
        }
    }

    /// The words of a row: the column that has them, or the text's columns made into words.
    private static func document(_ table: WatchedTable, _ shape: SearchShape) -> String {
        if let words = shape.words { return "t.\(quoteIdentifier(words.name))" }
        // A tsvector takes a megabyte of words.
        let texts = table.spec.recipe.columns.filter { shape.column($0) != nil }.map {
            "pg_catalog.left(t.\(quoteIdentifier($0))::pg_catalog.text, 200000)"
        }
        let configuration = "\(quoteLiteral(shape.configuration))::pg_catalog.regconfig"
        return "pg_catalog.to_tsvector(\(configuration), pg_catalog.concat_ws(' ', \(texts.joined(separator: ", "))))"
    }

    private static func settings(
        _ query: SearchQuery, candidates: Int, _ table: WatchedTable, _ shape: SearchShape
    ) -> Statement {
        let index = VectorIndex.best(of: shape.indexes, on: table.relation)
        let usesIndex = query.mode != .text && !query.isExact
        let probes = index?.lists.map { Int(Double($0).squareRoot().rounded(.up)) } ?? 1
        let order: String? = shape.iterates ? (table.isPartitioned ? "strict_order" : "relaxed_order") : nil
        let sql = SQLFile.fill(
            SQLFile.searchSettings,
            [
                "has_hnsw": usesIndex && index?.method == "hnsw" ? "true" : "false",
                "has_ivfflat": usesIndex && index?.method == "ivfflat" ? "true" : "false",
            ])
        return Statement(
            "settings of a search", sql,
            [
                .bool(query.isExact && query.mode != .text),
                .int4(Int32(min(1000, max(leastCandidates, candidates * 2)))),
                order.map { .text($0) } ?? .init(type: .text, bytes: nil), .int4(Int32(probes)),
            ])
    }

    /// The parameters of a statement, as they come.
    struct Builder {
        /// A parameter's place: `$3`.
        struct Place {
            let sql: String
        }
        private(set) var parameters: [PostgresValue] = []

        mutating func add(_ value: PostgresValue) -> Place {
            parameters.append(value)
            return Place(sql: "$\(parameters.count)")
        }
    }
}
