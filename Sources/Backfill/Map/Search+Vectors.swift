import Embedders
import PostgresClient

extension Search {
    /// Vectors that are read for a map, together, at most.
    static let mostBytes = 8 << 20
    /// Rows whose pages are looked at in a large table.
    static let mostLookedAt = 200_000.0

    /// A sample of the rows that have a vector: the same rows again as long as they are there, spread over the table.
    ///
    /// - Parameters:
    ///   - most: Rows, at most; fewer where their vectors are long.
    ///   - rows: About how many the table has: of a large one only some pages are looked at.
    ///   - connection: A connection that is free.
    /// - Throws: `PostgresError`; `CancellationError`.
    package func mapRows(_ most: Int, of rows: Int, on connection: PostgresConnection) async throws -> [MapRow] {
        let share = max(0.001, min(100, 100 * Self.mostLookedAt / Double(max(rows, 1))))
        let dimension = watched.dimension ?? watched.identity.dimension
        let limit = max(3, min(most, Self.mostBytes / (dimension * MemoryLayout<Float>.size)))

        var columns: [String] = []
        for column in [shape.title?.column, shape.category?.name].compactMap(\.self) where !columns.contains(column) {
            columns.append(column)
        }
        let texts = columns.enumerated().map { number, column in
            ", pg_catalog.left(t.\(quoteIdentifier(column))::pg_catalog.text, 1000) AS c\(number)"
        }
        let more = ["texts": texts.joined(), "named": columns.indices.map { ", s.c\($0)" }.joined()]
        let sql = SQLFile.fill(SQLFile.mapSample, watched.fragments.merging(more) { $1 })
        let found = try await connection.execute(
            Statement("map of \(watched.displayName)", sql, [.float4(Float(share)), .int8(Int64(limit))]),
            deadline: .seconds(30))
        return try found.compactMap { row in
            let vector: [Float] = try row.decode("vector")
            guard vector.count == dimension, vector.allSatisfy(\.isFinite) else { return nil }
            let (readable, title) = try self.texts(of: row, columns)
            let key: String = try row.decode("key")
            return MapRow(
                key: key, title: title ?? key, category: shape.category.flatMap { readable[$0.name] }, vector: vector)
        }
    }

    /// The vectors of rows, by their keys; those that are gone, hidden from this role or without one are missing.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    package func vectors(of keys: [RowKey], on connection: PostgresConnection) async throws -> [String: [Float]] {
        let rows = try await connection.execute(
            Statement(
                "vectors of \(watched.displayName)", SQLFile.fill(SQLFile.mapVectors, watched.fragments),
                [.textArray(keys.map(\.text))]), deadline: .seconds(10))
        var vectors: [String: [Float]] = [:]
        for row in rows { vectors[try row.decode("key")] = try row.decode("vector") }
        return vectors
    }
}
