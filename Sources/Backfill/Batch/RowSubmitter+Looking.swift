import Embedders
import PostgresClient

/// The looks at the table, and what they find to be put right.
extension RowSubmitter {
    private static let deadline = Duration.seconds(30)
    /// An endpoint may answer before what it has written can be seen. So long it is looked for, where it says that it has.
    private static let looks: [Duration] = [.zero, .milliseconds(200), .seconds(1)]

    /// Takes vectors from rows that they do not belong to, as far as that was not possible before.
    ///
    /// - Returns: Rows of these that keep one, since somebody has them locked.
    func clear(among keys: [RowKey]) async throws -> Set<RowKey> {
        let known = memory.withHistory(\.misplaced)
        guard !known.isEmpty else { return [] }
        let asked = Set(keys)
        return try await takeBack(known.filter { asked.contains($0.key) })
    }

    /// Looks until there are as many embeddings as are expected, or no more is to be.
    func see(
        _ rows: [PendingRow], _ vectors: [Int: [Float]], expecting count: Int, isAnswered: Bool
    ) async throws -> Result {
        var result = Result()
        for wait in Self.looks {
            if wait > .zero { try await Task.sleep(for: wait) }
            result = try await see(rows, vectors, isAnswered: isAnswered)
            if result.outcomes.count >= count || result.error != nil { break }
        }
        return result
    }

    private func see(_ rows: [PendingRow], _ vectors: [Int: [Float]], isAnswered: Bool) async throws -> Result {
        let seen = try await look(at: rows.map(\.key))
        var result = Result()
        var misplaced: [RowKey: Int64] = [:]
        var changed: [(row: PendingRow, source: Int64, isOurs: Bool)] = []
        for (place, row) in rows.enumerated() {
            guard let now = seen[row.key] else {
                result.outcomes[row.key] = .settled
                continue
            }
            if let dimension = now.dimension, dimension != embedder.identity.dimension {
                misplaced[row.key] = now.source
                result.error = EmbeddingError.dimension(dimension, expected: embedder.identity.dimension)
                result.left.append(row)
            } else if now.source != row.source {
                result.outcomes[row.key] = .outdated
                if !now.isPending { changed.append((row, now.source, vectors[place] == nil)) }
            } else if !now.isPending {
                result.outcomes[row.key] = .written
            } else if let vector = vectors[place] {
                result.vectors.append(EmbeddedRow(key: row.key, source: row.source, vector: vector))
            } else {
                result.left.append(row)
            }
        }
        // What stands in a row whose text changed meanwhile is the old text's vector, unless it is somebody's own who
        // changed both: that can't be told, and a vector too few is made again, while a wrong one stays. Where there is
        // no sign that the endpoint writes at all, it is somebody's own.
        let isWriting = result.outcomes.values.contains(.written)
        for change in changed where isWriting || (isAnswered && change.isOurs) {
            misplaced[change.row.key] = change.source
        }
        _ = try await takeBack(misplaced)
        return result
    }

    private typealias Sight = (source: Int64, isPending: Bool, dimension: Int?)

    private func look(at keys: [RowKey]) async throws -> [RowKey: Sight] {
        let statement = Statement(
            "look at submitted rows of \(table.displayName)", looking, [.textArray(keys.map(\.text))])
        let answer = try await pool.withConnection { try await $0.execute(statement, deadline: Self.deadline) }
        var seen: [RowKey: Sight] = [:]
        for row in answer {
            guard let key = try row.decode(0, as: String?.self).map({ RowKey($0) }) else {
                throw TableProblem.superseded(table: table.displayName, embedder: table.identity)
            }
            let sight: Sight = (try row.decode(1), try row.decode(2), try row.decode(3, as: Int?.self))
            // A key that is not unique stands for several rows: it is pending as long as one of them is.
            if seen[key].map({ !$0.isPending }) ?? true { seen[key] = sight }
        }
        return seen
    }

    /// Takes vectors from rows that have these texts.
    ///
    /// - Returns: Those that somebody has locked: they are remembered.
    private func takeBack(_ rows: [RowKey: Int64]) async throws -> Set<RowKey> {
        guard !rows.isEmpty else { return [] }
        memory.withHistory { $0.misplaced(rows) }
        let (keys, sources) = (Array(rows.keys), rows.keys.map { rows[$0] ?? 0 })
        let statement = Statement(
            "take vectors of old texts from \(table.displayName)", clearing,
            [.textArray(keys.map(\.text)), .int8Array(sources)])
        _ = try await pool.withConnection { try await $0.pipelineWithTriggers([statement], deadline: Self.deadline) }
        let now = try await look(at: keys)
        // Another text has come with a vector of its own, or none: that is no business of ours any more.
        let locked = Set(keys.filter { key in now[key].map { !$0.isPending && $0.source == rows[key] } ?? false })
        memory.withHistory { $0.settled(keys.filter { !locked.contains($0) }) }
        return locked
    }
}
