/// Decides what one table's pipeline does next.
///
/// It knows which rows are announced, found, in flight and held, and answers with an action; it does nothing itself and
/// is told the time, so that every decision can be tested without a database.
struct Intake: Sendable {
    typealias Instant = ContinuousClock.Instant

    enum Action: Sendable, Equatable {
        /// Claim, read, embed and write these rows.
        case batch([RowKey])
        /// Write these vectors, which were kept because their rows were locked or took none.
        case write([EmbeddedRow])
        /// Look for pending rows in the table, at most so many.
        case scan(limit: Int)
        /// Nothing until then, or until something happens.
        case wait(until: Instant?)
    }

    private var settings: PipelineSettings
    private var announced: Debouncer
    private var backlog: [RowKey] = []
    /// How much of `backlog` has been handed out; cheaper than taking from the front.
    private var handedOut = 0
    private var inFlight: Set<RowKey> = []
    /// Those in flight that nobody has seen in the table yet.
    private var hearsay: Set<RowKey> = []
    /// Announced while in flight: what the batch read of them may be out of date.
    private var announcedAgain: Set<RowKey> = []
    /// How often in a row a key's text changed between read and write.
    private var changes: [RowKey: Int] = [:]
    private(set) var held: Held
    /// How often rows were written lately, and since when that is counted.
    private var writes: [RowKey: Int] = [:]
    private var writesSince: Instant?
    private var wasHeldsTurn = false
    private var batches = 0
    private var begun = 0
    private var isScanWanted = false
    private var isScanning = false
    /// A scan met rows in flight, which may have been pending still, or again: it is worth another when they are done.
    private var isScanDoubtful = false
    /// Until when nothing is tried, after a failure that is no row's own.
    private var pausedUntil: Instant?
    private var backoff: Backoff
    private var random: any RandomNumberGenerator & Sendable

    init(settings: PipelineSettings, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()) {
        self.settings = settings
        self.random = random
        announced = Debouncer(quiet: settings.quiet, longest: settings.longest, rows: settings.rows)
        held = Held(retry: settings.retry)
        backoff = Backoff(first: settings.retry.first, longest: settings.retry.longest)
    }

    /// Rows known to be pending that are not in flight.
    var waiting: Int { announced.count + backlog.count - handedOut }
    /// Rows in batches under way.
    var working: Int { inFlight.count }
    /// Whether nothing is left to do that is known of.
    var isIdle: Bool { waiting == 0 && inFlight.isEmpty && !isScanWanted && !isScanning && pausedUntil == nil }

    // MARK: Events

    /// From now on other settings hold.
    mutating func apply(_ settings: PipelineSettings) {
        self.settings = settings
        announced.apply(quiet: settings.quiet, longest: settings.longest, rows: settings.rows)
        held.apply(settings.retry)
        backoff = Backoff(first: settings.retry.first, longest: settings.retry.longest)
    }

    /// A notification named rows.
    mutating func announce(_ keys: [RowKey], at now: Instant) {
        guard announced.count + keys.count <= settings.mostAnnounced else {
            // More than is worth holding: the scan finds them, in constant memory.
            announced.removeAll()
            isScanWanted = true
            return
        }
        for key in keys {
            // It is new, or it changed: either way what was held of it is out of date.
            held.settle(key)
            if inFlight.contains(key) { announcedAgain.insert(key) } else { announced.add(key, at: now) }
        }
    }

    /// There is something to do somewhere: after a bare wake-up, a new LISTEN, or a probe that found a pending row.
    mutating func wantScan() {
        isScanWanted = true
    }

    /// The server has answered a batch with an error. Anybody can send notifications, with keys that are none: if these
    /// rows were announced, what was announced is let go, and a scan finds those that the table has.
    ///
    /// - Returns: Whether they were.
    mutating func distrust(_ keys: [RowKey]) -> Bool {
        guard keys.contains(where: hearsay.contains) else { return false }
        announced.removeAll()
        isScanWanted = true
        return true
    }

    /// A scan began: what is wanted from here on wants another one.
    mutating func scanBegan() {
        isScanning = true
        isScanWanted = false
    }

    /// A scan failed.
    mutating func scanFailed() {
        isScanning = false
    }

    /// A scan came back.
    mutating func scanned(_ keys: [RowKey], limit: Int) {
        isScanning = false
        backlog = keys.filter { !inFlight.contains($0) && !held.contains($0) }
        handedOut = 0
        if keys.contains(where: inFlight.contains) { isScanDoubtful = true }
        // A full page may have more behind it; a page of nothing new would only be found again.
        // When no more rows can be held, those that could not be would come again at once: the next probe is soon enough.
        if keys.count >= limit, !backlog.isEmpty, !held.isFull { isScanWanted = true }
    }

    /// Rows that are held, to look whether their text is another by now; those in flight left out.
    var suspects: [RowKey] { held.withSource(500).filter { !inFlight.contains($0) } }

    /// What was found of suspects: the hashes of their present texts.
    mutating func examined(_ sources: [RowKey: Int64], at now: Instant) {
        for (key, source) in sources where !inFlight.contains(key) && held.hasChanged(key, source: source) {
            held.settle(key)
            announced.add(key, at: now)
        }
    }

    /// A batch, or a scan, failed for a reason that is no row's own: everything waits, nobody is charged.
    mutating func paused(at now: Instant) {
        pausedUntil = now + backoff.next(using: &random)
        forget()
        isScanWanted = true
    }

