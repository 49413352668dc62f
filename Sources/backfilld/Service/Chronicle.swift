import Backfill
import Logging
import PostgresClient
import Synchronization

/// Tells the log what happens: each thing once, in words that make sense without the fields.
///
/// No text of a row is ever told, and no vector; keys are, where a person has to look at a row.
final class Chronicle: Sendable {
    private struct Table {
        var lines = BatchLines()
        var trouble: (text: String, since: ContinuousClock.Instant)?
        var probeTrouble: String?
        var isPaused = false
        /// When each reason was last told that rows are charged for.
        var charged: [String: ContinuousClock.Instant] = [:]
        var setAside = SetAsideLines()
    }

    /// How often what has not changed is told again while the database is away.
    private static let repetition = Duration.seconds(600)

    private struct State {
        var tables: [Int32: Table] = [:]
        var away: (text: String, since: ContinuousClock.Instant, told: ContinuousClock.Instant)?
        var isDeaf = false
        var hasListened = false
    }

    private let logger: Logger
    private let names: [Int32: String]
    private let state = Mutex(State())

    init(logger: Logger, tables: [WatchedTable]) {
        self.logger = logger
        names = Dictionary(uniqueKeysWithValues: tables.map { ($0.watch, $0.displayName) })
    }

    func tell(_ event: Daemon.Event) {
        switch event {
        case .listener(let event): tell(event)
        case .table(let table, let event, let condition):
            tell(pausedFor: condition.pausedFor, of: table)
            tell(event, of: table)
        case .stage: break
        }
    }

    /// Tells what is still to be told, when nothing more will happen.
    func finish() {
        for (watch, name) in names { write(state.withLock { $0.tables[watch]?.lines.flush() }, name) }
    }

    private func tell(_ event: Listener.Event) {
        switch event {
        case .listening(let isEcho, _): tellListening(isEcho)
        case .lost(let error, let wait): tellLost(Failure.message(for: error), wait)
        // A column or a table that is gone: the pipeline looks, and tells what it finds.
        case .probeFailed(_, let error as PostgresError) where error.hasState("42703") || error.hasState("42P01"): break
        case .probeFailed(let watch, let error):
            let text = Failure.message(for: error)
            let isNew = state.withLock { state in
                defer { state.tables[watch, default: Table()].probeTrouble = text }
                return state.tables[watch]?.probeTrouble != text
            }
            guard isNew else { return }
            let name = names[watch] ?? "table \(watch)"
            logger.warning("\(name): cannot look for pending rows: \(text)", metadata: ["table": "\(name)"])
        case .queueFilling(let usage): tellQueue(usage)
        // The pipeline looks, and tells what it finds.
        case .opened, .wakeup, .pending, .changed, .heartbeat: break
        }
    }

    private func tellQueue(_ usage: Double) {
        let percent = Int(usage * 100)
        logger.warning(
            """
            the server's notification queue is \(percent) % full: some session that LISTENs, to whatever, does not take \
            its notifications, most likely because it has a transaction open. Look in pg_stat_activity for the oldest \
            xact_start and end that session. From 50 % on the triggers of backfilld send nothing, and new rows are found \
            by looking; a full queue would make every COMMIT fail that notifies
            """, metadata: ["queueUsage": "\(percent)"])
    }

    private func tellListening(_ isEcho: Bool) {
        let (away, wasDeaf, isFirst) = state.withLock { state in
            defer {
                state.away = nil
                state.isDeaf = !isEcho
                state.hasListened = true
            }
            return (state.away, state.isDeaf, !state.hasListened)
        }
        if let away {
            let span = Vitals.span(.now - away.since)
            logger.notice("listening again after \(span) without the database", metadata: ["awaySpan": "\(span)"])
        } else if isFirst {
            let tables = names.count == 1 ? names.values.first! : "\(names.count) tables"
            logger.notice("listening on \(tables)")
        }
        if !isEcho, !wasDeaf {
            logger.warning(
                """
                notifications don't come through this connection: a pooler in transaction mode is in between. New rows \
                are found by looking, and one daemon at a time works on a table. For the full speed connect to the \
                server itself or to the pooler's session mode
                """)
        }
    }

    private func tellLost(_ text: String, _ wait: Duration) {
        let now = ContinuousClock.now
        let (isNew, since) = state.withLock { state in
            let before = state.away
            let isNew = before?.text != text || now - before!.told > Self.repetition
            state.away = (text, before?.since ?? now, isNew ? now : before!.told)
            return (isNew, before?.since)
        }
        let span = since.map { " for \(Vitals.span(now - $0))" } ?? ""
        let message: Logger.Message = "database away\(span): \(text) Trying again in \(Vitals.span(wait))"
        // The same news with each try is for those who look closely.
        logger.log(level: isNew ? .warning : .debug, message)
    }

