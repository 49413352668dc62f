import Embedders
import PostgresClient

/// How far a batch is.
package enum Stage: String, Sendable, Hashable, CaseIterable {
    /// Its rows are this daemon's.
    case claimed
    /// Their texts were read.
    case read
    /// Their vectors are made.
    case embedded
    /// The write was tried: they are in the table, or kept for another try.
    case written
    /// The rows are anybody's again.
    case released
}

/// Takes rows of one table through the line: read, embed, write. Between batches it keeps no row, only what writer and
/// submitter have learned of the table.
///
/// No transaction is open while the embedder works: each statement is its own, on any session.
struct Batch: Sendable {
    let reader: RowReader
    let writer: RowWriter
    let embedder: any Embedder
    /// Where the embedder writes the table itself.
    let submitter: RowSubmitter?
    let bytes: Int

    /// - Parameters:
    ///   - table: The table.
    ///   - embedder: Makes the vectors.
    ///   - pool: Lends sessions for reading and writing.
    ///   - settings: How much goes into one call of the embedder, and how long a text may be.
    ///   - endpoint: What is remembered of an embedder that writes the table itself.
    init(
        table: WatchedTable, embedder: any Embedder, pool: ConnectionPool, settings: PipelineSettings,
        endpoint: EndpointMemory
    ) {
        reader = RowReader(table: table, pool: pool, textBytes: settings.textBytes)
        writer = RowWriter(table: table, pool: pool)
        self.embedder = embedder
        submitter = (embedder as? any WritingEmbedder).map {
            RowSubmitter(table: table, pool: pool, embedder: $0, memory: endpoint)
        }
        bytes = min(settings.bytes, embedder.limits.bytes)
    }

    /// Embeds those of the rows that are pending.
    ///
    /// What was embedded before something else failed is written: a call may have cost money. The report names the error
    /// and the rows that nothing is known of.
    /// - Parameters:
    ///   - keys: The text form of their keys.
    ///   - areFound: Whether a scan has found them, so that one that can't be read is a row of the table.
    ///   - areHeld: Whether they were locked when they were tried before.
    ///   - reached: Hears of each stage that is done.
    /// - Throws: `PostgresError` and what else keeps rows from being read, or belongs to the table, and is no row's own.
    func run(
        _ keys: [RowKey], areFound: Bool = false, areHeld: Bool = false, reached: (Stage) -> Void = { _ in }
    ) async throws -> BatchReport {
        var report = BatchReport()
        for key in keys { report.outcomes[key] = .settled }
        for key in try await submitter?.clear(among: keys) ?? [] { report.outcomes[key] = .outdated }
        let found =
            areFound
            ? try await reader.read(keys[...]) { key, error in
                report.outcomes[key] = .failed("the row cannot be read: \(error.description)")
            }
            : try await reader.read(keys)
        // To embed what can't be written would be to embed it again and again, for as long as somebody has it locked.
        let obstacles = try await reader.obstacles(among: areHeld ? found : found.filter(\.mayBeLocked))
        report.outcomes.merge(obstacles) { $1 }
        let rows = obstacles.isEmpty ? found : found.filter { obstacles[$0.key] == nil }
        reached(.read)
        report.cut = rows.count { $0.isCut }
        let texts = rows.filter { !$0.text.isEmpty }
        report.empty = rows.count - texts.count
        // A row without text gets the zero vector: settled, and by cosine distance behind every row that has one.
        var embedded = rows.filter(\.text.isEmpty).map {
            EmbeddedRow(
                key: $0.key, source: $0.source, vector: [Float](repeating: 0, count: embedder.identity.dimension))
        }
        embedded += try await ask(texts, &report) { rows, report in
            guard let submitter else { return try await embed(rows, &report) }
            let result = try await submitter.submit(Array(rows))
            report.embedded += result.embedded
            report.outcomes.merge(result.outcomes) { $1 }
            return Answer(embedded: result.vectors, left: result.left, error: result.error)
        }
        reached(.embedded)
        do {
            report.add(try await writer.write(embedded))
        } catch let error as PostgresError where !error.isAboutTheSchema {
            // The server is away or in trouble: the vectors are kept as behind a lock, and written when it is well again.
            for row in embedded { report.outcomes[row.key] = .locked(row) }
            report.error = report.error ?? error
        }
        reached(.written)
        for row in rows where report.outcomes[row.key]?.isFailure ?? false { report.sources[row.key] = row.source }
        return report
    }

    /// What one call of the embedder came to.
    private struct Answer {
        /// Vectors to be written.
        var embedded: [EmbeddedRow] = []
        /// Rows that nothing is known of.
        var left: [PendingRow] = []
        /// What is no row's own.
        var error: (any Error)?
    }

    /// Asks for texts, call by call. What is embedded before something fails stays so, and the report has the error.
    ///
    /// Rows that got nothing, by nobody's fault so far, are in line again.
    private func ask(
        _ texts: [PendingRow], _ report: inout BatchReport,
        _ call: (ArraySlice<PendingRow>, inout BatchReport) async throws -> Answer
    ) async throws -> [EmbeddedRow] {
        var embedded: [EmbeddedRow] = []
        var left: [PendingRow] = []
        for rows in Self.calls(texts, rows: embedder.limits.rows, bytes: bytes) {
            let answer: Answer
            do {
                answer = try await call(rows, &report)
            } catch let problem as TableProblem {
                throw problem
            } catch {
                answer = Answer(left: Array(rows), error: error)
            }
            embedded += answer.embedded
            left += answer.left
            if let error = answer.error {
                try report.end(with: error, leaving: left + texts[rows.endIndex...], of: texts.count)
                return embedded
            }
        }
        report.leave(left)
        return embedded
    }

    /// The vectors of the texts of one call.
    private func embed(_ rows: ArraySlice<PendingRow>, _ report: inout BatchReport) async throws -> Answer {
        let trial = try await embedder.trial(of: rows.map(\.text))
        report.long += trial.long
        var answer = Answer(error: trial.error)
        for (row, vector) in zip(rows, trial.vectors) {
            switch vector {
            case .success(let vector)?:
                report.embedded += 1
                answer.embedded.append(EmbeddedRow(key: row.key, source: row.source, vector: vector))
            case .failure(let failure)?: report.outcomes[row.key] = .failed(failure.reason)
            case nil: answer.left.append(row)
            }
        }
        return answer
    }

    /// Splits rows into calls of the embedder, in order, none over the limits; a text over them goes alone.
    static func calls(_ rows: [PendingRow], rows most: Int, bytes: Int) -> [ArraySlice<PendingRow>] {
        var calls: [ArraySlice<PendingRow>] = []
        var start = rows.startIndex
        var size = 0
        for index in rows.indices {
            let length = rows[index].text.utf8.count
            if index > start, index - start >= most || size + length > bytes {
                calls.append(rows[start..<index])
                (start, size) = (index, 0)
            }
            size += length
        }
        if start < rows.endIndex { calls.append(rows[start...]) }
        return calls
    }
}
