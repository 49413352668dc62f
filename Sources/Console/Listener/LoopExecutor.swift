import Dispatch
import NIOCore
import Synchronization

/// Runs the console's tasks on its own thread, so that what it parses and renders takes none of the threads on which the
/// daemon works.
final class LoopExecutor: TaskExecutor {
    private let loop: any EventLoop
    private let isOver = Mutex(false)

    init(_ loop: any EventLoop) { self.loop = loop }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let run = { @Sendable in job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        // A task that somebody still waits for has to come to its end.
        if !execute(run) { DispatchQueue.global().async(execute: run) }
    }

    /// Does something on the thread.
    ///
    /// - Returns: Whether it takes anything yet.
    @discardableResult
    func execute(_ work: @escaping @Sendable () -> Void) -> Bool {
        isOver.withLock { isOver in
            if !isOver { loop.execute(work) }
            return !isOver
        }
    }

    /// The thread is about to end, and takes nothing more: tasks go on elsewhere. What it was given before is done when this returns.
    func leave() async {
        isOver.withLock { $0 = true }
        try? await loop.submit {}.get()
    }
}
