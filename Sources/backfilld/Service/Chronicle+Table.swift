import Backfill
import Embedders
import Logging
import PostgresClient
import Synchronization

/// What the pipeline of a table has to tell.
extension Chronicle {
    func tell(_ event: PipelineEvent, of watch: Int32) {
        let name = name(watch)
        switch event {
        case .batch(let report, let took):
            write(state.withLock { $0[watch].lines.add(report, took: took, at: now()) }, name)
        case .idle: flush(watch)
        case .charged(let rows, let key, let reason): tellCharged(rows, key, reason, watch)
        case .setAside(let key, let reason): tellSetAside(key, reason, watch)
        // The daemon ends with it, and the service says so.
        case .trouble(TableProblem.superseded): break
        case .trouble(let error): tellTrouble(error, watch)
        case .recovered: tellRecovered(watch)
        case .scanned(let found, let isAll):
            guard found > 0 else { return }
            logger.debug(
                "\(name): found \(isAll ? "" : "over ")\(found.grouped) pending rows", metadata: ["table": "\(name)"])
        case .limited(let wait, let reason): tellLimited(wait, reason, watch)
        case .contended(let rows):
            logger.debug("\(name): \(rows.grouped) rows are another daemon's", metadata: ["table": "\(name)"])
        case .obstructed(let key, let claim):
            logger.tell(
                .claimObstructed,
                """
                \(name): row \(key), and others with it, cannot be claimed: \(claim.obstruction)
                """, [.table: "\(name)", .key: "\(key)"])
        case .table:
            logger.tell(
                .tableChanged, "\(name): the table changed; going on with it as it is now", [.table: "\(name)"])
        case .flaws(let problems):
            for problem in problems {
                logger.tell(.setUpFlaw, "\(name): \(problem)", [.table: "\(name)", .problem: "\(problem.code)"])
            }
            if problems.isEmpty {
                logger.tell(.setUpWhole, "\(name): all that set-up makes is there again", [.table: "\(name)"])
            }
        case .progress, .parked: tellSums(of: watch)
        }
    }

    /// Tells of a pause, and of its end.
    func tell(pausedFor span: Duration?, of watch: Int32) {
        let isNews = state.withLock { state in
            defer { state[watch].isPaused = span != nil }
            return state[watch].isPaused != (span != nil)
        }
        guard isNews else { return }
        let name = name(watch)
        if span != nil {
            logger.tell(.paused, "\(name): paused; to go on: backfilld resume", [.table: "\(name)"])
        } else {
            logger.tell(.resumed, "\(name): resumed", [.table: "\(name)"])
        }
    }

    /// Tells what was kept back of a table that has nothing more to do.
    func flush(_ watch: Int32) {
        if let more = state.withLock({ $0[watch].setAside.flush() }) { tellSetAside(more, name(watch)) }
        write(state.withLock { $0[watch].lines.flush() }, name(watch))
    }

    /// Tells the sums that are due, of what has not happened again.
    func tellSums(of watch: Int32, all: Bool = false) {
        let (charged, limits) = state.withLock { state in
            guard state.tables[watch] != nil else { return ([Repeats.Sum](), [Repeats.Sum]()) }
            return (state[watch].charged.due(at: now(), all: all), state[watch].limits.due(at: now(), all: all))
        }
        for sum in charged { tellCharged(sum, key: nil, watch) }
        for sum in limits { tellLimits(sum, watch) }
    }

    // MARK: Failures

    private func tellCharged(_ rows: Int, _ key: RowKey, _ reason: String, _ watch: Int32) {
        switch state.withLock({ $0[watch].charged.add(reason, times: rows, at: now()) }) {
        case .fold: break
        case .sum(let sum): tellCharged(sum, key: key, watch)
        case .tell:
            let which = rows == 1 ? "row \(key) failed" : "\(rows.grouped) rows failed, among them \(key)"
            logger.tell(
                .rowFailed, "\(name(watch)): \(which): \(reason). Tried again by itself; see backfilld failures",
                [.table: "\(name(watch))", .key: "\(key)", .rows: "\(rows)"])
        }
    }

