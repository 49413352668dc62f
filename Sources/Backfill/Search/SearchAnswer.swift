/// What a search found, and how.
package struct SearchAnswer: Sendable, Hashable {
    /// How the rows near the query were found.
    package enum Way: String, Sendable, Hashable, Codable {
        /// Through an index on the vectors, which may miss some.
        case index
        /// By looking at every row that the filters, and in text search the words, leave.
        case exact
    }

    /// The table, with its schema.
    package let table: String
    /// How rows were to be found.
    package let mode: SearchQuery.Mode
    /// The rows, best first.
    package let hits: [SearchHit]
    /// How the near ones were found, as the server planned this very statement.
    package let way: Way
    /// The index on the vectors that was used.
    package let index: String?
    /// How long the database took, with planning and the way there and back.
    package let took: Duration
}

/// A row that was found.
package struct SearchHit: Sendable, Hashable {
    /// Its key as text.
    package let key: String
    /// What it is called; its key where it has nothing better.
    package let title: String
    /// Its category, where the table has such a column.
    package let category: String?
    /// What it was put in its place by, the greater the better: cosine similarity, relevance of the words, or, of a
    /// hybrid search, the sum of reciprocal ranks.
    package let score: Double
    /// Cosine similarity to the query, -1 to 1; nil where the row or the query has no vector.
    package let similarity: Double?
    /// The distance by which near rows were ordered: cosine distance, or that of the index's operator class.
    package let distance: Double?
    /// Its place among the near rows, from 1.
    package let vectorRank: Int?
    /// Its place among the rows that have the words, from 1.
    package let textRank: Int?
    /// Readable values of ``SearchTable/columns``, as far as they are not NULL; long ones are cut.
    package let columns: [String: String]
    /// The passages that say most about why it was found.
    package let parts: [SearchPart]
    /// Why it was found, for people.
    package let why: String
}

/// A passage of a row's text.
package struct SearchPart: Sendable, Hashable {
    /// The column that it is from.
    package let column: String
    /// The passage; `…` stands for what was left out before or behind it.
    package let text: String
    /// The words of the query in it, as offsets into `text` in UTF-16 code units, without overlap, in order.
    package let marks: [Range<Int>]
}
