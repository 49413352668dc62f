import Embedders
import PostgresClient
import Synchronization

/// Works off one table's backlog once, without listening.
package struct Drain: Sendable {
    private let table: WatchedTable
    private let embedder: any Embedder
    private let pool: ConnectionPool
    private let settings: PipelineSettings
    private let claims = Claims()
    private let sessions: SessionFactory?
    /// Rows after which it ends whatever is pending: where they come as fast as they are embedded, there would be no end.
    private let enough: Int?
    /// How long a database that goes away is waited for: vectors that were paid for are lost with the process.
    private let longestOutage: Duration

    /// What it waits for.
    package enum Pause: Sendable {
        /// The provider, or a ceiling of ours, asks for it: for how long, and why, as far as that is known.
        case asked(Duration?, because: String?)
        /// The database is away, and is waited for as long at most. What was embedded is kept.
        case outage(any Error, longest: Duration)
    }

    /// What became of the backlog.
    package struct Result: Sendable {
        /// Rows that are embedded or have failed.
        package var processed = 0
        /// Rows whose vector is in the table now.
        package var embedded = 0
        /// Rows that took none, with the reason.
        package var failed: [RowKey: String] = [:]
        /// Rows without text, which got the zero vector.
        package var empty = 0
        /// Rows whose text was cut.
        package var cut = 0
        /// Rows whose text was longer than the model's limit.
        package var long = 0
        /// It has ended though rows are pending: they come as fast as they are embedded.
        package var hasMore = false
    }

    /// - Parameters:
    ///   - table: The table.
    ///   - embedder: Makes the vectors.
    ///   - sessions: Opens the session that rows are claimed with; nil where nobody else can be after them.
    ///   - pool: Lends the sessions.
    ///   - settings: How rows are gathered; `mostRows` limits how many are begun.
    ///   - pending: Rows that are pending, where that is known. When twice as many are done, and some, it ends though others
    ///     may have come.
    ///   - longestOutage: How long a database that goes away is waited for.
    package init(
        table: WatchedTable, embedder: any Embedder, sessions: SessionFactory?, pool: ConnectionPool,
        settings: PipelineSettings, pending: Int? = nil, longestOutage: Duration = .seconds(300)
    ) {
        self.longestOutage = longestOutage
        enough = pending.map { 2 * $0 + 1_000 }
        self.sessions = sessions
        self.table = table
        self.embedder = embedder
        self.pool = pool
        self.settings = settings
    }

    /// Embeds what is pending and ends.
    ///
    /// What may pass is waited for: a provider that is away, as long as it takes three tries, and a database, for five minutes.
    /// - Parameters:
    ///   - waits: Called where it has to wait.
    ///   - progress: Called after each batch with what is done so far.
    /// - Throws: What kept a batch from being done, where that is no row's own; what was written stays written.
    package func run(
        waits: @escaping @Sendable (Pause) -> Void = { _ in },
        _ progress: @escaping @Sendable (Result) -> Void
    ) async throws -> Result {
        var session = try await attach()
        let ended = Signal()
        let state = DrainState()
        let (settings, hasSessions, enough) = (settings, sessions != nil, enough)
        let parts = PipelineParts(
            embedder: embedder, pool: pool, claims: claims, ceiling: Ceiling(rowsPerSecond: settings.rowsPerSecond),
            name: "backfill")
        let pipeline = TablePipeline(table: table, parts: parts, settings: settings, mode: .polled) { event, _ in
            switch event {
            case .batch(let report, _):
                let result = state.add(report)
                progress(result)
                if let enough, result.processed >= enough {
                    state.leaveRest()
                    ended.set()
                }
            case .limited(let wait, let reason): waits(.asked(wait, because: reason))
            case .contended: state.noteContention(at: .now)
            case .scanned(found: 0, _): state.noteContention(at: nil)
            case .trouble(let error):
                if !hasSessions || !state.note(error) { state.fail(error) }
                if !(error is EmbedderError) || !state.isWaiting { ended.set() }
            case .idle:
                // A limit on the rows that are begun is one on second tries too.
                guard settings.mostRows != nil || !state.waitsForOthers(at: .now) else { break }
                state.goesWell()
                ended.set()
            default: break
            }
        }
        await pipeline.look()
        await withDiscardingTaskGroup { tasks in
            tasks.addTask { await pipeline.run() }
            await ended.wait(until: nil)
            while state.isWaiting, !Task.isCancelled {
                // Nothing is tried meanwhile, and nothing fails.
                await pipeline.suspend()
                do {
                    let again = try await reattach(waits)
                    await session?.close()
                    session = again
                } catch {
                    state.fail(error)
                    break
                }
                await pipeline.resume(hears: false)
                await ended.wait(until: nil)
            }
            await pipeline.stop()
            if Task.isCancelled { tasks.cancelAll() }
        }
        await session?.close()
        try Task.checkCancellation()
        return try state.finish()
    }

    /// A session to claim rows with, where others may be after them.
    private func attach() async throws -> PostgresConnection? {
        let session = try await sessions?.open()
        guard let session, !session.isPooled else {
            await claims.withoutLocks()
            return session
        }
        do {
            try await claims.attach(session)
        } catch {
            await session.close()
            throw error
        }
        return session
    }

    /// Another session, for the one that is lost with its server.
    ///
    /// - Throws: What the last of many tries failed with; `CancellationError`.
    private func reattach(_ waits: (Pause) -> Void) async throws -> PostgresConnection? {
        let end = ContinuousClock.now + longestOutage
        var isTold = false
        while ContinuousClock.now < end {
            do {
                return try await attach()
            } catch let error as PostgresError where error.isConnectionFailure {
                if !isTold { waits(.outage(error, longest: longestOutage)) }
                isTold = true
            }
            // A server that starts again takes a while.
            try await Task.sleep(for: .seconds(1))
        }
        return try await attach()
    }
}

