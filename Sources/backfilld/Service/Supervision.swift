import Backfill
import Synchronization
import Systemd

/// Tells the service manager how the daemon is: READY once, STATUS when it changes, the watchdog through named loops.
final class Supervision: Sendable {
    private let notifier: ServiceNotifier
    private let listener: WatchedLoop
    private let pipelines: [Int32: WatchedLoop]
    private let patience: Duration
    private let changes: AsyncStream<Void>
    private let changed: AsyncStream<Void>.Continuation

    /// A batch waits for sessions, for the embedder and for the server, each with limits of its own; only if a pipeline
    /// with work under way says nothing for so long is it stuck.
    private static let pipelineLimit = Duration.seconds(300)

    init(notifier: ServiceNotifier, watchdog: Watchdog, tables: [WatchedTable], settings: ListenerSettings) {
        self.notifier = notifier
        // One heartbeat, connecting and an answer, with room for a resolver that takes its time.
        patience = settings.heartbeat + settings.deadline * 3 + .seconds(60)
        listener = watchdog.watch("listener", limit: Standstill.limit(patience), doing: "connecting")
        pipelines = Dictionary(
            uniqueKeysWithValues: tables.map { table in
                (
                    table.watch,
                    watchdog.watch("pipeline \(table.displayName)", limit: Standstill.limit(Self.pipelineLimit))
                )
            })
        (changes, changed) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    func hear(_ event: Daemon.Event) {
        switch event {
        case .listener(.lost(_, let wait)): listener.waits("to connect again", heartbeat: wait + patience)
        case .listener(.heartbeat), .listener(.wakeup):
            listener.progress("listening")
            Standstill.here("listener")
        case .listener: listener.progress("listening")
        case .table(let table, let event, let condition):
            guard let loop = pipelines[table.watch] else { return }
            if case .parked = event, condition.working == 0 {
                loop.waits("for something to do")
            } else {
                loop.progress("\(condition.working) rows under way")
                if condition.working > 0 { Standstill.here("pipeline") }
            }
        case .stage: return
        }
        changed.yield()
    }

    /// Sends READY when the daemon is, then STATUS whenever it is another, at most once a second; until cancelled.
    ///
    /// - Throws: `UndeliverableReady`.
    func run(_ vitals: @Sendable () -> Vitals, ready: @Sendable (String) -> Void) async throws {
        var isReady = false
        var shown = ""
        for await _ in changes {
            let now = vitals()
            let line = now.statusLine(at: .now, timeOfDay: timeOfDay)
            if !isReady, now.isReady {
                isReady = true
                try notifier.ready(status: line)
                ready(line)
            } else if line != shown {
                notifier.status(line)
            }
            shown = line
            if isReady { try? await Task.sleep(for: .seconds(1)) }
        }
    }
}
