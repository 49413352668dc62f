/// What is remembered of an endpoint that writes the table itself, to tell a row that it leaves out from an endpoint that
/// writes nothing. A pure value.
///
/// It can't be given a harmless text to see whether it works, for it would write that. So one row alone that gets no
/// embedding says nothing of the row: others have to get theirs.
struct EndpointHistory: Sendable {
    /// Rows that got no embedding while others of the same call did, with the hash of the text that was sent.
    private var leftOut: [RowKey: Int64] = [:]
    /// The last call that had a row in it that was not left out before has written something.
    private var writes = false
    /// Rows that have a vector which does not belong to their text, with the hash of the text that they have.
    private(set) var misplaced: [RowKey: Int64] = [:]

    /// Rows that are remembered; beyond it, all is forgotten, which costs a call or two.
    static let most = 10_000

    /// Who is to blame for rows that got no embedding.
    enum Verdict: Sendable, Hashable {
        /// Nobody yet: they are to be tried again.
        case again
        /// The rows, each by its own fault.
        case rows
        /// Some were left out before, which is their own fault; the others are to be tried again.
        case some([RowKey])
        /// The endpoint.
        case endpoint
    }

    /// A call has come to its end.
    ///
    /// - Parameters:
    ///   - written: How many of its rows have an embedding now, or one in the answer.
    ///   - left: The rows that are still pending with the text that was sent, and its hash.
    mutating func judge(written: Int, left: [RowKey: Int64]) -> Verdict {
        let known = left.filter { leftOut[$0.key] == $0.value }
        guard written > 0 else {
            guard !left.isEmpty else { return .again }
            if known.count == left.count, writes { return .rows }
            writes = false
            return .endpoint
        }
        leavesOut(left)
        if known.isEmpty { return .again }
        return known.count == left.count ? .rows : .some(Array(known.keys))
    }

    /// These rows, with the hash of the text that was sent, got no embedding where others of the same call did.
    mutating func leavesOut(_ rows: [RowKey: Int64]) {
        writes = true
        if leftOut.count + rows.count > Self.most { leftOut = [:] }
        leftOut.merge(rows) { $1 }
    }

    /// These rows have an embedding now, or are gone.
    mutating func settled(_ keys: some Sequence<RowKey>) {
        guard !leftOut.isEmpty || !misplaced.isEmpty else { return }
        for key in keys {
            leftOut[key] = nil
            misplaced[key] = nil
        }
    }

    /// These rows have a vector that is to be taken from them.
    mutating func misplaced(_ rows: [RowKey: Int64]) {
        if misplaced.count + rows.count > Self.most { misplaced = [:] }
        misplaced.merge(rows) { $1 }
    }
}
