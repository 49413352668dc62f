/// Decides when a table is listened to and when it is polled, and with which locks: the daemon's half of the handshake
/// with its writers.
///
/// A notification costs every writer the server's group commit. So writers notify an idle daemon and leave a busy one
/// alone: it holds the lock K while it polls, and a writer that finds K taken keeps quiet and holds X, shared, until it
/// ends. To go idle the daemon gives K back, so that new writers notify again, and scans until it gets X for itself: then
/// no quiet writer is left, and one more scan sees whatever they wrote. `Tests/Model/handshake.pml` is the proof.
///
/// A pure value: it is told the time and what came of its actions.
struct Handshake: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// How notifications are used.
    enum Mode: Sendable, Hashable {
        /// Writers notify while nobody polls.
        case notified
        /// Nobody notifies, or nobody would hear it: polling for ever, without locks.
        case polled
    }

    /// One step with a lock; the next comes when it has ended.
    enum LockStep: Sendable, Hashable {
        /// Queue for K, for a short time.
        case lockPolling
        /// Give K back.
        case unlockPolling
        /// Try X.
        case trySkipped
        /// Give X back.
        case unlockSkipped
    }

    enum Action: Sendable, Equatable {
        /// Look for pending rows, as soon as those known are begun.
        case scan
        case lock(LockStep)
        case wait(until: Instant?)
    }

    enum Phase: Sendable, Hashable {
        /// Writers notify; nothing is asked.
        case listening
        /// Scans at a pace, with K if it can be had.
        case polling
        /// K is given back, or about to be; waits for the quiet writers to end.
        case draining
        /// X is ours: one more scan.
        case last
    }

    private(set) var phase: Phase
    /// K is ours.
    private(set) var hasPolling = false
    /// X is ours.
    private(set) var hasSkipped = false
    private var mode: Mode
    private var paces: PollingPace
    /// A lock step is under way.
    private var isStepping = false
    /// One try for K, and in draining one for X, goes with each scan.
    private var mayTry = false
    /// A scan was asked for and has not begun.
    private var isAsked = false
    /// The scan under way began in this phase; nil while none is under way.
    private var scanningSince: Phase?
    private var nextScan: Instant?
    private var lastScan: Instant?
    private var pace: Duration
    private var emptyScans = 0
    /// Something was heard since the last scan began.
    private var isWanted = false
    /// Notifications heard since then.
    private var heard = 0
    private var heardSince: Instant?

    init(_ mode: Mode, pace paces: PollingPace) {
        self.mode = mode
        self.paces = paces
        pace = paces.first
        phase = mode == .polled ? .polling : .listening
    }

    // MARK: Events

    /// There is something to do, and nobody says what: a bare wake-up, a start, a new LISTEN, a probe that found a row.
    mutating func wake(at now: Instant) {
        isWanted = true
        switch phase {
        // Under X a scan may have begun before what woke us: it is looked at again behind it.
        case .last: break
        case .listening, .draining: poll(at: now)
        case .polling:
            // At once, but no faster than the pace: wake-ups may come by the thousand.
            pace = paces.first
            nextScan = min(nextScan ?? now, max(now, (lastScan ?? now) + paces.first))
        }
    }

    /// A notification named its rows, which are served as they are. Too many of them, and polling is cheaper for all.
    mutating func notified(at now: Instant) {
        if now - (heardSince ?? now) >= .seconds(1) || heardSince == nil { (heard, heardSince) = (0, now) }
        heard += 1
        if heard > paces.mostNotifications, phase == .listening || phase == .draining { poll(at: now) }
    }

    /// Other paces from now on.
    mutating func apply(_ paces: PollingPace) {
        self.paces = paces
        pace = min(max(pace, paces.first), paces.longest)
    }

    /// Another mode from now on.
    mutating func apply(_ mode: Mode, at now: Instant) {
        guard mode != self.mode else { return }
        self.mode = mode
        if phase != .last { poll(at: now) }
    }

    /// A scan began: what is heard from here on wants another.
    mutating func scanBegan() {
        isAsked = false
        isWanted = false
        scanningSince = phase
    }

    /// A scan came back with so many rows that were not known, or are a peer's.
    mutating func scanned(_ rows: Int, at now: Instant) {
        let since = scanningSince
        scanningSince = nil
        lastScan = now
        nextScan = now + pace
        pace = min(pace * 2, paces.longest)
        emptyScans = rows == 0 ? emptyScans + 1 : 0
        mayTry = true
        switch phase {
        case .polling where mode == .notified && emptyScans >= paces.emptyScans && !isWanted: phase = .draining
        case .last where since == .last: if isWanted { poll(at: now) } else { phase = .listening }
        // It began before X was ours.
        case .last: nextScan = now
        case .polling, .draining, .listening: break
        }
    }

    /// A scan failed, or was given up.
    mutating func scanFailed(at now: Instant) {
        scanningSince = nil
        isAsked = false
        isWanted = true
        nextScan = now + pace
        if phase == .last { phase = .polling }
        lastScan = now
    }

    /// Rows were embedded or written: it is worth looking for more soon.
    mutating func progressed() { pace = paces.first }

    /// A lock step ended; `isDone` where the lock was obtained, or is given back. A session that is lost has no locks.
    mutating func stepped(_ step: LockStep, isDone: Bool, at now: Instant) {
        isStepping = false
        switch step {
        case .lockPolling: hasPolling = isDone
        case .unlockPolling: hasPolling = false
        case .trySkipped:
            hasSkipped = isDone
            guard isDone, phase == .draining else { return }
            phase = .last
            nextScan = now
        case .unlockSkipped: hasSkipped = false
        }
    }

    /// The session of the locks is another: what was ours is nobody's, and worth having again.
    mutating func locksLost(at now: Instant) {
        guard hasPolling || hasSkipped else { return }
        (hasPolling, hasSkipped, mayTry) = (false, false, true)
        if phase == .last { poll(at: now) }
    }

    // MARK: Decision

    /// What to do now. A scan that is asked for stays asked until it begins; a lock step is under way until it has ended.
    mutating func next(at now: Instant) -> Action {
        if !isStepping, let step = nextStep() {
            isStepping = true
            return .lock(step)
        }
        guard let due = scanDue else { return .wait(until: nil) }
        if now < due { return .wait(until: due) }
        isAsked = true
        return .scan
    }

    private mutating func nextStep() -> LockStep? {
        // X is for the last scan only: whoever polls or listens with it would keep a peer from going idle.
        if hasSkipped, phase != .last { return .unlockSkipped }
        switch phase {
        case .polling:
            guard mode == .notified else { return hasPolling ? .unlockPolling : nil }
            guard !hasPolling, mayTry else { return nil }
            mayTry = false
            return .lockPolling
        case .draining:
            // K first: new writers notify again while X is waited for.
            if hasPolling { return .unlockPolling }
            guard mayTry else { return nil }
            mayTry = false
            return .trySkipped
        case .listening, .last: return hasPolling ? .unlockPolling : nil
        }
    }

    private var scanDue: Instant? {
        guard !isAsked, scanningSince == nil else { return nil }
        switch phase {
        case .listening: return nil
        case .polling, .draining, .last: return nextScan
        }
    }

    private mutating func poll(at now: Instant) {
        phase = .polling
        pace = paces.first
        emptyScans = 0
        mayTry = true
        nextScan = now
    }
}

/// How fast a table is polled while it is busy, and when it is left alone again.
package struct PollingPace: Sendable, Hashable {
    /// Between two scans of a busy table, at least.
    package var first = Duration.milliseconds(50)
    /// Between two scans that brought nothing, at most: the pace doubles from the first to this.
    package var longest = Duration.seconds(1)
    /// After so many empty scans in a row the table is listened to again.
    var emptyScans = 3
    /// More notifications than this within a second, and the table is polled.
    var mostNotifications = 20

    /// The defaults.
    package init() {}
}
