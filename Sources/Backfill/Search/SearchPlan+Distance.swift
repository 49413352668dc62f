import PostgresClient

extension SearchPlan {
    /// How near rows are to a query, in the words of the table's type and of its index.
    ///
    /// By the operator of the index that search can use, since an index gives the order of its own operator only; by
    /// cosine distance where there is none.
    struct Distance: Sendable {
        /// What the templates need of it.
        let fragments: [String: String]
        /// Whether the index's order is that of other values than the column's.
        let isApproximate: Bool

        init(_ table: WatchedTable, _ shape: SearchShape, vector: Builder.Place) {
            switch table.embeddingKind {
            case .real:
                isApproximate = false
                fragments = Self.ofArrays(table, vector)
            case .vector(let schema), .halfvec(let schema):
                let index = VectorIndex.best(of: shape.indexes, on: table.relation)
                let metric = index?.metric ?? .cosine
                let q = "\(vector.sql)::\(table.embeddingKind.castType)"
                let operation = { (metric: VectorIndex.Metric) in
                    "OPERATOR(\(quoteIdentifier(schema)).\(metric.operatorName))"
                }
                var order = "t.\(quoteIdentifier(table.spec.embedding)) \(operation(metric)) \(q)"
                if let index, let expression = index.expression {
                    // As the index has it; the names in it are the table's, which is the only one there.
                    order =
                        "\(expression) \(operation(metric)) \(q)::\(quoteIdentifier(schema))."
                        + "\(index.type)\(index.typeSuffix)"
                }
                isApproximate = index?.expression != nil
                let own = "t.\(quoteIdentifier(table.spec.embedding))"
                fragments = [
                    "from": "\(table.quotedRelation) AS t", "order": order, "inner_distance": order,
                    // The zero vector, of a row without text, has no direction, but it has a place among all others.
                    // Asked so that the planner takes nearly all rows for others.
                    "nonzero": metric == .cosine
                        ? ""
                        : " AND (\(own) \(operation(.cosine)) \(own)) OPERATOR(pg_catalog.<>) 'NaN'::pg_catalog.float8",
                    "distance": "(c.embedding \(operation(metric)) \(q))::pg_catalog.float8",
                    "similarity": "(1 OPERATOR(pg_catalog.-) (n.embedding \(operation(.cosine)) \(q)))",
                    "hybrid_distance":
                        "COALESCE(n.distance, (n.embedding \(operation(metric)) \(q))::pg_catalog.float8)",
                ]
            }
        }

        /// Of `real[]`, without pgvector: the query has length one.
        private static func ofArrays(_ table: WatchedTable, _ vector: Builder.Place) -> [String: String] {
            let cosine = { (embedding: String) in
                """
                (SELECT pg_catalog.sum(u.a::pg_catalog.float8 OPERATOR(pg_catalog.*) u.b::pg_catalog.float8)
                    OPERATOR(pg_catalog./) NULLIF(pg_catalog.sqrt(pg_catalog.sum(
                        u.a::pg_catalog.float8 OPERATOR(pg_catalog.*) u.a::pg_catalog.float8)), 0)
                FROM ROWS FROM (
                    pg_catalog.unnest(\(embedding)), pg_catalog.unnest(\(vector.sql)::pg_catalog.float4[])) AS u (a, b))
                """
            }
            let own = cosine("t.\(quoteIdentifier(table.spec.embedding))")
            let outer = cosine("n.embedding")
            return [
                "from": """
                \(table.quotedRelation) AS t CROSS JOIN LATERAL (
                    SELECT 1 OPERATOR(pg_catalog.-) \(own) AS distance OFFSET 0) AS d
                """,
                "order": "d.distance", "inner_distance": "d.distance", "distance": "c.order_distance", "nonzero": "",
                "similarity": outer,
                "hybrid_distance": "COALESCE(n.distance, 1 OPERATOR(pg_catalog.-) \(outer))",
            ]
        }
    }

    /// The filters as conditions, each with AND before it. Several values that one column may have are alternatives.
    static func conditions(
        _ filters: [SearchQuery.Filter], _ table: WatchedTable, _ shape: SearchShape, _ builder: inout Builder
    ) throws(SearchProblem) -> String {
        var conditions: [(column: String?, sql: String)] = []
        for filter in filters {
            guard let column = shape.column(filter.column) else {
                throw .noColumn(
                    table: table.displayName, column: filter.column,
                    similar: NearestNames.of(filter.column, among: shape.filterable.map(\.name)),
                    mayNotRead: shape.hidden.contains(filter.column))
            }
            let sql = condition(filter, column, builder.add(.text(filter.value)))
            let alternative = filter.comparison == .eq ? column.name : nil
            if let alternative, let index = conditions.firstIndex(where: { $0.column == alternative }) {
                conditions[index].sql += " OR \(sql)"
            } else {
                conditions.append((alternative, sql))
            }
        }
        return conditions.map { "\n    AND (\($0.sql))" }.joined()
    }

    private static func condition(
        _ filter: SearchQuery.Filter, _ column: SearchShape.Column, _ value: Builder.Place
    ) -> String {
        let name = "t.\(quoteIdentifier(column.name))"
        let operation = { (sign: String) in "OPERATOR(\(quoteIdentifier(column.operators)).\(sign))" }
        let given = "\(value.sql)::pg_catalog.text::\(column.castType)"
        if column.isArray, filter.comparison == .eq || filter.comparison == .ne {
            let element =
                "\(value.sql)::pg_catalog.text::\(column.castType.hasSuffix("[]") ? String(column.castType.dropLast(2)) : "text")"
            let contains = "\(element) OPERATOR(pg_catalog.=) ANY (\(name))"
            return filter.comparison == .eq ? contains : "(\(contains)) IS NOT TRUE"
        }
        switch filter.comparison {
        case .eq: return "\(name) \(operation("=")) \(given)"
        // Rows without a value have another one than that.
        case .ne: return "(\(name) \(operation("=")) \(given)) IS NOT TRUE"
        case .gte: return "\(name) \(operation(">=")) \(given)"
        case .lte: return "\(name) \(operation("<=")) \(given)"
        }
    }
}