/// What a drain has done so far, gathered from its batches.
private final class DrainState: Sendable {
    private let state = Mutex((result: Drain.Result(), error: (any Error)?.none))
    /// What it waits after, and how often in a row something was in the way.
    private let trouble = Mutex(Trouble())
    private static let tries = 3

    private struct Trouble {
        var isWaiting = false
        var count = 0
        var last: ContinuousClock.Instant?
    }
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

    func noteContention(at now: ContinuousClock.Instant?) {
        contended.withLock { since in since = now.map { since ?? $0 } }
    }

    func add(_ report: BatchReport) -> Drain.Result {
        if report.written > 0 { goesWell() }
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

    /// It ends, and more rows are there.
    func leaveRest() { state.withLock { $0.result.hasMore = true } }

    /// Nothing is in the way any more.
    func goesWell() { trouble.withLock { $0 = Trouble() } }

    /// Something is in the way: whether that is worth waiting for its end.
    func note(_ error: any Error) -> Bool {
        let passes =
            switch error {
            case EmbedderError.unavailable: true
            case let error as PostgresError: error.isConnectionFailure
            default: false
            }
        let now = ContinuousClock.now
        return trouble.withLock { trouble in
            // Batches side by side fail of the same.
            if trouble.last.map({ now - $0 >= .seconds(1) }) ?? true {
                (trouble.count, trouble.last) = (trouble.count + 1, now)
            }
            // A database is waited for where it is opened anew; one that comes and goes is no use either.
            let tries = error is PostgresError ? 10 * Self.tries : Self.tries
            trouble.isWaiting = passes && trouble.count < tries
            return trouble.isWaiting
        }
    }

    /// It is what all of it ends with.
    func fail(_ error: any Error) {
        state.withLock { $0.error = $0.error ?? error }
    }

    /// Whether what is in the way is waited for.
    var isWaiting: Bool { trouble.withLock(\.isWaiting) }

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
