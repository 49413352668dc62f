import Embedders
import PostgresClient

/// Keeps one table filled: does what its ``Intake`` and its ``Handshake`` decide, and tells them what came of it.
public actor TablePipeline {
    /// The table as it was last looked at.
    public private(set) var table: WatchedTable
    private var batch: Batch
    /// nil for a column that is filled beside the one in use: its rows are charged nowhere.
    private var ledger: FailureLedger?
    private let parts: PipelineParts
    private var settings: PipelineSettings
    private let clock = ContinuousClock()
    private let signal = Signal()
    private let hear: @Sendable (PipelineEvent, PipelineCondition) -> Void
    private var intake: Intake
    private var handshake: Handshake
    private var standing = LedgerStanding()
    /// There is something in the ledger, which may hold no more.
    private var isPurgeDue = false
    private var isStandby = false
    private var isStopping = false
    /// The failure that everything waits after; nil while things go well.
    private var trouble: (any Error)?
    /// The table is not what it was, and nothing begins until it can be filled again.
    private var problem: TableProblem?
    /// It is to be inspected; it is being inspected.
    private var isDoubtful = false
    private var inspection: Task<Bool, any Error>?
    /// Why it has ended by itself: nothing that it could write belongs into the table any more.
    public private(set) var end: TableProblem?

    /// - Parameters:
    ///   - table: The table to fill.
    ///   - parts: What it works with.
    ///   - settings: How rows are gathered and tried again.
    ///   - mode: Whether writers notify.
    ///   - report: Hears of everything worth telling; called from any task, must return at once.
    init(
        table: WatchedTable, parts: PipelineParts, settings: PipelineSettings, mode: Handshake.Mode,
        report: @escaping @Sendable (PipelineEvent, PipelineCondition) -> Void
    ) {
        self.table = table
        self.parts = parts
        self.settings = settings
        hear = report
        batch = Batch(table: table, embedder: parts.embedder, pool: parts.pool, settings: settings)
        ledger = Self.ledger(of: table, parts)
        intake = Intake(settings: settings, ceiling: parts.ceiling)
        handshake = Handshake(mode, pace: settings.polling)
    }

    private static func ledger(of table: WatchedTable, _ parts: PipelineParts) -> FailureLedger? {
        table.hasLedger ? FailureLedger(table: table, pool: parts.pool, daemon: parts.name) : nil
    }

    // MARK: What may be told to it

    /// Rows were announced by a notification.
    public func announce(_ keys: [RowKey]) {
        handshake.notified(at: clock.now)
        intake.announce(keys, at: clock.now)
        signal.set()
    }

    /// There may be pending rows: a bare wake-up, a new LISTEN, a probe that found one.
    public func look() {
        handshake.wake(at: clock.now)
        signal.set()
    }

    /// A connection is there again: what waited for it goes on.
    ///
    /// - Parameter hears: Whether notifications come through it.
    public func resume(hears: Bool) {
        let mode: Handshake.Mode = hears && table.notify != .off ? .notified : .polled
        handshake.apply(mode, at: clock.now)
        intake.resume()
        signal.set()
    }

    /// The connection is gone: nothing begins until there is another.
    public func suspend() {
        intake.suspend()
    }

    /// Whether another daemon has the table, where there can be but one, so that nothing begins here.
    public func standBy(_ isStandby: Bool) {
        guard isStandby != self.isStandby else { return }
        self.isStandby = isStandby
        if !isStandby { handshake.wake(at: clock.now) }
        signal.set()
    }

    /// Goes on with other settings; batches under way keep theirs.
    public func apply(_ settings: PipelineSettings) {
        self.settings = settings
        batch = Batch(table: table, embedder: parts.embedder, pool: parts.pool, settings: settings)
        intake.apply(settings)
        handshake.apply(settings.polling)
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
            failing: standing.failing, setAside: standing.setAside, pausedFor: standing.pausedSince,
            isPolling: handshake.phase != .listening, isStandby: isStandby, isIdle: intake.isIdle || isStandby,
            trouble: problem.map { "\($0)" } ?? trouble.map { "\($0)" })
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
                let dropped = intake.takeDropped()
                if !dropped.isEmpty {
                    tasks.addTask { [table] in await self.parts.claims.drop(dropped, of: table.watch) }
                }
                if isDoubtful {
                    isDoubtful = false
                    tasks.addTask { _ = try? await self.inspect() }
                }
                if isPurgeDue {
                    isPurgeDue = false
                    tasks.addTask { await self.purge() }
                }
                let now = clock.now
                var wake: ContinuousClock.Instant?
                switch handshake.next(at: now) {
                case .scan:
                    intake.wantScan()
                    continue
                case .lock(let step):
                    tasks.addTask { await self.perform(step) }
                    continue
                case .wait(let until): wake = until
                }
                switch problem == nil && !isStandby ? intake.next(at: now) : .wait(until: nil) {
                case .batch(let keys): tasks.addTask { await self.embed(keys) }
                case .write(let rows): tasks.addTask { await self.write(rows) }
                case .scan(let limit):
                    intake.scanBegan()
                    handshake.scanBegan()
                    tasks.addTask { await self.scan(limit) }
                case .wait(let until):
                    if intake.isIdle || isStandby { report(.idle) }
                    report(.parked)
                    await signal.wait(until: [until, wake].compactMap { $0 }.min())
                }
            }
        }
        await leave()
    }

    /// Gives back what keeps writers from notifying, as far as it is this table's.
    private func leave() async {
        if handshake.hasPolling { _ = await parts.locks?.perform(.unlockPolling, for: table.watch) }
        if handshake.hasSkipped { _ = await parts.locks?.perform(.unlockSkipped, for: table.watch) }
    }

    private func perform(_ step: Handshake.LockStep) async {
        let isDone = await parts.locks?.perform(step, for: table.watch) ?? false
        handshake.stepped(step, isDone: isDone, at: clock.now)
        signal.set()
    }

    // MARK: Batches

    private func embed(_ keys: [RowKey]) async {
        let (table, batch) = (table, batch)
        let attempt: Claims.Attempt
        do {
            attempt = try await parts.claims.claim(keys, of: table.watch)
        } catch {
            intake.unclaimed(taken: [], left: keys, isNone: true, at: clock.now)
            // Without a session there is no connection either, and that is told by whoever makes it anew.
            if !(error is ClaimError) { failed(error) }
            signal.set()
            return
        }
        if !attempt.taken.isEmpty || !attempt.left.isEmpty {
            let isNone = attempt.claimed.isEmpty
            intake.unclaimed(taken: attempt.taken, left: attempt.left, isNone: isNone, at: clock.now)
            if !attempt.taken.isEmpty { report(.contended(rows: attempt.taken.count)) }
            guard !isNone else { return signal.set() }
        }
        parts.reached(.claimed)
        await self.attempt(attempt.claimed) { [parts] in try await batch.run(attempt.claimed, reached: parts.reached) }
        await parts.claims.release(
            attempt, of: table.watch, keeping: attempt.claimed.filter { intake.held.hasVector($0) })
        parts.reached(.released)
        signal.set()
    }

    private func write(_ rows: [EmbeddedRow]) async {
        let writer = batch.writer
        await attempt(rows.map(\.key)) {
            var report = Batch.Report()
            report.outcomes = try await writer.write(rows)
            return report
        }
        signal.set()
    }

    private func attempt(_ keys: [RowKey], _ work: @Sendable () async throws -> Batch.Report) async {
        let began = clock.now
        do {
            var done = try await work()
            let charges = intake.charges(for: done, at: clock.now)
            // It may be the table that is another, and nobody is to be charged for that.
            let isOther = charges.isEmpty ? false : try await inspect()
            let verdicts = isOther ? [] : try await charge(charges)
            if isOther {
                done.unfinished += charges.map(\.key)
                for row in charges { done.outcomes[row.key] = nil }
            }
            if done.embedded + done.written > 0 { handshake.progressed() }
            if done.embedded > 0 { recovered() } else { reached() }
            note(verdicts)
            let retries = Dictionary(verdicts.compactMap { row in row.wait.map { (row.key, $0) } }) { $1 }
            intake.finished(
                done.outcomes, retries: retries, leaving: done.unfinished, at: clock.now)
            report(.batch(done, took: clock.now - began))
            for row in verdicts where row.isNew { report(.setAside(key: row.key, reason: row.reason)) }
            guard let error = done.error else { return }
            let isAnswer = (error as? PostgresError).map { $0.code == .server && !$0.isConnectionFailure } ?? false
            if isAnswer, (try? await inspect()) ?? false { return }
            if problem == nil { failed(error) }
        } catch {
            let isAnswer = (error as? PostgresError).map { $0.code == .server && !$0.isConnectionFailure } ?? false
            let isHearsay = isAnswer && intake.distrust(keys)
            if case EmbedderError.limited = error {
                intake.putBack(keys, at: clock.now)
            } else {
                intake.ended(keys, at: clock.now)
            }
            if isHearsay { return }
            let isOther = error is TableProblem || isAnswer ? (try? await inspect()) ?? false : false
            if !isOther, problem == nil { failed(error) }
        }
    }

    private func charge(_ charges: [FailureLedger.Charge]) async throws -> [FailureLedger.Verdict] {
        if charges.isEmpty { return [] }
        if let ledger { return try await ledger.charge(charges, retry: settings.retry) }
        // Without a ledger a row is tried once.
        return charges.map {
            FailureLedger.Verdict(
                key: $0.key, reason: $0.reason, attempts: 1, wait: PipelineSettings.never, isNew: false)
        }
    }

    private func note(_ verdicts: [FailureLedger.Verdict]) {
        guard !verdicts.isEmpty else { return }
        standing.failing += verdicts.count { $0.attempts == 1 && !$0.isSetAside }
        standing.setAside += verdicts.count { $0.isNew }
    }

    /// Takes the entries of rows away that were settled since; what can't be done now is done with the next heartbeat.
    private func purge() async {
        guard let ledger else { return }
        try? await ledger.purge()
        if let standing = try? await ledger.standing() { self.standing = standing }
        signal.set()
    }

    private func scan(_ limit: Int) async {
        do {
            let keys = try await batch.reader.scan(limit: limit)
            if let ledger { standing = try await ledger.standing() }
            if let next = standing.next { intake.retry(at: clock.now + next) }
            if keys.isEmpty { recovered() } else { reached() }
            // A column that is filled beside the one in use is nobody else's: in the table's order.
            let fresh = intake.scanned(ledger == nil ? keys : Self.ordered(keys), limit: limit)
            handshake.scanned(fresh, at: clock.now)
            report(.scanned(found: keys.count, isAll: keys.count < limit))
        } catch {
            intake.scanFailed()
            handshake.scanFailed(at: clock.now)
            let isOther = (error as? PostgresError)?.code == .server ? (try? await inspect()) ?? false : false
            if !isOther, problem == nil { failed(error) }
        }
        signal.set()
    }

    /// Bucket after bucket, so that a batch needs few locks; from anywhere on, so that daemons that found the same rows do
    /// not try for the same locks.
    private static func ordered(_ keys: [RowKey]) -> [RowKey] {
        let first = Int32.random(in: 0..<RowKey.buckets)
        return keys.map { (bucket: ($0.bucket &- first) & (RowKey.buckets - 1), key: $0) }
            .sorted { $0.bucket < $1.bucket }.map(\.key)
    }

    // MARK: Trouble

    private func failed(_ error: any Error) {
        if isStopping || Task.isCancelled { return }
        if case EmbedderError.limited(let wait) = error {
            intake.limited(for: wait, at: clock.now)
            return report(.limited(wait))
        }
        // A column beside the one in use goes when its run is replaced.
        let isGone = !table.hasLedger && (error as? PostgresError)?.isAboutTheSchema ?? false
        let error = isGone ? TableProblem.superseded(table: table.displayName, embedder: table.identity) : error
        intake.paused(at: clock.now)
        trouble = error
        report(.trouble(error))
    }

    private func recovered() {
        guard trouble != nil else { return }
        trouble = nil
        report(.recovered)
    }

    /// The server answers. That says nothing of a provider.
    private func reached() {
        if trouble is PostgresError { recovered() }
    }

    /// A heartbeat came back: a table that could not be filled may be in order again.
    public func heartbeat() {
        if problem != nil { doubt() }
        isPurgeDue = standing.failing + standing.setAside > 0
    }

    /// Something says that the table is not what it was.
    public func doubt() {
        isDoubtful = true
        signal.set()
    }

    /// Looks whether the table is still what it was, before a row is charged for it and after an error that may come of it.
    ///
    /// - Returns: Whether it is another, so that what failed is worth another try.
    /// - Throws: ``TableProblem`` where it can't be filled as it is, `PostgresError`.
    @discardableResult
    private func inspect() async throws -> Bool {
        guard let load = parts.load, end == nil else { return false }
        if let inspection { return try await inspection.value }
        let inspection = Task { try await self.inspect(load) }
        self.inspection = inspection
        defer { self.inspection = nil }
        return try await inspection.value
    }

    private func inspect(_ load: @Sendable (TableSpec) async throws -> WatchedTable) async throws -> Bool {
        do {
            let found = try await load(table.spec)
            let isOther = found != table
            if isOther { await take(found) }
            if problem != nil || isOther { healed() }
            return isOther
        } catch let problem as TableProblem {
            // Vectors of another model are wanted now, and that is no trouble that passes.
            if problem.isAnotherIdentity {
                let end = TableProblem.superseded(table: table.displayName, embedder: table.identity)
                self.end = end
                isStopping = true
                report(.trouble(end))
                signal.set()
            } else if self.problem != problem {
                self.problem = problem
                report(.trouble(problem))
            }
            throw problem
        }
    }

    private func take(_ found: WatchedTable) async {
        // Statements that the sessions have prepared know the table as it was.
        await parts.pool.discardIdle()
        table = found
        batch = Batch(table: found, embedder: parts.embedder, pool: parts.pool, settings: settings)
        ledger = Self.ledger(of: found, parts)
        report(.table(found))
    }

    private func healed() {
        problem = nil
        trouble = nil
        intake.unpause()
        handshake.wake(at: clock.now)
        report(.recovered)
        signal.set()
    }
}

