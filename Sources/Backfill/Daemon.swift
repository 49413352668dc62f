import Embedders
import PostgresClient

/// The line put together: one listener, a pipeline a table, and the notes for `backfilld status`.
public struct Daemon: Sendable {
    /// What the daemon has to tell.
    public enum Event: Sendable {
        /// Of the listener.
        case listener(Listener.Event)
        /// Of a table's pipeline.
        case table(WatchedTable, PipelineEvent, PipelineCondition)
    }

    private let listener: Listener
    private let pipelines: [Int32: TablePipeline]
    private let bulletin: Bulletin
    private let activity: Activity
    private let pool: ConnectionPool
    private let heartbeat: Duration

    /// - Parameters:
    ///   - sessions: Opens the listener's session.
    ///   - pool: Lends the sessions for everything else.
    ///   - tables: The tables to fill.
    ///   - embedder: Makes the vectors.
    ///   - pipeline: How rows are gathered and tried again.
    ///   - listener: How the listener keeps its session.
    ///   - name: What tells this process from others.
    ///   - report: Hears of everything; called from any task, must return at once.
    public init(
        sessions: SessionFactory, pool: ConnectionPool, tables: [WatchedTable], embedder: any Embedder,
        pipeline: PipelineSettings, listener: ListenerSettings, name: DaemonName,
        report: @escaping @Sendable (Event) -> Void
    ) {
        let bulletin = Bulletin(tables: tables, report: report)
        self.bulletin = bulletin
        self.listener = Listener(sessions, tables: tables, settings: listener)
        pipelines = Dictionary(
            uniqueKeysWithValues: tables.map { table in
                let pipeline = TablePipeline(table: table, embedder: embedder, pool: pool, settings: pipeline) {
                    bulletin.note($0, $1, of: table)
                }
                return (table.watch, pipeline)
            })
        self.pool = pool
        activity = Activity(daemon: name, pool: pool)
        heartbeat = listener.heartbeat
    }

    /// How the daemon is at the moment.
    public var vitals: Vitals { bulletin.vitals }

    /// Works until ``stop()``, then finishes the batches under way; a cancelled task abandons them. It ends by itself
    /// where a table takes no more vectors from it: see ``end``.
    public func run() async {
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
        if !Task.isCancelled, vitals.isReady { _ = await note(vitals.tables) }
    }

    /// Why it has ended by itself; nil where it was told to, or still works.
    public var end: TableProblem? {
        get async {
            for pipeline in pipelines.values {
                if let end = await pipeline.end { return end }
            }
            return nil
        }
    }

    /// Begins no new batch; `run` returns when those under way are done.
    public func stop() async {
        for pipeline in pipelines.values { await pipeline.stop() }
    }

    /// Goes on with other settings; batches under way keep theirs.
    public func apply(_ pipeline: PipelineSettings, _ listener: ListenerSettings) async {
        self.listener.apply(listener)
        for table in pipelines.values { await table.apply(pipeline) }
    }

    private func hear(_ event: Listener.Event) async {
        bulletin.note(event)
        switch event {
        case .listening:
            for pipeline in pipelines.values {
                await pipeline.resume()
                await pipeline.look()
            }
        case .wakeup(let wakeup):
            guard let pipeline = pipelines[wakeup.watch] else { return }
            if let keys = wakeup.keys {
                await pipeline.announce(keys.map { RowKey($0) })
            } else {
                await pipeline.look()
            }
        case .pending(let watch): await pipelines[watch]?.look()
        case .lost: await pool.discardIdle()
        case .probeFailed, .heartbeat: break
        }
    }

    /// Writes down what changed, at most twice a heartbeat and never while nothing changes.
    private func keepNotes() async {
        var noted: [Int32: Vitals.Table] = [:]
        while !Task.isCancelled {
            await bulletin.changed.wait(until: nil)
            // What comes with it is told with it: a batch is begun, embedded and done within this.
            try? await Task.sleep(for: .milliseconds(100))
            let news = vitals.tables.filter { noted[$0.key] != $0.value }
            guard bulletin.backendPID != 0, !news.isEmpty, !Task.isCancelled else { continue }
            if await note(news) { noted.merge(news) { $1 } }
            try? await Task.sleep(for: heartbeat / 2)
        }
    }

    /// Without the database there is nobody to read a note either: it is written with the next change.
    private func note(_ tables: [Int32: Vitals.Table]) async -> Bool {
        do {
            try await activity.note(tables, vitals: vitals, backendPID: bulletin.backendPID, at: .now)
            return true
        } catch {
            return false
        }
    }
}
