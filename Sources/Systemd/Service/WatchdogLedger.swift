/// Who has to make progress, and who last did: the watchdog's knowledge, without its clock, its thread or its socket.
///
/// Each loop has a limit of its own. A loop that works must report within its limit. A loop that waits, legitimately
/// and perhaps for ever (for a notification, for a database that is away), says so and is not stuck; if it wakes by
/// itself now and then it names that heartbeat too, and must report within the heartbeat and its limit together.
///
/// Instants are those of CLOCK_MONOTONIC (Swift's `SuspendingClock` on Linux), which neither a set clock nor a
/// suspended machine moves.
package struct WatchdogLedger: Sendable {
    /// A moment of CLOCK_MONOTONIC.
    package typealias Instant = SuspendingClock.Instant

    /// A loop that has been silent for longer than it may.
    package struct StuckLoop: Sendable, Hashable {
        /// The loop's name.
        package let name: String
        /// What it said it was doing when it last reported.
        package let doing: String
        /// When it last reported.
        package let since: Instant
        /// How long it has been silent.
        package let silence: Duration
        /// How long it might have been silent.
        package let allowance: Duration
    }

    /// What the watchdog may conclude.
    package enum Verdict: Sendable, Hashable {
        /// Every loop works or waits within its time.
        case allGood
        /// These do not; the one longest over its time first.
        case stuck([StuckLoop])
    }

    private struct Loop {
        var limit: Duration
        var doing: String
        var last: Instant
        /// How long it may be silent; nil when it waits for something that may never come.
        var allowance: Duration?
    }

    private var loops: [String: Loop] = [:]

    /// Watches nobody yet.
    package init() {}

    /// Starts to watch a loop, or starts it anew with another limit.
    package mutating func watch(_ name: String, limit: Duration, doing: String, at now: Instant) {
        loops[name] = Loop(limit: limit, doing: doing, last: now, allowance: limit)
    }

    /// Watches a loop no longer: it has ended as it should.
    package mutating func forget(_ name: String) {
        loops[name] = nil
    }

    /// A loop got on, and now does something that must not take longer than its limit.
    package mutating func progress(_ name: String, doing: String, at now: Instant) {
        report(name, doing: doing, at: now) { $0.limit }
    }

    /// A loop waits for something outside.
    ///
    /// - Parameters:
    ///   - name: The loop's.
    ///   - what: What it waits for, for a message.
    ///   - heartbeat: How long until it wakes by itself at the latest; nil when it may wait for ever.
    ///   - now: The time.
    package mutating func waits(_ name: String, for what: String, heartbeat: Duration?, at now: Instant) {
        report(name, doing: what, at: now) { loop in heartbeat.map { $0 + loop.limit } }
    }

    /// Takes time off everybody's silence in which the process as a whole did not run (stopped, frozen, starved).
    package mutating func forgive(_ time: Duration, at now: Instant) {
        loops = loops.mapValues { loop in
            var loop = loop
            loop.last = min(now, loop.last + time)
            return loop
        }
    }

    /// Who is stuck at this moment.
    package func verdict(at now: Instant) -> Verdict {
        let stuck = loops.compactMap { name, loop -> StuckLoop? in
            let silence = loop.last.duration(to: now)
            guard let allowance = loop.allowance, silence > allowance else { return nil }
            return StuckLoop(name: name, doing: loop.doing, since: loop.last, silence: silence, allowance: allowance)
        }
        guard !stuck.isEmpty else { return .allGood }
        return .stuck(stuck.sorted { ($1.overdue, $0.name) < ($0.overdue, $1.name) })
    }

    private mutating func report(_ name: String, doing: String, at now: Instant, allowance: (Loop) -> Duration?) {
        // A loop that nobody watches any more may still have a report under way. Two tasks of one loop may report in
        // the other order than they read the clock: time does not go back for that.
        guard var loop = loops[name], now >= loop.last else { return }
        loop.doing = doing
        loop.last = now
        loop.allowance = allowance(loop)
        loops[name] = loop
    }
}

extension WatchdogLedger.StuckLoop {
    fileprivate var overdue: Duration { silence - allowance }
}

extension WatchdogLedger.StuckLoop: CustomStringConvertible {
    /// `listener has made no progress for 41 s (allowed: 30 s) while connecting`
    package var description: String {
        "\(name) has made no progress for \(silence.spoken) (allowed: \(allowance.spoken)) while \(doing)"
    }
}
