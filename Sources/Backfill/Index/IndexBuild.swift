import PostgresClient

/// Builds indexes on vectors, and tells how far it is.
package enum IndexBuild {
    /// How far the server is with a build.
    package struct Progress: Sendable, Hashable {
        /// What it does, as the server says: `building index: loading tuples`.
        package let phase: String
        /// The share that is done of what this phase counts, 0 to 1; nil where it counts nothing.
        package let share: Double?

        init(phase: String, blocks: (done: Int, total: Int), tuples: (done: Int, total: Int)) {
            self.phase = phase
            let counted = tuples.total > 0 ? tuples : blocks
            share = counted.total > 0 ? min(1, Double(counted.done) / Double(counted.total)) : nil
        }
    }

    /// Decides what to build. Nothing is changed.
    ///
    /// - Parameters:
    ///   - facts: The table.
    ///   - advice: What to do about it.
    ///   - memory: What the build may take, in bytes; nil for the server's `maintenance_work_mem`.
    package static func plan(_ facts: IndexFacts, _ advice: IndexAdvice, memory: Int64? = nil) -> SetupPlan {
        IndexPlan(facts: facts, advice: advice).plan(memory: memory)
    }

    /// Decides what to build from what is there alone.
    static func plan(for facts: IndexFacts) -> SetupPlan { plan(facts, IndexAdvice(facts)) }

    /// Carries a plan out. No writer waits for it, but it waits for older transactions to end.
    ///
    /// - Parameters:
    ///   - plan: What is to be done.
    ///   - facts: The table.
    ///   - connection: A connection that is free, of the table's owner.
    ///   - sessions: Opens another one, on which the server is asked how far it is; nil where nobody wants to know.
    ///   - step: Hears what begins, and what is waited for.
    ///   - progress: Hears how far a build is, about twice a second.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` for everything else.
    package static func run(
        _ plan: SetupPlan, for facts: IndexFacts, on connection: PostgresConnection, watching sessions: SessionFactory?,
        step: @escaping @Sendable (SetupProgress) -> Void, progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        guard facts.isOwner else {
            throw TableProblem.notPermitted(
                table: facts.table, what: "build an index",
                hint: "Run \"backfilld index --create\" as the table's owner, \(facts.owner)")
        }
        let process = await connection.backendPID
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await Setup.run(plan, on: connection, progress: step)
                return true
            }
            group.addTask {
                // How far it is matters less than that it is done.
                if let sessions { try? await watch(process, sessions, progress) }
                return false
            }
            while let isBuilt = try await group.next() {
                if isBuilt { group.cancelAll() }
            }
        }
    }

    private static func watch(
        _ process: Int32, _ sessions: SessionFactory, _ progress: @Sendable (Progress) -> Void
    ) async throws {
        let connection = try await sessions.open()
        do {
            while !Task.isCancelled {
                let rows = try await connection.execute(
                    Statement("progress of an index", SQLFile.indexProgress, [.int4(process)]))
                if let row = rows.first {
                    progress(
                        Progress(
                            phase: try row.decode("phase"),
                            blocks: (try row.decode("blocks_done"), try row.decode("blocks_total")),
                            tuples: (try row.decode("tuples_done"), try row.decode("tuples_total"))))
                }
                try await Task.sleep(for: .milliseconds(500))
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}
