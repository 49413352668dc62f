import PostgresClient

/// Which rows of a table have their embedding.
package enum EmbeddedRows {
    /// A row that is there.
    package struct Row: Sendable, Hashable {
        /// Its key as the server writes it.
        package let key: RowKey
        /// Whether it has its embedding.
        package let isEmbedded: Bool

        /// A row.
        package init(key: RowKey, isEmbedded: Bool) {
            self.key = key
            self.isEmbedded = isEmbedded
        }
    }

    /// Each of these rows at its place, nil where there is none. The server tells which key is meant: of a uuid in
    /// capital letters, say, or a number with a space before it.
    ///
    /// - Throws: `PostgresError`, with a state of class 22 where a key is none of the key column's type.
    package static func among(
        _ keys: [RowKey], of table: WatchedTable, on connection: PostgresConnection
    ) async throws -> [Row?] {
        let sql = SQLFile.fill(SQLFile.embeddedRows, table.fragments)
        let rows = try await connection.execute(
            Statement("look at rows of \(table.displayName)", sql, [.textArray(keys.map(\.text))]),
            deadline: .seconds(10))
        var found = [Row?](repeating: nil, count: keys.count)
        for row in rows {
            let place: Int = try row.decode("place")
            guard found.indices.contains(place - 1) else { continue }
            // A key of a partitioned table need not be unique.
            let isEmbedded = try row.decode("embedded", as: Bool.self) && found[place - 1]?.isEmbedded ?? true
            found[place - 1] = Row(key: RowKey(try row.decode("key")), isEmbedded: isEmbedded)
        }
        return found
    }
}
