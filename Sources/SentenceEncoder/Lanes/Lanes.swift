import Glibc

/// Threads that share out the items of jobs, each with a state of its own; they sleep while there is nothing to do.
///
/// Not tasks: an item computes for milliseconds without a pause, which would take a thread from the cooperative pool,
/// and a lane's state is tied to its thread.
final class Lanes<State>: Sendable {
    /// Threads.
    let count: Int
    private let queue: LaneQueue<State>
    private let threads: [pthread_t]

    /// Starts lanes.
    ///
    /// - Parameters:
    ///   - count: How many threads; at least one. Where the system gives fewer, those do.
    ///   - observe: Hears from each lane when it begins an item and when it has ended one.
    ///   - makeState: Called by each thread before its first item; where it throws, the item does.
    /// - Throws: ``NoThread`` if there is none.
    init(
        count: Int, observe: LaneObserver? = nil, _ makeState: @escaping @Sendable () throws -> State
    ) throws(NoThread) {
        let queue = LaneQueue<State>()
        self.queue = queue
        var threads: [pthread_t] = []
        for number in 0..<count {
            let thread = LaneThread.start(name: "encoder \(number)") {
                var state: State?
                while let (job, item) = queue.next() {
                    observe?(number, true)
                    defer { observe?(number, false) }
                    job.perform(item) {
                        if let state { return state }
                        let made = try makeState()
                        state = made
                        return made
                    }
                }
            }
            guard let thread else { break }
            threads.append(thread)
        }
        guard !threads.isEmpty else { throw NoThread() }
        self.threads = threads
        self.count = threads.count
    }

    /// Jobs of which an item may be left.
    var waiting: Int { queue.waiting }

    deinit {
        queue.close()
        // What is under way ends first: a thread reads what this object's owner owns.
        for thread in threads { pthread_join(thread, nil) }
    }

    /// Performs `body` once for each of `items`, on whichever lane is free, and returns when all are done.
    ///
    /// Items are begun in order, in turn with those of the other queue. A task that is cancelled begins no more of them.
    /// - Throws: The first error of an item, which keeps others from being begun; `CancellationError`.
    func run(
        _ items: Int, in place: EncoderQueue = .rows, _ body: @escaping @Sendable (State, Int) throws -> Void
    ) async throws {
        guard items > 0 else { return }
        let job = LaneJob<State>(items: items, body)
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                job.whenDone { continuation.resume(with: $0) }
                queue.add(job, to: place)
            }
        } onCancel: {
            job.fail(CancellationError())
        }
    }
}

/// Hears whether a lane, by its number, is at work. Called on the lane's thread, with each item: to return at once.
package typealias LaneObserver = @Sendable (_ lane: Int, _ isAtWork: Bool) -> Void

/// The system starts no thread: the limit of tasks (systemd's TasksMax=) or of memory is reached.
struct NoThread: Error, CustomStringConvertible {
    var description: String { "no thread can be started: the limit of tasks or of memory is reached" }
}

/// Starts threads.
enum LaneThread {
    private final class Start {
        let name: String
        let body: @Sendable () -> Void
        init(name: String, body: @escaping @Sendable () -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Names the calling thread, for `top -H` and debuggers (proc_pid_comm(5)); a name is nothing to fail for.
    fileprivate static func setName(_ name: String) {
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = write(file, name, name.utf8.count)
        close(file)
    }

    /// Starts a thread that takes no signals: those are for the process's other threads. Nil where the system does not.
    static func start(name: String, _ body: @escaping @Sendable () -> Void) -> pthread_t? {
        var all = sigset_t()
        var before = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        var thread = pthread_t()
        let start = Unmanaged.passRetained(Start(name: name, body: body))
        let status = pthread_create(
            &thread, nil,
            { context in
                let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
                LaneThread.setName(start.name)
                start.body()
                return nil
            }, start.toOpaque())
        guard status == 0 else {
            start.release()
            return nil
        }
        return thread
    }
}
