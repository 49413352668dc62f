import Embedders
import PostgresClient
import Synchronization

/// Works off one table's backlog once, without listening.
public struct Drain: Sendable {
    private let table: WatchedTable
    private let embedder: any Embedder
    private let pool: ConnectionPool
    private let settings: PipelineSettings

    /// What became of the backlog.
    public struct Result: Sendable {
        /// Rows that were begun.
        public var processed = 0
        /// Rows whose vector is in the table now.
        public var embedded = 0
        /// Rows that took none, with the reason.
        public var failed: [RowKey: String] = [:]
        /// Rows without text, which got the zero vector.
        public var empty = 0
        /// Rows whose text was cut.
        public var cut = 0
        /// Rows whose text was longer than the model's limit.
        public var long = 0
    }

    /// - Parameters:
    ///   - table: The table.
    ///   - embedder: Makes the vectors.
    ///   - pool: Lends the sessions.
    ///   - settings: How rows are gathered; `mostRows` limits how many are begun.
    public init(table: WatchedTable, embedder: any Embedder, pool: ConnectionPool, settings: PipelineSettings) {
        self.table = table
        self.embedder = embedder
        self.pool = pool
        self.settings = settings
    }

    /// Embeds what is pending now and ends.
    ///
    /// - Parameter progress: Called after each batch with what is done so far.
    /// - Throws: What kept a batch from being done, where that is no row's own; what was written stays written.
    public func run(_ progress: @escaping @Sendable (Result) -> Void) async throws -> Result {
        let ended = Signal()
        let state = DrainState()
        let settings = settings
        let pipeline = TablePipeline(table: table, embedder: embedder, pool: pool, settings: settings) { event, _ in
            switch event {
            case .batch(let report, _): progress(state.add(report))
            case .trouble(let error):
                state.fail(error)
                ended.set()
            case .idle:
                // A limit on the rows that are begun is one on second tries too.
                if settings.mostRows != nil || !state.waitsForLocks(at: .now) { ended.set() }
            default: break
            }
        }
        await pipeline.look()
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await pipeline.run() }
            await ended.wait(until: nil)
            await pipeline.stop()
            if Task.isCancelled { tasks.cancelAll() }
        }
        try Task.checkCancellation()
        return try state.finish()
    }
}

/// What a drain has done so far, gathered from its batches.
private final class DrainState: Sendable {
    private let state = Mutex((result: Drain.Result(), error: (any Error)?.none))
    /// Rows that were locked at their last try, and since when there have been any.
    private let locked = Mutex((keys: Set<RowKey>(), since: ContinuousClock.now))

    /// How long rows are waited for that others have locked: a daemon beside us for a moment, somebody else for long.
    private static let patience = Duration.seconds(5)

    /// Whether there are locked rows that are worth another try.
    func waitsForLocks(at now: ContinuousClock.Instant) -> Bool {
        locked.withLock { !$0.keys.isEmpty && now - $0.since < Self.patience }
    }

    func add(_ report: Batch.Report) -> Drain.Result {
        locked.withLock { locked in
            for (key, outcome) in report.outcomes {
                if case .locked = outcome {
                    if locked.keys.isEmpty { locked.since = .now }
                    locked.keys.insert(key)
                } else {
                    locked.keys.remove(key)
                }
            }
        }
        return state.withLock { state in
            state.result.embedded += report.written
            state.result.empty += report.empty
            state.result.cut += report.cut
            state.result.long += report.long
            for (key, outcome) in report.outcomes {
                state.result.failed[key] = outcome.problem
            }
            state.result.processed = state.result.embedded + state.result.failed.count
            return state.result
        }
    }

    func fail(_ error: any Error) {
        state.withLock { $0.error = $0.error ?? error }
    }

    func finish() throws -> Drain.Result {
        try state.withLock { state in
            if let error = state.error { throw error }
            return state.result
        }
    }
}

extension RowOutcome {
    static let lockedReason = "locked by another transaction"

    /// Why a row has no vector yet, where that is a failure or somebody's lock.
    var problem: String? {
        switch self {
        case .written, .outdated, .settled: nil
        case .locked: Self.lockedReason
        case .refused(_, let reason), .failed(let reason): reason
        case .rewritten: "a trigger of the table changes the text whenever the embedding is written"
        }
    }
}
