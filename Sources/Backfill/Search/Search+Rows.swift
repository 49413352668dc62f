import PostgresClient

extension Search {
    /// Rows as a search shows them, by their keys; those that are gone, or hidden from this role, are missing.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    package func rows(_ keys: [RowKey], on connection: PostgresConnection) async throws -> [SearchHit] {
        let columns = SearchPlan.columns(watched, shape)
        let texts = columns.enumerated().map { number, column in
            ", pg_catalog.left(t.\(quoteIdentifier(column))::pg_catalog.text, 1000) AS c\(number)"
        }
        let sql = SQLFile.fill(SQLFile.searchRows, watched.fragments.merging(["texts": texts.joined()]) { $1 })
        let rows = try await connection.execute(
            Statement("rows of \(watched.displayName)", sql, [.textArray(keys.map(\.text))]), deadline: .seconds(10))
        return try rows.map { try hit($0, columns, SearchWords("")) }
    }
}
