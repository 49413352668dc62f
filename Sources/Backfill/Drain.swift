import Embedders
import PostgresClient
import Synchronization

/// Works off one table's backlog once, without listening.
public struct Drain: Sendable {
    private let table: WatchedTable
    private let embedder: any Embedder
    private let pool: ConnectionPool
    private let settings: PipelineSettings
    private let claims = Claims()
    private let sessions: SessionFactory?

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
    ///   - sessions: Opens the session that rows are claimed with; nil where nobody else can be after them.
    ///   - pool: Lends the sessions.
    ///   - settings: How rows are gathered; `mostRows` limits how many are begun.
    public init(
        table: WatchedTable, embedder: any Embedder, sessions: SessionFactory?, pool: ConnectionPool,
        settings: PipelineSettings
    ) {
        self.sessions = sessions
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
        let session = try await sessions?.open()
        defer { Task { await session?.close() } }
        if let session, !session.isPooled { try await claims.attach(session) } else { await claims.withoutLocks() }
        let ended = Signal()
        let state = DrainState()
        let settings = settings
        let parts = PipelineParts(
            embedder: embedder, pool: pool, claims: claims, ceiling: Ceiling(rowsPerSecond: settings.rowsPerSecond),
            name: "backfill")
        let pipeline = TablePipeline(table: table, parts: parts, settings: settings, mode: .polled) { event, _ in
            switch event {
            case .batch(let report, _): progress(state.add(report))
            case .contended: state.isContended(at: .now)
            case .scanned(found: 0, _): state.isContended(at: nil)
            case .trouble(let error):
                state.fail(error)
                ended.set()
            case .idle:
                // A limit on the rows that are begun is one on second tries too.
                if settings.mostRows != nil || !state.waitsForOthers(at: .now) { ended.set() }
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

    /// Since when there have been rows that a daemon beside us has claimed.
    private let contended = Mutex(ContinuousClock.Instant?.none)

    /// How long rows are waited for that others have locked or claimed: a daemon beside us for a moment, somebody else for
    /// long.
    private static let patience = Duration.seconds(5)

    /// Whether there are others' rows that are worth another try.
    func waitsForOthers(at now: ContinuousClock.Instant) -> Bool {
        let since = contended.withLock(\.self)
        return locked.withLock { !$0.keys.isEmpty && now - $0.since < Self.patience }
            || since.map { now - $0 < Self.patience } ?? false
    }

    func isContended(at now: ContinuousClock.Instant?) {
        contended.withLock { since in since = now.map { since ?? $0 } }
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
