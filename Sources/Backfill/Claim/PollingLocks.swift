import PostgresClient

/// Carries out the lock steps of the handshakes of all tables, on a session of their own: to queue for a lock takes time,
/// which claims and heartbeats must not spend waiting.
///
/// The session is opened when it is first wanted. When it is lost, so are the locks, which is harmless: without K writers
/// notify, and without X they notify too, since nobody has K.
actor PollingLocks {
    private let sessions: SessionFactory
    private var session: PostgresConnection?
    /// Counts the sessions: what was locked with an earlier one is lost.
    private(set) var epoch = 0
    /// The server process of the last session.
    private var backend: ServerProcess?

    private static let deadline = Duration.seconds(10)
    /// Who queues for a lock keeps those that come behind from getting it too, and holds vacuum up; so not for long.
    private static let queueing = "SET lock_timeout = '100ms'"

    /// - Parameter sessions: Opens the session.
    init(_ sessions: SessionFactory) {
        self.sessions = sessions
    }

    /// Does one step; with which session, by its number, the lock was obtained or is given back; nil where it was not.
    func perform(_ step: Handshake.LockStep, for watch: Int32) async -> Int? {
        let lock: (Int32) -> [PostgresValue] = { [.int4($0), .int4(watch)] }
        // What is to be given back went with its session; a new one has nothing to give.
        if step == .unlockPolling || step == .unlockSkipped, session == nil { return nil }
        do {
            let connection = try await connection()
            let epoch = epoch
            switch step {
            case .lockPolling:
                return try await queue(for: AdvisoryLock.polling, watch, on: connection) ? epoch : nil
            case .trySkipped:
                let isOurs = try await execute(
                    "try for skippers", SQLFile.advisoryTry, lock(AdvisoryLock.skipped), on: connection)[0]
                    .decode(0, as: Bool.self)
                return isOurs ? epoch : nil
            case .unlockPolling:
                try await execute("stop polling", SQLFile.advisoryUnlock, lock(AdvisoryLock.polling), on: connection)
            case .unlockSkipped:
                try await execute("let skippers in", SQLFile.advisoryUnlock, lock(AdvisoryLock.skipped), on: connection)
            }
            return epoch
        } catch {
            // Whatever else it is: with the session all locks are given back, which is never wrong.
            await close()
            return nil
        }
    }

    /// Waits for a lock, not for long; whether it was obtained.
    private func queue(for lock: Int32, _ watch: Int32, on connection: PostgresConnection) async throws -> Bool {
        let waiting = SQLFile.fill(SQLFile.advisoryLock, ["class": "\(lock)", "object": "\(watch)"])
        // It may have been granted before the server process woke up to the end of its wait: then that ends in vain, and the
        // session has the lock all the same, which would keep writers from notifying for ever. So the question is whose it is.
        return try await connection.pipeline(
            [
                Statement("queue for polling", waiting),
                Statement(
                    "look whose polling it is", SQLFile.advisoryMine, [.int4(lock), .int4(watch)], prepared: true),
            ], deadline: Self.deadline)[1][0].decode(0)
    }

    /// Gives all locks back.
    func close() async {
        let old = session
        session = nil
        epoch += 1
        await old?.close()
    }

    @discardableResult
    private func execute(
        _ name: String, _ sql: String, _ values: [PostgresValue], on connection: PostgresConnection
    ) async throws -> Rows {
        try await connection.execute(Statement(name, sql, values, prepared: true), deadline: Self.deadline)
    }

    private func connection() async throws -> PostgresConnection {
        if let session {
            if await session.isOpen { return session }
            await close()
        }
        let connection = try await sessions.open()
        let process: ServerProcess
        do {
            try await connection.script(Self.queueing, name: "limit queueing", deadline: Self.deadline)
            // K in a session that only the server still has would keep writers from notifying anybody.
            if let backend { try await evict(backend, holding: AdvisoryLock.polling, on: connection) }
            process = try await ServerProcess.of(connection)
        } catch {
            await connection.close()
            throw error
        }
        // Another table's step may have opened one meanwhile.
        if let session, await session.isOpen {
            await connection.close()
            return session
        }
        backend = process
        session = connection
        return connection
    }
}
