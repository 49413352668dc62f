import PostgresClient

/// A few sessions, lent to whoever has a statement to run; those who come when all are out wait in line.
package actor ConnectionPool: Gated {
    private let sessions: SessionFactory
    private var idle: [PostgresConnection] = []
    /// The sessions that are lent, by the number of the loan.
    private var lent: [Int: PostgresConnection] = [:]
    private var loans = 0
    /// Counts how often all were to be replaced.
    private var generation = 0
    package var gate: Gate<CheckedContinuation<Void, any Error>>

    /// - Parameters:
    ///   - sessions: Opens a session when one is wanted and none is idle.
    ///   - limit: Sessions at once, at most.
    package init(_ sessions: SessionFactory, limit: Int) {
        precondition(limit > 0)
        self.sessions = sessions
        gate = Gate(places: limit)
    }

    /// Lends a session for the duration of `body`; it must not be kept.
    ///
    /// A session that broke meanwhile is replaced the next time one is wanted.
    /// - Throws: What `body` throws; `PostgresError` where no session can be had; `CancellationError`.
    package func withConnection<T: Sendable>(
        _ body: @Sendable (PostgresConnection) async throws -> T
    ) async throws -> T {
        try await enter()
        defer { leave() }
        let generation = generation
        let connection = try await connection()
        loans += 1
        let loan = loans
        lent[loan] = connection
        defer { lent[loan] = nil }
        do {
            let value = try await body(connection)
            await giveBack(connection, lentIn: generation)
            return value
        } catch {
            if let error = error as? PostgresError, error.isConnectionFailure {
                await connection.close()
            } else if let error = error as? PostgresError, error.hasState("25006"), !error.isInside {
                // A server that was a standby takes writes again in time, and a role's setting is taken back: neither is seen
                // by a session that is there already.
                await connection.close()
                await discardIdle()
            } else {
                await giveBack(connection, lentIn: generation)
            }
            throw error
        }
    }

    /// Ends the idle sessions, as when the network is in doubt or what they have prepared: others are opened when they are
    /// wanted. Lent ones have their deadlines, and end when they are given back.
    package func discardIdle() async {
        generation += 1
        let idle = idle
        self.idle = []
        for connection in idle { await connection.close() }
    }

    /// The network is in doubt: idle sessions are ended at once, and those that are lent now if they are still lent after so
    /// long, since their statements may wait for an answer that never comes.
    func doubt(for patience: Duration) async {
        let suspects = lent.keys
        await discardIdle()
        guard !suspects.isEmpty else { return }
        Task {
            try? await Task.sleep(for: patience)
            await self.end(Array(suspects))
        }
    }

    private func end(_ loans: [Int]) async {
        for loan in loans { await lent[loan]?.close() }
    }

    private func connection() async throws -> PostgresConnection {
        while let connection = idle.popLast() {
            if await connection.isOpen, isOfUse(connection) { return connection }
            await connection.close()
        }
        return try await sessions.open()
    }

    private func giveBack(_ connection: PostgresConnection, lentIn generation: Int) async {
        guard await connection.isOpen else { return }
        if isOfUse(connection), generation == self.generation {
            idle.append(connection)
        } else {
            await connection.close()
        }
    }

    /// Not one that was taken for a session of our own before a pooler was found out.
    private func isOfUse(_ connection: PostgresConnection) -> Bool { connection.isPooled == sessions.isPooled }
}
