import PostgresClient

/// What one batch did.
package struct BatchReport: Sendable {
    /// What became of each row that was asked for.
    package var outcomes: [RowKey: RowOutcome] = [:]
    /// The hashes of the texts that rows failed with.
    package var sources: [RowKey: Int64] = [:]
    /// Rows without any text, which got the zero vector.
    package var empty = 0
    /// Rows whose text was cut to the limit.
    package var cut = 0
    /// Rows whose text was longer than the model's limit.
    package var long = 0
    /// Texts that the embedder made a vector of.
    package var embedded = 0
    /// What ended the batch before all of it was embedded; no row's own.
    package var error: (any Error)?
    /// The rows that nothing is known of because of it.
    var unfinished: [RowKey] = []
    /// What rows did not get past when vectors were written; see `RowWriter.Written`.
    var doubt: PostgresError?

    /// Something else than a row ends the batch. Where nothing came of it at all, it has failed.
    mutating func end(with error: any Error, leaving left: [PendingRow], of texts: Int) throws {
        guard left.count < texts + empty else { throw error }
        self.error = error
        leave(left)
    }

    /// Of these rows nothing is known.
    mutating func leave(_ rows: [PendingRow]) {
        unfinished += rows.map(\.key)
        for row in rows { outcomes[row.key] = nil }
    }

    mutating func add(_ written: RowWriter.Written) {
        outcomes.merge(written.outcomes) { $1 }
        doubt = written.doubt
    }

    /// Rows whose write was refused, with their vectors.
    var refused: [EmbeddedRow] {
        outcomes.values.compactMap { if case .refused(let row, _) = $0 { row } else { nil } }
    }
    /// Rows whose vector is in the table now.
    package var written: Int { outcomes.values.count { $0 == .written } }
    /// Rows that were charged with a failure.
    package var failures: Int { outcomes.values.count(where: \.isFailure) }
}
