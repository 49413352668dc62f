import Dispatch

/// Runs an actor's jobs on a serial dispatch queue of its own.
///
/// libpq may block where no option stops it: in getaddrinfo(3), in a GSSAPI exchange, in `PQcancel`. On a queue of its
/// own that holds up one connection and never Swift's cooperative pool, which has a thread a core. Dispatch sources
/// deliver on the same queue, so that a handler is inside the actor already.
final class QueueExecutor: SerialExecutor {
    let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
