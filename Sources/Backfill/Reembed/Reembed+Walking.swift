import PostgresClient

extension Reembed {
    /// Walks through the rows from where the run is, and ends the run.
    func walk(_ facts: ReembedFacts, _ progress: @escaping @Sendable (Progress) -> Void) async throws -> Result {
        guard let run = facts.run else {
            throw TableProblem.changedMeanwhile(table: facts.shape.displayName, what: "the run went away")
        }
        let table = WatchedTable(facts.table, filling: facts.column, kind: facts.kind, for: run)
        let walk = Walk(table, embedder: embedder, pool: pool, settings: settings)
        var result = Result()
        var (cursor, walked) = (run.cursor, run.walked)
        while true {
            try Task.checkCancellation()
            let page = try await walk.page(after: cursor, rows: settings.backlogRows * settings.inFlight)
            guard let last = page.last else { break }
            let failed = try await settle(page, walk, progress)
            result.failed.merge(failed) { $1 }
            result.embedded += page.count - failed.count
            walked += page.count
            cursor = last.row.key.text
            // After the rows: what a kill comes between is done twice, and never left out.
            try await connection.execute(
                Statement(
                    "note how far it is",
                    "UPDATE backfilld.reembed SET cursor = $3, walked = $4 WHERE watch = $1 AND run = $2",
                    [.int4(table.watch), .int8(run.run), .text(last.row.key.text), .int8(Int64(walked))]))
            progress(.rows(done: walked, of: max(run.total, walked)))
        }
        try await connection.execute(
            Statement(
                "end the run", "DELETE FROM backfilld.reembed WHERE watch = $1 AND run = $2",
                [.int4(table.watch), .int8(run.run)]))
        return result
    }

    /// Gives every row of a page its new vector, however long somebody has it locked.
    ///
    /// - Returns: Those that failed for a reason of their own, and keep the vector they have.
    private func settle(
        _ page: [Walk.Row], _ walk: Walk, _ progress: @escaping @Sendable (Progress) -> Void
    ) async throws -> [RowKey: String] {
        let before = Dictionary(page.map { ($0.row.key, [$0.vector]) }) { $0 + $1 }
        var failed: [RowKey: String] = [:]
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
                case .failed(let reason): failed[key] = reason
                case .refused:
                    refusals[key, default: 0] += 1
                    if refusals[key, default: 0] < 4 {
                        again.append(key)
                    } else {
                        failed[key] = "a trigger or a policy of the table keeps the embedding from being written"
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
