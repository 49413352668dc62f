import Backfill
import Synchronization
import Systemd

/// Tells the service manager how the daemon is: READY once, STATUS when it changes, the watchdog through named loops.
///
/// The loop of a pipeline is watched from one wait to the next, and never while it waits, be it for something to do or for
/// batches under way. What those wait for in their turn has a limit of its own: statements and requests have deadlines, and
/// a lane of the encoder and its calls are watched by ``LaneWatch``. So neither a database that is away, nor a pause, nor a
/// batch that takes an hour and advances is taken for a loop that hangs.
final class Supervision: Sendable {
    private struct State {
        /// How long the listener may be silent now, and from its next heartbeat on.
        var silence: (now: Duration, next: Duration)
        var isReady = false
        var isStopping = false
        /// The line that was sent last.
        var shown = ""

        var longestSilence: Duration { Standstill.limit(max(silence.now, silence.next)) }
    }

    private let notifier: ServiceNotifier
    private let listener: WatchedLoop
    private let pipelines: [Int32: WatchedLoop]
    private let state: Mutex<State>
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// From one wait to the next a pipeline only decides.
    private static let pipelineLimit = Duration.seconds(300)
    /// For a resolver that takes its time.
    private static let room = Duration.seconds(60)

    /// - Parameter tables: Their names for people, by the numbers that they have when the daemon begins.
    init(notifier: ServiceNotifier, watchdog: Watchdog, tables: [Int32: String], settings: ListenerSettings) {
        self.notifier = notifier
        let silence = Self.silence(settings)
        state = Mutex(State(silence: (silence, silence)))
        listener = watchdog.watch("listener", limit: Standstill.limit(Self.room), doing: "connecting")
        listener.waits("connecting", heartbeat: Standstill.limit(silence))
        pipelines = tables.mapValues {
            watchdog.watch("pipeline \($0)", limit: Standstill.limit(Self.pipelineLimit))
        }
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// One heartbeat, and all that a new session asks before it tells anything.
    private static func silence(_ settings: ListenerSettings) -> Duration { settings.heartbeat + settings.deadline * 6 }

    // MARK: What happens

    func hear(_ event: Daemon.Event) {
        switch event {
        case .listener(let event): hear(event)
        case .table(let table, let event, let condition): hear(event, condition, of: table.watch)
        case .stage: break
        }
    }

    func hear(_ event: Listener.Event) {
        switch event {
        case .lost(_, let wait):
            listener.waits("waiting to connect again", heartbeat: Standstill.limit(wait + began()))
        case .heartbeat:
            listener.waits("listening", heartbeat: Standstill.limit(began()))
            Standstill.here("listener")
        case .wakeup:
            listens()
            Standstill.here("listener")
        default: listens()
        }
        changed.yield()
    }

    func hear(_ event: PipelineEvent, _ condition: PipelineCondition, of watch: Int32) {
        guard let loop = pipelines[watch] else { return }
        let rows = condition.working.counted("row")
        switch event {
        case .progress:
            loop.progress("deciding what is next, with \(rows) under way")
            if condition.working > 0 { Standstill.here("pipeline") }
        case .parked:
            loop.waits(condition.working == 0 ? "waiting for something to do" : "waiting for \(rows) under way")
        // Said by a batch or a look at the table, while the loop itself waits as before.
        default: break
        }
        changed.yield()
    }

    /// The listener goes on with other settings: from the next heartbeat on, and until then those of before may hold.
    func apply(_ settings: ListenerSettings) {
        state.withLock { $0.silence.next = Self.silence(settings) }
        listens()
    }

    private func listens() {
        listener.waits("listening", heartbeat: state.withLock(\.longestSilence))
    }

    /// The listener begins another wait, with the settings that hold now: for so long it may be silent.
    private func began() -> Duration {
        state.withLock { state in
            state.silence.now = state.silence.next
            return state.silence.now
        }
    }

    // MARK: What is told

    /// Whether the service manager still waits for READY. It does so once: whatever happens later is no start.
    var isStarting: Bool { state.withLock { !$0.isReady && !$0.isStopping } }

    /// Sends READY when the daemon is, then STATUS whenever it is another, at most once a second; until cancelled.
    ///
    /// - Throws: `UndeliverableReady`.
    func run(_ vitals: @Sendable () -> Vitals, ready: @Sendable (String) -> Void) async throws {
        for await _ in changes {
            let now = vitals()
            let line = now.statusLine(at: .now, timeOfDay: timeOfDay)
            if try tell(line, isReady: now.isReady) { ready(line) }
            if !isStarting { try? await Task.sleep(for: .seconds(1)) }
        }
    }

    /// - Returns: Whether this was READY.
    private func tell(_ line: String, isReady: Bool) throws(UndeliverableReady) -> Bool {
        // Sent under the lock, so that nothing that was made up before STOPPING comes after it.
        try state.withLock { state throws(UndeliverableReady) in
            let isFirst = isReady && !state.isReady && !state.isStopping
            if isFirst {
                state.isReady = true
                try notifier.ready(status: line)
            } else if line != state.shown {
                notifier.status(state.isStopping ? "stopping: \(line)" : line)
            }
            state.shown = line
            return isFirst
        }
    }

    /// Sends STOPPING; every STATUS from here on says so, too.
    func stopping() {
        state.withLock { state in
            state.isStopping = true
            notifier.stopping(status: "stopping: finishing the batches under way")
        }
    }

    /// Sends RELOADING, where a reload is what the service manager may see now.
    func reloading() {
        state.withLock { state in
            guard state.isReady, !state.isStopping else { return }
            notifier.reloading(status: "reading the configuration again")
        }
    }

    /// Sends the READY that ends a reload.
    func reloaded(_ line: String) throws(UndeliverableReady) {
        try state.withLock { state throws(UndeliverableReady) in
            guard state.isReady, !state.isStopping else { return }
            try notifier.ready(status: line)
            state.shown = line
        }
    }
}
