import PostgresClient

/// Opens sessions the way every statement of this module expects them.
public struct SessionFactory: Sendable {
    private let options: ConnectionOptions

    /// - Parameter options: Where to connect.
    public init(_ options: ConnectionOptions) {
        self.options = options
    }

    /// A new session with its settings pinned.
    ///
    /// - Throws: ``PostgresError``, `CancellationError`.
    public func open(deadline: Duration = .seconds(10)) async throws -> PostgresConnection {
        let connection = try await PostgresConnection.connect(options, deadline: deadline)
        try await connection.script(SQLFile.sessionPins, name: "pin the session's settings", deadline: deadline)
        return connection
    }
}
