/// Rows that could not be settled and wait for their next try.
///
/// The place of the failure ledger: today it lives as long as the process. A row is charged for its own failures only
/// and never given up: after its attempts it is *set aside*, which means it is tried again at the longest interval, and
/// at once when its text changes. A pure value: it is told the time.
struct Held: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Entry: Sendable {
        /// Why it waits.
        var reason: String
        /// Failed attempts so far; a lock that somebody holds is none.
        var attempts: Int
        /// When it may be tried again.
        var next: Instant
        /// The vector that only has to be written, where it was kept.
        var vector: EmbeddedRow?
        /// The hash of what it failed with, where that is known.
        var source: Int64?
    }

    private var retry: RetrySettings
    private(set) var entries: [RowKey: Entry] = [:]
    private var vectors = 0

    init(retry: RetrySettings) {
        self.retry = retry
    }

    mutating func apply(_ retry: RetrySettings) { self.retry = retry }

    func contains(_ key: RowKey) -> Bool { entries[key] != nil }
    var count: Int { entries.count }
    /// Rows that have used up their attempts.
    var setAside: Int { entries.values.count { $0.attempts >= retry.attempts } }
    /// When the next row may be tried; nil while none waits.
    var due: Instant? { entries.values.map(\.next).min() }

    /// Charges a row with a failure.
    ///
    /// - Returns: Whether the row was set aside by this failure.
    mutating func fail(
        _ key: RowKey, reason: String, vector: EmbeddedRow? = nil, source: Int64? = nil, at now: Instant,
        using random: inout some RandomNumberGenerator
    ) -> Bool {
        let attempts = (entries[key]?.attempts ?? 0) + 1
        var backoff = Backoff(first: retry.first, longest: retry.longest)
        for _ in 1..<attempts { _ = backoff.next(using: &random) }
        let wait = attempts >= retry.attempts ? retry.longest : backoff.next(using: &random)
        let source = source ?? vector?.source
        put(key, Entry(reason: reason, attempts: attempts, next: now + wait, vector: vector, source: source))
        return attempts == retry.attempts
    }

    /// The row is not let near for a moment, without being charged: its text changes faster than it can be embedded.
    mutating func postpone(_ key: RowKey, reason: String, at now: Instant) {
        put(key, Entry(reason: reason, attempts: entries[key]?.attempts ?? 0, next: now + .seconds(1), vector: nil))
    }

    /// Waits for somebody's lock: no failure, and the vector is not computed again.
    mutating func wait(for row: EmbeddedRow, at now: Instant) {
        let attempts = entries[row.key]?.attempts ?? 0
        let reason = "locked by another transaction"
        // Where its vector can't be kept, looking again costs embedding it again.
        let wait = vectors < Self.mostVectors ? Duration.seconds(1) : .seconds(10)
        put(row.key, Entry(reason: reason, attempts: attempts, next: now + wait, vector: row, source: row.source))
    }

    enum Due: Sendable {
        case vectors([EmbeddedRow])
        case keys([RowKey])
    }

    /// The rows that may be tried now, at most so many: those with a vector first, then those to begin anew with.
    ///
    /// They stay here, out of turn, until they are settled or fail again: that is where their attempts are counted.
    mutating func take(_ most: Int, at now: Instant) -> Due? {
        let due = entries.filter { $0.value.next <= now }.sorted { $0.value.next < $1.value.next }
        guard !due.isEmpty else { return nil }
        let vectors = due.compactMap(\.value.vector).prefix(most)
        let keys = vectors.isEmpty ? due.map(\.key).prefix(most) : []
        for key in vectors.map(\.key) + keys { began(key, at: now) }
        return vectors.isEmpty ? .keys(Array(keys)) : .vectors(Array(vectors))
    }

    /// The row is being tried, whatever way it came: out of turn, so that it is not begun a second time meanwhile.
    mutating func began(_ key: RowKey, at now: Instant) {
        entries[key]?.next = now + retry.longest
    }

    /// The row was being tried and nothing is known of the outcome: it may be tried again at once.
    mutating func returned(_ key: RowKey, at now: Instant) {
        entries[key]?.next = now
    }

    /// Rows whose text would be worth a look: a text other than the one they failed with starts with a clean sheet.
    func withSource(_ most: Int) -> [RowKey] {
        entries.lazy.filter { $0.value.source != nil }.prefix(most).map(\.key)
    }

    /// Whether the row failed with another text than this.
    func hasChanged(_ key: RowKey, source: Int64) -> Bool {
        entries[key]?.source.map { $0 != source } ?? false
    }

    /// The row is done with: embedded, gone, or changed so that it starts with a clean sheet.
    mutating func settle(_ key: RowKey) {
        if entries.removeValue(forKey: key)?.vector != nil { vectors -= 1 }
    }

    /// Vectors are kept for so many rows; those beyond are embedded again.
    static let mostVectors = 2_000

    /// Rows that are remembered; those beyond are only found again by the next scan.
    static let mostRows = 10_000
    var isFull: Bool { entries.count >= Self.mostRows }

    private mutating func put(_ key: RowKey, _ entry: Entry) {
        guard entries[key] != nil || !isFull else { return }
        if entries[key]?.vector != nil { vectors -= 1 }
        var entry = entry
        if vectors >= Self.mostVectors { entry.vector = nil }
        if entry.vector != nil { vectors += 1 }
        entries[key] = entry
    }
}

/// How rows and batches that failed are tried again.
public struct RetrySettings: Sendable, Hashable {
    /// The wait after the first failure, doubled with each further one.
    public var first: Duration
    /// The longest wait.
    public var longest: Duration
    /// After so many failures a row is set aside: reported, and tried at the longest interval only.
    public var attempts: Int

    /// Describes retries.
    public init(first: Duration = .seconds(5), longest: Duration = .seconds(300), attempts: Int = 5) {
        self.first = first
        self.longest = longest
        self.attempts = attempts
    }
}