    private func tellCharged(_ sum: Repeats.Sum, key: RowKey?, _ watch: Int32) {
        let rows = "\(sum.count.counted("more row")) failed in \(Vitals.span(sum.span))"
        logger.tell(
            .rowsFailed,
            """
            \(name(watch)): \(rows)\(key.map { ", among them \($0)" } ?? ""): \(sum.text). \
            Tried again by themselves; see backfilld failures
            """,
            [.table: "\(name(watch))", .rows: "\(sum.count)", .repeatedMs: sum.span.inMilliseconds])
    }

    private func tellSetAside(_ key: RowKey, _ reason: String, _ watch: Int32) {
        let name = name(watch)
        let told = state.withLock { $0[watch].setAside.add(at: now()) }
        if let more = told.more { tellSetAside(more, name) }
        guard told.isSingle else { return }
        logger.tell(
            .rowSetAside,
            """
            \(name): row \(key) set aside: \(reason). It is tried again when its text changes, or after \
            "backfilld failures retry"
            """,
            [.table: "\(name)", .key: "\(key)"])
    }

    private func tellSetAside(_ rows: Int, _ name: String) {
        logger.tell(
            .rowsSetAside, "\(name): \(rows.grouped) more rows set aside; see backfilld failures",
            [.table: "\(name)", .rows: "\(rows)"])
    }

    private func tellTrouble(_ error: any Error, _ watch: Int32) {
        let name = name(watch)
        let text = Failure.message(for: error)
        let decision = state.withLock { $0[watch].trouble.add(text, at: now()) }
        let (event, cure): (JournalEvent, String) =
            switch error {
            case is TableProblem: (.schemaProblem, "It is looked at again with each heartbeat")
            case EmbedderError.denied:
                (.providerDenied, "Until that is put right, it is asked once in each retry.longest, and after a reload")
            case is EmbedderError: (.providerAway, "Nothing is lost; it is tried again")
            default: (.batchFailed, "Nothing is lost; it is tried again")
            }
        let tail = Self.tail(decision.sum)
        var fields: [JournalKey: Logger.MetadataValue] = [.table: "\(name)"]
        if let problem = error as? TableProblem { fields[.problem] = "\(problem.code)" }
        fields.merge(Self.stateField(error)) { $1 }
        fields.merge(tail.fields) { $1 }
        logger.tell(
            event, "\(name): \(Failure.sentence(text)) \(cure)\(tail.text)", fields, asRepeat: decision == .fold)
    }

    private func tellRecovered(_ watch: Int32) {
        let trouble = state.withLock { state in
            _ = state[watch].probes.end()
            return state[watch].trouble.end()
        }
        guard let trouble else { return }
        let now = now()
        logger.tell(
            .recovered, "\(name(watch)): works again after \(Vitals.span(trouble.span(at: now)))\(trouble.attempts)",
            [.table: "\(name(watch))"].merging(trouble.fields(at: now)) { $1 })
    }

    private func tellLimited(_ wait: Duration?, _ reason: String?, _ watch: Int32) {
        let span = wait.map { " for \(Vitals.span($0))" } ?? ""
        let text = "\(reason ?? "the embedder asks for fewer requests"); waiting"
        let decision = state.withLock { $0[watch].limits.add(text, at: now()) }
        if case .sum(let sum) = decision { return tellLimits(sum, watch) }
        logger.tell(
            .rateLimited, "\(name(watch)): \(text)\(span). No row is charged for it", [.table: "\(name(watch))"],
            asRepeat: decision == .fold)
    }

    private func tellLimits(_ sum: Repeats.Sum, _ watch: Int32) {
        let tail = Self.tail(sum)
        logger.tell(
            .rateLimited, "\(name(watch)): \(sum.text)\(tail.text). No row is charged for it",
            [.table: "\(name(watch))"].merging(tail.fields) { $1 })
    }

    private func write(_ line: BatchLines.Line?, _ name: String) {
        guard let line else { return }
        logger.tell(
            .embedded, "\(name): \(line.text)",
            [
                .table: "\(name)", .rows: "\(line.rows)", .batches: "\(line.batches)", .failed: "\(line.failed)",
                .ms: line.took.inMilliseconds,
            ])
    }
}
