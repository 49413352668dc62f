/// Rows that are not failed and not done: they wait for somebody's lock, for their turn, or for their text to come to rest.
///
/// What is kept here is vectors that only need to be written, so that no text is embedded twice. It is memory and may be
/// lost: the rows are pending, and a scan finds them. Failures are written down in `backfilld.failure`. A pure value: it is
/// told the time.
struct Held: Sendable {
    typealias Instant = ContinuousClock.Instant

    struct Entry: Sendable {
        /// When it may be tried again.
        var next: Instant
        /// The vector that only has to be written, where it was kept.
        var vector: EmbeddedRow?
        /// It is being tried.
        var isOut = false
        /// It has failed, and the ledger has it: only its vector is here.
        var isFailing = false
        /// How often in a row it was found locked.
        var locks = 0
    }

    private(set) var entries: [RowKey: Entry] = [:]
    private(set) var vectors = 0
    /// Rows whose vectors went since this was last asked for.
    private var dropped: [RowKey] = []

    func contains(_ key: RowKey) -> Bool { entries[key] != nil }
    var count: Int { entries.count }
    /// Those that wait for something, and are not being tried. What has failed is in the ledger, and counted there.
    var waiting: Int { entries.values.count { !$0.isOut && !$0.isFailing } }
    /// When the next row may be tried; nil while none waits.
    var due: Instant? { entries.values.lazy.filter { !$0.isOut }.map(\.next).min() }

    /// The row is not let near for a moment: its text changes faster than it can be embedded.
    mutating func postpone(_ key: RowKey, at now: Instant) {
        put(key, Entry(next: now + .seconds(1)))
    }

    /// The row failed, and there is no ledger to say so: it is not tried again.
    mutating func shelve(_ key: RowKey, at now: Instant) {
        put(key, Entry(next: now + PipelineSettings.never))
    }

    /// Waits for somebody's lock: no failure, and the vector, where there is one, is not computed again.
    mutating func wait(_ key: RowKey, with vector: EmbeddedRow?, at now: Instant) {
        let locks = (entries[key]?.locks ?? 0) + 1
        // Who locks many takes longer, as a rule, and to try all of them each second would keep the others waiting.
        let wait = entries.count <= Self.few ? 1 : min(1 << min(locks - 1, 10), 10)
        put(key, Entry(next: now + .seconds(wait), vector: vector, locks: locks))
    }

    /// So many are tried every second for as long as it takes.
    static let few = 100

    /// Keeps the vector of a row that failed to take it, until its next attempt.
    mutating func keep(_ row: EmbeddedRow, for wait: Duration, at now: Instant) {
        put(row.key, Entry(next: now + wait, vector: row, isFailing: true))
    }

    enum Due: Sendable {
        case vectors([EmbeddedRow])
        case keys([RowKey])
    }

    /// The rows that may be tried now, at most so many: those with a vector first, then those to begin anew with.
    ///
    /// They stay here, out of turn, until they are settled or held again.
    mutating func take(_ most: Int, at now: Instant) -> Due? {
        let due = entries.filter { !$0.value.isOut && $0.value.next <= now }.sorted { $0.value.next < $1.value.next }
        guard !due.isEmpty else { return nil }
        let vectors = due.compactMap(\.value.vector).prefix(most)
        let keys = vectors.isEmpty ? due.map(\.key).prefix(most) : []
        for key in vectors.map(\.key) + keys { began(key) }
        return vectors.isEmpty ? .keys(Array(keys)) : .vectors(Array(vectors))
    }

    /// The row is being tried, whatever way it came: out of turn, so that it is not begun a second time meanwhile.
    mutating func began(_ key: RowKey) { entries[key]?.isOut = true }

    /// The row was being tried and nothing is known of the outcome: it may be tried again at once.
    mutating func returned(_ key: RowKey, at now: Instant) {
        entries[key]?.next = now
        entries[key]?.isOut = false
    }

    /// The row is done with: embedded, gone, failed, or changed so that it starts with a clean sheet.
    mutating func settle(_ key: RowKey) {
        guard entries.removeValue(forKey: key)?.vector != nil else { return }
        vectors -= 1
        dropped.append(key)
    }

    /// Lets go of everything.
    ///
    /// - Returns: The rows whose vectors went, since this was last asked for.
    mutating func removeAll() -> [RowKey] {
        defer { (entries, vectors, dropped) = ([:], 0, []) }
        return Array(Set(dropped + entries.filter { $0.value.vector != nil }.keys))
    }

    /// The rows whose vectors are here no more, once each.
    mutating func takeDropped() -> [RowKey] {
        defer { dropped = [] }
        return dropped.filter { !hasVector($0) }
    }

    func hasVector(_ key: RowKey) -> Bool { entries[key]?.vector != nil }

    /// Vectors are kept for so many rows; those beyond are embedded again, once nobody has them locked.
    static let mostVectors = 2_000

    /// Rows that are remembered; those beyond are only found again by the next scan.
    static let mostRows = 10_000
    var isFull: Bool { entries.count >= Self.mostRows }

    private mutating func put(_ key: RowKey, _ entry: Entry) {
        guard entries[key] != nil || !isFull else { return }
        settle(key)
        var entry = entry
        if vectors >= Self.mostVectors { entry.vector = nil }
        if entry.vector != nil { vectors += 1 }
        entries[key] = entry
    }
}
