import PostgresClient

/// An index on the vectors of a table, or of one of its partitions, as the catalogs describe it.
package struct VectorIndex: Sendable, Hashable {
    /// By what an index orders rows.
    package enum Metric: String, Sendable, Hashable {
        case cosine = "<=>"
        case innerProduct = "<#>"
        case euclidean = "<->"
        case taxicab = "<+>"

        /// Its operator, of pgvector.
        var operatorName: String { rawValue }
        /// For people.
        package var name: String {
            switch self {
            case .cosine: "cosine distance"
            case .innerProduct: "negative inner product"
            case .euclidean: "Euclidean distance"
            case .taxicab: "taxicab distance"
            }
        }
    }

    /// Its oid.
    var index: Int64 = 0
    /// The relation that it is on.
    var relation: Int64 = 0
    /// The table or partition that it is on.
    package var table: QualifiedName
    /// Its name, in the schema of the table.
    package var name: String
    /// Whether it is that of a partitioned table, which has no entries itself.
    var isPartitioned = false
    /// Whether it is complete, so that the server uses it.
    package var isValid = true
    /// `hnsw`, `ivfflat`, or another access method's name.
    package var method: String
    /// `vector_cosine_ops`, …
    package var operatorClass: String
    /// The operator that it orders by; nil where it gives no order by distance.
    var operatorName: String?
    /// What it is on, where that is not the column itself: `((embedding)::public.halfvec(3072))`.
    var expression: String?
    /// The type of what it is on: `vector`, `halfvec`, `bit`.
    package var type: String
    /// Its dimensions, where the type says so.
    var modifier: Int32 = -1
    /// The condition that rows in it fulfil; nil where all are in it.
    var predicate: String?
    /// Whether the condition is only that there is a vector.
    var hasAllVectors = true
    /// `m`, `ef_construction`, `lists`, …
    package var options: [String: String] = [:]
    /// Its size; 0 for a partitioned one.
    package var bytes: Int64 = 0
    /// The server process that is building it just now.
    var builder: Int32?
    /// The index of the parent table that it is a part of.
    var parent: Int64?

    /// What it orders by; nil where search knows no such order.
    package var metric: Metric? { operatorName.flatMap(Metric.init) }

    /// The setting that says how far a search goes through it.
    var searchSetting: String { lists == nil ? "hnsw.ef_search" : "ivfflat.probes" }

    /// The type modifier in the casts to what it is on: `(3072)`.
    var typeSuffix: String { modifier > 0 ? "(\(modifier))" : "" }

    /// Why search cannot go through it; nil where it can.
    package var obstacle: String? {
        if let builder { return "it is being built by server process \(builder)" }
        if !isValid { return "it is invalid: its build was cut off" }
        if metric == nil { return "its operator class \(operatorClass) (\(method)) gives no order by distance" }
        if type != "vector" && type != "halfvec" { return "it is on \(type), of which search makes no use" }
        if predicate != nil && !hasAllVectors { return "it has only the rows with \(predicate ?? "")" }
        if expression != nil && !isCast { return "it is on an expression that is no cast to halfvec" }
        return nil
    }

    /// Whether it is as its owner wants it, for queries of their own: complete, and of some of the rows.
    var isPartial: Bool {
        isValid && builder == nil && metric != nil && predicate != nil && !hasAllVectors
    }

    /// Whether the expression is nothing but a cast of the column.
    private var isCast: Bool {
        guard let expression, type == "halfvec" else { return false }
        return expression.utf8.filter { $0 == UInt8(ascii: "(") }.count <= 4
            && expression.contains(")::") && !expression.contains("quantize") && !expression.contains(",")
    }

    /// The lists of an ivfflat index.
    package var lists: Int? { method == "ivfflat" ? options["lists"].flatMap { Int($0) } ?? 100 : nil }

    /// The one that search goes through on a table, of those that it can: a cosine index before others, hnsw before
    /// ivfflat, the table's own before those of partitions.
    static func best(of indexes: [VectorIndex], on relation: Int64) -> VectorIndex? {
        func merit(_ index: VectorIndex) -> Int {
            let metrics: [Metric: Int] = [.cosine: 0, .innerProduct: 1, .euclidean: 2, .taxicab: 3]
            return (index.relation == relation ? 0 : 100) + (metrics[index.metric ?? .taxicab] ?? 3) * 10
                + (index.method == "hnsw" ? 0 : index.method == "ivfflat" ? 1 : 2)
        }
        return indexes.filter { $0.obstacle == nil }.min { merit($0) < merit($1) }
    }
}

extension VectorIndex {
    /// Looks up those of a table and its partitions, whole tables first.
    package static func load(_ table: WatchedTable, on connection: PostgresConnection) async throws -> [VectorIndex] {
        let rows = try await connection.transaction { transaction in
            try await transaction.script(ReembedFacts.deparsing, name: "search_path")
            return try await transaction.execute(
                Statement(
                    "indexes on the vectors of \(table.displayName)", SQLFile.indexVectors,
                    [.int8(table.relation), .text(table.spec.embedding)]))
        }
        return try rows.map { row in
            let options = try row.decode("options", as: [String].self).map { option in
                let parts = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
            return VectorIndex(
                index: try row.decode("index"), relation: try row.decode("relation"),
                table: QualifiedName(schema: try row.decode("table_schema"), name: try row.decode("table_name")),
                name: try row.decode("name"), isPartitioned: try row.decode("is_partitioned"),
                isValid: try row.decode("is_valid"), method: try row.decode("method"),
                operatorClass: try row.decode("operator_class"), operatorName: try row.decode("operator"),
                expression: try row.decode("expression"), type: try row.decode("type"),
                modifier: try row.decode("modifier"), predicate: try row.decode("predicate"),
                hasAllVectors: try row.decode("has_all_vectors", as: Bool?.self) ?? true,
                options: Dictionary(options) { first, _ in first }, bytes: try row.decode("bytes"),
                builder: try row.decode("builder"), parent: try row.decode("parent"))
        }
    }
}
