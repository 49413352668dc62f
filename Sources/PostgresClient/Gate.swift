/// Who may use something that only so many may use at once, and who waits for it: first come first served.
///
/// A pure value inside an actor: the actor resumes whom it names.
package struct Gate<Waiter> {
    private var free: Int
    private var waiting: [(ticket: Int, waiter: Waiter)] = []
    private var lastTicket = 0

    package init(places: Int) {
        free = places
    }

    /// Takes a place if one is free.
    package mutating func tryEnter() -> Bool {
        if free == 0 { return false }
        free -= 1
        return true
    }

    /// A number by which a waiter can leave the queue.
    package mutating func ticket() -> Int {
        lastTicket += 1
        return lastTicket
    }

    /// Waits in line.
    package mutating func queue(_ waiter: Waiter, ticket: Int) {
        waiting.append((ticket, waiter))
    }

    /// Takes a waiter out of the queue who no longer wants to wait; nil where his turn has come already.
    package mutating func abandon(ticket: Int) -> Waiter? {
        guard let at = waiting.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        return waiting.remove(at: at).waiter
    }

    /// Hands a place on: to the next in the queue, who has it now, or back.
    package mutating func leave() -> Waiter? {
        guard !waiting.isEmpty else {
            free += 1
            return nil
        }
        return waiting.removeFirst().waiter
    }
}

/// An actor whose callers come in through a gate.
package protocol Gated: Actor {
    /// The gate; only the functions of this protocol touch it.
    var gate: Gate<CheckedContinuation<Void, any Error>> { get set }
}

extension Gated {
    /// Waits for a place.
    ///
    /// - Throws: `CancellationError`, its place in the queue given up.
    package func enter() async throws {
        try Task.checkCancellation()
        if gate.tryEnter() { return }
        let ticket = gate.ticket()
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (waiter: CheckedContinuation<Void, any Error>) in
                // The way here may be a suspension, where the task prefers an executor of its own: a place that has become free
                // meanwhile was given to nobody, and who has given up was not found in the queue.
                if Task.isCancelled { return waiter.resume(throwing: CancellationError()) }
                if gate.tryEnter() { return waiter.resume() }
                gate.queue(waiter, ticket: ticket)
            }
        } onCancel: {
            Task { await self.abandon(ticket: ticket) }
        }
    }

    /// Gives the place to the next in line.
    package func leave() {
        gate.leave()?.resume()
    }

    private func abandon(ticket: Int) {
        gate.abandon(ticket: ticket)?.resume(throwing: CancellationError())
    }
}
