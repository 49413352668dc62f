import Embedders
import PostgresClient

/// What the pipeline does when something fails, or when the table is not what it was.
extension TablePipeline {
    /// A failure that is no row's own: everything waits, and nobody is charged.
    ///
    /// - Parameter isOfScan: Whether a scan failed, and no batch.
    func failed(_ error: any Error, isOfScan: Bool = false) {
        if isStopping || Task.isCancelled { return }
        if case EmbedderError.limited(let wait, let reason) = error {
            intake.limited(for: wait, at: clock.now)
            return report(.limited(wait, because: reason))
        }
        // A column beside the one in use goes when its run is replaced.
        let isGone = !table.hasLedger && (error as? PostgresError)?.isAboutTheSchema ?? false
        let error = isGone ? TableProblem.superseded(table: table.displayName, embedder: table.identity) : error
        // A key that is refused now is refused again: asked for as seldom as can be.
        var wait: Duration?
        if case EmbedderError.denied = error { wait = settings.retry.longest }
        // The table was in order when it was looked at: what was wrong was so for a moment, while somebody changed it.
        if error is TableProblem { wait = .seconds(1) }
        intake.paused(for: wait, at: clock.now)
        (trouble, isTroubleOfScan) = (error, isOfScan)
        report(.trouble(error))
    }

    /// A failure of what was begun with this table. Where the table is another by now, can't be filled as it is, or could not
    /// meanwhile, that is why, and is told instead.
    ///
    /// - Parameters:
    ///   - healings: How often the table had healed when it began.
    ///   - isOfScan: Whether a scan failed, and no batch.
    func failed(
        _ error: any Error, with table: WatchedTable, since healings: Int, isOfScan: Bool = false
    ) async {
        // What a look has just found needs no other.
        let isKnown = (error as? TableProblem).map { $0 == problem } ?? false
        if !isKnown, error is TableProblem || Self.isAnswer(error) { try? await inspect() }
        guard problem == nil, end == nil else { return }
        guard table == self.table, healings == self.healings else {
            intake.wantScan()
            return
        }
        failed(error, isOfScan: isOfScan)
    }

    /// Rows did not get past an error. One about names or privileges: where the table is in order, it is written to once more, for it
    /// may have come to be so only now; what is refused then is refused by something of the row's own. Any other may be the
    /// server's: the rows are tried again, and charged where they alone go on to fail.
    func resolve(_ doubt: PostgresError, in done: inout BatchReport) async throws {
        if doubt.isAboutTheSchema {
            guard parts.load != nil else {
                if done.written > 0 { return }
                throw doubt
            }
            try await inspect()
            done.add(try await batch.writer.write(done.refused))
        }
        guard let doubt = done.doubt, !doubt.isAboutTheSchema else { return }
        let refused = done.refused
        guard !suspects.record(failed: Set(refused.map(\.key)), attempts: settings.retry.attempts) else { return }
        for row in refused { done.outcomes[row.key] = .locked(row) }
        done.error = done.error ?? doubt
    }

    /// The table is another than the one that these rows were read from, or was for a while: what was written was right, and of
    /// all else nothing is known.
    func abandon(_ keys: [RowKey], _ done: BatchReport, took: Duration) {
        var done = done
        done.outcomes = done.outcomes.filter { $0.value == .written }
        intake.ended(keys, at: clock.now)
        handshake.wake(at: clock.now)
        report(.batch(done, took: took))
    }

    /// Whether the server has answered with an error, and the connection is of use.
    static func isAnswer(_ error: any Error) -> Bool {
        (error as? PostgresError).map { $0.code == .server && !$0.isConnectionFailure } ?? false
    }

    func recovered() {
        guard trouble != nil else { return }
        trouble = nil
        // A batch that was under way beside the one that failed may be the one that fared well.
        intake.unpause()
        report(.recovered)
    }

    /// The server answers. That says nothing of a provider, and a scan that succeeds nothing of what batches fail with.
    func serverAnswered(byScan isScan: Bool) {
        guard let trouble = trouble as? PostgresError else { return }
        if trouble.code != .server || trouble.isConnectionFailure || isScan == isTroubleOfScan { recovered() }
    }

