/// What can be asked of a table: for a page or a person that is about to search it.
package struct SearchTable: Sendable, Hashable {
    /// A column to filter by.
    package struct Filter: Sendable, Hashable {
        /// Its name.
        package let column: String
        /// Its type, for people.
        package let type: String
        /// Its values, where they are few, as found in a sample of the rows; nil where they are many, or not of a kind
        /// that one chooses from.
        package let values: [String]?
    }

    /// The table, with its schema.
    package let name: String
    /// The key column.
    package let key: String
    /// The embedding column.
    package let embedding: String
    /// Components in each vector.
    package let dimension: Int
    /// Embedder and model: `local:all-MiniLM-L6-v2`.
    package let embedder: String
    /// What a row is called by: a column, or a path into one, `suggestion.title`; the key where there is nothing better.
    package let title: String
    /// The column that rows are sorted into kinds by, if there is one.
    package let category: String?
    /// The columns that one may filter by.
    package let filters: [Filter]
    /// The columns of the text, and those that every answer has beside them.
    package let columns: [String]
}
