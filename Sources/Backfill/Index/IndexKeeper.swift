import PostgresClient

/// Looks after the indexes on the vectors of tables that are configured so: builds what ``IndexAdvice`` recommends, when
/// the tables are filled, one daemon at a time.
package struct IndexKeeper: Sendable {
    /// What it has to tell.
    package enum Event: Sendable, Hashable {
        /// A step of a build begins.
        case step(table: String, title: String)
        /// The index is there.
        case built(table: String, took: Duration)
        /// It may not, or it can't; told once for each reason.
        case hindered(table: String, reason: String)
    }

    /// What one look came to.
    enum Outcome: Sendable, Hashable {
        case nothing, built
        case hindered(String)
    }

    private let sessions: SessionFactory
    private let tables: [TableSpec]
    private let report: @Sendable (Event) -> Void

    /// - Parameters:
    ///   - sessions: Opens a session for each look.
    ///   - tables: Those to look after.
    ///   - report: Hears what is done.
    package init(_ sessions: SessionFactory, tables: [TableSpec], report: @escaping @Sendable (Event) -> Void) {
        self.sessions = sessions
        self.tables = tables
        self.report = report
    }

    /// Looks after them until the task is cancelled.
    ///
    /// - Parameters:
    ///   - first: How long before the first look, and before another one at a table that is still being filled.
    ///   - pause: How long between two looks.
    ///   - isFilled: Whether nothing of a table is pending: before that an index is built too early.
    package func run(
        first: Duration = .seconds(30), every pause: Duration = .seconds(600),
        isFilled: @Sendable (QualifiedName) async -> Bool
    ) async {
        var told: [QualifiedName: String] = [:]
        var wait = first
        while !tables.isEmpty {
            do { try await Task.sleep(for: wait) } catch { return }
            wait = pause
            for table in tables {
                guard await isFilled(table.name) else {
                    wait = min(wait, first)
                    continue
                }
                let outcome = await look(after: table)
                if Task.isCancelled { return }
                guard case .hindered(let reason) = outcome else {
                    told[table.name] = nil
                    continue
                }
                if told[table.name] != reason { report(.hindered(table: table.name.description, reason: reason)) }
                told[table.name] = reason
            }
        }
    }

    /// Looks at one table, and builds what it needs.
    func look(after spec: TableSpec) async -> Outcome {
        do {
            let connection = try await sessions.openOwn(for: "an index")
            let result: Result<Outcome, any Error>
            do { result = .success(try await keep(spec, on: connection)) } catch { result = .failure(error) }
            // The lock goes with it.
            await connection.close()
            return try result.get()
        } catch {
            return .hindered("\(error)")
        }
    }

    private func keep(_ spec: TableSpec, on connection: PostgresConnection) async throws -> Outcome {
        let table = try await WatchedTable.load(spec, identity: nil, on: connection)
        guard !IndexBuild.plan(for: try await IndexFacts.load(table, on: connection)).isEmpty else { return .nothing }
        let isOurs: Bool = try await connection.execute(
            Statement(
                "lock for building an index", SQLFile.advisoryTry, [.int4(AdvisoryLock.index), .int4(table.watch)]))[0]
            .decode("is_ours")
        guard isOurs else { return .nothing }
        // Another daemon may have built it just before.
        let facts = try await IndexFacts.load(table, on: connection)
        let plan = IndexBuild.plan(for: facts)
        guard !plan.isEmpty else { return .nothing }
        let began = ContinuousClock.now
        try await IndexBuild.run(plan, for: facts, on: connection, watching: nil) { [report] progress in
            if case .step(let title, _, _) = progress { report(.step(table: facts.table, title: title)) }
        } progress: { _ in
        }
        report(.built(table: facts.table, took: .now - began))
        return .built
    }
}
