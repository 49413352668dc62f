import PostgresClient

/// A row that failed, and is still pending with the text it failed with.
package struct FailedRow: Sendable, Hashable, Encodable {
    /// The table, with its schema.
    package let table: String
    /// The text form of the row's key.
    package let key: String
    /// How often it failed with this text.
    package let attempts: Int
    /// Why it failed for the last time.
    package let reason: String
    /// When it failed for the first time, ISO 8601 in UTC.
    package let firstAt: String
    /// When it failed for the last time, ISO 8601 in UTC.
    package let lastAt: String
    /// Whether it has used up its attempts.
    package let isSetAside: Bool
    /// When it may be tried again, ISO 8601 in UTC; nil where it is set aside.
    let nextTry: String?
    /// Seconds until then, 0 where it may be now.
    package let nextTryInSeconds: Double?
    /// The daemon that it failed for the last time.
    package let daemon: String

    /// Looks failed rows up, those set aside first.
    ///
    /// - Parameters:
    ///   - table: Their table.
    ///   - keys: Which ones; nil for all.
    ///   - limit: At most so many.
    ///   - connection: A connection that is free.
    /// - Throws: `PostgresError`, with a data exception for a key that is not of the column's type.
    package static func load(
        _ table: WatchedTable, keys: [RowKey]? = nil, limit: Int = .max, on connection: PostgresConnection
    ) async throws -> [FailedRow] {
        let chosen = keys.map { PostgresValue.textArray($0.map(\.text)) } ?? .init(type: .textArray, bytes: nil)
        let rows = try await connection.execute(
            Statement(
                "failures of \(table.displayName)", SQLFile.fill(SQLFile.ledgerEntries, table.fragments),
                [.int4(table.watch), chosen, .int8(Int64(limit))]), deadline: .seconds(60))
        return try rows.map { row in
            let next: String? = try row.decode("next_try")
            return FailedRow(
                table: table.displayName, key: try row.decode("key"), attempts: try row.decode("attempts"),
                reason: try row.decode("reason"), firstAt: try row.decode("first_at"),
                lastAt: try row.decode("last_at"), isSetAside: next == nil, nextTry: next,
                nextTryInSeconds: try row.decode("next", as: Double?.self).map { max($0, 0) },
                daemon: try row.decode("daemon"))
        }
    }

    /// Whether a row has failed, and is still pending with the text it failed with.
    ///
    /// - Throws: `PostgresError`, with a data exception for a key that is not of the column's type.
    package static func isThere(
        _ key: RowKey, in table: WatchedTable, on connection: PostgresConnection
    ) async throws -> Bool {
        try await !load(table, keys: [key], limit: 1, on: connection).isEmpty
    }

    /// When it is tried again, for people.
    package var prospect: String {
        isSetAside ? "set aside" : wait == "due" ? wait : "next try \(wait)"
    }

    /// How long it waits, for people: `in 5 s`, or `due`.
    package var wait: String {
        guard let nextTryInSeconds, nextTryInSeconds > 0 else { return "due" }
        return "in \(Vitals.span(.seconds(nextTryInSeconds)))"
    }
}
