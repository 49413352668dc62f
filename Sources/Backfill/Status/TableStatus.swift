import PostgresClient

/// How full a table is, and who fills it.
package struct TableStatus: Sendable, Hashable, Encodable {
    /// A daemon that has said something about the table.
    package struct Daemon: Sendable, Hashable, Encodable {
        /// The machine it runs on.
        package let host: String
        /// Its process there.
        package let pid: Int
        /// `listening`, `polling`, `working` or `degraded`; `gone` where its session has ended, `silent` where that has asked
        /// nothing for longer than any heartbeat takes.
        package let state: String
        /// For how long its listening session has asked nothing; nil where that is not known.
        package let silentForSeconds: Double?
        /// How old what it says of itself is: it says something when that changes.
        package let notedSecondsAgo: Double?
        /// How it learns of rows: `listening`, `polling`, `paused`; nil where it has not said.
        package let mode: String?
        /// Rows in batches under way.
        package let working: Int
        /// Rows whose vector is there and waits for somebody's lock.
        package let held: Int
        /// Buckets of rows that it has claimed, of 1,024.
        package let claimed: Int
        /// Pending rows that it knows of.
        package let inFlight: Int
        /// Rows it has embedded since it started.
        package let embedded: Int
        /// Failures since it started.
        package let failed: Int
        /// Rows a second, lately.
        package let rowsPerSecond: Double
        /// Its last error, if it has not recovered.
        package let lastError: String?
    }

    /// The table, with its schema.
    package let table: String
    /// Its rows; about so many where `rowsAreExact` is false.
    package let rows: Int
    /// Whether the rows were counted.
    package let rowsAreExact: Bool
    /// Rows without an embedding; about so many where `pendingIsExact` is false.
    package let pending: Int
    /// Whether the pending rows were counted.
    package let pendingIsExact: Bool
    /// Rows charged with a failure since their daemons started.
    package let failed: Int
    /// Rows that failed with the text they have, and will be tried again by themselves.
    package let failing: Int
    /// Rows that have used up their attempts with the text they have.
    package let setAside: Int
    /// Seconds until the next row that failed may be tried again; nil where none waits.
    package let nextTryInSeconds: Double?
    /// That the table is paused; nil where it is not.
    package let paused: Pause?
    /// What writers send when rows come.
    package let notify: NotifyMode
    /// Seconds since a daemon first saw that rows were pending; nil while none is, or none has looked.
    package let pendingForSeconds: Double?
    /// When a daemon last embedded a row, ISO 8601 in UTC.
    package let lastEmbeddedAt: String?
    /// Seconds since then.
    package let lastEmbeddedSecondsAgo: Double?
    /// Rows a second of all connected daemons together.
    package let rowsPerSecond: Double
    /// The daemons, those that spoke last first.
    package let daemons: [Daemon]

    /// Rows with an embedding.
    package let embedded: Int
    /// The share of rows with an embedding, 0 to 1; 1 for an empty table.
    package let coverage: Double
    /// The reembed that is under way; nil where none is.
    package var reembed: ReembedStatus?

    /// Pending rows are counted up to here.
    static let countLimit = 10_000

    /// Looks a table's status up.
    ///
    /// - Parameters:
    ///   - table: The table.
    ///   - silence: A daemon that has asked nothing for longer is silent.
    ///   - connection: A connection that is free.
    package static func load(
        _ table: WatchedTable, silence: Duration = .seconds(60), on connection: PostgresConnection
    ) async throws -> TableStatus {
        let counts = try await Counts.load(table, index: "backfilld_pending_\(table.watch)", on: connection)
        let (all, pending) = (counts.rows, counts.pending)
        let rows = try await connection.execute(
            Statement(
                "daemons of \(table.displayName)", SQLFile.statusDaemons,
                [.int4(table.watch), .int8(Int64(AdvisoryLock.claim))]))
        let standing = try await LedgerStanding.load(table, on: connection)
        let daemons = try rows.map { try Self.daemon($0, silence: silence) }
        let ages = try rows.map { try $0.decode("pending_for", as: Double?.self) }.compactMap { $0 }
        let last = try rows.map { row in
            (try row.decode("embedded_ago", as: Double?.self), try row.decode("last_embedded_at", as: String?.self))
        }.filter { $0.0 != nil }.min { $0.0! < $1.0! }
        let connected = daemons.filter { $0.state != "gone" }
        return TableStatus(
            table: table.displayName, rows: all, rowsAreExact: counts.rowsAreExact, pending: pending,
            pendingIsExact: counts.pendingIsExact,
            failed: connected.reduce(0) { $0 + $1.failed }, failing: standing.failing,
            setAside: standing.setAside, nextTryInSeconds: standing.next?.inSeconds, paused: standing.pause,
            notify: table.notify,
            pendingForSeconds: pending == 0 ? nil : ages.max(),
            lastEmbeddedAt: last?.1, lastEmbeddedSecondsAgo: last?.0,
            rowsPerSecond: connected.reduce(0) { $0 + $1.rowsPerSecond }, daemons: daemons, embedded: all - pending,
            coverage: all == 0 ? 1 : Double(all - pending) / Double(all),
            reembed: try await ReembedStatus.load(table, on: connection))
    }

    /// How many rows a column has, and lacks.
    struct Counts: Sendable, Hashable {
        var rows: Int
        var rowsAreExact: Bool
        var pending: Int
        var pendingIsExact: Bool

        /// - Parameters:
        ///   - table: The table.
        ///   - index: The name of the index on the pending rows, which those of partitions begin with.
        static func load(
            _ table: WatchedTable, index: String, on connection: PostgresConnection
        ) async throws -> Counts {
            let counts = try await connection.execute(
                Statement(
                    "status of \(table.displayName)", SQLFile.fill(SQLFile.statusTable, table.fragments),
                    [.int8(table.relation), .int8(Int64(countLimit) + 1)]))[0]
            let counted: Int = try counts.decode("pending")
            var pending = counted
            if counted > countLimit {
                let estimate = try await connection.execute(
                    Statement(
                        "estimate of \(table.displayName)", SQLFile.statusEstimate,
                        [.int8(table.relation), .text(index), .text(table.spec.embedding)]))[0]
                pending = max(counted, try estimate.decode("pending"))
            }
            return Counts(
                rows: max(try counts.decode("rows"), pending), rowsAreExact: try counts.decode("rows_exact"),
                pending: pending, pendingIsExact: counted <= countLimit)
        }
    }

    private static func daemon(_ row: Row, silence: Duration) throws -> Daemon {
        let silentFor: Double? = try row.decode("silent_for")
        let isSilent = (silentFor ?? 0) > silence.inSeconds
        let state: String = try row.decode("connected") ? isSilent ? "silent" : row.decode("state") : "gone"
        return Daemon(
            host: try row.decode("host"), pid: try row.decode("pid"), state: state, silentForSeconds: silentFor,
            notedSecondsAgo: try row.decode("noted_ago"), mode: try row.decode("mode"),
            working: try row.decode("working"), held: try row.decode("held"), claimed: try row.decode("claimed"),
            inFlight: try row.decode("in_flight"), embedded: try row.decode("embedded"),
            failed: try row.decode("failed"), rowsPerSecond: try row.decode("rows_per_second"),
            lastError: try row.decode("last_error"))
    }
}
