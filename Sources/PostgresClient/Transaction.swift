/// A transaction that a scope has open; see ``PostgresConnection/transaction(_:)``.
public struct Transaction: Sendable {
    let connection: PostgresConnection

    /// Runs one statement in the transaction.
    @discardableResult
    public func execute(_ statement: Statement, deadline: Duration? = nil) async throws -> Rows {
        try await connection.run([statement], deadline: deadline)[0]
    }

    /// Runs several statements in one round trip.
    @discardableResult
    public func pipeline(_ statements: [Statement], deadline: Duration? = nil) async throws -> [Rows] {
        try await connection.run(statements, deadline: deadline)
    }

    /// Runs statements given as one text.
    public func script(_ sql: String, name: String, deadline: Duration? = nil) async throws {
        try await connection.runScript(sql, name: name, deadline: deadline)
    }
}
