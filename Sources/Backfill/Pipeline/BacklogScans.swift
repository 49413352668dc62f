/// The scans of one table's backlog, of which one is under way at a time: whether another is wanted, and what becomes of
/// rows meanwhile. It is told, and does nothing itself.
struct BacklogScans: Sendable {
    /// Whether there may be something to find.
    var isWanted = false
    /// Whether one is under way.
    private(set) var isUnderWay = false
    /// That one leaves out rows that may be locked: no more of them can be held, and those behind them must be found.
    private(set) var skipsLocked = false
    /// One met rows in flight, which may have been pending still, or again.
    private var hasMetInFlight = false
    /// One met rows that were done meanwhile, and may be pending again.
    private var hasMetDone = false
    /// Rows that were done while one was under way: it may come back with them.
    private var done: Set<RowKey> = []

    /// Beyond this many done rows a scan may come back with some of them, which costs a look at each.
    private static let mostDone = 20_000

    /// One began: what is wanted from here on wants another.
    mutating func began(skippingLocked: Bool) {
        (isUnderWay, skipsLocked, isWanted) = (true, skippingLocked, false)
    }

    /// A row has its vector, or needs none any more.
    mutating func isDone(_ key: RowKey) {
        if isUnderWay, done.count < Self.mostDone { done.insert(key) }
    }

    /// One failed.
    mutating func failed() { (isUnderWay, done) = (false, []) }

    /// One came back with rows: answers those that are news.
    mutating func returned(_ keys: [RowKey], isInFlight: (RowKey) -> Bool) -> [RowKey] {
        var fresh: [RowKey] = []
        for key in keys {
            if isInFlight(key) {
                hasMetInFlight = true
            } else if done.contains(key) {
                hasMetDone = true
            } else {
                fresh.append(key)
            }
        }
        (isUnderWay, done) = (false, [])
        return fresh
    }

    /// No batch is under way any more: what a scan met in one is looked for again, unless no more can be held and it would
    /// only be found once more.
    mutating func batchesEnded(isFull: Bool) {
        if hasMetDone || hasMetInFlight && !isFull { isWanted = true }
        (hasMetDone, hasMetInFlight) = (false, false)
    }
}
