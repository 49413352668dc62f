import Synchronization

/// The most rows a second that all tables of a daemon together begin, so that a great backlog leaves the server time for
/// others. Shared by their pipelines, and told the time.
final class Ceiling: Sendable {
    private let bucket: Mutex<TokenBucket?>

    /// - Parameter rowsPerSecond: nil for no ceiling.
    init(rowsPerSecond: Int?) {
        bucket = Mutex(rowsPerSecond.map { TokenBucket(rate: $0) })
    }

    /// Whether there is one.
    var isSet: Bool { bucket.withLock { $0 != nil } }

    /// Another ceiling from now on.
    func apply(rowsPerSecond: Int?) {
        bucket.withLock { bucket in
            guard bucket?.rate != rowsPerSecond else { return }
            bucket = rowsPerSecond.map { TokenBucket(rate: $0) }
        }
    }

    /// How many rows may be begun now, of so many.
    func grant(_ rows: Int, at now: ContinuousClock.Instant) -> Int {
        bucket.withLock { $0?.grant(rows, at: now) ?? rows }
    }

    /// Rows that were granted and not begun.
    ///
    /// - Parameter latest: Whether they are of the last grants: of a batch that ended at once.
    func giveBack(_ rows: Int, latest: Bool = false) {
        bucket.withLock { $0?.giveBack(rows, latest: latest) }
    }

    /// From when on rows may be begun again; nil for now.
    func opens(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        bucket.withLock { $0?.opens(at: now) }
    }
}

/// A token bucket: rows a second, with a quarter of a second's worth at once, and never more than the rate in any second.
struct TokenBucket: Sendable {
    typealias Instant = ContinuousClock.Instant

    let rate: Int
    private let capacity: Double
    private var tokens: Double
    private var filled: Instant?
    /// What was granted in the last second. The bucket alone would let a full one and a second's worth go in a second.
    private var recent: [(at: Instant, rows: Int)] = []
    private var granted = 0

    init(rate: Int) {
        self.rate = rate
        capacity = max(Double(rate) / 4, 1)
        tokens = capacity
    }

    /// Nothing until a quarter of a second's worth is there, so that a low ceiling does not make batches of one row; fewer
    /// rows than that are begun as soon as there are tokens for them.
    mutating func grant(_ rows: Int, at now: Instant) -> Int {
        fill(at: now)
        let free = min(Int(tokens), rate - granted)
        guard rows > 0, free >= min(rows, Int(capacity)) else { return 0 }
        let rows = min(rows, free)
        tokens -= Double(rows)
        note(rows, at: now)
        return rows
    }

    /// Taken off what was granted first, so that the rest counts for no shorter than it must; or off the latest, where it is known
    /// that they are of that: it would keep others waiting for nothing.
    mutating func giveBack(_ rows: Int, latest: Bool = false) {
        tokens = min(tokens + Double(rows), capacity)
        var left = rows
        while left > 0, let place = latest ? recent.indices.last : recent.indices.first {
            let some = min(left, recent[place].rows)
            left -= some
            granted -= some
            if some == recent[place].rows { recent.remove(at: place) } else { recent[place].rows -= some }
        }
    }

    /// When a quarter of a second's worth may be granted; nil if now.
    mutating func opens(at now: Instant) -> Instant? {
        fill(at: now)
        var opens: Instant?
        if tokens < capacity { opens = now + .seconds((capacity - tokens) / Double(rate)) + .milliseconds(1) }
        var over = granted + Int(capacity) - rate
        for grant in recent where over > 0 {
            over -= grant.rows
            opens = max(opens ?? now, grant.at + .seconds(1))
        }
        return opens
    }

    private mutating func fill(at now: Instant) {
        let elapsed = max((now - (filled ?? now)).inSeconds, 0)
        tokens = min(tokens + elapsed * Double(rate), capacity)
        filled = max(filled ?? now, now)
        let old = recent.prefix { $0.at + .seconds(1) <= now }
        granted -= old.reduce(0) { $0 + $1.rows }
        recent.removeFirst(old.count)
    }

    /// Rows that come one by one are counted together for some milliseconds, as if the last of them were all.
    private mutating func note(_ rows: Int, at now: Instant) {
        granted += rows
        // Of several tables one may bring a time that another was just behind.
        let at = max(now, recent.last?.at ?? now)
        if let last = recent.last, recent.count > 1, at - recent[recent.count - 2].at < .milliseconds(10) {
            recent[recent.count - 1] = (at, last.rows + rows)
        } else {
            recent.append((at, rows))
        }
    }
}
