import Embedders
import PostgresClient

/// Takes rows of one table through the line: read, embed, write. It keeps nothing between batches.
///
/// No transaction is open while the embedder works: reading and writing are a statement each, on any session.
public struct Batch: Sendable {
    let reader: RowReader
    let writer: RowWriter
    let embedder: any Embedder
    let bytes: Int

    /// What one batch did.
    public struct Report: Sendable {
        /// What became of each row that was asked for.
        public var outcomes: [RowKey: RowOutcome] = [:]
        /// The source hashes of the rows that failed.
        public var sources: [RowKey: Int64] = [:]
        /// Rows without any text, which got the zero vector.
        public var empty = 0
        /// Rows whose text was cut to the limit.
        public var cut = 0
        /// Rows whose text was longer than the model's limit.
        public var long = 0
        /// Rows given to the embedder.
        public var embedded = 0

        /// Rows whose vector is in the table now.
        public var written: Int { outcomes.values.count { $0 == .written } }
        /// Rows that were charged with a failure.
        public var failures: Int { outcomes.values.count(where: \.isFailure) }
    }

    /// - Parameters:
    ///   - table: The table.
    ///   - embedder: Makes the vectors.
    ///   - pool: Lends sessions for reading and writing.
    ///   - settings: How much goes into one call of the embedder, and how long a text may be.
    public init(table: WatchedTable, embedder: any Embedder, pool: ConnectionPool, settings: PipelineSettings) {
        reader = RowReader(table: table, pool: pool, textBytes: settings.textBytes)
        writer = RowWriter(table: table, pool: pool)
        self.embedder = embedder
        bytes = min(settings.bytes, embedder.limits.bytes)
    }

    /// Embeds those of the rows that are pending.
    ///
    /// - Parameter keys: The text form of their keys.
    /// - Throws: ``PostgresError``, ``EmbeddingError`` or what the embedder throws: a failure that is no row's own.
    public func run(_ keys: [RowKey]) async throws -> Report {
        var report = Report()
        for key in keys { report.outcomes[key] = .settled }
        let rows = try await reader.read(keys)
        report.cut = rows.count { $0.isCut }
        let texts = rows.filter { !$0.text.isEmpty }
        report.empty = rows.count - texts.count
        report.embedded = texts.count
        let dimension = embedder.identity.dimension
        // A row without text gets the zero vector: settled, and by cosine distance behind every row that has one.
        var embedded = rows.filter(\.text.isEmpty).map {
            EmbeddedRow(key: $0.key, source: $0.source, vector: [Float](repeating: 0, count: dimension))
        }
        for call in Self.calls(texts, rows: embedder.limits.rows, bytes: bytes) {
            let answer = try await embedder.embed(call.map(\.text))
            try EmbeddingError.check(answer.vectors, count: call.count, dimension: dimension)
            report.long += answer.long
            for (row, vector) in zip(call, answer.vectors) {
                embedded.append(EmbeddedRow(key: row.key, source: row.source, vector: vector))
            }
        }
        report.outcomes.merge(try await writer.write(embedded)) { $1 }
        // A trigger that rewrites the text gives the row another one with each try: that is no new text.
        for row in rows where report.outcomes[row.key] != .rewritten && report.outcomes[row.key]?.isFailure ?? false {
            report.sources[row.key] = row.source
        }
        return report
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

/// An embedder's answer that can't be used. Nothing of it is written.
public enum EmbeddingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not as many vectors as texts.
    case count(Int, expected: Int)
    /// A vector of another dimension than the embedder's own.
    case dimension(Int, expected: Int)
    /// A component that is not a number, or infinite.
    case notFinite

    /// What was wrong with the answer.
    public var description: String {
        switch self {
        case .count(let count, let expected): "the embedder answered \(count) vectors for \(expected) texts"
        case .dimension(let dimension, let expected):
            "the embedder answered a vector of \(dimension) dimensions, not \(expected)"
        case .notFinite: "the embedder answered a vector with a component that is no finite number"
        }
    }

    static func check(_ vectors: [[Float]], count: Int, dimension: Int) throws(EmbeddingError) {
        guard vectors.count == count else { throw .count(vectors.count, expected: count) }
        for vector in vectors {
            guard vector.count == dimension else { throw .dimension(vector.count, expected: dimension) }
            guard vector.allSatisfy(\.isFinite) else { throw .notFinite }
        }
    }
}
