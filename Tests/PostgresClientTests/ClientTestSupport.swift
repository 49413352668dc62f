import Foundation
import PostgresClient
import TestSupport
import Testing

/// What no test waits longer for: a call that never returns is a failure, not a hang.
let patience = Duration.seconds(60)

extension TestDatabase {
    /// A connection to it, closed when the test lets go of it.
    func connect(over transport: PostgresServer.Transport = .unixSocket, port: Int? = nil) async throws
        -> PostgresConnection
    {
        try await PostgresConnection.connect(ConnectionOptions(conninfo: conninfo(over: transport, port: port)))
    }
}

/// A new database on the shared server.
func database(_ flavour: PostgresServer.Flavour, extensions: [String] = []) async throws -> TestDatabase {
    try await PostgresServer.shared(flavour).createDatabase(extensions: extensions)
}

extension PostgresConnection {
    /// The one value of a statement.
    func value<T: PostgresDecodable & Sendable>(
        _ sql: String, _ parameters: PostgresValue..., as type: T.Type = T.self
    ) async throws -> T {
        try await execute(Statement("value", sql, parameters))[0].decode(0)
    }

    /// The process of this session, seen from another one, runs something now.
    func isRunning(_ pid: Int32) async throws -> Bool {
        try await value("SELECT state = 'active' FROM pg_stat_activity WHERE pid = $1", .int4(pid))
    }
}

/// The error that `body` throws; none is recorded as an issue.
func postgresError(_ body: () async throws -> Void, line: Int = #line) async -> PostgresError? {
    do {
        try await body()
        Issue.record("no error, line \(line)")
    } catch let error as PostgresError {
        return error
    } catch {
        Issue.record("\(error), line \(line)")
    }
    return nil
}
