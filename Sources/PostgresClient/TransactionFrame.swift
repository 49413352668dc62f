/// What every transaction begins with on a connection whose transactions may each run in another server process, as
/// behind a pooler in transaction mode: nothing that a session keeps is there for the next one.
///
/// On such a connection nothing is prepared by name, and each call is a transaction of its own: the frame's statements,
/// the call's, COMMIT, in one round trip.
package struct TransactionFrame: Sendable {
    /// The statements that open a transaction: BEGIN, then what is set for this transaction alone.
    package let opening: [Statement]

    /// - Parameter opening: BEGIN first.
    package init(opening: [Statement]) {
        self.opening = opening
    }

    /// A transaction with the session's own settings.
    static let plain = TransactionFrame(opening: [Statement("begin", "BEGIN")])
    static let commit = Statement("commit", "COMMIT")
}
