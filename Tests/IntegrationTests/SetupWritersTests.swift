import Backfill
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("Set-up beside writers")
struct SetupWritersTests {
    /// What the eight writers saw.
    private struct Seen: Sendable {
        var isOver = false
        var statements = 0
    }

    private final class Watch: Sendable {
        let seen = Mutex(Seen())
    }

    private static let plain = SetupPlace.notes
    private static let partitioned = """
        CREATE TABLE notes (id text PRIMARY KEY, title text, body text, stars int, embedding real[])
            PARTITION BY HASH (id);
        CREATE TABLE notes_0 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 0) PARTITION BY HASH (id);
        CREATE TABLE notes_1 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        CREATE TABLE notes_00 PARTITION OF notes_0 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
        CREATE TABLE notes_01 PARTITION OF notes_0 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
        """

    @Test(
        "Eight writers beside a transaction that is open for 30 s: none waits 2 s for a lock, and set-up gets done",
        arguments: [plain, partitioned])
    func writers(_ table: String) async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector, table)
        let holder = try await place.connect()
        let holding = Task {
            try await holder.script(
                """
                BEGIN;
                INSERT INTO notes SELECT 'held' || n, 't', 'b' FROM generate_series(1, 8) AS n;
                SELECT pg_sleep(30);
                COMMIT
                """, name: "the long transaction")
        }
        try await eventually("the transaction is open") {
            let sql = "SELECT count(*)::text FROM pg_locks WHERE relation = 'notes'::regclass AND granted"
            return try await place.texts(sql) != ["0"]
        }
        let watch = Watch()
        let waits = Mutex(0)
        try await withThrowingTaskGroup { group in
            for number in 1...8 {
                group.addTask { try await Self.write(number, in: place, while: watch) }
            }
            try await eventually("the writers write") { watch.seen.withLock { $0.statements } > 16 }
            let plan = try await Setup.plan(SetupPlace.options(), on: place.connection)
            try await Setup.run(plan, on: place.connection) { progress in
                if case .waiting(_, let holders, _) = progress, !holders.isEmpty { waits.withLock { $0 += 1 } }
            }
            watch.seen.withLock { $0.isOver = true }
            try await group.waitForAll()
        }
        try await holding.value
        let seen = watch.seen.withLock { $0 }
        #expect(seen.statements > 1000)
        #expect(waits.withLock { $0 } > 2)
        #expect(try await Setup.problems(with: SetupPlace.options(), on: place.connection) == [])
        #expect(try await Setup.plan(SetupPlace.options(), on: place.connection).isEmpty)
    }

    /// Inserts a row and updates it, over and over; the server ends a statement that waits too long for a lock with an error.
    private static func write(_ number: Int, in place: SetupPlace, while watch: Watch) async throws {
        let connection = try await place.connect()
        try await connection.script("SET lock_timeout = '2s'", name: "patience")
        var row = 0
        while !watch.seen.withLock({ $0.isOver }) {
            row += 1
            for sql in [
                "INSERT INTO notes VALUES ('\(number).\(row)', 'title', 'body', 1, '{1,2,3}')",
                "UPDATE notes SET title = 'other' WHERE id = '\(number).\(row)'",
            ] {
                try await connection.execute(Statement("write", sql))
                watch.seen.withLock { $0.statements += 1 }
            }
            // Writers like people's, who leave the processor to others too.
            try await connection.execute(Statement("think", "SELECT pg_sleep(0.02)::text"))
        }
    }

    @Test("A table that is never free ends in a problem that names who uses it, and nothing was changed")
    func neverFree() async throws {
        let place = try await SetupPlace.make(.debian)
        let holder = try await SetupPlace.connect(place.database.conninfo + " application_name=bulkload")
        try await holder.script("BEGIN; INSERT INTO notes VALUES ('a')", name: "hold")
        let plan = try await Setup.plan(SetupPlace.options(), on: place.connection)
        let problem = try await #require(throws: TableProblem.self) {
            try await Setup.run(plan, on: place.connection, limit: .seconds(1))
        }
        guard case .lockNotObtained("public.notes", _, let holders) = problem else {
            Issue.record(problem)
            return
        }
        let pid = await holder.backendPID
        #expect(holders.contains { $0.contains("bulkload") && $0.contains("\(pid)") })
        #expect(try await place.texts("SELECT to_regnamespace('backfilld')::text") == [nil])
        try await holder.script("ROLLBACK", name: "let go")
        try await place.setUp()
    }
}
