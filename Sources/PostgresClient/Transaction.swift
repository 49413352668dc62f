/// A transaction that a scope has open; see ``PostgresConnection/transaction(_:)``.
package struct Transaction: Sendable {
    let connection: PostgresConnection

    /// Runs one statement in the transaction.
    @discardableResult
    package func execute(_ statement: Statement, deadline: Duration? = nil) async throws -> Rows {
        try await connection.run([statement], deadline: deadline)[0]
    }

    /// Runs several statements in one round trip.
    @discardableResult
    package func pipeline(_ statements: [Statement], deadline: Duration? = nil) async throws -> [Rows] {
        try await connection.run(statements, deadline: deadline)
    }

    /// Runs statements given as one text.
    package func script(_ sql: String, name: String, deadline: Duration? = nil) async throws {
        try await connection.runScript(sql, name: name, deadline: deadline)
    }
}
