/// Decides which rows that were set aside get a line of their own in the log: ten in ten seconds, the rest as a sum.
///
/// A table that takes no vector at all has a million of them. A pure value: it is told the time.
struct SetAsideLines: Sendable {
    typealias Instant = ContinuousClock.Instant

    private var since: Instant?
    private var lines = 0
    private var untold = 0

    /// One more row: whether it gets a line, and how many had none before it, where that is to be told now.
    mutating func add(at now: Instant) -> (isSingle: Bool, more: Int?) {
        var more: Int?
        if let since, now - since < BatchLines.window {
            guard lines < BatchLines.single else {
                untold += 1
                return (false, nil)
            }
        } else {
            more = flush()
            (since, lines) = (now, 0)
        }
        lines += 1
        return (true, more)
    }

    /// How many have had no line.
    mutating func flush() -> Int? {
        defer { untold = 0 }
        return untold > 0 ? untold : nil
    }
}
