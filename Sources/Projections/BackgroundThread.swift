import Glibc

/// Computes on a thread of its own that gives way to whatever else wants the processor: none of the threads that the
/// daemon's work, or its listener, runs on is taken.
package enum BackgroundThread {
    /// Runs `body`, which takes a while and waits for nothing.
    ///
    /// - Returns: What it returned; nil where the system has no thread to give.
    package static func run<T: Sendable>(_ body: @escaping @Sendable () -> T) async -> T? {
        await withCheckedContinuation { (continuation: CheckedContinuation<T?, Never>) in
            let start = Start { isRunning in continuation.resume(returning: isRunning ? body() : nil) }
            var (all, before) = (sigset_t(), sigset_t())
            sigfillset(&all)
            // Signals are for the process's other threads.
            pthread_sigmask(SIG_SETMASK, &all, &before)
            defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
            var thread = pthread_t()
            let context = Unmanaged.passRetained(start)
            let status = pthread_create(
                &thread, nil,
                { context in
                    let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
                    // Linux keeps it for this thread alone; where a sandbox refuses, it runs as the others do.
                    setpriority(Int32(PRIO_PROCESS.rawValue), 0, 19)
                    start.body(true)
                    return nil
                }, context.toOpaque())
            guard status == 0 else {
                context.release()
                return start.body(false)
            }
            pthread_detach(thread)
        }
    }

    private final class Start: Sendable {
        let body: @Sendable (_ isRunning: Bool) -> Void

        init(_ body: @escaping @Sendable (Bool) -> Void) { self.body = body }
    }
}
