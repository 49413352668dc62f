import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("failures, pause and resume")
struct ProcessLedgerTests {
    /// Plants entries as daemons write them; `-1` seconds is set aside. Any text is kept back.
    private static func plant(_ place: Workplace, _ entries: [(key: Int, attempts: Int, seconds: Int)]) async throws {
        for entry in entries {
            let next = entry.seconds < 0 ? "'infinity'" : "now() + interval '\(entry.seconds) s'"
            try await place.database.psql(
                """
                INSERT INTO backfilld.failure (watch, key, attempts, reason, first_at, next_try, daemon)
                SELECT id, '\(entry.key)', \(entry.attempts), 'refused \(entry.key)', '2026-01-02 03:04:05Z', \(next), 'h:1:a'
                FROM backfilld.watch WHERE relation = 'music_knowledge'::regclass
                """)
        }
    }

    private static func configured(_ place: Workplace, _ subcommand: String, _ arguments: String...) async throws
        -> CompletedProcess
    {
        try await place.run(["failures", subcommand, "--config", "backfilld.toml"] + arguments)
    }

    @Test("failures lists what failed, set aside first, and retry lets it be tried again")
    func failures() async throws {
        let place = try await Workplace.make(rows: 4)
        try await place.run("failures").expect(.code(0), "public.music_knowledge: no row has failed")
        try await Self.configured(place, "retry", "two").expect(.code(65), "two is no key", "bigint")
        try await Self.plant(place, [(1, 2, 600), (2, 5, -1), (3, 5, -1)])
        let list = try await place.run("failures").expect(
            .code(0), "public.music_knowledge, key 2: set aside, 5 attempts, 2026-01-02T03:04:05Z to ", "refused 2",
            "key 1: next try in ", "2 attempts")
        let order = try [#require(list.output.range(of: "key 1")), #require(list.output.range(of: "key 3"))]
        #expect(order[1].lowerBound < order[0].lowerBound, "\(list)")
        // A row that is embedded or gone has not failed.
        try await place.database.psql("DELETE FROM music_knowledge WHERE id = 3")
        let json = try await place.run("failures", "music_knowledge", "--json").expect(.code(0)).json()
        let rows = try #require(json["failures"] as? [[String: Any]])
        #expect(rows.compactMap { $0["key"] as? String } == ["2", "1"])
        #expect(rows[0]["isSetAside"] as? Bool == true)
        #expect(rows[0]["attempts"] as? Int == 5)
        #expect(rows[1]["reason"] as? String == "refused 1")
        #expect((rows[1]["nextTryInSeconds"] as? Double ?? 0) > 300)

        try await place.run("status").expect(
            .code(0), "failing    1, the next is tried again in ", "set aside  1: see backfilld failures")
        let status = try await place.run("status", "--json").json()
        let table = try #require((status["tables"] as? [[String: Any]])?.first)
        #expect(table["failing"] as? Int == 1)
        #expect(table["setAside"] as? Int == 1)
        try await place.run("explain", "2").expect(
            .code(0), "it is set aside", "failed     5 times", "refused 2", "backfilld failures retry 2")
        let row = try await place.run("explain", "1", "--json").json()
        #expect((row["failure"] as? [String: Any])?["attempts"] as? Int == 2)
        try await place.run("wait", "--timeout", "100ms").expect(.code(75), "Rows have failed: backfilld failures")

        try await Self.configured(place, "retry").expect(.code(64), "--all")
        try await Self.configured(place, "retry", "--all", "1").expect(.code(64))
        try await Self.configured(place, "retry", "2", "4").expect(.code(65), "no failure of row 4")
        try await Self.configured(place, "retry", "two").expect(.code(65), "two is no key", "bigint")
        #expect(try await place.database.psql("SELECT count(*) FROM backfilld.failure") == "3")
        try await Self.configured(place, "retry", "2").expect(.code(0), "1 row is tried again")
        try await place.run("failures").expect(.code(0), "key 1: next try in ")
        try await Self.configured(place, "retry", "--all").expect(.code(0), "tried again")
        try await Self.configured(place, "retry", "--all").expect(.code(0), "no row has failed")
    }

    @Test("A row of two tables is retried where it failed, and where it failed in both the table must be named")
    func twoTables() async throws {
        let place = try await Workplace.make(rows: 3, isSetUp: false)
        try await place.database.psql(
            """
            CREATE TABLE other (id bigint PRIMARY KEY, topic text, embedding vector(\(Workplace.dimension)));
            INSERT INTO other VALUES (1, 'a'), (2, 'b')
            """)
        try place.write(
            """
            [[tables]]
            name = "music_knowledge"
            [[tables]]
            name = "other"
            columns = ["topic"]
            """, to: "backfilld.toml")
        try await place.run("setup").expect(.code(0))
        try await Self.plant(place, [(1, 5, -1), (3, 5, -1)])
        try await place.database.psql(
            """
            INSERT INTO backfilld.failure (watch, key, attempts, reason, next_try, daemon)
            SELECT id, '1', 5, 'r', 'infinity', 'd' FROM backfilld.watch WHERE relation = 'other'::regclass
            """)
        try await place.run("failures", "other").expect(.code(0), "public.other, key 1")
        try await Self.configured(place, "retry", "3", "1").expect(.code(64), "say which one is meant: --table")
        try await Self.configured(place, "retry", "3").expect(.code(0), "public.music_knowledge: 1 row is tried again")
        try await Self.configured(place, "retry", "1", "--table", "other").expect(.code(0), "public.other: 1 row")
        #expect(try await place.database.psql("SELECT count(*) FROM backfilld.failure") == "1")
        try await place.run("pause", "other").expect(.code(0), "public.other: paused; 2 rows are pending")
        let both = try await place.run("resume").expect(.code(0), "public.music_knowledge: not paused")
        both.expect(.code(0), "public.other: resumed; 2 rows are pending, and no daemon is connected")
        try await place.run("pause", "none").expect(.code(78), "none")
    }

    @Test("pause stops a daemon and outlives it, resume lets it go on at once")
    func pause() async throws {
        let place = try await Workplace.make(rows: 2)
        let daemon = try await place.startDaemon("--set", "listen.heartbeat=1s")
        try await place.allEmbedded()
        try await place.run("pause").expect(.code(0), "public.music_knowledge: paused; 0 rows are pending")
        try await place.run("pause").expect(.code(0), "paused already, since ")
        try await place.insert(3...5)
        try await place.run("status").expect(.code(0), "pending    3", "paused     since ", "by postgres")
        try await place.run("explain", "3").expect(.code(0), "the table is paused", "backfilld resume")
        try await place.run("wait", "3", "--timeout", "100ms").expect(.code(75), "paused: backfilld resume")
        try await place.run("backfill").expect(.code(75), "is paused since")
        #expect(try await place.pending() == 3)
        try await daemon.stop()
        let next = try await place.startDaemon("--set", "listen.heartbeat=600s")
        try await place.run("status").expect(.code(0), "pending    3", "paused")
        try await place.run("resume").expect(.code(0), "public.music_knowledge: resumed; 3 rows are pending")
        try await place.allEmbedded()
        try await place.run("resume").expect(.code(0), "public.music_knowledge: not paused")
        try await next.stop()
    }

    @Test("status and explain name the daemon that has claimed a row's bucket")
    func claims() async throws {
        let place = try await Workplace.make(rows: 1)
        // FNV-1a of "1" is af63ac4c86019afc; the watch is number 1.
        let bucket = (0x8601_9afc ^ 0xaf63_ac4c) & 1023
        try await place.database.psql(
            """
            INSERT INTO backfilld.activity (
                watch, daemon, host, pid, backend_pid, backend_start, state, working, held, mode)
            SELECT 1, 'h:7:a', 'studio', 7, 0, now(), 'working', 12, 3, 'polling'
            """)
        try await place.run("explain", "1").expect(.code(0), "no daemon is connected to take it")
        let holder = try await PostgresConnection.connect(ConnectionOptions(conninfo: place.database.conninfo))
        // One more of this table, and one of another table.
        try await holder.script(
            """
            SELECT pg_advisory_lock(1650879587, n) FROM unnest(ARRAY[\(1024 + bucket), 1025, 2048]) AS n;
            UPDATE backfilld.activity SET backend_pid = pg_backend_pid(), backend_start = (
                SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid());
            """, name: "what a daemon holds")
        try await place.run("status").expect(
            .code(0), "studio, process 7: working (polling), 0 embedded, at work on 12, 3 held",
            "2 of 1,024 buckets claimed")
        try await place.run("explain", "1").expect(.code(0), "claimed    by studio, process 7")
        let json = try await place.run("explain", "1", "--json").json()
        #expect((json["claimedBy"] as? [[String: Any]])?.first?["pid"] as? Int == 7)
        await holder.close()
        try await eventually("the claims gone with their session", polling: .milliseconds(50)) {
            try await !place.run("explain", "1").output.contains("claimed")
        }
    }
}
