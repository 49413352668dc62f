import Synchronization

/// Wakes one waiting loop: at a time, or when something happened, whichever comes first.
final class Signal: Sendable {
    private struct State {
        var isSet = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    /// Something happened: the loop that waits, or will wait next, looks again.
    func set() {
        state.withLock { state in
            state.isSet = true
            return state.waiter.take()
        }?.resume()
    }

    /// Waits until it is set, or until that time; returns early when the task is cancelled.
    func wait(until deadline: ContinuousClock.Instant?) async {
        let alarm = deadline.map { deadline in
            Task {
                try? await Task.sleep(until: deadline, clock: .continuous)
                if !Task.isCancelled { self.set() }
            }
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isSet = state.withLock { state in
                    if !state.isSet { state.waiter = continuation }
                    return state.isSet
                }
                if isSet { continuation.resume() }
            }
        } onCancel: {
            set()
        }
        alarm?.cancel()
        state.withLock { $0.isSet = false }
    }
}
