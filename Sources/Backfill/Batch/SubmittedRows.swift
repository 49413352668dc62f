extension RowSubmitter {
    /// What has become of rows.
    struct Result: Sendable {
        /// Of those that need no more, or failed.
        var outcomes: [RowKey: RowOutcome] = [:]
        /// Vectors that the answer had, to be written.
        var vectors: [EmbeddedRow] = []
        /// Rows that are pending as they were.
        var left: [PendingRow] = []
        /// Of those, what each was refused for.
        var refusals: [RowKey: String] = [:]
        /// Whether each of these was refused alone, while others were taken.
        var isSearched = false
        /// What was said of the rows that are left.
        var said = ""
        /// What is no row's own.
        var error: (any Error)?

        /// Rows that have an embedding, or will have one.
        var embedded: Int { vectors.count + outcomes.values.count { $0 == .written } }

        mutating func add(_ other: Result) {
            outcomes.merge(other.outcomes) { $1 }
            vectors += other.vectors
            left += other.left
            refusals.merge(other.refusals) { $1 }
            if !other.said.isEmpty { said = other.said }
            error = error ?? other.error
        }
    }
}
