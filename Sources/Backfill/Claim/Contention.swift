/// Finds rows whose claim somebody else has for longer than any batch should take.
///
/// A pure value: it is told what came of attempts, and that a heartbeat passed.
struct Contention: Sendable {
    private var row: (key: RowKey, heartbeats: Int)?

    /// An attempt claimed these rows, and these were somebody else's.
    mutating func note(claimed: [RowKey], taken: [RowKey]) {
        if let key = row?.key, claimed.contains(key) { row = nil }
        if row == nil, let key = taken.first { row = (key, 0) }
    }

    /// A heartbeat passed.
    ///
    /// - Returns: A row that was somebody else's before the last one already. It is looked for anew from now on: a peer may
    ///   have settled it, so that it is asked for never again.
    mutating func heartbeat() -> RowKey? {
        guard let (key, heartbeats) = row else { return nil }
        guard heartbeats > 0 else {
            row = (key, 1)
            return nil
        }
        row = nil
        return key
    }
}