    /// A heartbeat came back: a table that could not be filled may be in order again.
    func heartbeat() async {
        await noteLocks()
        if problem != nil || !flaws.isEmpty || clock.now - surveyed >= settings.surveyEvery { doubt() }
        if trouble is PostgresError {
            // The server answers again, for all that is known: one batch finds out, and nobody waits for the end of a pause.
            intake.probe()
            signal.set()
        }
        await lookForStrangers()
        isPurgeDue = hasEntries
        // A purge tells that, too.
        isStandingDue = !isPurgeDue && intake.working > 0
        guard isPurgeDue || isStandingDue else { return }
        // A table at rest has nothing else to wake for.
        signal.set()
    }

    /// Looks how the table stands while batches are under way, which may take long: after a scan that is known anyway.
    ///
    /// - Returns: Whether that is known now.
    @discardableResult
    func renewStanding() async -> Bool {
        let table = table
        guard let standing = try? await ledger?.standing(), table == self.table else { return false }
        self.standing = standing
        signal.set()
        return true
    }

    /// Tells of sessions that keep rows from us and are no daemon's, or a daemon's that is stopped: nobody else would, and the
    /// rows wait as long as they do.
    private func lookForStrangers() async {
        let (table, interval) = (table, lastHeartbeat.map { clock.now - $0 } ?? .seconds(10))
        lastHeartbeat = clock.now
        guard let key = contention.heartbeat() else { return }
        let holders = try? await parts.pool.withConnection { try await RowClaim.holders(of: key, in: table, on: $0) }
        for holder in holders ?? [] where !holder.isDaemon || holder.isSilent(for: interval) {
            // The same one is told again after a while, not with each heartbeat.
            strangers = strangers.filter { clock.now - $0.value < Self.strangerSilence }
            guard strangers[holder.description] == nil else { continue }
            strangers[holder.description] = clock.now
            report(.obstructed(key: key, by: holder))
        }
    }

    /// Something says that the table is not what it was.
    func doubt() {
        isDoubtful = true
        signal.set()
    }

    /// Looks whether the table is still what it was, before a row is charged for it and after an error that may come of it.
    ///
    /// A look that has begun may have seen the table before it changed, so whoever comes meanwhile looks for himself.
    /// - Parameter thoroughly: Whether to look for what set-up made, too. That is done in any case where the table is another.
    /// - Throws: ``TableProblem`` where it can't be filled as it is, `PostgresError`, `CancellationError`.
    func inspect(thoroughly: Bool = false) async throws {
        guard let load = parts.load else { return }
        try await enter()
        defer { leave() }
        guard end == nil else { return }
        do {
            let found = try await load(table.spec)
            let isOther = found != table
            let isHealed = problem != nil || isOther
            if isOther { await take(found) }
            if isHealed { healed() }
            if isHealed || thoroughly, let survey = parts.survey {
                surveyed = clock.now
                note(try await survey(table.spec))
            }
        } catch let problem as TableProblem {
            // Vectors of another model are wanted now, and that is no trouble that passes.
            if await wantsOthers(problem) {
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

    /// Whether a problem comes of another model's vectors that belong into the column now. A column of another length alone is
    /// none; but a reembed leaves one, and a record that says so.
    private func wantsOthers(_ problem: TableProblem) async -> Bool {
        guard case .dimensionMismatch = problem else { return problem.isAnotherIdentity }
        guard let recorded = try? await parts.recorded?(table.spec) else { return false }
        return recorded != table.identity
    }

    private func note(_ flaws: [TableProblem]) {
        guard flaws != self.flaws else { return }
        self.flaws = flaws
        report(.flaws(flaws))
    }

    private func take(_ found: WatchedTable) async {
        // Statements that the sessions have prepared know the table as it was.
        await parts.pool.discardIdle()
        let (before, locks) = (table, handshake)
        table = found
        batch = Batch(table: found, embedder: parts.embedder, pool: parts.pool, settings: settings, endpoint: endpoint)
        ledger = Self.ledger(of: found, parts)
        standing = LedgerStanding()
        let dropped = intake.startOver()
        if found.watch == before.watch {
            handshake.apply(mode, at: clock.now)
        } else {
            handshake = Handshake(mode, pace: settings.polling)
        }
        report(.table(found))
        // What the other number stood for is given back under it.
        await parts.claims.drop(dropped, of: before.watch)
        if found.watch != before.watch { await giveBack(before.watch, locks) }
    }

    private func healed() {
        problem = nil
        trouble = nil
        healings += 1
        intake.unpause()
        handshake.wake(at: clock.now)
        report(.recovered)
        signal.set()
    }
}
