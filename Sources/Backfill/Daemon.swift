import Embedders
import PostgresClient
import Synchronization

/// The line put together: one listener, a pipeline a table, and the notes for `backfilld status`.
package struct Daemon: Sendable {
    /// What the daemon has to tell.
    package enum Event: Sendable {
        /// Of the listener.
        case listener(Listener.Event)
        /// Of a table's pipeline; the table as it was when the daemon began.
        case table(WatchedTable, PipelineEvent, PipelineCondition)
        /// A batch of a table has come so far.
        case stage(WatchedTable, Stage)
    }

    private let listener: Listener
    /// By the number that the table had when the daemon began.
    private let pipelines: [Int32: TablePipeline]
    private let watched: WatchedTables
    private let claims = Claims()
    private let locks: PollingLocks
    private let leases: [Int32: TableLease]
    private let ceiling: Ceiling
    private let bulletin: Bulletin
    private let activity: Activity
    private let embedder: any Embedder
    private let pool: ConnectionPool
    private let heartbeat: Duration
    /// How long an answer may take where the network is in doubt.
    private let patience: Duration

    /// - Parameters:
    ///   - sessions: Opens the listener's session.
    ///   - pool: Lends the sessions for everything else.
    ///   - tables: The tables to fill.
    ///   - embedder: Makes the vectors.
    ///   - pipeline: How rows are gathered and tried again.
    ///   - listener: How the listener keeps its session.
    ///   - name: What tells this process from others.
    ///   - report: Hears of everything; called from any task, must return at once.
    package init(
        sessions: SessionFactory, pool: ConnectionPool, tables: [WatchedTable], embedder: any Embedder,
        pipeline: PipelineSettings, listener: ListenerSettings, name: DaemonName,
        report: @escaping @Sendable (Event) -> Void
    ) {
        let bulletin = Bulletin(tables: tables, report: report)
        self.bulletin = bulletin
        self.embedder = embedder
        let watched = WatchedTables(tables)
        self.watched = watched
        self.listener = Listener(sessions, tables: { watched.all }, settings: listener)
        locks = PollingLocks(sessions)
        ceiling = Ceiling(rowsPerSecond: pipeline.rowsPerSecond)
        let parts = PipelineParts(
            embedder: embedder, pool: pool, claims: claims, locks: locks, ceiling: ceiling, name: name.description
        ) { spec in
            try await pool.withConnection { connection in
                let table = try await WatchedTable.load(spec, identity: embedder.identity, on: connection)
                try await table.checkAccess(on: connection)
                return table
            }
        } recorded: { spec in
            try await pool.withConnection { try await WatchedTable.load(spec, identity: nil, on: $0).identity }
        } survey: { spec in
            let options = SetupOptions(spec: spec, identity: embedder.identity, version: "")
            return try await pool.withConnection { try await Setup.problems(with: options, on: $0) }
        }
        pipelines = Dictionary(
            uniqueKeysWithValues: tables.map { table in
                var parts = parts
                parts.reached = { report(.stage(table, $0)) }
                let pipeline = TablePipeline(table: table, parts: parts, settings: pipeline, mode: .notified) {
                    if case .table(let now) = $0 { watched.set(now, for: table.watch) }
                    bulletin.note($0, $1, of: table)
                }
                return (table.watch, pipeline)
            })
        leases = Dictionary(
            uniqueKeysWithValues: tables.map { table in
                let lease = TableLease(
                    watch: table.watch, pool: pool, daemon: name, heartbeat: listener.heartbeat)
                return (table.watch, lease)
            })
        self.pool = pool
        activity = Activity(daemon: name, pool: pool)
        heartbeat = listener.heartbeat
        patience = listener.deadline
    }

    /// How the daemon is at the moment.
    package var vitals: Vitals { bulletin.vitals }

    /// Works until ``stop()``, then finishes the batches under way; a cancelled task abandons them. It ends by itself
    /// where a table takes no more vectors from it: see ``end``.
    package func run() async {
        // Where the database is away there is nothing to adopt, and the listener will say so.
        if let pending = try? await activity.adopt(Array(pipelines.keys)) { bulletin.adopt(pending) }
        await withDiscardingTaskGroup { service in
            service.addTask { await listener.run(hear) }
            service.addTask { await keepNotes() }
            await withDiscardingTaskGroup { work in
                for pipeline in pipelines.values {
                    work.addTask {
                        await pipeline.run()
                        // Whoever starts it again lets all tables have the new configuration.
                        if await pipeline.end != nil { await stop() }
                    }
                }
            }
            service.cancelAll()
        }
        await locks.close()
        if vitals.hearing == .deaf { for lease in leases.values { await lease.release() } }
        if !Task.isCancelled, vitals.isReady { _ = await note(vitals.tables) }
    }

    /// Why it has ended by itself; nil where it was told to, or still works.
    package var end: TableProblem? {
        get async {
            for pipeline in pipelines.values {
                if let end = await pipeline.end { return end }
            }
            return nil
        }
    }

    /// The tables as they are now, by the number that they had when the daemon began.
    package var tables: [Int32: WatchedTable] { watched.bySlot }

    /// Somebody waits for these rows: they are looked at as if a notification had named them.
    package func announce(_ keys: [RowKey], of slot: Int32) async {
        guard let pipeline = pipelines[slot] else { return }
        await pipeline.announce(keys)
    }

    /// Begins no new batch and sends nothing more to the embedder; `run` returns when those under way are done.
    package func stop() async {
        for pipeline in pipelines.values { await pipeline.stop() }
        await embedder.finish()
    }

    /// Goes on with other settings; batches under way keep theirs.
    package func apply(_ pipeline: PipelineSettings, _ listener: ListenerSettings) async {
        self.listener.apply(listener)
        ceiling.apply(rowsPerSecond: pipeline.rowsPerSecond)
        for lease in leases.values { await lease.apply(heartbeat: listener.heartbeat) }
        for table in pipelines.values { await table.apply(pipeline) }
    }

    private func hear(_ event: Listener.Event) async throws {
        switch event {
        case .opened(let session, let isEcho):
            if isEcho { try await claims.attach(session) } else { await claims.withoutLocks() }
            return
        case .listening(let isEcho, _):
            bulletin.note(event)
            for (slot, pipeline) in pipelines {
                await pipeline.standBy(isEcho ? false : !(leases[slot]?.hold(as: watched[slot]) ?? true))
                await pipeline.resume(hears: isEcho)
                await pipeline.look()
            }
            return
        case .wakeup(let wakeup):
            for pipeline in pipelines(of: wakeup.watch) {
                if let keys = wakeup.keys {
                    await pipeline.announce(keys.map { RowKey($0) })
                } else {
                    await pipeline.look()
                }
            }
        case .pending(let watch): for pipeline in pipelines(of: watch) { await pipeline.look() }
        case .lost:
            await claims.detach()
            for pipeline in pipelines.values { await pipeline.suspend() }
            await pool.doubt(for: patience)
            await locks.close()
        case .heartbeat(let daemons, _):
            await claims.makeRoom(for: daemons)
            let isDeaf = vitals.hearing == .deaf
            for (slot, pipeline) in pipelines {
                if isDeaf { await pipeline.standBy(!(leases[slot]?.hold(as: watched[slot]) ?? true)) }
                await pipeline.heartbeat()
            }
        case .probeFailed(let watch, _), .changed(let watch):
            for pipeline in pipelines(of: watch) { await pipeline.doubt() }
        case .queueFilling: break
        }
        bulletin.note(event)
    }

    /// The pipelines of the tables that have this number, as far as is known: one as a rule.
    private func pipelines(of watch: Int32) -> [TablePipeline] {
        watched.slots(of: watch).compactMap { pipelines[$0] }
    }

    /// Writes down what changed, at most twice a heartbeat and never while nothing changes.
    private func keepNotes() async {
        var noted: [Int32: Vitals.Table] = [:]
        var numbers: [Int32: Int32] = [:]
        while !Task.isCancelled {
            await bulletin.changed.wait(until: nil)
            // What comes with it is told with it: a batch is begun, embedded and done within this.
            try? await Task.sleep(for: .milliseconds(100))
            let present = Dictionary(uniqueKeysWithValues: pipelines.keys.map { ($0, watched[$0]) })
            let news = vitals.tables.filter { noted[$0.key] != $0.value || numbers[$0.key] != present[$0.key] }
            guard bulletin.backendPID != 0, !news.isEmpty, !Task.isCancelled else { continue }
            if await note(news) {
                noted.merge(news) { $1 }
                numbers = present
            }
            try? await Task.sleep(for: heartbeat / 2)
        }
    }

    /// Without the database there is nobody to read a note either: it is written with the next change.
    private func note(_ tables: [Int32: Vitals.Table]) async -> Bool {
        do {
            try await activity.note(
                tables.map { (watched[$0.key], $0.value) }, vitals: vitals, backendPID: bulletin.backendPID, at: .now)
            return true
        } catch {
            return false
        }
    }
}

/// The tables as they are now, by the number that they had when the daemon began: a table that is made anew and set up
/// again has another.
final class WatchedTables: Sendable {
    private let tables: Mutex<[Int32: WatchedTable]>

    init(_ tables: [WatchedTable]) {
        self.tables = Mutex(Dictionary(uniqueKeysWithValues: tables.map { ($0.watch, $0) }))
    }

    var bySlot: [Int32: WatchedTable] { tables.withLock(\.self) }
    var all: [WatchedTable] { tables.withLock { Array($0.values) } }

    /// The number that a table has now.
    subscript(slot: Int32) -> Int32 { tables.withLock { $0[slot]?.watch ?? slot } }

    /// The numbers that the tables had when the daemon began that have this one now. Where the schema was made anew, and not
    /// all tables have been looked at, they may be two.
    func slots(of watch: Int32) -> [Int32] {
        tables.withLock { tables in tables.filter { $0.value.watch == watch }.map(\.key) }
    }

    func set(_ table: WatchedTable, for slot: Int32) {
        tables.withLock { $0[slot] = table }
    }
}
