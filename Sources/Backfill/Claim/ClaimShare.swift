/// How many advisory locks one daemon may hold, so that all of them together leave the server's users theirs.
///
/// The server has one table for all locks. When it is full, whoever comes next gets the error, and that may be a user.
/// So daemons take no more than a tenth of it together. Each counts the others now and then, and takes half of its part:
/// were as many again to start before the next count, the tenth would still hold.
struct ClaimShare: Sendable, Hashable {
    /// Locks that the server has room for: max_locks_per_transaction × (max_connections + max_prepared_transactions).
    let room: Int
    /// Daemons connected to the server, this one included.
    let daemons: Int

    /// What all daemons together may hold.
    var budget: Int { room / 10 }

    /// What one of them may hold. A few it must have to get on at all.
    var locks: Int { max(budget / max(Self.expected, daemons * 2), 2) }

    /// What rows of a backlog leave free of that, so that a row that is announced need not wait for another table's batch.
    var reserve: Int { locks / 4 }

    /// For so many a tenth is divided at least, however few there are.
    static let expected = 4

    /// What all of them may hold as they are now.
    var sum: Int { locks * daemons }
}
