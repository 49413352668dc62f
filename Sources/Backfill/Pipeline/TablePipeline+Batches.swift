import Embedders
import PostgresClient

/// A batch from its claim to what became of its rows.
extension TablePipeline {
    /// Claims rows, and takes those that are ours through a batch.
    func embed(_ keys: [RowKey]) async {
        let (table, batch) = (table, batch)
        let (areFound, areHeld) = (!intake.areAnnounced(keys), intake.areHeld(keys))
        let claim: Claims.Attempt
        do {
            claim = try await parts.claims.claim(keys, of: table.watch, canWait: areFound)
        } catch {
            intake.unclaimed(taken: [], left: keys, isNone: true, at: clock.now)
            // Without a session there is no connection either, and that is told by whoever makes it anew.
            if !(error is ClaimError) { failed(error) }
            signal.set()
            return
        }
        contention.note(claimed: claim.claimed, taken: claim.taken)
        if !claim.taken.isEmpty || !claim.left.isEmpty {
            let isNone = claim.claimed.isEmpty
            intake.unclaimed(taken: claim.taken, left: claim.left, isNone: isNone, at: clock.now)
            if !claim.taken.isEmpty { report(.contended(rows: claim.taken.count)) }
            guard !isNone else { return signal.set() }
        }
        parts.reached(.claimed)
        await attempt(claim.claimed, of: table) { [parts] in
            try await batch.run(claim.claimed, areFound: areFound, areHeld: areHeld, reached: parts.reached)
        }
        let isSame = table.watch == self.table.watch
        let waiting = claim.claimed.filter { isSame && intake.held.hasVector($0) }
        // The next batch need not wait for this one's claims to be given back.
        signal.set()
        await parts.claims.release(claim, of: table.watch, keeping: waiting)
        parts.reached(.released)
        signal.set()
    }

    /// Tries vectors again that are kept.
    func write(_ rows: [EmbeddedRow]) async {
        let writer = batch.writer
        await attempt(rows.map(\.key), of: table) {
            var report = BatchReport()
            report.add(try await writer.write(rows))
            return report
        }
        signal.set()
    }

    /// Does a batch's work and tells the intake, the ledger and whoever listens what came of it.
    private func attempt(
        _ keys: [RowKey], of table: WatchedTable, _ work: @Sendable () async throws -> BatchReport
    ) async {
        let (began, healings) = (clock.now, healings)
        do {
            var done = try await work()
            if let doubt = done.doubt { try await resolve(doubt, in: &done) }
            let charges = intake.charges(for: done, at: clock.now)
            // It may be the table that is another, and nobody is to be charged for that.
            if !charges.isEmpty { try await inspect() }
            // Nor for a table that could not be filled meanwhile, and is by now what it was.
            guard table == self.table, charges.isEmpty || healings == self.healings else {
                return abandon(keys, done, took: clock.now - began)
            }
            let verdicts = try await charge(charges)
            if done.embedded + done.written > 0 { handshake.progressed() }
            if done.written > 0 { suspects.othersWritten() }
            // What is written well says nothing against the error that ended the rest.
            var isWell = done.error == nil
            if case EmbedderError.limited? = done.error { isWell = true }
            if isWell { if done.embedded > 0 { recovered() } else { serverAnswered(byScan: false) } }
            note(verdicts)
            let retries = Dictionary(verdicts.compactMap { row in row.wait.map { (row.key, $0) } }) { $1 }
            intake.finished(
                done.outcomes, retries: retries, leaving: done.unfinished, isWell: isWell, at: clock.now)
            report(.batch(done, took: clock.now - began))
            tell(verdicts.filter { $0.attempts == 1 })
            for row in verdicts where row.isNew { report(.setAside(key: row.key, reason: row.reason)) }
            if let error = done.error { await failed(error, with: table, since: healings) }
        } catch {
            let isHearsay = Self.isAnswer(error) && intake.distrust(keys)
            if case EmbedderError.limited = error {
                intake.putBack(keys, at: clock.now)
            } else {
                intake.ended(keys, at: clock.now)
            }
            if !isHearsay { await failed(error, with: table, since: healings) }
        }
    }

    private func charge(_ charges: [FailureLedger.Charge]) async throws -> [FailureLedger.Verdict] {
        if charges.isEmpty { return [] }
        // Whether or not the answer comes back.
        hasEntries = true
        if let ledger {
            let (suspected, failed) = (charges.filter(\.isSuspicion), charges.filter { !$0.isSuspicion })
            return try await ledger.charge(failed, retry: settings.retry)
                + ledger.charge(suspected, retry: Self.suspicion)
        }
        // Without a ledger a row is tried once.
        return charges.map {
            FailureLedger.Verdict(
                key: $0.key, reason: $0.reason, attempts: 1, wait: PipelineSettings.never, isNew: false)
        }
    }

    private static let suspicion = RetrySettings(first: .seconds(1), longest: .seconds(10), attempts: .max)

    /// Tells of rows that failed for the first time, those of one reason together.
    private func tell(_ verdicts: [FailureLedger.Verdict]) {
        for (reason, rows) in Dictionary(grouping: verdicts, by: \.reason) {
            report(.charged(rows: rows.count, key: rows[0].key, reason: reason))
        }
    }

    private func note(_ verdicts: [FailureLedger.Verdict]) {
        guard !verdicts.isEmpty else { return }
        hasEntries = true
        standing.failing += verdicts.count { $0.attempts == 1 && !$0.isSetAside }
        standing.setAside += verdicts.count { $0.isNew }
    }
}
