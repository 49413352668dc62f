import Backfill
import Console
import Dispatch
import Embedders
import FoundationEssentials
import Glibc
import Logging
import PostgresClient
import SentenceEncoder
import Synchronization
import Systemd
import UnixSignals

/// The daemon's life from start to stop, between the signals and the service manager.
final class Service: Sendable {
    private let options: SettingOptions
    private let threshold: LogThreshold
    let logger: Logger
    private let signals: UnixSignalsSequence
    private let notifier = ServiceNotifier()
    /// Those that hold: of the last reload where it can change them, otherwise of the start.
    private let settings: Mutex<Settings>
    /// The time that a start took counts from here.
    private let began = ContinuousClock.now

    init(
        options: SettingOptions, settings: Settings, threshold: LogThreshold, logger: Logger,
        signals: UnixSignalsSequence
    ) {
        self.options = options
        self.settings = Mutex(settings)
        self.threshold = threshold
        self.logger = logger
        self.signals = signals
    }

    /// Runs until a signal ends it.
    ///
    /// - Throws: ``TableProblem``, `PostgresError` or `UndeliverableReady` where it can't begin, and
    ///   ``TableProblem/superseded(table:embedder:)`` where a table takes no more vectors from it.
    func run() async throws {
        let assembly = try Assembly(settings.withLock(\.self))
        // First, since they may be why the rest fails.
        for warning in assembly.settings.warnings { logger.tell(.settingDoubtful, "\(warning)") }
        let note = StuckNote(folder: StateDirectory.path(in: ProcessInfo.processInfo.environment))
        if let stuck = note.take() {
            logger.tell(
                .watchdogKilled,
                "the process before this one hung, and was killed: \(stuck). Nothing is lost, its rows stayed pending",
                [.stuck: "\(stuck)"])
        }
        let watchdog = Watchdog(notifier: notifier, logger: logger) { note.keep($0) }
        // Who ends in good order is not killed, whatever was stuck for a while.
        defer { note.keep(nil) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let work = Work()
            group.addTask { await watchdog.run() }
            group.addTask { await self.obeySignals(work) }
            group.addTask { try await self.work(assembly, watchdog, work) }
            // The first to end is the daemon, drained; or the signals, when it must not wait for that; or an error.
            try await group.next()
            group.cancelAll()
        }
    }

    /// What the signals are about; nothing yet while the daemon is connecting.
    private final class Work: Sendable {
        let daemon = Mutex<Daemon?>(nil)
        let sessions = Mutex<SessionFactory?>(nil)
        let supervision = Mutex<Supervision?>(nil)
        let embedder = Mutex<(any KeyedEmbedder)?>(nil)
        let console = Mutex<Console?>(nil)
        /// Whether the service manager still waits for READY.
        var isStarting: Bool { supervision.withLock(\.self)?.isStarting ?? true }
    }

    private func work(_ assembly: Assembly, _ watchdog: Watchdog, _ work: Work) async throws {
        // An address that can't be had is told before anything slow is done.
        let sockets = try assembly.settings.console.map { try ListeningSockets($0) }
        // However long it takes, the service manager has patience as long as nothing hangs.
        let starting = watchdog.watch("start", limit: Self.patience.starting, doing: "loading the model")
        let patience = Task { [notifier] in
            while !Task.isCancelled, work.isStarting {
                if watchdog.verdict() == .allGood { notifier.extendTimeout(by: .seconds(60)) }
                try? await Task.sleep(for: .seconds(10))
            }
        }
        defer { patience.cancel() }
        let embedder = try await load(assembly, watchdog)
        if let keyed = embedder as? any KeyedEmbedder {
            warn(of: keyed)
            work.embedder.withLock { $0 = keyed }
        }
        notifier.status("connecting to the database")
        work.sessions.withLock { $0 = assembly.sessions }
        let first = FirstConnection(
            sessions: assembly.sessions, start: assembly.settings.start, listener: assembly.settings.listenerSettings,
            notifier: notifier, logger: logger, loop: starting)
        let tables = try await first.look { connection in
            let tables = try await assembly.watchedTables(of: embedder.identity, on: connection)
            try await tellOfSetUp(assembly, embedder.identity, on: connection)
            return tables
        }
        starting.ended()
        try await serve(assembly, embedder, tables, sockets, watchdog, work)
    }

