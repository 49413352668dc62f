import PostgresClient

extension Reembed {
    /// Walks through the rows from where the run is, and ends the run.
    func walk(_ facts: ReembedFacts, _ progress: @escaping @Sendable (Progress) -> Void) async throws -> Result {
        guard var run = facts.run else {
            throw TableProblem.changedMeanwhile(table: facts.shape.displayName, what: "the run went away")
        }
        if run.phase == .failed, run.failedRows > run.failed.count {
            // Too many to be remembered one by one: all rows again.
            (run.phase, run.cursor, run.walked, run.failedRows, run.failed) = (.filling, nil, 0, 0, [])
        }
        let table = WatchedTable(facts.table, filling: facts.column, kind: facts.kind, for: run)
        let walk = Walk(table, embedder: embedder, pool: pool, settings: settings)
        var result = Result()
        if run.phase == .failed {
            try await retry(&run, &result, walk, progress)
        } else {
            while let page = try await walk.nextPage(after: run.cursor, settings) {
                try Task.checkCancellation()
                let failed = try await settle(page, walk, progress)
                result.failed.merge(failed.mapValues(\.reason)) { $1 }
                result.embedded += page.count - failed.count
                run.walked += page.count
                run.failedRows += failed.count
                run.failed += failed.map { .init(key: $0, vector: $1.vector) }.prefix(
                    ReembedRun.mostFailed - run.failed.count)
                run.cursor = page.last?.row.key.text
                // After the rows: what a kill comes between is done twice, and never left out.
                try await note(run, table)
                progress(.rows(done: run.walked - run.failedRows, of: max(run.total, run.walked)))
            }
        }
        guard run.failedRows > 0 else {
            try await connection.execute(
                Statement(
                    "end the run", "DELETE FROM backfilld.reembed WHERE watch = $1 AND run = $2",
                    [.int4(table.watch), .int8(run.run)]))
            return result
        }
        run.phase = .failed
        try await note(run, table)
        return result
    }

    /// Tries the rows again that took no new vector before. Those that have another vector by now, or none, are done.
    private func retry(
        _ run: inout ReembedRun, _ result: inout Result, _ walk: Walk,
        _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws {
        let size = settings.backlogRows * settings.inFlight
        var failed: [ReembedRun.Failed] = []
        for start in stride(from: 0, to: run.failed.count, by: size) {
            try Task.checkCancellation()
            let part = run.failed[start..<min(start + size, run.failed.count)]
            let kept = Dictionary(part.map { ($0.key, [$0.vector]) }) { $0 + $1 }
            let page = try await walk.rows(Array(kept.keys)).filter { kept[$0.row.key]?.contains($0.vector) ?? false }
            let again = try await settle(page, walk, progress)
            result.failed.merge(again.mapValues(\.reason)) { $1 }
            result.embedded += page.count - again.count
            failed += again.map { .init(key: $0, vector: $1.vector) }
        }
        (run.failed, run.failedRows) = (failed, failed.count)
    }

    private func note(_ run: ReembedRun, _ table: WatchedTable) async throws {
        try await connection.execute(
            Statement(
                "note how far it is",
                """
                UPDATE backfilld.reembed
                SET cursor = $3, walked = $4, phase = $5, failed_rows = $6, failed = $7, failed_vectors = $8
                WHERE watch = $1 AND run = $2
                """,
                [
                    .int4(table.watch), .int8(run.run), run.cursor.map { .text($0) } ?? .null,
                    .int8(Int64(run.walked)), .text(run.phase.rawValue), .int8(Int64(run.failedRows)),
                    .textArray(run.failed.map(\.key.text)), .int8Array(run.failed.map(\.vector)),
                ]))
    }

    /// Gives every row of a page its new vector, however long somebody has it locked.
    ///
    /// - Returns: Those that failed for a reason of their own, and keep the vector they have, by its hash.
    private func settle(
        _ page: [Walk.Row], _ walk: Walk, _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> [RowKey: (reason: String, vector: Int64)] {
        let before = Dictionary(page.map { ($0.row.key, [$0.vector]) }) { $0 + $1 }
        var failed: [RowKey: (reason: String, vector: Int64)] = [:]
        var refusals: [RowKey: Int] = [:]
        var left = page
        var pause = Duration.milliseconds(20)
        while !left.isEmpty {
            let outcomes = try await embed(left, walk)
            var again: [RowKey] = []
            for (key, outcome) in outcomes {
                switch outcome {
                case .written: break
                case .unwritten: again.append(key)
                case .failed(let reason): failed[key] = (reason, before[key]?.first ?? 0)
                case .refused:
                    refusals[key, default: 0] += 1
                    if refusals[key, default: 0] < 4 {
                        again.append(key)
                    } else {
                        failed[key] = (
                            "a trigger or a policy of the table keeps the embedding from being written",
                            before[key]?.first ?? 0
                        )
                    }
                }
            }
            if again.isEmpty { break }
            if pause > .milliseconds(500) { progress(.locked(rows: again.count)) }
            try await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(5))
            // A vector that is another one by now is of somebody who knew the text better, and not to be touched.
            left = try await walk.rows(again).filter { before[$0.row.key]?.contains($0.vector) ?? false }
        }
        return failed
    }

    /// Embeds rows, several batches at once.
    private func embed(_ rows: [Walk.Row], _ walk: Walk) async throws -> [RowKey: Walk.Outcome] {
        let size = settings.backlogRows
        return try await withThrowingTaskGroup(of: [RowKey: Walk.Outcome].self) { tasks in
            for start in stride(from: 0, to: rows.count, by: size) {
                let part = Array(rows[start..<min(start + size, rows.count)])
                tasks.addTask { try await walk.embed(part) }
            }
            var outcomes: [RowKey: Walk.Outcome] = [:]
            for try await done in tasks { outcomes.merge(done) { $1 } }
            return outcomes
        }
    }
}
