import PostgresClient

/// How much of the server's room for locks the daemons may take with their claims (ADR 0009).
package struct LockRoom: Sendable, Hashable, Encodable {
    /// Locks that the server has room for: max_locks_per_transaction × (max_connections + max_prepared_transactions).
    package let room: Int
    /// Daemons connected to the server, whatever their database.
    package let daemons: Int
    /// Locks that one daemon may hold: one of those connected, or the first.
    let perDaemon: Int
    /// What those that are connected may hold together.
    package let together: Int
    /// A tenth of the room: more than this all daemons together never hold, however many start.
    package let budget: Int

    init(room: Int, daemons: Int) {
        let share = ClaimShare(room: room, daemons: max(daemons, 1))
        (self.room, self.daemons, budget) = (room, daemons, share.budget)
        (perDaemon, together) = (share.locks, daemons == 0 ? 0 : share.sum)
    }

    /// Looks it up.
    ///
    /// - Throws: `PostgresError`; `CancellationError`.
    package static func load(on connection: PostgresConnection) async throws -> LockRoom {
        let row = try await connection.execute(
            Statement("look at the room for locks", SQLFile.claimRoom, [.int4(AdvisoryLock.presence)]))[0]
        return LockRoom(room: try row.decode("room"), daemons: try row.decode("daemons"))
    }

    /// What there is to say of it.
    package var finding: Finding {
        let who =
            switch daemons {
            case 0: "no daemon is connected, and the first may hold \(perDaemon.grouped)"
            case 1: "1 daemon is connected and may hold \(perDaemon.grouped)"
            default:
                "\(daemons.grouped) daemons are connected and may hold \(perDaemon.grouped) each, "
                    + "\(together.grouped) together"
            }
        let found = "the server has room for \(room.grouped); \(who), of \(budget.grouped) (10 %) for all daemons"
        guard perDaemon < Self.fewest else { return Finding(.ok, "locks", found) }
        return Finding(
            .warning, "locks", found + ": so few make small batches, and daemons slow",
            remedy: "Raise max_locks_per_transaction (needs a restart of the server), or run fewer daemons")
    }

    /// With fewer claims than this a daemon's batches are not worth their round trips.
    static let fewest = 8
}
