/// A pending row as it was read: what to embed, and what the text was made from.
struct PendingRow: Sendable, Hashable {
    /// The text form of its key.
    let key: RowKey
    /// The 64-bit hash of the columns that the text was made from; see ``SourceExpression``.
    let source: Int64
    /// The text to embed; empty where the row has none.
    let text: String
    /// Whether the text was cut to the limit.
    let isCut: Bool
    /// Whether a transaction that may be under way has locked or changed it.
    let mayBeLocked: Bool

    /// A row as it was read.
    init(key: RowKey, source: Int64, text: String, isCut: Bool = false, mayBeLocked: Bool = false) {
        self.key = key
        self.source = source
        self.text = text
        self.isCut = isCut
        self.mayBeLocked = mayBeLocked
    }
}

/// A vector on its way into a row.
package struct EmbeddedRow: Sendable, Hashable {
    /// The text form of the row's key.
    package let key: RowKey
    /// The hash of the columns that the text was made from.
    package let source: Int64
    /// The vector.
    package let vector: [Float]

    /// A vector for a row.
    package init(key: RowKey, source: Int64, vector: [Float]) {
        self.key = key
        self.source = source
        self.vector = vector
    }
}

/// What became of one row of a batch.
package enum RowOutcome: Sendable, Hashable {
    /// The vector is in the table.
    case written
    /// The text changed after it was read: nothing was written.
    case outdated
    /// The row is gone, or has its vector already.
    case settled
    /// Another transaction has the row locked; the vector is kept, where it was made before that was known.
    case locked(EmbeddedRow?)
    /// The row matched and was free, and still took no vector: row level security, or a trigger that returns NULL.
    case refused(EmbeddedRow, reason: String)
    /// A trigger of the owner's changed the text while the vector was written, so that it was cleared again. `standing` is
    /// the hash of the text that the row has now, where that is known.
    case rewritten(standing: Int64?)
    /// The server, or the embedder, reported an error for this row alone.
    case failed(String)
}

extension RowOutcome {
    /// Whether a vector of it was asked for, or written: of a row that is gone, locked or another by now nobody was asked.
    var wasTried: Bool {
        switch self {
        case .settled, .outdated, .locked(nil): false
        case .written, .locked, .refused, .rewritten, .failed: true
        }
    }

    /// The vector of a row that took none, kept so that it need not be computed again.
    var keptVector: EmbeddedRow? {
        switch self {
        case .locked(let row?), .refused(let row, _): row
        default: nil
        }
    }
}
