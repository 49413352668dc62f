import PostgresClient

/// Counts a backlog exactly, however long it is.
package enum BacklogCount {
    /// Rows of a table without an embedding. Takes about a second for each few million of them.
    package static func of(_ table: WatchedTable, on connection: PostgresConnection) async throws -> Int {
        let rows = try await connection.execute(
            Statement(
                "count backlog of \(table.displayName)", SQLFile.fill(SQLFile.countBacklog, table.fragments)))
        return try rows[0].decode(0)
    }
}
