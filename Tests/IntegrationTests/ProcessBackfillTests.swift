import TestSupport
import Testing

/// `backfilld backfill`: the backlog, once.
@Suite(.serialized) struct ProcessBackfillTests {
    @Test("It embeds all that is pending, says how much, and finds nothing the second time")
    func all() async throws {
        let place = try await Workplace.make(rows: 1200)
        let first = try await place.run("backfill").expect(.code(0))
        #expect(
            first.output.hasPrefix("public.music_knowledge: 1,200 processed, 1,200 embedded, 0 failed in "), "\(first)")
        #expect(first.errors.isEmpty)
        #expect(try await place.pending() == 0)
        try await place.run("backfill").expect(.code(0), "0 processed, 0 embedded, 0 failed")
    }

    @Test("--limit begins that many rows, not more")
    func limit() async throws {
        let place = try await Workplace.make(rows: 700)
        try await place.run("backfill", "--limit", "301").expect(.code(0), "301 processed, 301 embedded")
        #expect(try await place.pending() == 399)
        try await place.run("backfill", "--limit", "1000").expect(.code(0), "399 processed, 399 embedded")
    }

    @Test("--dry-run says what would be done and shows five texts; nothing changes")
    func dryRun() async throws {
        let place = try await Workplace.make(rows: 8)
        let before = try await place.database.psql("SELECT xmin, * FROM music_knowledge ORDER BY id")
        let result = try await place.run("backfill", "--dry-run", "--limit", "7").expect(.code(0))
        #expect(
            result.output.hasPrefix("public.music_knowledge: 8 rows are pending, 7 would be embedded.\n"), "\(result)")
        #expect(result.output.contains("\n1:\n    1 topic"), "\(result)")
        #expect(result.output.contains("\n5:\n"))
        #expect(!result.output.contains("\n6:\n"))
        #expect(try await place.database.psql("SELECT xmin, * FROM music_knowledge ORDER BY id") == before)
    }

    @Test("--json prints one object with a summary a table, and nothing else on standard output")
    func json() async throws {
        let place = try await Workplace.make(rows: 30)
        try await place.database.psql(
            "UPDATE music_knowledge SET topic = '', category = NULL, suggestion = '{}' WHERE id = 7")
        let summary = try await place.run("backfill", "--json").expect(.code(0)).json()
        let tables = try #require(summary["tables"] as? [[String: Any]])
        let table = try #require(tables.first)
        #expect(tables.count == 1)
        #expect(table["table"] as? String == "public.music_knowledge")
        #expect(table["processed"] as? Int == 30)
        #expect(table["embedded"] as? Int == 30)
        #expect(table["withoutText"] as? Int == 1)
        #expect(table["cut"] as? Int == 0)
        #expect((table["failed"] as? [Any])?.isEmpty == true)
        #expect(table["seconds"] is Double)
        // The zero vector stands for no text.
        #expect(
            try await place.database.psql("SELECT embedding FROM music_knowledge WHERE id = 7") == "[0,0,0,0,0,0,0,0]")
    }

    @Test("Rows that a CHECK of the owner refuses end it with 1 and their keys; all others are embedded")
    func refused() async throws {
        let place = try await Workplace.make(rows: 600)
        try await place.database.psql(
            "ALTER TABLE music_knowledge ADD CONSTRAINT odd CHECK (embedding IS NULL OR id NOT IN (13, 477))")
        let result = try await place.run("backfill").expect(.code(1), "600 processed, 598 embedded, 2 failed")
        let failed = result.errors.split(separator: "\n").filter { $0.hasPrefix("failed: ") }
        #expect(failed.count == 2, "\(result)")
        #expect(failed.first?.hasPrefix("failed: 13: ") == true)
        #expect(failed.last?.hasPrefix("failed: 477: ") == true)
        #expect(result.errors.contains("\"odd\""), "the constraint is not named: \(result)")
        #expect(!result.text.contains("13 topic"), "a row's text was shown")
        #expect(try await place.pending() == 2)

        let summary = try await place.run("backfill", "--json").expect(.code(1)).json()
        let table = try #require((summary["tables"] as? [[String: Any]])?.first)
        let keys = try #require(table["failed"] as? [[String: Any]]).compactMap { $0["key"] as? String }
        #expect(keys == ["13", "477"])
    }

    @Test("Beside a daemon that works on the same backlog every row is embedded, and neither fails")
    func besideDaemon() async throws {
        let place = try await Workplace.make(rows: 5000)
        let daemon = try place.start(["run"])
        let result = try await place.run("backfill").expect(.code(0), " 0 failed")
        try await place.allEmbedded()
        try await daemon.stop()
        #expect(daemon.count("WARN") == 0 && daemon.count("ERROR") == 0, "\(daemon.lines)")
        #expect(!result.errors.contains("failed"), "\(result)")
        let vectors = try await place.database.psql("SELECT count(DISTINCT embedding::text) FROM music_knowledge")
        #expect(vectors == "5000")
    }

    @Test("A row that somebody keeps locked is waited for a while, then named: it is pending still")
    func locked() async throws {
        let place = try await Workplace.make(rows: 20)
        let holder = try RunningProcess(
            place.database.server.flavour.binDirectory() + "/psql",
            [
                "-X", "-q", "-d", place.database.conninfo, "-c",
                "BEGIN; SELECT FROM music_knowledge WHERE id = 7 FOR UPDATE; SELECT pg_sleep(600)",
            ], environment: ["PATH": "/usr/bin:/bin"])
        try await eventually("the row locked", polling: .milliseconds(50)) {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            ) == "1"
        }
        try await place.run("backfill").expect(
            .code(1), "20 processed, 19 embedded, 1 failed", "failed: 7: locked by another transaction")
        #expect(holder.isRunning)
        #expect(try await place.pending() == 1)
    }

    @Test("A server that goes away in the middle is waited for, and what was written stays")
    func serverGone() async throws {
        try await PostgresServer.with(.pg18WithPgvector) { server in
            let place = try await Workplace.make(on: server, rows: 5000)
            try await place.database.psql(
                """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    $$BEGIN PERFORM pg_sleep(0.2); RETURN null; END$$;
                CREATE TRIGGER slow BEFORE UPDATE ON music_knowledge FOR EACH STATEMENT EXECUTE FUNCTION slow()
                """)
            let backfill = try place.start(["backfill"])
            try await eventually("the backlog begun", polling: .milliseconds(50)) { try await place.pending() < 5000 }
            try await server.stop(.immediate)
            try await backfill.line(within: .seconds(60)) {
                $0.contains("waiting for the database, for 5 min at most, with what is embedded: ")
            }
            try await server.start()
            try await place.database.psql("DROP TRIGGER slow ON music_knowledge")
            // A session whose end goes unnoticed is given up when the statement's deadline is over.
            let result = try await backfill.completed(within: .seconds(180))
            result.expect(.code(0), " 0 failed")
            #expect(try await place.pending() == 0)
        }
    }
}
