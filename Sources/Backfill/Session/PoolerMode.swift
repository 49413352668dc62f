/// What is between us and the server, as far as it matters: whether a session is ours for as long as we are connected.
package enum PoolerMode: String, Sendable, Hashable, CaseIterable {
    /// To be found out.
    case auto
    /// A session is ours alone: there is no pooler, or one in session mode.
    case session
    /// A pooler hands out a server process for one transaction at a time: nothing that a session keeps can be relied on.
    case transaction

    /// What the server processes say in which two connections' transactions ran, each list in the order of time.
    ///
    /// Two sessions have one process each, and not the same. A pooler in transaction mode has no reason to keep to that:
    /// with transactions of the two in turn it gives the second the process that the first has just given back, or each
    /// the next in its round.
    static func observed(_ first: [Int32], _ second: [Int32]) -> PoolerMode {
        let (first, second) = (Set(first), Set(second))
        return first.count == 1 && second.count == 1 && first.isDisjoint(with: second) ? .session : .transaction
    }
}

/// What can't be done through a pooler in transaction mode.
package struct SessionNeeded: Error, Sendable, Hashable, CustomStringConvertible {
    /// What needs a session: `set-up`.
    package let what: String

    /// What it is, and what to do.
    package var description: String {
        """
        \(what) needs a session of its own, and there is a pooler in transaction mode between here and the server. For \
        this command set DATABASE_URL to the server itself, or to the pooler's session mode (port 5432 at Supabase)
        """
    }
}
