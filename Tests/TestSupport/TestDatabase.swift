/// A database of a ``PostgresServer``.
public struct TestDatabase: Sendable {
    /// Its server.
    public let server: PostgresServer
    /// Its name, which also makes a good part of the name of a role: roles belong to the whole server.
    public let name: String

    /// A database that is there already: a standby has those of its primary.
    public init(server: PostgresServer, name: String) {
        self.server = server
        self.name = name
    }

    /// A connection string as the superuser, over the unix socket.
    public var conninfo: String { server.conninfo(database: name) }

    /// A connection string, in the key=value form.
    ///
    /// - Parameters:
    ///   - user: The role.
    ///   - transport: The way to the server.
    ///   - port: Another port of 127.0.0.1 than the server's: a ``TCPProxy``'s.
    public func conninfo(
        user: String = "postgres", over transport: PostgresServer.Transport = .unixSocket, port: Int? = nil
    ) -> String {
        server.conninfo(database: name, user: user, over: transport, port: port)
    }

    /// Runs SQL through psql; returns what it prints: rows a line each, columns divided by `|`.
    @discardableResult
    public func psql(
        _ sql: String,
        user: String = "postgres",
        within limit: Duration = .seconds(180),
        fileID: String = #fileID,
        line: Int = #line
    ) async throws -> String {
        try await server.psql(sql, database: name, user: user, within: limit, fileID: fileID, line: line)
    }
}

/// SQL that psql could not run.
public struct PsqlFailure: Error, CustomStringConvertible {
    /// How psql ended.
    public let exit: ProcessExit
    /// What it said.
    public let message: String

    /// What psql said.
    public var description: String { "psql: \(exit): \(message)" }
}
