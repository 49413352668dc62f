import CSystemd
import Logging
import Synchronization

/// Pings the service manager only while every loop of the daemon gets on.
///
/// Loops register with ``watch(_:limit:doing:)`` and report through the ``WatchedLoop`` they get. ``run()`` pings at
/// half of the manager's interval while all of them do; when one is stuck it says which in the journal and in the
/// status line, once, and lets the manager kill the process.
///
/// See sd_watchdog_enabled(3) and `WatchdogSec=` in systemd.service(5).
package final class Watchdog: Sendable {
    /// `MESSAGE_ID=` of the entry that names a stuck loop. It never changes.
    package static let stuckID = "ace4fdb7d8164f33a3e62355835b28fa"
    /// `MESSAGE_ID=` of the entry that says that no loop is stuck any more. It never changes.
    package static let recoveredID = "4f5f65cf364f4d51b70ca62eef4448b0"

    /// What the manager allows between two pings; nil when it does not watch this process.
    package let timeout: Duration?

    private let state: Mutex<State>
    private let notifier: ServiceNotifier
    private let logger: Logger
    private let now: @Sendable () -> WatchdogLedger.Instant
    private let note: @Sendable (String?) -> Void

    private struct State {
        var ledger = WatchdogLedger()
        /// Nil when nobody wants a ping.
        var rounds: WatchdogRounds?

        mutating func round(at now: WatchdogLedger.Instant) -> WatchdogRounds.Round? {
            rounds?.round(at: now, in: &ledger)
        }
    }

    /// Watches for the service manager.
    ///
    /// - Parameters:
    ///   - timeout: What the manager allows between two pings.
    ///   - notifier: Carries pings and the status line.
    ///   - logger: Names loops that are stuck.
    ///   - note: Keeps for the next start which loop is stuck; nil: none is any more.
    ///   - now: Reads CLOCK_MONOTONIC.
    package init(
        timeout: Duration? = Watchdog.timeoutOfServiceManager(),
        notifier: ServiceNotifier,
        logger: Logger,
        note: @escaping @Sendable (String?) -> Void = { _ in },
        now: @escaping @Sendable () -> WatchdogLedger.Instant = { SuspendingClock().now }
    ) {
        self.timeout = timeout
        self.state = Mutex(State(rounds: timeout.map(WatchdogRounds.init)))
        self.notifier = notifier
        self.logger = logger
        self.now = now
        self.note = note
    }

    /// `$WATCHDOG_USEC`, where it is meant for this process: sd_watchdog_enabled(3).
    static func timeoutOfServiceManager() -> Duration? {
        var microseconds: UInt64 = 0
        guard sd_watchdog_enabled(0, &microseconds) > 0 else { return nil }
        return .microseconds(Int64(clamping: microseconds))
    }

    /// Starts to watch a loop.
    ///
    /// - Parameters:
    ///   - name: Its name for the journal: `listener`, `pipeline public.music_knowledge`. Watching the same name again
    ///     starts it anew.
    ///   - limit: How long one step of it may take.
    ///   - doing: What it begins with.
    package func watch(_ name: String, limit: Duration, doing: String = "starting") -> WatchedLoop {
        report { $0.watch(name, limit: limit, doing: doing, at: $1) }
        return WatchedLoop(name: name, watchdog: self)
    }

    /// Who is stuck at this moment.
    package func verdict() -> WatchdogLedger.Verdict {
        state.withLock { $0.ledger.verdict(at: now()) }
    }

    /// Pings until the task is cancelled.
    ///
    /// The rounds have a thread of their own, for one of the things that get stuck is Swift's pool of threads; a task
    /// on that pool is watched as the loop `executor`. It has the priority of the task that calls this, and so stands
    /// for the threads of that priority: the one the daemon's work is done with. To be started before slow
    /// initialisation.
    package func run() async {
        let thread = IntervalThread(name: "watchdog")
        await withTaskCancellationHandler {
            guard let timeout else { return await thread.run { nil } }
            await withTaskGroup { group in
                let executor = watch("executor", limit: timeout / 2, doing: "running tasks")
                group.addTask {
                    while !Task.isCancelled {
                        executor.progress("running tasks")
                        try? await Task.sleep(for: timeout / 8, clock: .suspending)
                    }
                    executor.ended()
                }
                await thread.run { self.round() }
                group.cancelAll()
            }
        } onCancel: {
            thread.stop()
        }
    }

    /// One round: pings or complains.
    ///
    /// - Returns: When the next one is due; nil when nobody wants any.
    func round() -> Duration? {
        guard let round = state.withLock({ $0.round(at: now()) }) else { return nil }
        for loop in round.newlyStuck {
            logger.critical(
                "stuck: \(loop); no more watchdog pings until it gets on, the service manager will kill this process",
                metadata: [
                    LogEntry.messageID: "\(Self.stuckID)", LogEntry.event: "watchdogStuck", "loop": "\(loop.name)",
                    "doing": "\(loop.doing)",
                    "silentMs": "\(loop.silence.wholeMicroseconds / 1_000)",
                ])
        }
        if let shown = round.shown { notifier.status("stuck: \(shown)") }
        // Last, for the disk may be what hangs.
        if !round.newlyStuck.isEmpty, case .stuck(let loops) = verdict() {
            note(loops.map(\.description).joined(separator: "; "))
        }
        if round.recovered {
            logger.notice(
                "every loop makes progress again; watchdog pings resumed",
                metadata: [LogEntry.messageID: "\(Self.recoveredID)", LogEntry.event: "watchdogRecovered"])
            notifier.status("recovered: every loop makes progress again")
        }
        if round.ping { notifier.watchdogPing() }
        if round.recovered { note(nil) }
        return round.next
    }

    fileprivate func report(_ change: (inout WatchdogLedger, WatchdogLedger.Instant) -> Void) {
        state.withLock { change(&$0.ledger, now()) }
    }
}

/// A loop's way to tell the ``Watchdog`` how it gets on. Cheap, and callable from anywhere.
package struct WatchedLoop: Sendable {
    /// The loop's name.
    package let name: String
    fileprivate let watchdog: Watchdog

    /// The loop got on, and now does something that must not take longer than its limit.
    ///
    /// - Parameter doing: What it does, to stand after "while": `embedding 50 rows`.
    package func progress(_ doing: String) {
        watchdog.report { $0.progress(name, doing: doing, at: $1) }
    }

    /// The loop waits for something outside, which is not being stuck.
    ///
    /// - Parameters:
    ///   - what: What it does, to stand after "while": `waiting for a notification`.
    ///   - heartbeat: How long until it wakes by itself at the latest; nil when it may wait for ever.
    package func waits(_ what: String, heartbeat: Duration? = nil) {
        watchdog.report { $0.waits(name, for: what, heartbeat: heartbeat, at: $1) }
    }

    /// The loop has ended as it should.
    package func ended() {
        watchdog.report { ledger, _ in ledger.forget(name) }
    }
}
