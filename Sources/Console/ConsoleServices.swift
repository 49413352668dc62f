import Backfill
import Embedders
import PostgresClient
import SentenceEncoder

/// What the console asks the daemon for. Each is called from the console's own thread, and may wait.
package struct ConsoleServices: Sendable {
    /// How the daemon is.
    package var vitals: @Sendable () -> Vitals
    /// The release.
    package var version: String
    /// What makes the vectors; nil for an embedder that has none to give, as those that write the table themselves.
    package var embedder: QueryEmbedder?
    /// What the embedder is called.
    package var embedderName: String
    /// What was counted since the start.
    package var tally: Tally
    /// A line about how the daemon is, as the service manager has it.
    package var statusLine: @Sendable () -> String
    /// The tables as they are now, by the number that they had when the daemon began.
    package var tables: @Sendable () -> [Int32: WatchedTable]
    /// The tables' names, in the order of the configuration: the first is meant where a caller names none.
    package var order: [QualifiedName] = []
    /// Lends sessions for what is asked of tables; nil where no table can be asked. One of its own, so that questions take
    /// none from the daemon's work.
    package var pool: ConnectionPool?
    /// Lends the session that counts and looks at rows for whoever watches, so that these wait for no search; nil for ``pool``.
    package var watching: ConnectionPool?
    /// Lends the session that measures; nil for ``pool``.
    package var measuring: ConnectionPool?
    /// Somebody waits for rows of a table.
    package var announce: @Sendable (Int32, [RowKey]) async -> Void
    /// Measures how good a table's vectors are, and answers JSON; nil where nothing does.
    package var quality: (@Sendable (WatchedTable, PostgresConnection) async throws -> [UInt8])?
    /// Hears that a request begins or has ended.
    package var observe: @Sendable (_ isUnderWay: Bool) -> Void

    /// Puts them together.
    package init(
        vitals: @escaping @Sendable () -> Vitals, version: String, embedderName: String,
        embedder: QueryEmbedder?, tally: Tally,
        statusLine: @escaping @Sendable () -> String, tables: @escaping @Sendable () -> [Int32: WatchedTable] = { [:] },
        pool: ConnectionPool? = nil, announce: @escaping @Sendable (Int32, [RowKey]) async -> Void = { _, _ in },
        observe: @escaping @Sendable (Bool) -> Void = { _ in }
    ) {
        self.vitals = vitals
        self.version = version
        self.embedderName = embedderName
        self.embedder = embedder
        self.tally = tally
        self.statusLine = statusLine
        self.tables = tables
        self.pool = pool
        self.announce = announce
        self.observe = observe
    }
}

/// The daemon's embedder, as callers from outside may use it.
package struct QueryEmbedder: Sendable {
    /// Vectors, and what they cost.
    package struct Answer: Sendable {
        /// One a text, in their order.
        package var vectors: [[Float]]
        /// Tokens that were computed; nil where nobody counted.
        package var tokens: Int?

        /// Answers.
        package init(vectors: [[Float]], tokens: Int?) {
            self.vectors = vectors
            self.tokens = tokens
        }
    }

    /// What its vectors are.
    package var identity: EmbedderIdentity
    /// Texts in one call, at most.
    package var rows: Int
    /// Embeds texts for a role.
    package var embed: @Sendable ([String], TextRole) async throws -> Answer

    /// Puts it together.
    package init(
        identity: EmbedderIdentity, rows: Int,
        embed: @escaping @Sendable ([String], TextRole) async throws -> Answer
    ) {
        self.identity = identity
        self.rows = rows
        self.embed = embed
    }
}
