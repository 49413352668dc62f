/// Decides what one table's pipeline does next.
///
/// It knows which rows are announced, found, in flight and held, and answers with an action; it does nothing itself and
/// is told the time, so that every decision can be tested without a database.
struct Intake: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Where a row in flight comes from.
    private enum Origin: Hashable {
        /// A notification: nobody has seen it in the table yet.
        case announced
        /// The page of a scan, by its number.
        case page(Int)
        /// It had to wait for something.
        case held
    }

    private var settings: PipelineSettings
    private var announced: Debouncer
    private var backlog = Backlog()
    /// The rows in batches under way, and where they come from.
    private var inFlight: [RowKey: Origin] = [:]
    /// Announced while in flight: what the batch read of them may be out of date.
    private var announcedAgain: Set<RowKey> = []
    /// How often in a row a key's text changed between read and write.
    private var changes: [RowKey: Int] = [:]
    private(set) var held = Held()
    /// Charged since the last scan began: the page at hand may still have them.
    private var charged: Set<RowKey> = []
    /// How often rows were written lately, and since when that is counted.
    var writes: [RowKey: Int] = [:]
    var writesSince: Instant?
    private var wasHeldsTurn = false
    private var wasAnnouncedsTurn = false
    private var batches = 0
    var begun = 0
    private(set) var scans = BacklogScans()
    /// When the first of the rows that failed may be tried again: the ledger knows which, and a scan finds it.
    private var retriesAt: Instant?
    /// What follows a failure that is no row's own.
    var breaker: CircuitBreaker
    /// Until when no batch begins, since there was no room for its claims.
    private var crowdedUntil: Instant?
    /// Nothing begins until there is a connection.
    private var isSuspended = false
    let ceiling: Ceiling?

    init(
        settings: PipelineSettings, ceiling: Ceiling? = nil,
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.settings = settings
        self.ceiling = ceiling
        announced = Debouncer(quiet: settings.quiet, longest: settings.longest, rows: settings.rows)
        breaker = CircuitBreaker(settings.retry, random: random)
    }

    /// Rows known to be pending that are not in flight.
    var waiting: Int { announced.count + backlog.count }
    /// Rows in batches under way.
    var working: Int { inFlight.count }
    /// These rows.
    var workingOn: some Collection<RowKey> { inFlight.keys }
    /// Whether nothing is left to do that is known of.
    var isIdle: Bool {
        waiting == 0 && inFlight.isEmpty && !scans.isWanted && !scans.isUnderWay && breaker.until == nil && !isSuspended
    }

    // MARK: Events

    /// From now on other settings hold.
    mutating func apply(_ settings: PipelineSettings) {
        self.settings = settings
        announced.apply(quiet: settings.quiet, longest: settings.longest, rows: settings.rows)
        breaker.apply(settings.retry)
    }

    /// A notification named rows.
    mutating func announce(_ keys: [RowKey], at now: Instant) {
        guard announced.count + keys.count <= settings.mostAnnounced else {
            // More than is worth holding: the scan finds them, in constant memory.
            announced.removeAll()
            scans.isWanted = true
            return
        }
        for key in keys {
            if inFlight[key] != nil { announcedAgain.insert(key) } else { again(key, at: now) }
        }
    }

    /// The row is new, or changed. Its vector, where there is one, finds out at its write whether it is still right.
    private mutating func again(_ key: RowKey, at now: Instant) {
        charged.remove(key)
        if held.hasVector(key) { return held.returned(key, at: now) }
        held.settle(key)
        announced.add(key, at: now)
    }

    /// There is something to do somewhere: after a bare wake-up, a new LISTEN, or a probe that found a pending row.
    mutating func wantScan() {
        scans.isWanted = true
    }

    /// Whether there are any of these rows in flight of which nothing is known but a notification.
    func areAnnounced(_ keys: [RowKey]) -> Bool { keys.contains { inFlight[$0] == .announced } }

    /// Whether there are any of these rows in flight that had to wait for something.
    func areHeld(_ keys: [RowKey]) -> Bool { keys.contains { inFlight[$0] == .held } }

    /// The server has answered a batch with an error. Anybody can send notifications, with keys that are none: if these
    /// rows were announced, what was announced is let go, and a scan finds those that the table has.
    ///
    /// - Returns: Whether they were.
    mutating func distrust(_ keys: [RowKey]) -> Bool {
        guard areAnnounced(keys) else { return false }
        announced.removeAll()
        scans.isWanted = true
        return true
    }

    /// A scan began: what is wanted from here on wants another one.
    mutating func scanBegan() {
        scans.began(skippingLocked: held.isFull)
        charged = []
    }

    /// A scan failed.
    mutating func scanFailed() { scans.failed() }

    /// A scan came back.
    ///
    /// - Returns: How many of its rows are news.
    @discardableResult
    mutating func scanned(_ keys: [RowKey], limit: Int) -> Int {
        let fresh = scans.returned(keys) { inFlight[$0] != nil }
        backlog.replace(with: fresh.filter { !held.contains($0) }, hasMore: keys.count >= limit)
        if batches == 0 { scans.batchesEnded(isFull: held.isFull) }
        // A full page may have more behind it; a page of nothing new would only be found again.
        // When no more rows can be held, those that could not be would come again at once: the next probe is soon enough.
        if backlog.hasMore, !backlog.isEmpty, !held.isFull || scans.skipsLocked { scans.isWanted = true }
        return backlog.count
    }

    /// A batch, or a scan, failed for a reason that is no row's own: everything waits, nobody is charged.
    ///
    /// - Parameter wait: How long; nil for longer with each time.
    mutating func paused(for wait: Duration? = nil, at now: Instant) {
        breaker.failed(for: wait, at: now)
        forget()
        scans.isWanted = true
    }

    /// The provider asks for fewer calls, which is no failure: what is known stays, and everything waits as long as it says.
    mutating func limited(for wait: Duration?, at now: Instant) {
        breaker.limited(for: wait, at: now)
    }

    /// There is no connection: nothing begins until ``resume()``.
    mutating func suspend() { isSuspended = true }

    /// Lets go of what is not in flight; all of it is in the table, so nothing is lost.
    private mutating func forget() {
        backlog.removeAll()
        announced.removeAll()
        scans.isWanted = false
    }

    /// The connection is back: no need to wait any longer.
    mutating func resume() {
        isSuspended = false
        unpause()
    }

    /// What kept everything waiting is over, for all that is known: no need to wait any longer.
    mutating func unpause() { breaker.end() }

    /// The table is another: its rows may have other keys, and what is known of those that are not in flight may be wrong.
    ///
    /// - Returns: The rows whose claims were kept with their vectors.
    mutating func startOver() -> [RowKey] {
        forget()
        (announcedAgain, changes, charged, writes) = ([], [:], [], [:])
        retriesAt = nil
        scans.isWanted = true
        return held.removeAll()
    }

    /// These rows of a batch are a peer's, and for these there was no room to claim them; `isNone` where that is all of it,
    /// so that there is no batch.
    mutating func unclaimed(taken: [RowKey], left: [RowKey], isNone: Bool, at now: Instant) {
        begun -= taken.count + left.count
        ceiling?.giveBack(taken.count + left.count)
        for key in taken + left { held.returned(key, at: now + .seconds(1)) }
        if !left.isEmpty {
            // What is only hearsay is not taken for rows that a scan found.
            for key in left where inFlight[key] == .announced { announced.add(key, at: now) }
            backlog.append(left.filter { inFlight[$0] != .announced })
            if isNone { crowdedUntil = now + .milliseconds(20) }
        }
        forgive(taken + left, at: now)
        if isNone { endBatch() }
    }

    /// A batch came to its end with these outcomes.
    ///
    /// - Parameters:
    ///   - outcomes: What became of its rows.
    ///   - retries: How long those that were charged wait for their next attempt; those set aside are not in it.
    ///   - leaving: The rows that nothing is known of, which are in line again.
    ///   - isWell: Whether nothing but rows failed; where something else did, ``paused(for:at:)`` follows.
    ///   - now: The time.
    mutating func finished(
        _ outcomes: [RowKey: RowOutcome], retries: [RowKey: Duration] = [:], leaving: [RowKey] = [],
        isWell: Bool = true, at now: Instant
    ) {
        for (key, outcome) in outcomes { settle(key, outcome, retries[key], at: now) }
        if let first = retries.values.min() { retry(at: now + first) }
        // The ceiling is for rows that are embedded. Anybody can announce keys that are none, and those of locked rows come again.
        ceiling?.giveBack(outcomes.count { $0.value == .settled && inFlight[$0.key] == .announced })
        giveBack(locked: outcomes.count { $0.value == .locked(nil) }, of: outcomes.count)
        let vain = outcomes.count { $0.value == .settled && inFlight[$0.key] == .page(backlog.page) }
        if vain * 2 > outcomes.count { renewPage() }
        forgive(Array(outcomes.keys), at: now)
        putBack(leaving, at: now)
        if isWell, outcomes.values.contains(where: \.wasTried) { breaker.succeeded() }
        if !isWell, outcomes.values.contains(.written) { breaker.progressed() }
    }

    /// Others have done what was found: a daemon that fills the same table, or whoever deletes rows. Rather than to claim and
    /// read the rest of the page for nothing, what is left is looked for.
    private mutating func renewPage() {
        guard !backlog.isEmpty else { return }
        backlog.removeAll()
        scans.isWanted = true
    }

    /// Rows that failed may be tried again from then on.
    mutating func retry(at time: Instant) {
        retriesAt = min(retriesAt ?? time, time)
    }

    /// A batch ended without saying anything about its rows.
    mutating func ended(_ keys: [RowKey], at now: Instant) {
        for key in keys { held.returned(key, at: now) }
        forgive(keys, at: now)
        endBatch()
    }

    /// A batch ended without its provider having taken these rows, which are to go to it again.
    mutating func putBack(_ keys: [RowKey], at now: Instant) {
        begun -= keys.count
        for key in keys { held.returned(key, at: now) }
        forgive(keys, at: now)
        backlog.putBack(keys.filter { !held.contains($0) })
        endBatch()
    }

    /// These rows are in flight no more.
    private mutating func forgive(_ keys: [RowKey], at now: Instant) {
        for key in keys {
            inFlight[key] = nil
            guard announcedAgain.remove(key) != nil else { continue }
            // Whether it failed with the text that it has now, the ledger knows.
            if charged.contains(key), !held.hasVector(key) { scans.isWanted = true } else { again(key, at: now) }
        }
    }

    private mutating func endBatch() {
        batches -= 1
        if batches == 0 { scans.batchesEnded(isFull: held.isFull) }
    }

    /// Takes note of what became of a row.
    private mutating func settle(_ key: RowKey, _ outcome: RowOutcome, _ retry: Duration?, at now: Instant) {
        if outcome != .outdated { changes[key] = nil }
        switch outcome {
        case .locked(let row): held.wait(key, with: row, at: now)
        case .refused(let row, _) where retry != nil: held.keep(row, for: retry ?? .zero, at: now)
        // A row that is not in the ledger, since there is none, must not be found again.
        case .failed where retry.map({ $0 >= PipelineSettings.never }) ?? false,
            .rewritten where retry.map({ $0 >= PipelineSettings.never }) ?? false:
            held.shelve(key, at: now)
        case .refused, .failed, .rewritten:
            held.settle(key)
            charged.insert(key)
        case .written, .settled:
            held.settle(key)
            // What was only announced may be no row, with a key as long as whoever sent it likes.
            if outcome == .written || inFlight[key] != .announced { scans.isDone(key) }
        case .outdated:
            held.settle(key)
            let count = (changes[key] ?? 0) + 1
            changes[key] = count
            if count < Self.mostChanges { announced.add(key, at: now) } else { held.postpone(key, at: now) }
        }
    }

    /// After so many changes in a row a row waits a second each time.
    private static let mostChanges = 20

    /// The rows whose claims are kept for nothing any more.
    mutating func takeDropped() -> [RowKey] { held.takeDropped().filter { inFlight[$0] == nil } }

    /// What to do now. A batch that is returned counts as in flight.
    mutating func next(at now: Instant) -> Action {
        if isSuspended { return .wait(until: nil) }
        if let until = breaker.opens(at: now) { return .wait(until: until) }
        if let most = settings.mostRows, begun >= most {
            forget()
            return .wait(until: nil)
        }
        if let time = retriesAt, time <= now {
            retriesAt = nil
            scans.isWanted = true
        }
        var opens = crowdedUntil
        if opens.map({ $0 <= now }) ?? true {
            crowdedUntil = nil
            opens = ceiling?.opens(at: now)
        }
        let most = breaker.isProbing ? 1 : settings.inFlight
        // Beside the last rows of a page the next is fetched, so that whoever embeds does not wait for it.
        if isAheadsTurn { return .scan(limit: page) }
        if batches < most {
            if crowdedUntil == nil, let action = nextBatch(at: now) {
                batches += 1
                return action
            }
            if isScansTurn {
                return .scan(limit: page)
            }
        }
        guard batches < most else { return .wait(until: retriesAt) }
        // What is due now waits for room, or for the ceiling; whatever else has a time, for that.
        let due = [announced.due, held.due, backlog.isEmpty ? nil : now].compactMap { $0 }.min()
        return .wait(until: [due.map { max($0, opens ?? $0) }, retriesAt].compactMap { $0 }.min())
    }

    private var mayScan: Bool { scans.isWanted && !scans.isUnderWay }
    private var isScansTurn: Bool { mayScan && backlog.isEmpty }
    private var isAheadsTurn: Bool {
        guard mayScan, backlog.hasMore, !backlog.isEmpty, backlog.count <= settings.ahead else { return false }
        // Where it would leave out rows that may be locked, those in line are tried first; and what is in line may be enough.
        return !breaker.isProbing && !held.isFull && settings.mostRows.map { begun + backlog.count < $0 } ?? true
    }
    /// What is in flight or held may be found again.
    private var page: Int { settings.page + inFlight.count + held.count }

    private mutating func nextBatch(at now: Instant) -> Action? {
        // New rows first: somebody may be looking for them, while the backlog has waited anyway.
        // Under a ceiling by turns: anybody can announce more keys than it lets through, whether or not there are such rows.
        let isForBacklog = wasAnnouncedsTurn && !backlog.isEmpty && ceiling?.isSet ?? false
        if !isForBacklog, announced.due.map({ $0 <= now }) ?? false,
            let room = room(settings.rows, announced.count, at: now)
        {
            let keys = announced.take(at: now, most: room)?.filter { inFlight[$0] == nil } ?? []
            wasAnnouncedsTurn = !keys.isEmpty
            if !keys.isEmpty { return begin(keys, .announced, granted: room) }
            ceiling?.giveBack(room)
        }
        // Held rows may be many, and neither the backlog nor a scan must wait behind them for ever: by turns.
        let isBacklogsTurn = wasHeldsTurn && !backlog.isEmpty
        wasHeldsTurn = false
        if !isBacklogsTurn, !isScansTurn, let due = held.due, due <= now,
            let room = room(settings.rows, held.count, at: now)
        {
            wasHeldsTurn = true
            switch held.take(room, at: now) {
            case .vectors(let rows):
                ceiling?.giveBack(room)  // they were counted when they were embedded
                for row in rows { inFlight[row.key] = .held }
                return .write(rows)
            case .keys(let keys): return begin(keys, .held, granted: room)
            case nil: ceiling?.giveBack(room)
            }
        }
        while !backlog.isEmpty {
            guard let room = room(settings.backlogRows, backlog.count, at: now) else { return nil }
            // What is announced besides comes in its own turn, and need not wait for locks as a backlog has to.
            let keys = backlog.take(room).filter {
                inFlight[$0] == nil && !held.contains($0) && !charged.contains($0) && !announced.contains($0)
            }
            wasAnnouncedsTurn = false
            if !keys.isEmpty { return begin(keys, .page(backlog.page), granted: room) }
            ceiling?.giveBack(room)
        }
        return nil
    }

    private mutating func begin(_ keys: [RowKey], _ origin: Origin, granted: Int) -> Action {
        let keys = settings.mostRows.map { Array(keys.prefix(max($0 - begun, 0))) } ?? keys
        ceiling?.giveBack(granted - keys.count)
        begun += keys.count
        for key in keys {
            inFlight[key] = origin
            held.began(key)
        }
        return .batch(keys)
    }
}
