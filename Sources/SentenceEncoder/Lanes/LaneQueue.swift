import Glibc
import Synchronization

/// Who wants texts encoded. Lanes serve both in turn, an item at a time, so that neither keeps the other waiting for more
/// than one.
package enum EncoderQueue: Int, Sendable, CaseIterable {
    /// Rows of tables.
    case rows
    /// Somebody who waits for an answer.
    case callers
}

/// The jobs that lanes take items from: of each queue the oldest first, for so one batch is written while the next is
/// computed; and an item of each queue in turn.
///
/// Unchecked, because the mutex is POSIX's: a condition variable, by which idle lanes sleep, needs one of those. All
/// that changes is only touched while it is held.
final class LaneQueue<State>: @unchecked Sendable {
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [[LaneJob<State>]] = Array(repeating: [], count: EncoderQueue.allCases.count)
    /// The queue whose turn it is.
    private var turn = 0
    private var isClosed = false

    init() {
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(changed, nil)
    }

    deinit {
        pthread_cond_destroy(changed)
        pthread_mutex_destroy(mutex)
        changed.deallocate()
        mutex.deallocate()
    }

    func add(_ job: LaneJob<State>, to queue: EncoderQueue) {
        pthread_mutex_lock(mutex)
        jobs[queue.rawValue].append(job)
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// Jobs of which an item may be left.
    var waiting: Int {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        return jobs.reduce(0) { $0 + $1.count }
    }

    /// Lets lanes end as soon as nothing is left.
    func close() {
        pthread_mutex_lock(mutex)
        isClosed = true
        pthread_cond_broadcast(changed)
        pthread_mutex_unlock(mutex)
    }

    /// The next item; waits for one. Nil when there will be none.
    func next() -> (LaneJob<State>, Int)? {
        pthread_mutex_lock(mutex)
        defer { pthread_mutex_unlock(mutex) }
        while true {
            for queue in [turn, 1 - turn] {
                while let job = jobs[queue].first {
                    if let item = job.begin() {
                        turn = 1 - queue
                        return (job, item)
                    }
                    jobs[queue].removeFirst()
                }
            }
            if isClosed { return nil }
            pthread_cond_wait(changed, mutex)
        }
    }
}

/// Items that are begun one after the other, and what became of them.
final class LaneJob<State>: Sendable {
    private struct Progress {
        var begun = 0
        var ended = 0
        var error: (any Error)?
        var whenDone: (@Sendable (Result<Void, any Error>) -> Void)?
    }

    private let items: Int
    private let body: @Sendable (State, Int) throws -> Void
    private let progress = Mutex(Progress())

    init(items: Int, _ body: @escaping @Sendable (State, Int) throws -> Void) {
        self.items = items
        self.body = body
    }

    /// Calls `body` when no item is under way any more and none will be begun; at once where that is so.
    func whenDone(_ body: @escaping @Sendable (Result<Void, any Error>) -> Void) {
        settle { $0.whenDone = body }
    }

    /// Begins no more items.
    func fail(_ error: any Error) {
        settle { $0.error = $0.error ?? error }
    }

    /// The number of the next item; nil when all are begun.
    func begin() -> Int? {
        progress.withLock { progress in
            guard progress.error == nil, progress.begun < items else { return nil }
            progress.begun += 1
            return progress.begun - 1
        }
    }

    /// Performs an item that was begun.
    func perform(_ item: Int, with state: () throws -> State) {
        do {
            try body(try state(), item)
            settle { $0.ended += 1 }
        } catch {
            settle {
                $0.ended += 1
                $0.error = $0.error ?? error
            }
        }
    }

    private func settle(_ change: (inout Progress) -> Void) {
        let done: (@Sendable (Result<Void, any Error>) -> Void, (any Error)?)? = progress.withLock { progress in
            change(&progress)
            let isOver = progress.error == nil ? progress.ended == items : progress.ended == progress.begun
            guard isOver, let whenDone = progress.whenDone else { return nil }
            progress.whenDone = nil
            return (whenDone, progress.error)
        }
        if let (whenDone, error) = done { whenDone(error.map { .failure($0) } ?? .success(())) }
    }
}
