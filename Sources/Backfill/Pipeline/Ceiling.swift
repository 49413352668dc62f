import Synchronization

/// The most rows a second that all tables of a daemon together begin, so that a great backlog leaves the server time for
/// others. Shared by their pipelines, and told the time.
public final class Ceiling: Sendable {
    private let bucket: Mutex<TokenBucket?>

    /// - Parameter rowsPerSecond: nil for no ceiling.
    public init(rowsPerSecond: Int?) {
        bucket = Mutex(rowsPerSecond.map { TokenBucket(rate: $0) })
    }

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
    func giveBack(_ rows: Int) {
        bucket.withLock { $0?.giveBack(rows) }
    }

    /// From when on rows may be begun again; nil for now.
    func opens(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        bucket.withLock { $0?.opens(at: now) }
    }
}

/// A token bucket: rows a second, with a quarter of a second's worth at once.
struct TokenBucket: Sendable {
    typealias Instant = ContinuousClock.Instant

    let rate: Int
    private let capacity: Double
    private var tokens: Double
    private var filled: Instant?

    init(rate: Int) {
        self.rate = rate
        capacity = max(Double(rate) / 4, 1)
        tokens = capacity
    }

    /// Nothing until a quarter of a second's worth is there, so that a low ceiling does not make batches of one row; fewer
    /// rows than that are begun as soon as there are tokens for them.
    mutating func grant(_ rows: Int, at now: Instant) -> Int {
        fill(at: now)
        guard tokens >= min(Double(rows), capacity) else { return 0 }
        let granted = min(rows, Int(tokens))
        tokens -= Double(granted)
        return granted
    }

    mutating func giveBack(_ rows: Int) { tokens = min(tokens + Double(rows), capacity) }

    /// When the bucket is full; nil if it is.
    mutating func opens(at now: Instant) -> Instant? {
        fill(at: now)
        guard tokens < capacity else { return nil }
        return now + .seconds((capacity - tokens) / Double(rate)) + .milliseconds(1)
    }

    private mutating func fill(at now: Instant) {
        let elapsed = max((now - (filled ?? now)).inSeconds, 0)
        tokens = min(tokens + elapsed * Double(rate), capacity)
        filled = now
    }
}
