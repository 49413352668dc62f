import PostgresClient

/// Whether search by words finds them, or has to make them from the rows at every search: a value, to decide from.
struct WordAdvice: Sendable, Hashable {
    /// The table.
    let shape: TableShape
    /// What its text is made from.
    let recipe: TextRecipe
    /// Its rows, as the server estimates them.
    let rows: Int
    /// Of ``column``, whether this role may read it.
    var isReadable = true
    /// `default_text_search_config`.
    var configuration = "simple"

    /// Beyond so many rows making the words of each takes as long as somebody who waits notices.
    static let manyRows = 5_000

    /// The column with the words, as search would choose it.
    var column: String? { SearchShape.words(among: shape.wordColumns) }

    /// What to say; nil where all is well.
    func finding(_ subject: String) -> Finding? {
        if let column {
            guard !isReadable else { return nil }
            return Finding(
                .warning, subject, "this role may not read \(column), in which search would look for words",
                remedy: "As the table's owner: backfilld setup --role NAME, with the role of this connection")
        }
        guard rows > Self.manyRows else { return nil }
        return Finding(
            .warning, subject,
            "it has no column of type tsvector: search by words, and so hybrid search, makes the words of about "
                + "\(rows.counted("row")) every time",
            remedy:
                "As the table's owner, who waits while the table is written anew: \(statements) Then backfilld setup "
                + "--role, where the daemon has a role of its own")
    }

    /// What makes the column, and its index.
    var statements: String {
        let names = ["fts", "tsv", "search", "search_vector"]
        let name = names.first { shape.column($0) == nil } ?? "words"
        // Only what never changes by itself can be generated: concat_ws may.
        let texts = shape.baseColumns(of: recipe).map { "coalesce(\(quoteIdentifier($0))::text, '')" }
        return "ALTER TABLE \(shape.quoted) ADD COLUMN \(name) tsvector GENERATED ALWAYS AS "
            + "(to_tsvector(\(quoteLiteral(configuration)), \(texts.joined(separator: " || ' ' || ")))) STORED; "
            + "CREATE INDEX \(shape.isPartitioned ? "" : "CONCURRENTLY ")ON \(shape.quoted) USING gin (\(name));"
    }
}
