import Embedders
import PostgresClient
import Synchronization

/// Keeps what a table's pipeline knows of an endpoint, from one batch to the next.
final class EndpointMemory: Sendable {
    private let history = Mutex(EndpointHistory())

    func withHistory<T: Sendable>(_ body: (inout EndpointHistory) -> T) -> T { history.withLock { body(&$0) } }
}

/// Hands rows to an embedder that writes them itself, and looks in the table what has become of them.
struct RowSubmitter: Sendable {
    let table: WatchedTable
    let pool: ConnectionPool
    let embedder: any WritingEmbedder
    let memory: EndpointMemory
    let looking: String
    let clearing: String

    init(table: WatchedTable, pool: ConnectionPool, embedder: any WritingEmbedder, memory: EndpointMemory) {
        self.table = table
        self.pool = pool
        self.embedder = embedder
        self.memory = memory
        looking = SQLFile.fill(SQLFile.submitLook, table.fragments)
        clearing = SQLFile.fill(SQLFile.submitClear, table.fragments)
    }

    /// Hands over rows of one call.
    ///
    /// - Throws: ``TableProblem/superseded(table:embedder:)``; `CancellationError`.
    func submit(_ rows: [PendingRow]) async throws -> Result {
        var result = try await submitEach(rows)
        let left = Dictionary(result.left.map { ($0.key, $0.source) }) { $1 }
        if result.error == nil {
            let written = result.embedded
            switch memory.withHistory({ $0.judge(written: written, left: left) }) {
            case .again: break
            case .rows: fail(&result, Array(left.keys))
            case .some(let keys): fail(&result, keys)
            case .endpoint: result.error = EmbedderError.unavailable(emptyPromise(result, of: rows.count))
            }
            if result.isSearched { fail(&result, Array(result.refusals.keys)) }
        }
        let done = result.outcomes.filter { $0.value == .written || $0.value == .settled }
        let settled = done.keys + result.vectors.map(\.key)
        memory.withHistory { $0.settled(settled) }
        return result
    }

    private func fail(_ result: inout Result, _ keys: [RowKey]) {
        for key in keys {
            let reason = result.refusals[key] ?? "the endpoint leaves it without an embedding, while it writes others"
            result.outcomes[key] = .failed(reason)
        }
        result.left.removeAll { result.outcomes[$0.key] != nil }
    }

    /// Why an endpoint is of no use that wrote nothing, and what to do.
    private func emptyPromise(_ result: Result, of rows: Int) -> String {
        if let refusal = result.refusals.values.first { return refusal }
        return "\(embedder.identity.embedder) \(result.said), and 0 of \(rows) "
            + "\(rows == 1 ? "row has" : "rows have") an embedding: look whether the endpoint writes into "
            + "\(table.displayName).\(table.spec.embedding) of this very database, with a role that may (the service role "
            + "key), and what its log says"
    }

    // MARK: Calls

    /// Where a call is refused, finds out for which of its rows.
    private func submitEach(_ rows: [PendingRow]) async throws -> Result {
        var result = try await submitOnce(rows)
        guard result.error == nil, !result.refusals.isEmpty, result.left.count > 1 else { return result }
        // Nobody knows a text that can be sent for a trial, so some rows are: if none is taken, it is not for the rows.
        var (rest, isTaken) = (result.left.shuffled(), result.embedded > 0)
        (result.left, result.refusals) = ([], [:])
        while !isTaken, !rest.isEmpty, result.left.count < Self.trials {
            result.add(try await submitOnce([rest.removeFirst()]))
            isTaken = result.embedded > 0
            if result.error != nil { break }
        }
        guard isTaken, result.error == nil else {
            result.left += rest
            return result
        }
        result.add(try await submitHalves(rest))
        result.isSearched = true
        return result
    }

    /// Rows that are sent alone to find out whether any is taken.
    private static let trials = 3

    private func submitHalves(_ rows: [PendingRow]) async throws -> Result {
        let middle = (rows.count + 1) / 2
        var result = Result()
        for half in [Array(rows[..<middle]), Array(rows[middle...])] where !half.isEmpty {
            if result.error != nil {
                result.left += half
                continue
            }
            var part = try await submitOnce(half)
            if part.error == nil, !part.refusals.isEmpty, part.left.count > 1 {
                let left = part.left
                (part.left, part.refusals) = ([], [:])
                part.add(try await submitHalves(left))
            }
            result.add(part)
        }
        return result
    }

    /// One request, and a look at what came of it, whatever it says.
    private func submitOnce(_ rows: [PendingRow]) async throws -> Result {
        var submission = Submission()
        var failure: (any Error)?
        do {
            submission = try await embedder.submit(rows.map { SubmittedRow(key: $0.key.text, text: $0.text) })
        } catch let error as EmbedderError {
            failure = error
        }
        let dimension = embedder.identity.dimension
        let flaws = submission.vectors.compactMapValues {
            EmbeddingError.flaw(of: $0, dimension: dimension)?.description
        }
        .merging(submission.flaws) { $1 }
        let vectors = submission.vectors.filter { flaws[$0.key] == nil }
        // A vector that is none is its row's failure, unless all are: then it is found out whether that is for the rows.
        if vectors.isEmpty, let flaw = flaws.values.first, failure == nil { failure = EmbedderError.refused(flaw) }
        var result = Result()
        do {
            let expected = failure == nil && vectors.isEmpty ? min(submission.updated ?? 1, rows.count) : 0
            result = try await see(rows, vectors, expecting: expected, isAnswered: failure == nil)
        } catch let error as PostgresError {
            failure = failure ?? error
            for (place, row) in rows.enumerated() {
                guard let vector = vectors[place] else {
                    result.left.append(row)
                    continue
                }
                result.vectors.append(EmbeddedRow(key: row.key, source: row.source, vector: vector))
            }
        }
        if !vectors.isEmpty {
            let left = Set(result.left.map(\.key))
            var flawed: [RowKey: Int64] = [:]
            for (place, flaw) in flaws where left.contains(rows[place].key) {
                result.outcomes[rows[place].key] = .failed(flaw)
                flawed[rows[place].key] = rows[place].source
            }
            // When they come alone, it is known that it is not for the endpoint.
            memory.withHistory { $0.leavesOut(flawed) }
            result.left.removeAll { result.outcomes[$0.key] != nil }
        }
        result.said = submission.summary
        if case EmbedderError.refused(let reason)? = failure {
            for row in result.left { result.refusals[row.key] = reason }
        } else {
            result.error = result.error ?? failure
        }
        return result
    }
}