    /// Lets go of what is not in flight; all of it is in the table, so nothing is lost.
    private mutating func forget() {
        backlog = []
        handedOut = 0
        announced.removeAll()
        isScanWanted = false
    }

    /// The connection is back, or the schema is: no need to wait any longer.
    mutating func resume() {
        pausedUntil = nil
        backoff.reset()
    }

    /// A batch came to its end with these outcomes.
    ///
    /// - Returns: Rows that were set aside by it, with the reason.
    mutating func finished(
        _ outcomes: [RowKey: RowOutcome], sources: [RowKey: Int64] = [:], at now: Instant
    ) -> [(key: RowKey, reason: String)] {
        var setAside: [(RowKey, String)] = []
        for (key, outcome) in outcomes {
            guard let reason = settle(key, outcome, at: now) else { continue }
            let (vector, source) = (outcome.keptVector, sources[key])
            if held.fail(key, reason: reason, vector: vector, source: source, at: now, using: &random) {
                setAside.append((key, reason))
            }
        }
        release(Array(outcomes.keys), at: now)
        backoff.reset()
        return setAside
    }

    /// A batch ended without saying anything about its rows.
    mutating func ended(_ keys: [RowKey], at now: Instant) {
        for key in keys { held.returned(key, at: now) }
        release(keys, at: now)
    }

    private mutating func release(_ keys: [RowKey], at now: Instant) {
        for key in keys {
            inFlight.remove(key)
            hearsay.remove(key)
            guard announcedAgain.remove(key) != nil else { continue }
            // As when it is announced at any other time.
            held.settle(key)
            announced.add(key, at: now)
        }
        batches -= 1
        if batches == 0, isScanDoubtful {
            isScanDoubtful = false
            if !held.isFull { isScanWanted = true }
        }
    }

    /// Takes note of what became of a row; the reason where it is to be charged for it.
    private mutating func settle(_ key: RowKey, _ outcome: RowOutcome, at now: Instant) -> String? {
        if outcome != .outdated { changes[key] = nil }
        switch outcome {
        case .written:
            held.settle(key)
            return charge(forWriting: key, at: now)
        case .settled:
            held.settle(key)
        case .outdated:
            held.settle(key)
            let count = (changes[key] ?? 0) + 1
            changes[key] = count
            if count < Self.mostChanges {
                announced.add(key, at: now)
            } else {
                held.postpone(key, reason: "its text changed \(count) times while it was embedded", at: now)
            }
        case .locked(let row):
            held.wait(for: row, at: now)
        case .refused(_, let reason), .failed(let reason):
            return reason
        case .rewritten:
            return outcome.problem
        }
        return nil
    }

    /// A row that is written again and again within a minute has a trigger that takes its vector away after the write.
    private mutating func charge(forWriting key: RowKey, at now: Instant) -> String? {
        if now - (writesSince ?? now) > .seconds(60) || writes.count >= 2_000 { writes = [:] }
        if writes.isEmpty { writesSince = now }
        writes[key, default: 0] += 1
        return writes[key]! < Self.mostWrites ? nil : RowOutcome.rewritten.problem
    }

    /// After so many writes within a minute a row is charged with each.
    private static let mostWrites = 100

    /// After so many changes in a row a row waits a second each time.
    private static let mostChanges = 20

    // MARK: Decision

    /// What to do now. A batch that is returned counts as in flight.
    mutating func next(at now: Instant) -> Action {
        if let pausedUntil {
            if now < pausedUntil { return .wait(until: pausedUntil) }
            self.pausedUntil = nil
        }
        if let most = settings.mostRows, begun >= most {
            forget()
            return .wait(until: nil)
        }
        if batches < settings.inFlight {
            if let action = nextBatch(at: now) {
                batches += 1
                return action
            }
            if isScanWanted, !isScanning {
                return .scan(limit: settings.page + inFlight.count + held.count)
            }
        }
        guard batches < settings.inFlight else { return .wait(until: nil) }
        return .wait(until: [announced.due, held.due].compactMap { $0 }.min())
    }

    private mutating func nextBatch(at now: Instant) -> Action? {
        // New rows first: somebody may be looking for them, while the backlog has waited anyway.
        if let keys = announced.take(at: now)?.filter({ !inFlight.contains($0) }), !keys.isEmpty {
            hearsay.formUnion(keys)
            return begin(keys, at: now)
        }
        // Held rows may be many, and the backlog must not wait behind them for ever: by turns.
        let isBacklogsTurn = wasHeldsTurn && handedOut < backlog.count
        wasHeldsTurn = false
        if !isBacklogsTurn, let due = held.due, due <= now {
            wasHeldsTurn = true
            switch held.take(settings.rows, at: now) {
            case .vectors(let rows):
                inFlight.formUnion(rows.map(\.key))
                return .write(rows)
            case .keys(let keys): return begin(keys, at: now)
            case nil: break
            }
        }
        while handedOut < backlog.count {
            let keys = backlog[handedOut...].prefix(settings.backlogRows).filter {
                !inFlight.contains($0) && !held.contains($0)
            }
            handedOut = min(handedOut + settings.backlogRows, backlog.count)
            if !keys.isEmpty { return begin(keys, at: now) }
        }
        return nil
    }

    private mutating func begin(_ keys: [RowKey], at now: Instant) -> Action {
        let keys = settings.mostRows.map { Array(keys.prefix(max($0 - begun, 0))) } ?? keys
        begun += keys.count
        inFlight.formUnion(keys)
        for key in keys { held.began(key, at: now) }
        return .batch(keys)
    }
}
