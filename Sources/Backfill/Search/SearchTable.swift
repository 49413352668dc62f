/// What can be asked of a table: for a page or a person that is about to search it.
public struct SearchTable: Sendable, Hashable {
    /// A column to filter by.
    public struct Filter: Sendable, Hashable {
        /// Its name.
        public let column: String
        /// Its type, for people.
        public let type: String
        /// Its values, where they are few, as found in a sample of the rows; nil where they are many, or not of a kind
        /// that one chooses from.
        public let values: [String]?
    }

    /// The table, with its schema.
    public let name: String
    /// The key column.
    public let key: String
    /// The embedding column.
    public let embedding: String
    /// Components in each vector.
    public let dimension: Int
    /// Embedder and model: `local:all-MiniLM-L6-v2`.
    public let embedder: String
    /// What a row is called by: a column, or a path into one, `suggestion.title`; the key where there is nothing better.
    public let title: String
    /// The column that rows are sorted into kinds by, if there is one.
    public let category: String?
    /// The columns that one may filter by.
    public let filters: [Filter]
    /// The columns of the text, and those that every answer has beside them.
    public let columns: [String]
}
