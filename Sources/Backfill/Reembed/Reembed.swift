import Embedders
import PostgresClient

/// Embeds all rows of a table anew, with another model, while search goes on: in a column of its own that takes the old
/// one's place when it is full and indexed, or in place, row by row.
///
/// What it has done is in the database: interrupted at any point, it goes on from there when it is run again. The daemon
/// goes on filling the column that is in use, and whatever changes until the swap is pending in the new one.
package struct Reembed: Sendable {
    /// What it says while it works.
    package enum Progress: Sendable {
        /// Something worth knowing before it begins.
        case warning(String)
        /// A change of the schema.
        case schema(SetupProgress)
        /// Rows are embedded: so many of about so many.
        case rows(done: Int, of: Int)
        /// So many rows are locked by others and waited for.
        case locked(rows: Int)
        /// It waits for the provider, or for the database.
        case paused(Drain.Pause)
    }

    /// What came of it.
    package struct Result: Sendable {
        /// Whether there was anything to do.
        package var isNothing = false
        /// Rows whose new vector is in the table.
        package var embedded = 0
        /// In place: rows that keep the vector of the old model, with the reason.
        package var failed: [RowKey: String] = [:]
        /// The old column, where it was kept.
        package var kept: String?
        /// A column of an earlier run that was dropped.
        package var dropped: String?
    }

    let spec: TableSpec
    let embedder: any Embedder
    let connection: PostgresConnection
    let pool: ConnectionPool
    let settings: PipelineSettings

    /// Takes the table for itself, for as long as the connection is open.
    ///
    /// - Parameters:
    ///   - spec: What configuration says about the table.
    ///   - embedder: Makes the new vectors.
    ///   - connection: A connection that is free, of the table's owner, and not used for anything else meanwhile.
    ///   - pool: Lends sessions for reading and writing rows.
    ///   - settings: How rows are gathered.
    /// - Throws: ``TableProblem``, such as ``TableProblem/reembedRunning(table:)``; `PostgresError`.
    package init(
        _ spec: TableSpec, embedder: any Embedder, on connection: PostgresConnection, pool: ConnectionPool,
        settings: PipelineSettings
    ) async throws {
        guard !(embedder is any WritingEmbedder) else { throw TableProblem.embedderWrites(embedder.identity) }
        self.spec = spec
        self.embedder = embedder
        self.connection = connection
        self.pool = pool
        self.settings = settings
        try await Self.hold(spec, on: connection)
    }

    /// For how long another process's lock is waited for.
    private static let patience = Duration.seconds(8)

    /// Takes the table for this connection.
    private static func hold(_ spec: TableSpec, on connection: PostgresConnection) async throws {
        let facts = try await ReembedFacts.load(spec, identity: nil, on: connection)
        let lock = Statement(
            "lock of reembed", SQLFile.advisoryTry, [.int4(AdvisoryLock.reembed), .int4(facts.watch.id)])
        let start = ContinuousClock.now
        while try await !connection.execute(lock)[0].decode(0, as: Bool.self) {
            // The session of one that was killed while an index was built is noticed by the server within 5 s.
            guard .now - start < patience else { throw TableProblem.reembedRunning(table: facts.shape.displayName) }
            try await Task.sleep(for: .milliseconds(250))
        }
        // Whoever is killed while an index is built must not hold the table until it is done (PostgreSQL 14 and later).
        try await connection.script(
            """
            SELECT pg_catalog.set_config(name, '5s', false) FROM pg_catalog.pg_settings
            WHERE name = 'client_connection_check_interval'
            """, name: "notice a client that is gone")
    }

    /// The SQL of what it would do, as a script to read. Nothing is changed.
    ///
    /// - Throws: ``TableProblem`` where it cannot be done; `PostgresError`.
    package func script(inPlace: Bool, dropsOld: Bool) async throws -> String {
        var facts = try await facts()
        let work = try ReembedWork(facts, inPlace: inPlace, dropsOld: dropsOld)
        switch work {
        case .nothing: return "-- \(facts.shape.displayName): nothing to do.\n"
        case .dropPrevious: return ReembedPlan(facts: facts).droppingPrevious().script
        case .walk: return ReembedPlan(facts: facts).beginningInPlace(total: 0).script + Self.filling
        case .walkOn: return Self.filling
        case .shadow:
            facts.nextTails = try await IndexTrial(facts: facts).tails(on: connection)
            let plan = ReembedPlan(facts: facts)
            let dropping = facts.watch.previous == nil || !dropsOld ? "" : plan.droppingPrevious().script
            return dropping + plan.beginning().script + Self.filling + plan.indexing().script + plan.swapping().script
        }
    }

    private static let filling = "\n-- Here backfilld embeds the rows, batch by batch.\n\n"

    /// Does it, or goes on with it.
    ///
    /// - Parameters:
    ///   - inPlace: Whether new vectors go in the place of old ones, row by row.
    ///   - dropsOld: Whether the old column is dropped after the swap.
    ///   - progress: Called now and then, from any task.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` and what the embedder throws for what
    ///   may be tried again; what was done stays done.
    package func run(
        inPlace: Bool = false, dropsOld: Bool = false, progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> Result {
        let facts = try await facts()
        switch try ReembedWork(facts, inPlace: inPlace, dropsOld: dropsOld) {
        case .nothing: return Result(isNothing: true, kept: facts.watch.previous)
        case .dropPrevious:
            try await carryOut(ReembedPlan(facts: facts).droppingPrevious(), progress)
            return Result(dropped: facts.watch.previous)
        case .shadow: return try await fillAndSwap(facts, dropsOld: dropsOld, progress)
        case .walk:
            let total = try await walkers(facts.table)
            try await carryOut(ReembedPlan(facts: facts).beginningInPlace(total: total), progress)
            return try await walk(try await self.facts(), progress)
        case .walkOn: return try await walk(facts, progress)
        }
    }

    /// Takes a run away that has not ended, with the column it was filling. It takes no embedder.
    ///
    /// - Parameters:
    ///   - spec: What configuration says about the table.
    ///   - connection: A connection that is free, of the table's owner.
    ///   - progress: Called now and then.
    /// - Returns: The column; nil where no run is under way.
    /// - Throws: `TableProblem.reembedUnderWay` for one in place, whose vectors are among the old ones;
    ///   other ``TableProblem``; `PostgresError`.
    package static func abandon(
        _ spec: TableSpec, on connection: PostgresConnection,
        progress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws -> String? {
        try await hold(spec, on: connection)
        let facts = try await ReembedFacts.load(spec, identity: nil, on: connection)
        guard let run = facts.run else { return nil }
        guard run.mode == .shadow else {
            throw TableProblem.reembedUnderWay(
                table: facts.shape.displayName,
                what: "in place, so that vectors of both models are in the column, and there is nothing to take away",
                inPlace: true)
        }
        try await carryOut(ReembedPlan(facts: facts).abandoning(), on: connection, progress)
        return facts.next
    }

    // MARK: The column of its own

    private func fillAndSwap(
        _ first: ReembedFacts, dropsOld: Bool, _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> Result {
        var facts = first
        // What cannot be done in the end is not begun.
        _ = try await IndexTrial(facts: facts).tails(on: connection)
        var result = Result()
        if dropsOld, facts.watch.previous != nil {
            try await carryOut(ReembedPlan(facts: facts).droppingPrevious(), progress)
            facts = try await self.facts()
        }
        try await carryOut(ReembedPlan(facts: facts).beginning(), progress)
        var tries = 0
        while true {
            result.embedded += try await fill(progress)
            try await index(progress)
            // What changed while the indexes were built: the fewer rows are left for the daemon, the better.
            result.embedded += try await fill(progress)
            do {
                facts = try await swap(progress)
                break
            } catch let error as PostgresError where error.hasState(ReembedPlan.changedState) {
                // Something came before the lock did: an index is carried over, a view is a reason to stop.
                tries += 1
                guard tries < 10 else {
                    throw TableProblem.changedMeanwhile(table: facts.shape.displayName, what: error.message)
                }
            }
        }
        if dropsOld {
            facts = try await self.facts()
            try ReembedWork.checkPrevious(facts)
            try await carryOut(ReembedPlan(facts: facts).droppingPrevious(), progress)
        } else {
            result.kept = facts.previous
        }
        return result
    }

    /// Builds what indexes the new column lacks. An index or a partition may come while others are built.
    private func index(_ progress: @escaping @Sendable (Progress) -> Void) async throws {
        var facts: ReembedFacts
        var round = 0
        repeat {
            facts = try await self.facts()
            facts.nextTails = try await IndexTrial(facts: facts).tails(on: connection)
            try await carryOut(ReembedPlan(facts: facts).indexing(), progress)
            facts = try await self.facts()
            round += 1
        } while !ReembedIndexes(facts: facts).missing.isEmpty && round < 3
    }

    /// Lets the columns change places, if nothing has changed by then of what that is decided from.
    ///
    /// - Returns: The facts that it was decided from.
    private func swap(_ progress: @escaping @Sendable (Progress) -> Void) async throws -> ReembedFacts {
        let before = try await self.facts()
        let rows = try await connection.execute(Statement("fingerprint", before.fingerprintQuery))
        // After the hash: whatever changes from here on makes another one.
        var facts = try await self.facts()
        facts.fingerprint = try rows[0].decode(0)
        try ReembedWork.checkColumns(facts, dropsOld: false)
        if let missing = ReembedIndexes(facts: facts).missing.first {
            throw TableProblem.reembedUnderWay(
                table: facts.shape.displayName, what: "but nothing stands in the place of index \(missing) yet")
        }
        try await carryOut(ReembedPlan(facts: facts).swapping(), progress)
        return facts
    }

    /// Fills the new column with what it lacks.
    private func fill(_ progress: @escaping @Sendable (Progress) -> Void) async throws -> Int {
        let facts = try await facts()
        guard let run = facts.run, let column = facts.shape.column(facts.next), let kind = column.embeddingKind else {
            throw TableProblem.changedMeanwhile(table: facts.shape.displayName, what: "the new column went away")
        }
        let table = WatchedTable(facts.table, filling: column, kind: kind, for: run)
        // Of its own session: the count is planned for the pending index.
        let total = try await pool.withConnection { try await BacklogCount.of(table, on: $0) }
        guard total > 0 else { return 0 }
        progress(.rows(done: 0, of: total))
        var settings = settings
        settings.mostRows = nil
        let drain = Drain(
            table: table, embedder: embedder, sessions: nil, pool: pool, settings: settings, pending: total)
        var embedded = 0
        var failed: [RowKey: String] = [:]
        var locked: Set<RowKey>?
        for _ in 0..<Self.mostTries {
            let before = embedded
            let result = try await drain.run(waits: { progress(.paused($0)) }) {
                progress(.rows(done: before + $0.embedded, of: total))
            }
            embedded += result.embedded
            let lockedNow = Set(result.failed.keys.filter { result.failed[$0] == RowOutcome.lockedReason })
            // Somebody's open transaction is no failure: it is waited for, for a minute or two. Writers who come and go have
            // other rows locked each time, and there would be no end of those; the daemon fills them as whatever changes.
            let stillLocked = locked.map(lockedNow.intersection) ?? lockedNow
            locked = stillLocked
            failed = result.failed.filter { !lockedNow.contains($0.key) || stillLocked.contains($0.key) }
            guard !stillLocked.isEmpty, failed.count == stillLocked.count else { break }
            progress(.locked(rows: stillLocked.count))
        }
        if !failed.isEmpty {
            for (key, reason) in failed.sorted(by: { $0.key < $1.key }).prefix(100) {
                progress(.warning("\(key): \(reason)"))
            }
            let lost = try await lost(Array(failed.keys), table)
            if lost > 0 { throw TableProblem.reembedIncomplete(table: table.displayName, rows: lost) }
        }
        return embedded
    }

    /// Each waits for locked rows for a few seconds.
    private static let mostTries = 20

    /// How many of these rows have an old vector and no new one.
    private func lost(_ keys: [RowKey], _ table: WatchedTable) async throws -> Int {
        let sql = SQLFile.fill(
            SQLFile.reembedFailed, table.fragments.merging(["old": quoteIdentifier(spec.embedding)]) { $1 })
        let statement = Statement("rows without a new vector", sql, [.textArray(keys.map(\.text))])
        return try await pool.withConnection { try await $0.execute(statement) }[0].decode(0)
    }

    // MARK: Common

    func facts() async throws -> ReembedFacts {
        try await ReembedFacts.load(spec, identity: embedder.identity, on: connection)
    }

    private func carryOut(_ plan: SetupPlan, _ progress: @escaping @Sendable (Progress) -> Void) async throws {
        try await Self.carryOut(plan, on: connection, progress)
    }

    private static func carryOut(
        _ plan: SetupPlan, on connection: PostgresConnection, _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        for warning in plan.warnings { progress(.warning(warning)) }
        do {
            try await Setup.run(plan, on: connection) { progress(.schema($0)) }
        } catch let error as PostgresError
            where ["55000", "42P01", "42P17", "42703", "42704"].contains(where: { error.hasState($0) })
        {
            // A partition was detached, an index dropped, a column renamed.
            throw TableProblem.changedMeanwhile(
                table: plan.table, what: "a part of it was changed by somebody (\(error.message))")
        }
    }

    /// Rows that have a vector, and so are walked through.
    private func walkers(_ table: WatchedTable) async throws -> Int {
        let statement = Statement(
            "count rows of \(table.displayName)", SQLFile.fill(SQLFile.walkCount, table.fragments))
        return try await pool.withConnection { try await $0.execute(statement) }[0].decode(0)
    }
}
