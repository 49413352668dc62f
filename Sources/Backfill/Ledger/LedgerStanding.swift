import PostgresClient

/// How a table stands with its failures: counted are rows that are still pending with the text that they failed with.
package struct LedgerStanding: Sendable, Hashable {
    /// Rows that failed and will be tried again by themselves.
    package var failing = 0
    /// Rows that have used up their attempts.
    package var setAside = 0
    /// Until the next row may be tried again; nil where none waits.
    package var next: Duration?
    /// That the table is paused; nil where it is not.
    package var pause: Pause?

    /// How a table stands.
    package init(failing: Int = 0, setAside: Int = 0, next: Duration? = nil, pause: Pause? = nil) {
        self.failing = failing
        self.setAside = setAside
        self.next = next
        self.pause = pause
    }

    /// For how long the table has been paused; nil where it is not.
    package var pausedSince: Duration? { pause.map { .seconds($0.seconds) } }

    /// Looks it up.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    package static func load(
        _ table: WatchedTable, on connection: PostgresConnection, deadline: Duration = .seconds(30)
    ) async throws -> LedgerStanding {
        var standing = LedgerStanding(pause: try await Pause.load(table, on: connection, deadline: deadline))
        do {
            let row = try await connection.execute(
                Statement(
                    "count failures of \(table.displayName)", SQLFile.fill(SQLFile.ledgerStanding, table.fragments),
                    [.int4(table.watch)]), deadline: deadline)[0]
            standing.failing = try row.decode("failing")
            standing.setAside = try row.decode("set_aside")
            standing.next = try row.decode("next", as: Double?.self).map { .seconds(max($0, 0)) }
        } catch let error as PostgresError where error.hasState("22") {
            // Of keys that are of another type than the column has now: the next purge takes the entries away.
        }
        return standing
    }
}
