/// The rows that a scan found, in line for their batches.
///
/// A page may have tens of thousands of rows: what was handed out is counted, not taken from the front.
struct Backlog: Sendable {
    private var rows: [RowKey] = []
    private var handedOut = 0
    /// Counts the pages.
    private(set) var page = 0
    /// Whether the page was full, so that there may be more behind it.
    private(set) var hasMore = false

    /// How many rows are in line.
    var count: Int { rows.count - handedOut }
    /// Whether none is in line.
    var isEmpty: Bool { count == 0 }

    /// A new page: whatever of the last one is in line still would be in it, too.
    mutating func replace(with keys: [RowKey], hasMore: Bool) {
        (rows, handedOut, self.hasMore) = (keys, 0, hasMore)
        page += 1
    }

    /// Lets go of what is in line.
    mutating func removeAll() {
        (rows, handedOut, hasMore) = ([], 0, false)
    }

    /// Hands out the first rows in line, so many at most.
    mutating func take(_ most: Int) -> ArraySlice<RowKey> {
        let taken = rows[handedOut...].prefix(most)
        handedOut += taken.count
        return taken
    }

    /// These rows, which are not in line, are at its end again.
    mutating func append(_ keys: [RowKey]) {
        rows.removeFirst(handedOut)
        handedOut = 0
        rows += keys
    }

    /// These rows are at the end of the line again, but for those that stand in it anyway.
    mutating func putBack(_ keys: [RowKey]) {
        guard !keys.isEmpty else { return }
        let known = Set(rows[handedOut...])
        append(keys.filter { !known.contains($0) })
    }
}
