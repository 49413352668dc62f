import PostgresClient

/// That no row of a table is begun until somebody lets it go on. It is in the database, for all daemons and for as long
/// as it takes.
package struct Pause: Sendable, Hashable, Encodable {
    /// Since when, ISO 8601 in UTC.
    package let since: String
    /// The role that paused it.
    package let by: String
    /// For how many seconds now.
    package let seconds: Double

    /// Looks up whether a table is paused; nil where it is not.
    static func load(
        _ table: WatchedTable, on connection: PostgresConnection, deadline: Duration = .seconds(30)
    ) async throws -> Pause? {
        let rows = try await connection.execute(
            Statement("look whether \(table.displayName) is paused", SQLFile.ledgerPaused, [.int4(table.watch)]),
            deadline: deadline)
        return try rows.first.map { row in
            Pause(
                since: try row.decode("paused_at"), by: try row.decode("paused_by", as: String?.self) ?? "",
                seconds: max(try row.decode("paused_for"), 0))
        }
    }

    /// Pauses a table or lets it go on, and tells the daemons.
    ///
    /// - Returns: Whether it was otherwise before.
    /// - Throws: ``TableProblem/notPermitted(table:what:hint:)`` for a role that may not; `PostgresError`.
    package static func set(
        _ isPaused: Bool, _ table: WatchedTable, on connection: PostgresConnection
    ) async throws -> Bool {
        let what = isPaused ? "pause" : "resume"
        do {
            let rows = try await connection.execute(
                Statement(
                    "\(what) \(table.displayName)", SQLFile.ledgerPause, [.int4(table.watch), .bool(isPaused)]),
                deadline: .seconds(30))
            return !rows.isEmpty
        } catch let error as PostgresError where error.hasState("42501") {
            throw TableProblem.notPermitted(
                table: table.displayName, what: "\(what) it: \(error.message)",
                hint: "Run it as the owner of the table and of the schema backfilld, or let this role do it: "
                    + "GRANT UPDATE (paused_at, paused_by) ON backfilld.watch TO …")
        }
    }

    /// One line for people.
    package var line: String {
        "since \(since) (\(Vitals.span(.seconds(seconds))))" + (by.isEmpty ? "" : ", by \(by)")
    }
}
