import Embedders
import PostgresClient

/// Keeps one table filled: does what its `Intake` and its `Handshake` decide, and tells them what came of it.
actor TablePipeline: Gated {
    /// One look at the table at a time: see `inspect(thoroughly:)`.
    var gate: Gate<CheckedContinuation<Void, any Error>> = Gate(places: 1)
    /// The table as it was last looked at.
    var table: WatchedTable
    var batch: Batch
    /// nil for a column that is filled beside the one in use: its rows are charged nowhere.
    var ledger: FailureLedger?
    let parts: PipelineParts
    var settings: PipelineSettings
    /// What is known of an embedder that writes the table itself.
    let endpoint = EndpointMemory()
    let clock = ContinuousClock()
    let signal = Signal()
    private let hear: @Sendable (PipelineEvent, PipelineCondition) -> Void
    var intake: Intake
    var handshake: Handshake
    var standing = LedgerStanding()
    /// There may be something in the ledger that holds no more, if only of a daemon that was before.
    var hasEntries = true
    private var locksEpoch = 0
    var isPurgeDue = false
    /// Somebody may have paused the table, and no scan will tell before a batch has ended.
    var isStandingDue = false
    /// Rows that may fail by their own fault.
    var suspects = Suspects()
    /// A row that we never get to claim.
    var contention = Contention()
    /// When the last one came back.
    var lastHeartbeat: ContinuousClock.Instant?
    /// Sessions that kept rows from us, and when they were told of.
    var strangers: [String: ContinuousClock.Instant] = [:]
    /// One that goes on doing so is told of again after this.
    static let strangerSilence = Duration.seconds(600)
    private var isStandby = false
    /// Whether notifications come through the connection.
    private var hearsNotifications: Bool
    var isStopping = false
    /// The failure that everything waits after; nil while things go well.
    var trouble: (any Error)?
    /// Whether that came of a scan, and not of a batch.
    var isTroubleOfScan = false
    /// The table is not what it was, and nothing begins until it can be filled again.
    var problem: TableProblem?
    /// Counts how often it could be filled again after it could not.
    var healings = 0
    /// What set-up made and is not as it should be: the table is filled, but not as well as it could be.
    var flaws: [TableProblem] = []
    /// When what set-up made was looked at, here or by whoever started this.
    var surveyed = ContinuousClock.now
    /// It is to be looked at again.
    var isDoubtful = false
    /// Why it has ended by itself: nothing that it could write belongs into the table any more.
    var end: TableProblem?

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
        batch = Batch(table: table, embedder: parts.embedder, pool: parts.pool, settings: settings, endpoint: endpoint)
        ledger = Self.ledger(of: table, parts)
        intake = Intake(settings: settings, ceiling: parts.ceiling)
        handshake = Handshake(mode, pace: settings.polling)
        hearsNotifications = mode == .notified
    }

    static func ledger(of table: WatchedTable, _ parts: PipelineParts) -> FailureLedger? {
        table.hasLedger ? FailureLedger(table: table, pool: parts.pool, daemon: parts.name) : nil
    }

    // MARK: What may be told to it

    /// Rows were announced by a notification.
    func announce(_ keys: [RowKey]) {
        handshake.notified(at: clock.now)
        intake.announce(keys, at: clock.now)
        signal.set()
    }

    /// There may be pending rows: a bare wake-up, a new LISTEN, a probe that found one.
    func look() {
        handshake.wake(at: clock.now)
        signal.set()
    }

    /// A connection is there again: what waited for it goes on.
    ///
    /// - Parameter hears: Whether notifications come through it.
    func resume(hears: Bool) {
        hearsNotifications = hears
        handshake.apply(mode, at: clock.now)
        intake.resume()
        signal.set()
    }

    /// How the handshake with the writers goes now.
    var mode: Handshake.Mode { hearsNotifications && table.notify != .off ? .notified : .polled }

    /// The connection is gone: nothing begins until there is another.
    func suspend() {
        intake.suspend()
    }

    /// Whether another daemon has the table, where there can be but one, so that nothing begins here.
    func standBy(_ isStandby: Bool) {
        guard isStandby != self.isStandby else { return }
        self.isStandby = isStandby
        if !isStandby { handshake.wake(at: clock.now) }
        signal.set()
    }

    /// Goes on with other settings; batches under way keep theirs. Whatever was waited for is tried at once.
    func apply(_ settings: PipelineSettings) {
        self.settings = settings
        batch = Batch(table: table, embedder: parts.embedder, pool: parts.pool, settings: settings, endpoint: endpoint)
        intake.apply(settings)
        handshake.apply(settings.polling)
        intake.unpause()
        doubt()
    }

    /// No new batch begins; `run` returns when those under way are done.
    func stop() {
        isStopping = true
        signal.set()
    }

    /// What it is about.
    var condition: PipelineCondition {
        PipelineCondition(
            waiting: intake.waiting, working: intake.working, held: intake.held.waiting,
            failing: standing.failing, setAside: standing.setAside, pausedFor: standing.pausedSince,
            isPolling: handshake.phase != .listening, isStandby: isStandby, isIdle: intake.isIdle || isStandby,
            trouble: problem.map { "\($0)" } ?? trouble.map { "\($0)" }, flaw: flaws.first.map { "\($0)" })
    }

    func report(_ event: PipelineEvent) {
        hear(event, condition)
    }

    // MARK: The loop

    /// Works until stopped, cancelled or superseded (see ``end``), then waits for the batches under way, and for nothing else:
    /// a scan may take as long as its table is large.
    func run() async {
        await withDiscardingTaskGroup { chores in
            await withDiscardingTaskGroup { batches in
                while !isStopping, !Task.isCancelled {
                    report(.progress)
                    beginChores(&chores)
                    await next(&batches, &chores)
                }
                report(.parked)
            }
            chores.cancelAll()
        }
        await giveBack(table.watch, handshake)
    }

    private func beginChores(_ chores: inout DiscardingTaskGroup) {
        let dropped = intake.takeDropped()
        if !dropped.isEmpty {
            chores.addTask { [table] in await self.parts.claims.drop(dropped, of: table.watch) }
        }
        if isDoubtful {
            isDoubtful = false
            chores.addTask { try? await self.inspect(thoroughly: true) }
        }
        if isStandingDue {
            isStandingDue = false
            chores.addTask { await self.renewStanding() }
        }
        if isPurgeDue {
            isPurgeDue = false
            chores.addTask { await self.purge() }
        }
    }

    /// Does the next thing, or waits until there is one.
    private func next(_ batches: inout DiscardingTaskGroup, _ chores: inout DiscardingTaskGroup) async {
        let now = clock.now
        var wake: ContinuousClock.Instant?
        switch handshake.next(at: now) {
        case .scan: return intake.wantScan()
        case .lock(let step): return chores.addTask { await self.perform(step) }
        case .wait(let until): wake = until
        }
        switch problem == nil && !isStandby ? intake.next(at: now) : .wait(until: nil) {
        case .batch(let keys): batches.addTask { await self.embed(keys) }
        case .write(let rows): batches.addTask { await self.write(rows) }
        case .scan(let limit):
            intake.scanBegan()
            handshake.scanBegan()
            chores.addTask { [skips = intake.scans.skipsLocked] in await self.scan(limit, skipsLocked: skips) }
        case .wait(let until):
            if intake.isIdle || isStandby { report(.idle) }
            report(.parked)
            await signal.wait(until: [until, wake].compactMap { $0 }.min())
        }
    }

    /// Gives back what keeps writers from notifying, as far as it is of this number.
    func giveBack(_ watch: Int32, _ handshake: Handshake) async {
        if handshake.hasPolling { _ = await parts.locks?.perform(.unlockPolling, for: watch) }
        if handshake.hasSkipped { _ = await parts.locks?.perform(.unlockSkipped, for: watch) }
    }

    /// Notes whether the locks' session is another than at the last look.
    func noteLocks() async {
        guard let epoch = await parts.locks?.epoch, epoch != locksEpoch else { return }
        locksEpoch = epoch
        handshake.locksLost(at: clock.now)
        signal.set()
    }

    private func perform(_ step: Handshake.LockStep) async {
        let watch = table.watch
        let epoch = await parts.locks?.perform(step, for: watch)
        await noteLocks()
        // What was locked with an earlier session is lost.
        let isDone = epoch == locksEpoch
        guard watch == table.watch else {
            // The table has got another number meanwhile, and with it a handshake that knows nothing of this lock.
            if isDone, step == .lockPolling { _ = await parts.locks?.perform(.unlockPolling, for: watch) }
            if isDone, step == .trySkipped { _ = await parts.locks?.perform(.unlockSkipped, for: watch) }
            return
        }
        handshake.stepped(step, isDone: isDone, at: clock.now)
        signal.set()
    }

    // MARK: Scans

    /// Takes the entries of rows away that were settled since; what can't be done now is done with the next heartbeat.
    private func purge() async {
        guard let ledger else { return }
        let spared = Array(intake.workingOn)
        // Before, so that a row that is charged meanwhile says that there is one.
        hasEntries = false
        defer { signal.set() }
        // Not what still stands: a row that did when this looked may be settled a moment later.
        let isAnyLeft = (try? await ledger.purge(sparing: spared)) ?? true
        if isAnyLeft || !spared.isEmpty { hasEntries = true }
        if !(await renewStanding()) { hasEntries = true }
    }

    private func scan(_ limit: Int, skipsLocked: Bool) async {
        let (table, healings) = (table, healings)
        do {
            let keys = try await batch.reader.scan(limit: limit, skipsLocked: skipsLocked)
            let standing = try await ledger?.standing()
            // A column that is filled beside the one in use is nobody else's: in the table's order.
            let ordered = ledger == nil ? keys : await parts.claims.ordered(keys)
            guard table == self.table else {
                intake.scanFailed()
                handshake.scanFailed(at: clock.now)
                return signal.set()
            }
            if let standing { self.standing = standing }
            if let standing, standing.failing + standing.setAside > 0 { hasEntries = true }
            if let next = standing?.next { intake.retry(at: clock.now + next) }
            if keys.isEmpty { recovered() } else { serverAnswered(byScan: true) }
            let fresh = intake.scanned(ordered, limit: limit)
            handshake.scanned(fresh, at: clock.now)
            report(.scanned(found: keys.count, isAll: keys.count < limit))
        } catch {
            intake.scanFailed()
            handshake.scanFailed(at: clock.now)
            await failed(error, with: table, since: healings, isOfScan: true)
        }
        signal.set()
    }
}
