import Backfill
import Console
import Logging
import Synchronization

/// Runs the console beside the daemon, whose work does not depend on it: a console that fails, or hangs, is told, and tables
/// are filled as before. Hence no checker of the watchdog, which would let the process be killed.
final class ConsoleWatch: Sendable {
    private enum Event: Sendable {
        case look
        case answered
        case ended((any Error)?)
        case givenUp
    }

    private let limit: Duration
    private let logger: Logger
    private let underWay = Mutex(0)

    /// After a stop, which the console itself ends before that, it is left alone.
    private static let patience = Duration.seconds(10)

    /// - Parameter limit: How long the console's thread may take to come to something new.
    init(limit: Duration, logger: Logger) {
        self.limit = limit
        self.logger = logger
    }

    /// A request has begun, or has ended.
    @Sendable func observe(isUnderWay: Bool) {
        underWay.withLock { $0 += isUnderWay ? 1 : -1 }
        Standstill.here("console")
    }

    /// Returns when the console has ended; of a task that is cancelled soon after, in any case.
    func run(_ console: Console) async {
        let (events, event) = AsyncStream.makeStream(of: Event.self)
        let running = Task { try await console.run() }
        Task {
            do {
                try await running.value
                event.yield(.ended(nil))
            } catch {
                event.yield(.ended(error))
            }
        }
        let clock = Task { [limit] in
            while !Task.isCancelled {
                try? await Task.sleep(for: limit / 2)
                event.yield(.look)
            }
        }
        defer { clock.cancel() }
        await withTaskCancellationHandler {
            // In a task of its own: no cancellation may keep it from hearing of the end.
            await Task { await watch(console, events) { event.yield(.answered) } }.value
        } onCancel: {
            running.cancel()
            Task {
                try? await Task.sleep(for: Self.patience)
                event.yield(.givenUp)
            }
        }
    }

    private func watch(
        _ console: Console, _ events: AsyncStream<Event>, _ answered: @escaping @Sendable () -> Void
    ) async {
        var asked: ContinuousClock.Instant?
        var isTold = false
        for await event in events {
            switch event {
            case .look:
                guard let since = asked else {
                    asked = .now
                    console.ping(answered)
                    continue
                }
                guard !isTold, .now - since >= limit else { continue }
                isTold = true
                let count = underWay.withLock(\.self)
                logger.tell(
                    .consoleStuck,
                    """
                    the console has come to nothing new for \(Vitals.span(.now - since)), with \(count) requests under way; \
                    tables are filled as before. If it stays so, restart the service
                    """, [.silentMs: (.now - since).inMilliseconds])
            case .answered:
                asked = nil
                if isTold { logger.tell(.consoleBack, "the console answers again") }
                isTold = false
            case .ended(nil), .givenUp: return
            case .ended(let error?):
                guard !(error is CancellationError) else { return }
                logger.tell(
                    .consoleFailed,
                    "the console has failed, and answers nobody until the service is restarted; tables are filled as before: \(error)"
                )
                return
            }
        }
    }
}
