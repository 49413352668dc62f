import PostgresClient
import Synchronization

/// Notifications to be waited for until a time.
final class Inbox: Sendable {
    enum Next: Sendable {
        case notification(payload: String)
        case end
    }

    /// Notifications that wait to be heard, at most.
    private static let most = 16_384

    private struct State {
        var payloads: [String] = []
        var taken = 0
        var isEnded = false
    }

    private let state = Mutex(State())
    private let signal = Signal()
    private let pump: Mutex<Task<Void, Never>?> = Mutex(nil)

    init(_ notifications: AsyncStream<PostgresNotification>) {
        pump.withLock {
            $0 = Task { [weak self] in
                for await notification in notifications where notification.channel == Wakeup.channel {
                    self?.put(notification.payload)
                }
                self?.put(nil)
            }
        }
    }

    deinit { pump.withLock { $0?.cancel() } }

    private func put(_ payload: String?) {
        state.withLock { state in
            guard let payload else { return state.isEnded = true }
            // What is dropped here is found by the next heartbeat's probe.
            if state.payloads.count < Self.most { state.payloads.append(payload) }
        }
        signal.set()
    }

    /// The next notification or the end; nil when the time comes first.
    func next(until deadline: ContinuousClock.Instant) async -> Next? {
        while true {
            let next: Next? = state.withLock { state in
                if state.taken < state.payloads.count {
                    defer { state.taken += 1 }
                    return .notification(payload: state.payloads[state.taken])
                }
                state.payloads.removeAll(keepingCapacity: true)
                state.taken = 0
                return state.isEnded ? .end : nil
            }
            if let next { return next }
            if Task.isCancelled || ContinuousClock.now >= deadline { return nil }
            await signal.wait(until: deadline)
        }
    }
}
