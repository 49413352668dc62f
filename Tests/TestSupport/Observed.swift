import Synchronization

/// A value that threads change and tasks wait on.
final class Observed<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        /// Resumes the waiter and returns true when the value is what it waits for.
        let isAnswered: @Sendable (Value) -> Bool
        let cancel: @Sendable () -> Void
    }

    private struct State: Sendable {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    init(_ value: Value) {
        state = Mutex(State(value: value))
    }

    /// The value now.
    var current: Value {
        state.withLock { $0.value }
    }

    /// Changes the value; whoever waited for what it became goes on.
    @discardableResult
    func update<Result: Sendable>(_ change: (inout Value) -> Result) -> Result {
        state.withLock { state in
            let result = change(&state.value)
            let value = state.value
            state.waiters = state.waiters.filter { !$0.value.isAnswered(value) }
            return result
        }
    }

    /// Waits until `answer` returns something or throws, or the task is cancelled.
    func first<Answer: Sendable>(_ answer: @escaping @Sendable (Value) throws -> Answer?) async throws -> Answer {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Answer, any Error>) in
                let waiter = Waiter(
                    isAnswered: { value in
                        do {
                            guard let found = try answer(value) else { return false }
                            continuation.resume(returning: found)
                        } catch {
                            continuation.resume(throwing: error)
                        }
                        return true
                    },
                    cancel: { continuation.resume(throwing: CancellationError()) })
                state.withLock { state in
                    // A task cancelled before this point has run its handler already, and found nobody to resume.
                    if Task.isCancelled {
                        waiter.cancel()
                    } else if !waiter.isAnswered(state.value) {
                        state.waiters[number] = waiter
                    }
                }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number)?.cancel() }
        }
    }
}
