import PostgresClient

/// The server's process behind a session, so that it can be ended when the session is lost and the server does not notice.
struct ServerProcess: Sendable, Hashable {
    let pid: Int32
    /// When it began: numbers come back.
    let begin: String

    private static let deadline = Duration.seconds(10)

    /// That of a session.
    static func of(_ connection: PostgresConnection) async throws -> ServerProcess {
        let row = try await connection.execute(
            Statement("ask for the server process", SQLFile.sessionProcess), deadline: deadline)[0]
        return ServerProcess(pid: try row.decode("pid"), begin: try row.decode("begin"))
    }
}

/// Ends a lost session's server process if it still holds a lock of this class, and sees to it that it is gone.
///
/// - Throws: ``PostgresError``; ``LostSession`` where it stays.
func evict(_ process: ServerProcess, holding lock: Int32, on connection: PostgresConnection) async throws {
    for _ in 0..<50 {
        let left = try await connection.execute(
            Statement(
                "end the lost session", SQLFile.sessionEvict,
                [.int4(process.pid), .text(process.begin), .int4(lock)]), deadline: .seconds(10))
        if left.isEmpty { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw LostSession(pid: process.pid)
}

/// The server process of a session that we have lost goes on.
struct LostSession: Error, CustomStringConvertible {
    let pid: Int32
    var description: String { "the server does not end the session that was lost (process \(pid))" }
}
