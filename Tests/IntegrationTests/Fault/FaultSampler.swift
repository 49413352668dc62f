import PostgresClient
import Synchronization
import TestSupport

/// Watches who waits for whom while a run lasts: no user's INSERT may ever wait for a daemon, and nothing else longer
/// than a batch takes to write.
final class FaultSampler: Sendable {
    private struct State {
        var samples = 0
        var daemonPIDs: Set<Int32> = []
        var violations: Set<String> = []
        var mostLocks = 0
        var longest = (seconds: 0.0, what: "")
    }

    private let database: TestDatabase
    private let state = Mutex(State())
    /// Longer than this nobody waits for one batch to be written, whatever else the machine does.
    private static let mostSeconds = 1.0

    init(_ database: TestDatabase) { self.database = database }

    var samples: Int { state.withLock(\.samples) }
    var violations: [String] { state.withLock { $0.violations.sorted() } }
    /// The longest that anybody was seen to wait for a daemon.
    var longest: (seconds: Double, what: String) { state.withLock(\.longest) }
    /// The most advisory locks that daemons were seen to have, all together.
    var mostLocks: Int { state.withLock(\.mostLocks) }
    /// Server processes that worked for daemons.
    var daemonPIDs: Set<Int32> { state.withLock(\.daemonPIDs) }

    private static let question = """
        SELECT b.pid, b.application_name = 'lab-daemon', a.pid IS NOT NULL, a.wait_event, a.query, b.query,
            b.state,
            COALESCE(EXTRACT(epoch FROM clock_timestamp() - (
                SELECT min(l.waitstart) FROM pg_locks AS l WHERE l.pid = a.pid AND NOT l.granted)), 0)::float8
        FROM pg_stat_activity AS b
        LEFT JOIN LATERAL (
            SELECT * FROM pg_stat_activity AS w
            -- who extends a file, or changes a page of an index, has that to himself for a moment: no transaction does
            WHERE w.wait_event_type = 'Lock' AND w.wait_event NOT IN ('extend', 'page') AND w.application_name = 'user' AND b.pid = ANY (pg_blocking_pids(w.pid))
        ) AS a ON true
        WHERE b.application_name = 'lab-daemon' AND b.datname = current_database()
        """

    private static let locks = """
        SELECT count(*), current_setting('max_locks_per_transaction')::int8
            * (current_setting('max_connections')::int8 + current_setting('max_prepared_transactions')::int8)
        FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND a.application_name = 'lab-daemon'
        """

    /// Looks again and again, until cancelled.
    func run() async throws {
        var connection: PostgresConnection?
        while !Task.isCancelled {
            do {
                let open: PostgresConnection
                if let connection, await connection.isOpen {
                    open = connection
                } else {
                    open = try await PostgresConnection.connect(
                        ConnectionOptions(conninfo: database.conninfo, applicationName: "sampler"))
                }
                connection = open
                let answers = try await open.pipeline(
                    [
                        Statement("the sampler", Self.question, prepared: true),
                        Statement("the sampler's count", Self.locks, prepared: true),
                    ], deadline: .seconds(20))
                for row in answers[0] { try note(row) }
                try count(answers[1][0])
            } catch is PostgresError {
                // The server is away, as it is meant to be now and then.
            }
            // How often it looks; nothing waits for it.
            try? await Task.sleep(for: .milliseconds(30))
        }
        await connection?.close()
    }

    /// All daemons together may have a tenth of the server's locks.
    private func count(_ row: Row) throws {
        let (locks, room) = (try row.decode(0, as: Int64.self), try row.decode(1, as: Int64.self))
        state.withLock { state in
            state.samples += 1
            state.mostLocks = max(state.mostLocks, Int(locks))
            if locks > room / 10 { state.violations.insert("daemons have \(locks) locks of \(room)") }
        }
    }

    private func note(_ row: Row) throws {
        let pid = try row.decode(0, as: Int32.self)
        state.withLock { _ = $0.daemonPIDs.insert(pid) }
        guard try row.decode(2, as: Bool.self) else { return }
        let query = try row.decode(4, as: String?.self) ?? ""
        let kind = try row.decode(3, as: String?.self) ?? ""
        let seconds = try row.decode(7, as: Double.self)
        let blocker = "(\(try row.decode(6, as: String?.self) ?? "")) \(try row.decode(5, as: String?.self) ?? "")"
        state.withLock { state in
            if seconds > state.longest.seconds {
                state.longest = (seconds, "\(query.prefix(60)) behind \(blocker.prefix(60))")
            }
            // An upsert that meets a row waits for whoever is updating it, as any UPDATE does, and DO NOTHING does, too.
            let isInsert = query.hasPrefix("INSERT") && !query.contains("ON CONFLICT") || query.hasPrefix("COPY")
            if isInsert || seconds > Self.mostSeconds {
                let what = isInsert ? "an INSERT waited" : "waited \(seconds) s"
                state.violations.insert(
                    "\(what) for a daemon (\(kind)): \(query.prefix(120)) behind \(blocker.prefix(300))")
            }
        }
    }
}
