/// Gathers keys that arrive one by one into batches.
///
/// A batch is due when nothing new came for the quiet period, when its first key has waited the longest wait, or when
/// it is full. A pure value: it is told the time.
struct Debouncer: Sendable {
    /// A point in time.
    typealias Instant = ContinuousClock.Instant

    private var quiet: Duration
    private var longest: Duration
    private var rows: Int
    private var keys: [RowKey] = []
    private var known: Set<RowKey> = []
    private var firstArrival: Instant?
    private var lastArrival: Instant?

    /// - Parameters:
    ///   - quiet: Without a new key for so long, a batch is due.
    ///   - longest: No key waits longer, however many follow it.
    ///   - rows: A batch of so many is due at once.
    init(quiet: Duration, longest: Duration, rows: Int) {
        self.quiet = quiet
        self.longest = longest
        self.rows = rows
    }

    /// Waits otherwise from now on; what waits stays.
    mutating func apply(quiet: Duration, longest: Duration, rows: Int) {
        (self.quiet, self.longest, self.rows) = (quiet, longest, rows)
    }

    /// Keys waiting.
    var count: Int { keys.count }

    /// Whether a key waits.
    func contains(_ key: RowKey) -> Bool { known.contains(key) }

    /// Takes a key in; one that waits already keeps its place.
    mutating func add(_ key: RowKey, at now: Instant) {
        lastArrival = now
        guard known.insert(key).inserted else { return }
        keys.append(key)
        if firstArrival == nil { firstArrival = now }
    }

    /// When the next batch is due; nil while nothing waits.
    var due: Instant? {
        guard let firstArrival, let lastArrival else { return nil }
        if keys.count >= rows { return firstArrival }
        return min(lastArrival + quiet, firstArrival + longest)
    }

    /// The next batch if one is due: at most `rows` keys, or so many where that is less, oldest first.
    mutating func take(at now: Instant, most: Int = .max) -> [RowKey]? {
        guard let due, due <= now else { return nil }
        let batch = Array(keys.prefix(min(rows, most)))
        keys.removeFirst(batch.count)
        known.subtract(batch)
        // What is left came after what was taken, so it is not due before another quiet period or a full batch.
        firstArrival = keys.isEmpty ? nil : lastArrival
        if keys.isEmpty { lastArrival = nil }
        return batch
    }

    /// Lets go of everything; a scan of the table finds it again.
    mutating func removeAll() {
        self = Debouncer(quiet: quiet, longest: longest, rows: rows)
    }
}
