import PostgresClient

extension PostgresConnection {
    /// Runs statements that have functions of a table's owner run, in one round trip and transaction.
    ///
    /// What a trigger SETs, with no LOCAL to it, outlives the statement and the transaction: with another time zone the next
    /// statement has another text of the same row. So the settings are set again after each, before anything else is read,
    /// and deferred triggers are not left to run after that.
    func pipelineWithTriggers(_ statements: [Statement], deadline: Duration? = nil) async throws -> [Rows] {
        let pins = pins
        let settled = [Statement("run deferred triggers", "SET CONSTRAINTS ALL IMMEDIATE")] + pins
        // Without a block around them the server's log would have a warning of each SET CONSTRAINTS.
        let answers = try await pipeline(statements.flatMap { [$0] + settled }, inBlock: true, deadline: deadline)
        return statements.indices.map { answers[$0 * (settled.count + 1)] }
    }
}