    /// How long loading a model, or one look at the database, may take; how long a lane computes a few sequences at the very
    /// most; and how long calls of the encoder get on without any lane.
    private static let patience = (
        starting: Duration.seconds(600), lane: Duration.seconds(120), calls: Duration.seconds(300)
    )

    /// Makes the embedder; a local one takes a while, on a thread of its own, since there may be no other of Swift's.
    private func load(_ assembly: Assembly, _ watchdog: Watchdog) async throws -> any Embedder {
        if assembly.settings.usesLocalModel {
            notifier.status("loading the model \(assembly.settings.local.model)")
        }
        let lanes = LaneWatch(
            watchdog, limit: Standstill.limit(Self.patience.lane), between: Self.patience.calls)
        typealias Loaded = (embedder: any Embedder, model: LoadedModel?)
        let loaded: Loaded = try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async {
                continuation.resume(
                    with: Result {
                        var model: LoadedModel?
                        let embedder = try assembly.embedder(observe: lanes.observe) { model = $0 }
                        return (embedder, model)
                    })
            }
        }
        introduce(assembly, loaded.embedder.identity, loaded.model)
        guard let model = loaded.model else { return loaded.embedder }
        return WatchedEmbedder(embedder: model.embedder, watch: lanes)
    }

    /// What set-up made may have gone since: without a trigger rows come late, or keep the vector of an old text.
    private func tellOfSetUp(
        _ assembly: Assembly, _ identity: EmbedderIdentity, on connection: PostgresConnection
    ) async throws {
        for table in assembly.tables {
            let options = SetupOptions(spec: table, identity: identity, version: Version.text)
            for problem in try await Setup.problems(with: options, on: connection) {
                logger.tell(.setUpFlaw, "\(problem)", [.table: "\(table.name)", .problem: "\(problem.code)"])
            }
        }
    }

    private func serve(
        _ assembly: Assembly, _ embedder: any Embedder, _ tables: [WatchedTable], _ sockets: ListeningSockets?,
        _ watchdog: Watchdog, _ work: Work
    ) async throws {
        let settings = assembly.settings
        let names = Dictionary(uniqueKeysWithValues: tables.map { ($0.watch, $0.displayName) })
        let chronicle = Chronicle(logger: logger, names: names)
        let supervision = Supervision(
            notifier: notifier, watchdog: watchdog, tables: names, settings: settings.listenerSettings)
        work.supervision.withLock { $0 = supervision }
        let pool = assembly.pool()
        let tally = sockets.map { _ in Tally(tables: names) }
        let daemon = Daemon(
            sessions: assembly.sessions, pool: pool, tables: tables, embedder: metered(embedder, tally),
            pipeline: settings.pipelineSettings, listener: settings.listenerSettings,
            name: DaemonName(host: hostName(), pid: getpid())
        ) { event in
            chronicle.tell(event)
            supervision.hear(event)
            tally?.hear(event)
        }
        let watched = try console(assembly, sockets, tally, embedder, daemon)
        work.console.withLock { $0 = watched?.console }
        work.daemon.withLock { $0 = daemon }
        let keeping = keepIndexes(assembly, tables, daemon)
        defer { keeping?.cancel() }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                await daemon.run()
                return true
            }
            // It ends before the daemon where both are told to, and with it where the daemon ends by itself.
            if let (console, watch) = watched {
                group.addTask {
                    await watch.run(console)
                    return false
                }
            }
            group.addTask {
                try await supervision.run {
                    daemon.vitals
                } ready: { line in
                    let took = ContinuousClock.now - self.began
                    self.logger.tell(.ready, "ready after \(Vitals.span(took)): \(line)", [.ms: took.inMilliseconds])
                    Standstill.ofEverything()
                }
                return true
            }
            while let isEnd = try await group.next(), !isEnd {}
            group.cancelAll()
        }
        await pool.discardIdle()
        chronicle.finish()
        summarise(daemon.vitals, ran: .now - began)
        if let end = await daemon.end { throw end }
    }

    /// Looks after the indexes of the tables that are configured so; nil where none is.
    private func keepIndexes(_ assembly: Assembly, _ watched: [WatchedTable], _ daemon: Daemon) -> Task<Void, Never>? {
        let tables = zip(assembly.tables, assembly.settings.tables).filter { $0.1.index == .auto }.map(\.0)
        guard !tables.isEmpty else { return nil }
        let keeper = IndexKeeper(assembly.sessions, tables: tables) { [logger] event in
            switch event {
            case .step(let table, let title): logger.notice("\(table): \(title)", metadata: ["table": "\(table)"])
            case .built(let table, let took):
                logger.notice(
                    "\(table): the index on the vectors is built, in \(Vitals.span(took))",
                    metadata: ["table": "\(table)"])
            case .hindered(let table, let reason):
                logger.warning(
                    "\(table): the index on the vectors is not looked after: \(reason)", metadata: ["table": "\(table)"]
                )
            }
        }
        return Task {
            await keeper.run { name in
                let vitals = daemon.vitals.tables
                return watched.filter { $0.spec.name == name }.allSatisfy { (vitals[$0.watch]?.pending ?? 1) == 0 }
            }
        }
    }

    // MARK: Signals

    private enum Order: Sendable {
        case signal(UnixSignal)
        case drainIsOver
    }

    /// Returns when nothing is to be waited for any longer.
    private func obeySignals(_ work: Work) async {
        let (orders, order) = AsyncStream.makeStream(of: Order.self)
        let pump = Task { [signals] in
            for await signal in signals { order.yield(.signal(signal)) }
        }
        defer { pump.cancel() }
        var isStopping = false
        for await next in orders {
            switch next {
            case .signal(.sighup) where isStopping: logger.notice("not reloaded: the service is stopping")
            case .signal(.sighup):
                guard let daemon = work.daemon.withLock(\.self), let supervision = work.supervision.withLock(\.self)
                else {
                    logger.tell(
                        .reloadTooEarly, "not reloaded: still connecting to the database. Ask again once that is done")
                    continue
                }
                await reload(daemon, work, supervision)
            case .signal:
                guard let daemon = work.daemon.withLock(\.self), let supervision = work.supervision.withLock(\.self)
                else {
                    logger.tell(
                        .stopping, "stopping, before there was a connection to the database", [.limitMs: "0"])
                    notifier.stopping(status: "stopping")
                    return
                }
                if isStopping {
                    logger.tell(
                        .stopHurried,
                        "told to stop again: the batches under way are abandoned, their rows stay pending")
                    return
                }
                isStopping = true
                let drain = settings.withLock(\.drain)
                logger.tell(
                    .stopping, "stopping: batches under way are finished, for \(Vitals.span(drain)) at most",
                    [.limitMs: drain.inMilliseconds])
                supervision.stopping()
                work.console.withLock(\.self)?.stop()
                await daemon.stop()
                Task {
                    try? await Task.sleep(for: drain)
                    order.yield(.drainIsOver)
                }
            case .drainIsOver:
                logger.tell(
                    .drainOver, "batches under way did not end in time: they are abandoned, their rows stay pending")
                return
            }
        }
    }

    /// Reads the configuration again: what can change live does; a wrong one is refused whole.
    private func reload(_ daemon: Daemon, _ work: Work, _ supervision: Supervision) async {
        supervision.reloading()
        let old = settings.withLock(\.self)
        do throws(ConfigurationError) {
            let new = try options.load()
            let (live, restart) = new.changes(since: old)
            let held = new.held(to: old)
            settings.withLock { $0 = held }
            threshold.level = held.log.level
            work.sessions.withLock(\.self)?.apply(held.connectionOptions)
            if live.contains("remote.key"), let keyed = work.embedder.withLock(\.self) {
                // Before the pipelines, which try at once what they waited for. Loading has looked at it.
                keyed.use((try? held.remoteKey()) ?? nil)
                warn(of: keyed)
            }
            await daemon.apply(held.pipelineSettings, held.listenerSettings)
            supervision.apply(held.listenerSettings)
            if let settings = held.console { work.console.withLock(\.self)?.apply(settings) }
            if !live.isEmpty {
                let changed = live.joined(separator: ", ")
                logger.tell(.reloaded, "reloaded: \(changed) changed", [.settings: "\(changed)"])
            }
            if live.isEmpty { logger.tell(.reloaded, "reloaded: nothing that can change while running is different") }
            if !restart.isEmpty {
                let changed = restart.joined(separator: ", ")
                logger.tell(
                    .restartNeeded, "\(changed) changed too, but only a restart makes that hold",
                    [.settings: "\(changed)"])
            }
        } catch {
            logger.tell(
                .reloadRefused, "the new configuration is refused, the old one stays: \(error.description)",
                [.place: .array(error.places)])
        }
        do {
            try supervision.reloaded(daemon.vitals.statusLine(at: .now, timeOfDay: timeOfDay))
        } catch {
            logger.tell(.readyUndelivered, "\(error)")
        }
    }

    /// Tells what is doubtful about the way to a provider.
    private func warn(of embedder: any KeyedEmbedder) {
        for warning in embedder.warnings { logger.tell(.settingDoubtful, "\(warning)") }
    }

    // MARK: First and last words

    /// Shows what it is and what it runs with.
    private func introduce(_ assembly: Assembly, _ identity: EmbedderIdentity, _ model: LoadedModel?) {
        let tables = assembly.tables.map(\.name.description).joined(separator: ", ")
        logger.tell(
            .starting,
            """
            backfilld \(Version.text) fills \(tables) with embedder \(identity.embedder) \
            (\(identity.model), \(identity.dimension) dimensions)
            """,
            [
                .version: "\(Version.text)", .tables: "\(tables)", .embedder: "\(identity.embedder)",
                .model: "\(identity.model)",
            ])
        if let model {
            logger.tell(
                .modelLoaded, "\(model.line)",
                [
                    .model: "\(identity.model)", .precision: "\(model.embedder.encoder.precision.rawValue)",
                    .lanes: "\(model.embedder.encoder.laneCount)", .ms: model.took.inMilliseconds,
                ])
        }
        for setting in assembly.settings.effective where setting.origin != .builtIn {
            logger.info(
                "setting \(setting.key) = \(setting.shown) (\(setting.origin))", metadata: ["setting": "\(setting.key)"]
            )
        }
    }

    private func summarise(_ vitals: Vitals, ran: Duration) {
        let embedded = vitals.tables.values.reduce(0) { $0 + $1.embedded }
        let failed = vitals.tables.values.reduce(0) { $0 + $1.failed }
        let pending = vitals.tables.values.reduce(0) { $0 + $1.pending }
        let setAside = vitals.tables.values.reduce(0) { $0 + $1.setAside }
        logger.tell(
            .stopped,
            """
            stopped after \(Vitals.span(ran)): \(embedded.counted("row")) embedded, \(failed.counted("failure")), \
            \(pending.counted("row")) known to be pending\(setAside > 0 ? ", \(setAside.grouped) set aside" : "")
            """,
            [.rows: "\(embedded)", .failed: "\(failed)", .pending: "\(pending)"])
    }
}

/// This machine's name.
func hostName() -> String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, name.count - 1) == 0 else { return "unknown" }
    return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}