    private func tell(_ event: PipelineEvent, of table: WatchedTable) {
        let name = table.displayName
        switch event {
        case .batch(let report, let took):
            write(
                state.withLock { $0.tables[table.watch, default: Table()].lines.add(report, took: took, at: .now) },
                name)
        case .idle:
            if let more = state.withLock({ $0.tables[table.watch]?.setAside.flush() }) { tellSetAside(more, name) }
            write(state.withLock { $0.tables[table.watch, default: Table()].lines.flush() }, name)
        case .charged(let rows, let key, let reason):
            let isNews = state.withLock { state in
                let last = state.tables[table.watch]?.charged[reason]
                if let last, .now - last < .seconds(600) { return false }
                if state.tables[table.watch]?.charged.count ?? 0 > 100 { state.tables[table.watch]?.charged = [:] }
                state.tables[table.watch, default: Table()].charged[reason] = .now
                return true
            }
            guard isNews else { return }
            let which = rows == 1 ? "row \(key) failed" : "\(rows.grouped) rows failed, among them \(key)"
            logger.warning(
                "\(name): \(which): \(reason). Tried again by itself; see backfilld failures",
                metadata: ["table": "\(name)", "key": "\(key)"])
        case .setAside(let key, let reason):
            let told = state.withLock { $0.tables[table.watch, default: Table()].setAside.add(at: .now) }
            if let more = told.more { tellSetAside(more, name) }
            guard told.isSingle else { return }
            logger.error(
                """
                \(name): row \(key) set aside: \(reason). It is tried again when its text changes, or after \
                "backfilld failures retry"
                """,
                metadata: ["table": "\(name)", "key": "\(key)"])
        // The daemon ends with it, and the service says so.
        case .trouble(TableProblem.superseded): break
        case .trouble(let error):
            let text = Failure.message(for: error)
            let isNew = state.withLock { state in
                let since = state.tables[table.watch]?.trouble?.since ?? .now
                defer { state.tables[table.watch, default: Table()].trouble = (text, since) }
                return state.tables[table.watch]?.trouble?.text != text
            }
            let cure =
                error is TableProblem
                ? "It is looked at again with each heartbeat" : "Nothing is lost; it is tried again"
            let message: Logger.Message = "\(name): \(text) \(cure)"
            logger.log(level: isNew ? .warning : .debug, message, metadata: ["table": "\(name)"])
        case .recovered:
            let since = state.withLock { state in
                state.tables[table.watch]?.probeTrouble = nil
                return state.tables[table.watch]?.trouble.take()?.since
            }
            guard let since else { return }
            logger.notice("\(name): works again after \(Vitals.span(.now - since))", metadata: ["table": "\(name)"])
        case .scanned(let found, let isAll):
            guard found > 0 else { return }
            logger.debug(
                "\(name): found \(isAll ? "" : "over ")\(found.grouped) pending rows", metadata: ["table": "\(name)"])
        case .limited(let wait):
            let span = wait.map { " for \(Vitals.span($0))" } ?? ""
            logger.info(
                "\(name): the embedder asks for fewer requests; waiting\(span). No row is charged for it",
                metadata: ["table": "\(name)"])
        case .contended(let rows):
            logger.debug("\(name): \(rows.grouped) rows are another daemon's", metadata: ["table": "\(name)"])
        case .table:
            logger.notice("\(name): the table changed; going on with it as it is now", metadata: ["table": "\(name)"])
        case .flaws(let problems):
            for problem in problems { logger.error("\(name): \(problem)", metadata: ["table": "\(name)"]) }
            if problems.isEmpty {
                logger.notice("\(name): all that set-up makes is there again", metadata: ["table": "\(name)"])
            }
        case .progress, .parked: break
        }
    }

    private func tellSetAside(_ rows: Int, _ name: String) {
        logger.error(
            "\(name): \(rows.grouped) more rows set aside; see backfilld failures",
            metadata: ["table": "\(name)", "rows": "\(rows)"])
    }

    /// Tells of a pause, and of its end.
    private func tell(pausedFor span: Duration?, of table: WatchedTable) {
        let isNews = state.withLock { state in
            defer { state.tables[table.watch, default: Table()].isPaused = span != nil }
            return state.tables[table.watch]?.isPaused ?? false != (span != nil)
        }
        guard isNews else { return }
        let name = table.displayName
        logger.notice(
            span != nil ? "\(name): paused; to go on: backfilld resume" : "\(name): resumed",
            metadata: ["table": "\(name)"])
    }

    private func write(_ line: BatchLines.Line?, _ name: String) {
        guard let line else { return }
        logger.info(
            "\(name): \(line.text)",
            metadata: [
                "table": "\(name)", "rows": "\(line.rows)", "batches": "\(line.batches)", "failed": "\(line.failed)",
                "ms": "\(Int(line.took.inSeconds * 1000))",
            ])
    }
}
