import PostgresClient

/// Carries out the lock steps of the handshakes of all tables, on a session of their own: to queue for a lock takes time,
/// which claims and heartbeats must not spend waiting.
///
/// The session is opened when it is first wanted. When it is lost, so are the locks, which is harmless: without K writers
/// notify, and without X they notify too, since nobody has K.
public actor PollingLocks {
    private let sessions: SessionFactory
    private var session: PostgresConnection?
    /// The server process of the last session.
    private var backend: Int32?

    private static let deadline = Duration.seconds(10)
    /// Who queues for a lock keeps those that come behind from getting it too, and holds vacuum up; so not for long.
    private static let queueing = "SET lock_timeout = '100ms'"

    /// - Parameter sessions: Opens the session.
    public init(_ sessions: SessionFactory) {
        self.sessions = sessions
    }

    /// Does one step; whether the lock was obtained, or is given back.
    func perform(_ step: Handshake.LockStep, for watch: Int32) async -> Bool {
        let lock: (Int32) -> [PostgresValue] = { [.int4($0), .int4(watch)] }
        do {
            let connection = try await connection()
            switch step {
            case .lockPolling: return try await queue(for: lock(AdvisoryLock.polling), on: connection)
            case .trySkipped:
                return try await execute(
                    "try for skippers", SQLFile.advisoryTry, lock(AdvisoryLock.skipped), on: connection)[0]
                    .decode(0, as: Bool.self)
            case .unlockPolling:
                try await execute("stop polling", SQLFile.advisoryUnlock, lock(AdvisoryLock.polling), on: connection)
            case .unlockSkipped:
                try await execute("let skippers in", SQLFile.advisoryUnlock, lock(AdvisoryLock.skipped), on: connection)
            }
            return true
        } catch {
            // Whatever else it is: with the session all locks are given back, which is never wrong.
            await close()
            return false
        }
    }

    /// Waits for a lock, not for long; whether it was obtained.
    private func queue(for lock: [PostgresValue], on connection: PostgresConnection) async throws -> Bool {
        do {
            try await execute("queue for polling", SQLFile.advisoryLock, lock, on: connection)
            return true
        } catch let error as PostgresError where error.hasState("55P03") {
            // It may have been granted before the server process woke up to the end of its wait: then the statement fails,
            // and the session has the lock all the same, which would keep writers from notifying for ever.
            return try await execute("look whose polling it is", SQLFile.advisoryMine, lock, on: connection)[0]
                .decode(0, as: Bool.self)
        }
    }

    /// Gives all locks back.
    public func close() async {
        await session?.close()
        session = nil
    }

    @discardableResult
    private func execute(
        _ name: String, _ sql: String, _ values: [PostgresValue], on connection: PostgresConnection
    ) async throws -> Rows {
        try await connection.execute(Statement(name, sql, values, prepared: true), deadline: Self.deadline)
    }

    private func connection() async throws -> PostgresConnection {
        if let session, await session.isOpen { return session }
        let connection = try await sessions.open()
        do {
            try await connection.script(Self.queueing, name: "limit queueing", deadline: Self.deadline)
            // K in a session that only the server still has would keep writers from notifying anybody.
            if let backend { try await evict(backend, holding: AdvisoryLock.polling, on: connection) }
        } catch {
            await connection.close()
            throw error
        }
        // Another table's step may have opened one meanwhile.
        if let session, await session.isOpen {
            await connection.close()
            return session
        }
        backend = await connection.backendPID
        session = connection
        return connection
    }
}

/// Ends a lost session's server process if it still holds a lock of this class, and sees to it that it is gone.
///
/// - Throws: ``PostgresError``, also where it stays.
func evict(_ backend: Int32, holding lock: Int32, on connection: PostgresConnection) async throws {
    for _ in 0..<50 {
        let left = try await connection.execute(
            Statement("end the lost session", SQLFile.sessionEvict, [.int4(backend), .int4(lock)]),
            deadline: .seconds(10))
        if left.isEmpty { return }
        try await Task.sleep(for: .milliseconds(100))
    }
    throw LostSession(backend: backend)
}

/// The server process of a session that we have lost goes on.
struct LostSession: Error, CustomStringConvertible {
    let backend: Int32
    var description: String { "the server does not end the session that was lost (process \(backend))" }
}