/// What the pipelines of a daemon work with, all of them with the same.
struct PipelineParts: Sendable {
    /// Makes the vectors.
    let embedder: any Embedder
    /// Lends sessions.
    let pool: ConnectionPool
    /// Says which rows are ours.
    let claims: Claims
    /// Takes the steps of handshakes; nil where nobody notifies.
    var locks: PollingLocks?
    /// Limits all of them together.
    var ceiling: Ceiling?
    /// Who works, for `backfilld.failure`.
    var name: String
    /// Looks a table up again; nil where the first look has to do.
    var load: (@Sendable (TableSpec) async throws -> WatchedTable)?
    /// Hears how far batches are; called from any task, must return at once.
    var reached: @Sendable (Stage) -> Void = { _ in }
}

/// What a pipeline is about at one moment.
public struct PipelineCondition: Sendable, Hashable {
    /// Rows known to be pending and not begun.
    public var waiting: Int
    /// Rows in batches under way.
    public var working: Int
    /// Rows that wait for somebody's lock.
    public var held: Int
    /// Rows that failed and wait for their next attempt, as the ledger had them at the last scan.
    public var failing: Int
    /// Rows that have used up their attempts.
    public var setAside: Int
    /// For how long somebody has paused the table; nil where nobody has.
    public var pausedFor: Duration?
    /// Whether the table is polled at the moment, and not listened to.
    public var isPolling: Bool
    /// Whether another daemon has the table, and this one waits for its end.
    public var isStandby: Bool
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
    /// So many rows of a batch are a peer's.
    case contended(rows: Int)
    /// The provider asks for fewer calls; everything waits, as long as it says.
    case limited(Duration?)
    /// The table is another than before.
    case table(WatchedTable)
    /// A batch came to its end.
    case batch(Batch.Report, took: Duration)
    /// A row has used up its attempts.
    case setAside(key: RowKey, reason: String)
    /// A batch or scan failed for a reason that is no row's own; everything waits.
    case trouble(any Error)
    /// Things go well again.
    case recovered
}
