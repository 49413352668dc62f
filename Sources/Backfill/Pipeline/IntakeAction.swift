extension Intake {
    /// What a table's pipeline is to do next.
    enum Action: Sendable, Equatable {
        /// Claim, read, embed and write these rows.
        case batch([RowKey])
        /// Write these vectors, which were kept because their rows were locked or took none.
        case write([EmbeddedRow])
        /// Look for pending rows in the table, at most so many.
        case scan(limit: Int)
        /// Nothing until then, or until something happens.
        case wait(until: Instant?)
    }
}
