import Synchronization

/// A value that threads change and tasks wait on.
final class Observed<Value: Sendable>: Sendable {
    private struct Waiter: Sendable {
        /// What resumes the waiter when the value is what it waits for; nil when it is not.
        let answer: @Sendable (Value) -> (@Sendable () -> Void)?
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
        let (result, resumptions) = state.withLock { state in
            let result = change(&state.value)
            let value = state.value
            var resumptions: [@Sendable () -> Void] = []
            for (number, waiter) in state.waiters {
                guard let resume = waiter.answer(value) else { continue }
                state.waiters[number] = nil
                resumptions.append(resume)
            }
            return (result, resumptions)
        }
        // Nobody is resumed under the lock: a task that is being cancelled holds one of its own, and comes for ours.
        resumptions.forEach { $0() }
        return result
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
                    answer: { value in
                        do {
                            guard let found = try answer(value) else { return nil }
                            return { continuation.resume(returning: found) }
                        } catch {
                            return { continuation.resume(throwing: error) }
                        }
                    },
                    cancel: { continuation.resume(throwing: CancellationError()) })
                let resume = state.withLock { state -> (@Sendable () -> Void)? in
                    // A task cancelled before this point has run its handler already, and found nobody to resume.
                    if Task.isCancelled { return waiter.cancel }
                    let resume = waiter.answer(state.value)
                    if resume == nil { state.waiters[number] = waiter }
                    return resume
                }
                resume?()
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number)?.cancel }?()
        }
    }
}
