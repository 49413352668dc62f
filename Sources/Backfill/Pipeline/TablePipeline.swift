import Embedders
import PostgresClient

/// Keeps one table filled: does what its ``Intake`` decides, and tells it what came of it.
public actor TablePipeline {
    /// The table.
    public nonisolated let table: WatchedTable
    private var batch: Batch
    private let embedder: any Embedder
    private let pool: ConnectionPool
    private let clock = ContinuousClock()
    private let signal = Signal()
    private let hear: @Sendable (PipelineEvent, PipelineCondition) -> Void
    private var intake: Intake
    private var isStopping = false
    /// The failure that everything waits after; nil while things go well.
    private var trouble: (any Error)?
    /// Why it has ended by itself: nothing that it could write belongs into the table any more.
    public private(set) var end: TableProblem?

    /// - Parameters:
    ///   - table: The table to fill.
    ///   - embedder: Makes the vectors.
    ///   - pool: Lends sessions; shared by all tables.
    ///   - settings: How rows are gathered and tried again.
    ///   - report: Hears of everything worth telling; called from any task, must return at once.
    public init(
        table: WatchedTable, embedder: any Embedder, pool: ConnectionPool, settings: PipelineSettings,
        report: @escaping @Sendable (PipelineEvent, PipelineCondition) -> Void
    ) {
        self.table = table
        hear = report
        self.embedder = embedder
        self.pool = pool
        batch = Batch(table: table, embedder: embedder, pool: pool, settings: settings)
        intake = Intake(settings: settings)
    }

    // MARK: What may be told to it

    /// Rows were announced by a notification.
    public func announce(_ keys: [RowKey]) {
        intake.announce(keys, at: clock.now)
        signal.set()
    }

    /// There may be pending rows: a bare wake-up, a new LISTEN, a probe that found one.
    public func look() {
        intake.wantScan()
        signal.set()
    }

    /// A connection is there again: what waited for it goes on.
    public func resume() {
        intake.resume()
        signal.set()
    }

    /// Goes on with other settings; batches under way keep theirs.
    public func apply(_ settings: PipelineSettings) {
        batch = Batch(table: table, embedder: embedder, pool: pool, settings: settings)
        intake.apply(settings)
        signal.set()
    }

    /// No new batch begins; `run` returns when those under way are done.
    public func stop() {
        isStopping = true
        signal.set()
    }

    /// What it is about.
    public var condition: PipelineCondition {
        PipelineCondition(
            waiting: intake.waiting, working: intake.working, held: intake.held.count,
            setAside: intake.held.setAside, isIdle: intake.isIdle, trouble: trouble.map { "\($0)" })
    }

    private func report(_ event: PipelineEvent) {
        hear(event, condition)
    }

    // MARK: The loop

    /// Works until stopped, cancelled or superseded (see ``end``), then waits for the batches under way.
    public func run() async {
        await withDiscardingTaskGroup { tasks in
            while !isStopping, !Task.isCancelled {
                report(.progress)
                switch intake.next(at: clock.now) {
                case .batch(let keys): tasks.addTask { await self.embed(keys) }
                case .write(let rows): tasks.addTask { await self.write(rows) }
                case .scan(let limit):
                    intake.scanBegan()
                    tasks.addTask { await self.scan(limit) }
                case .wait(let until):
                    if intake.isIdle { report(.idle) }
                    report(.parked)
                    await signal.wait(until: until)
                }
            }
        }
    }

    private func embed(_ keys: [RowKey]) async {
        let batch = batch
        await attempt(keys) { try await batch.run(keys) }
    }

    private func write(_ rows: [EmbeddedRow]) async {
        let writer = batch.writer
        await attempt(rows.map(\.key)) {
            var report = Batch.Report()
            report.outcomes = try await writer.write(rows)
            return report
        }
    }

    private func attempt(_ keys: [RowKey], _ work: @Sendable () async throws -> Batch.Report) async {
        let began = clock.now
        do {
            let done = try await work()
            recovered()
            let setAside = intake.finished(done.outcomes, sources: done.sources, at: clock.now)
            report(.batch(done, took: clock.now - began))
            for (key, reason) in setAside { report(.setAside(key: key, reason: reason)) }
        } catch let problem as TableProblem {
            intake.ended(keys, at: clock.now)
            if end == nil {
                end = problem
                failed(problem)
                isStopping = true
            }
        } catch {
            let isAnswer = (error as? PostgresError).map { $0.code == .server && !$0.isConnectionFailure } ?? false
            let isHearsay = isAnswer && intake.distrust(keys)
            intake.ended(keys, at: clock.now)
            if !isHearsay { failed(error) }
        }
        signal.set()
    }

    private func scan(_ limit: Int) async {
        do {
            let keys = try await batch.reader.scan(limit: limit)
            recovered()
            intake.scanned(keys, limit: limit)
            let suspects = intake.suspects
            if !suspects.isEmpty {
                let rows = try await batch.reader.read(suspects)
                intake.examined(Dictionary(rows.map { ($0.key, $0.source) }) { $1 }, at: clock.now)
            }
            report(.scanned(found: keys.count, isAll: keys.count < limit))
        } catch {
            intake.scanFailed()
            failed(error)
        }
        signal.set()
    }

    private func failed(_ error: any Error) {
        if isStopping || error is CancellationError { return }
        intake.paused(at: clock.now)
        trouble = error
        report(.trouble(error))
    }

    private func recovered() {
        guard trouble != nil else { return }
        trouble = nil
        report(.recovered)
    }
}

/// What a pipeline is about at one moment.
public struct PipelineCondition: Sendable, Hashable {
    /// Rows known to be pending and not begun.
    public var waiting: Int
    /// Rows in batches under way.
    public var working: Int
    /// Rows that wait for another try.
    public var held: Int
    /// Those of them that have used up their attempts.
    public var setAside: Int
    /// Whether it knows of nothing to do.
    public var isIdle: Bool
    /// The failure that everything waits after.
    public var trouble: String?
}

/// What a pipeline has to tell.
public enum PipelineEvent: Sendable {
    /// The loop went round.
    case progress
    /// The loop waits, for something to happen or for a time.
    case parked
    /// Nothing is left to do.
    case idle
    /// A scan brought keys; `isAll` where there was room for more.
    case scanned(found: Int, isAll: Bool)
    /// A batch came to its end.
    case batch(Batch.Report, took: Duration)
    /// A row has used up its attempts.
    case setAside(key: RowKey, reason: String)
    /// A batch or scan failed for a reason that is no row's own; everything waits.
    case trouble(any Error)
    /// Things go well again.
    case recovered
}
