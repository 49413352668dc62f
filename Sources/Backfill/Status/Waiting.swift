import PostgresClient

/// Asks whether rows are embedded, for those who wait for them.
package struct Waiting: Sendable {
    private let table: WatchedTable
    private let connection: PostgresConnection

    /// Rows that are waited for.
    package struct Missing: Sendable, Hashable {
        /// Keys of rows that are there without an embedding; for the whole table at most one of them.
        package var pending: [String] = []
        /// Keys that no row has.
        package var absent: [String] = []
        /// Whether nothing is missing.
        package var isEmpty: Bool { pending.isEmpty && absent.isEmpty }
    }

    /// - Parameters:
    ///   - table: The table.
    ///   - connection: A connection that is free.
    package init(_ table: WatchedTable, on connection: PostgresConnection) {
        self.table = table
        self.connection = connection
    }

    /// What is missing of these rows, or of all rows where no key is given.
    package func missing(_ keys: [String]) async throws -> Missing {
        guard !keys.isEmpty else {
            let rows = try await connection.execute(
                Statement(
                    "wait for \(table.displayName)", SQLFile.fill(SQLFile.waitBacklog, table.fragments), prepared: true)
            )
            return Missing(pending: try rows.map { try $0.decode(0) })
        }
        let rows = try await connection.execute(
            Statement(
                "wait for rows of \(table.displayName)", SQLFile.fill(SQLFile.waitPending, table.fragments),
                [.textArray(keys)], prepared: true))
        var missing = Missing()
        for row in rows {
            let key: String = try row.decode("key")
            if try row.decode("present") { missing.pending.append(key) } else { missing.absent.append(key) }
        }
        return missing
    }
}
