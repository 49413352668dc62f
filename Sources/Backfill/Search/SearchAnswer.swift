/// What a search found, and how.
public struct SearchAnswer: Sendable, Hashable {
    /// How the rows near the query were found.
    public enum Way: String, Sendable, Hashable, Codable {
        /// Through an index on the vectors, which may miss some.
        case index
        /// By looking at every row that the filters, and in text search the words, leave.
        case exact
    }

    /// The table, with its schema.
    public let table: String
    /// How rows were to be found.
    public let mode: SearchQuery.Mode
    /// The rows, best first.
    public let hits: [SearchHit]
    /// How the near ones were found, as the server planned this very statement.
    public let way: Way
    /// The index on the vectors that was used.
    public let index: String?
    /// How long the database took, with planning and the way there and back.
    public let took: Duration
}

/// A row that was found.
public struct SearchHit: Sendable, Hashable {
    /// Its key as text.
    public let key: String
    /// What it is called; its key where it has nothing better.
    public let title: String
    /// Its category, where the table has such a column.
    public let category: String?
    /// What it was put in its place by, the greater the better: cosine similarity, relevance of the words, or, of a
    /// hybrid search, the sum of reciprocal ranks.
    public let score: Double
    /// Cosine similarity to the query, -1 to 1; nil where the row or the query has no vector.
    public let similarity: Double?
    /// The distance by which near rows were ordered: cosine distance, or that of the index's operator class.
    public let distance: Double?
    /// Its place among the near rows, from 1.
    public let vectorRank: Int?
    /// Its place among the rows that have the words, from 1.
    public let textRank: Int?
    /// Readable values of ``SearchTable/columns``, as far as they are not NULL; long ones are cut.
    public let columns: [String: String]
    /// The passages that say most about why it was found.
    public let parts: [SearchPart]
    /// Why it was found, for people.
    public let why: String
}

/// A passage of a row's text.
public struct SearchPart: Sendable, Hashable {
    /// The column that it is from.
    public let column: String
    /// The passage; `…` stands for what was left out before or behind it.
    public let text: String
    /// The words of the query in it, as offsets into `text` in UTF-16 code units, without overlap, in order.
    public let marks: [Range<Int>]
}
