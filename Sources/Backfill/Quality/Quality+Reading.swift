import PostgresClient

extension Quality {
    /// A row as it is in the table.
    struct StoredRow: Sendable {
        let key: String
        let text: String
        let title: String?
        let vector: [Float]?
    }

    /// One statement, in a transaction that can only read, planned as search is.
    func reading(
        _ statement: Statement, on connection: PostgresConnection, deadline: Duration = .seconds(60)
    ) async throws -> Rows {
        let settings = SQLFile.fill(SQLFile.searchSettings, ["has_hnsw": "false", "has_ivfflat": "false"])
        return try await connection.transaction { transaction in
            try await transaction.pipeline(
                [
                    Statement(
                        "settings of a look", settings,
                        [.bool(false), .int4(100), PostgresValue(type: .text, bytes: nil), .int4(1)]),
                    statement,
                ], deadline: deadline)[1]
        }
    }

    /// Vectors of some of the rows.
    func sample(_ status: TableStatus, on connection: PostgresConnection) async throws -> VectorSample {
        var sample = VectorSample(dimension: dimension)
        let rows = max(1, min(options.sample, VectorSample.limit(dimension: dimension)))
        // A pass over a large table would take its time: some of its pages are enough.
        let isLarge = status.rows > Self.readWhole
        let share = 100 * Double(max(20_000, 20 * rows)) / Double(max(1, status.rows))
        let sampling =
            isLarge && share < 100
            ? "TABLESAMPLE SYSTEM (\(max(share, 0.0001).fixed(6))) REPEATABLE (\(options.seed % 1_000_000))" : ""
        let sql = SQLFile.fill(
            SQLFile.qualitySample, table.fragments.merging(["sampling": sampling]) { $1 })
        let found = try await reading(
            Statement(
                "sample of \(table.displayName)", sql,
                [.int8(Int64(bitPattern: options.seed)), .int8(Int64(rows))]), on: connection)
        for row in found {
            let vector: StoredVector = try row.decode("embedding")
            sample.add(try row.decode("key"), vector.components)
        }
        return sample
    }

    /// Up to so many rows are all looked at for a sample.
    private static let readWhole = 100_000

    /// Of rows whose vector is zero, how many have no text; of some of them, where they are many.
    func textless(
        _ keys: [String], _ shape: SearchShape, on connection: PostgresConnection
    ) async throws -> (count: Int, looked: Int) {
        guard !keys.isEmpty else { return (0, 0) }
        let rows = try await rows(Array(keys.prefix(Self.page)), shape, on: connection)
        return (rows.count { $0.text.isEmpty }, rows.count)
    }

    /// Rows with what their vectors are made from.
    func rows(
        _ keys: [String], _ shape: SearchShape, on connection: PostgresConnection
    ) async throws -> [StoredRow] {
        let columns = table.spec.recipe.columns
        let values = columns.enumerated().map { number, column in
            "pg_catalog.left(t.\(quoteIdentifier(column))::pg_catalog.text, $2) AS c\(number)"
        }
        let place = shape.title
        // A json value is read as a whole: a part of it is none.
        let title = place.map { place in
            let name = "t.\(quoteIdentifier(place.column))::pg_catalog.text"
            return place.path.isEmpty ? "pg_catalog.left(\(name), 400)" : name
        }
        let sql = SQLFile.fill(
            SQLFile.qualityRows,
            table.fragments.merging([
                "title": title ?? "NULL::pg_catalog.text", "columns": values.joined(separator: ", "),
            ]) { $1 })
        let rendering = TextRendering(
            table.spec.recipe, jsonColumns: table.jsonColumns, textBytes: options.textBytes)
        let found = try await reading(
            Statement(
                "rows of \(table.displayName)", sql,
                [.textArray(keys), .int4(Int32(clamping: options.textBytes * RowReader.columnFactor))]),
            on: connection)
        return try found.map { row in
            let values = try columns.indices.map { try row.decode("c\($0)", as: String?.self) }
            let vector: StoredVector = try row.decode("embedding")
            var title = try row.decode("title", as: String?.self)
            if let path = place?.path, !path.isEmpty, let json = title {
                title = JSONText.member(path, of: Array(json.utf8)).map(JSONText.readable)
            }
            return StoredRow(
                key: try row.decode("key"), text: rendering.text(values).text, title: title,
                vector: vector.components)
        }
    }
}

/// A vector as the column has it: of pgvector's types, or `real[]`.
struct StoredVector: PostgresDecodable {
    /// Nil for an array that is no vector.
    let components: [Float]?

    /// Reads the binary form; nil for NULL.
    init?(cell: PostgresCell) {
        guard let bytes = cell.bytes else { return nil }
        if cell.type == .float4Array {
            components = [Float](cell: cell)
            return
        }
        // The two types have numbers that each database gives them; their lengths tell them apart.
        let count = bytes.count < 4 ? 0 : Int(bytes[0]) << 8 | Int(bytes[1])
        components = bytes.count == 4 + 4 * count ? cell.vector : cell.halfvec
    }
}
