import CSystemd
import Glibc

/// A thread outside Swift's pool that calls a function again and again until it is stopped.
///
/// What is called says itself when it wants to be called next, or that it does not.
final class IntervalThread: Sendable {
    private let name: String
    private let readEnd: Int32
    private let writeEnd: Int32

    /// - Parameter name: What ps(1) and debuggers call the thread; 15 bytes count.
    init(name: String) {
        self.name = name
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "no file descriptor left for a pipe: \(String(cString: strerror(errno)))")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (readEnd, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(readEnd)
        close(writeEnd)
    }

    /// Ends ``run(_:)``, now or when it comes.
    func stop() {
        _ = write(writeEnd, "x", 1)
    }

    /// Calls `body` at once and then at the intervals it returns (nil: not any more), until ``stop()``.
    func run(_ body: @escaping @Sendable () -> Duration?) async {
        await withCheckedContinuation { continuation in
            let work = Work {
                csystemd_name_this_thread(self.name)
                self.loop(body)
                continuation.resume()
            }
            var thread = pthread_t()
            // pthread_create(3) carries one pointer: the work, retained here and released by the thread that takes it.
            let failure = pthread_create(&thread, nil, startWork, Unmanaged.passRetained(work).toOpaque())
            precondition(failure == 0, "cannot start a thread: \(String(cString: strerror(failure)))")
            pthread_detach(thread)
        }
    }

    private func loop(_ body: () -> Duration?) {
        while true {
            let wait = body()?.pollMilliseconds ?? -1
            var end = pollfd(fd: readEnd, events: Int16(POLLIN), revents: 0)
            // Interrupted by a signal (EINTR) is as good as waited for: the next round is only early.
            if poll(&end, 1, wait) > 0 { return }
        }
    }
}

private final class Work: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) {
        self.body = body
    }
}

private func startWork(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    argument.map { Unmanaged<Work>.fromOpaque($0).takeRetainedValue().body() }
    return nil
}
