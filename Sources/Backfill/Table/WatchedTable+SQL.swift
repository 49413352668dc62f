import PostgresClient

extension WatchedTable {
    /// What stands for the placeholders of the statements in SQL/ that concern one table, aliased `t` there.
    var fragments: [String: String] {
        [
            "table": quotedRelation,
            "key": quoteIdentifier(spec.key),
            "key_type": keyType,
            "equals": keyEquality,
            "embedding": quoteIdentifier(spec.embedding),
            "cast": embeddingKind == .real ? "" : "::\(embeddingKind.castType)",
            "source": source.sql(alias: "t"),
        ]
    }

    /// The recipe's columns that are json or jsonb.
    var jsonColumns: Set<String> {
        Set(textTypes.filter { ["pg_catalog.json", "pg_catalog.jsonb", "json", "jsonb"].contains($0.value) }.keys)
    }

    var keyEquality: String { "OPERATOR(pg_catalog.=)" }
}
