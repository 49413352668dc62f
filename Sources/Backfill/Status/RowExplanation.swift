import PostgresClient

/// Everything about one row that decides whether it is embedded, and from what.
package struct RowExplanation: Sendable, Hashable, Encodable {
    /// The text form of its key.
    package let key: String
    /// Exactly the text that would be embedded.
    package let text: String
    /// Whether the text was cut to the limit.
    package let isCut: Bool
    /// The hash of the columns that the text is made from.
    package let source: Int64
    /// Whether it has no embedding.
    package let isPending: Bool
    /// Components of the embedding that is there.
    package let dimension: Int?
    /// Its L2 norm.
    package let norm: Double?
    /// When the row was last written, ISO 8601 in UTC; nil where the server keeps no commit timestamps.
    package let lastWrite: String?

    /// The server process whose transaction has locked or changed the row and has not ended; nil where nobody's has, or
    /// several have.
    package let lockedBy: Int?
    /// Who has claimed the bucket that the row is in; as a rule one daemon or nobody.
    package let claimedBy: [RowClaim]
    /// How it failed with the text it has; nil where it did not.
    package let failure: FailedRow?
    /// That its table is paused; nil where it is not.
    package let paused: Pause?

    /// UTF-8 bytes of the text.
    package var bytes: Int { text.utf8.count }

    /// Looks a row up; nil where there is none with this key.
    ///
    /// - Throws: `PostgresError`, with a data exception where the key is not of the column's type.
    package static func load(
        _ key: String, in table: WatchedTable, textBytes: Int, on connection: PostgresConnection
    ) async throws -> RowExplanation? {
        let columns = table.spec.recipe.columns
        let sql = SQLFile.fill(SQLFile.explainRow, table.fragments)
        let rows = try await connection.execute(
            Statement(
                "explain row of \(table.displayName)", sql,
                [.text(key), .int4(Int32(clamping: textBytes * RowReader.columnFactor))]))
        guard let row = rows.first else { return nil }
        let rendering = TextRendering(table.spec.recipe, jsonColumns: table.jsonColumns, textBytes: textBytes)
        let (text, isCut) = rendering.text(try columns.indices.map { try row.decode("c\($0)") })
        // Either form, [1,2] of a vector or {1,2} of an array.
        let embedding = try row.decode("embedding", as: String?.self)?.dropFirst().dropLast()
            .split(separator: ",").compactMap { Double(String($0)) }
        let form = RowKey(try row.decode("key"))
        return RowExplanation(
            key: form.text, text: text, isCut: isCut, source: try row.decode("source"),
            isPending: try row.decode("pending"), dimension: embedding?.count,
            norm: embedding.map { $0.reduce(0) { $0 + $1 * $1 }.squareRoot() }, lastWrite: try row.decode("written"),
            lockedBy: try row.decode("locked_by"),
            claimedBy: try await RowClaim.holders(of: form, in: table, on: connection),
            failure: try await FailedRow.load(table, keys: [form], on: connection).first { $0.key == form.text },
            paused: try await Pause.load(table, on: connection))
    }
}
