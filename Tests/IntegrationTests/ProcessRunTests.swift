import Foundation
import TestSupport
import Testing

/// `backfilld run` as a service manager sees it, and what signals do to it.
@Suite(.serialized) struct ProcessRunTests {
    /// A process, and the socket on which it speaks to its manager.
    private static func run(
        _ place: Workplace, _ arguments: String..., environment: [String: String] = [:]
    ) throws -> (daemon: RunningProcess, manager: NotifySocket) {
        let manager = try NotifySocket()
        let daemon = try place.start(
            ["run"] + arguments, environment: environment.merging(manager.environment) { $1 })
        return (daemon, manager)
    }

    @Test("READY comes after the first LISTEN and look, then a status that counts, pings, and STOPPING")
    func conversation() async throws {
        let place = try await Workplace.make(rows: 3)
        let (daemon, manager) = try Self.run(
            place, "--set", "listen.heartbeat=600s", environment: ["WATCHDOG_USEC": "2000000"])
        try await manager.wait(for: "READY=1")
        // What comes after READY is heard: no heartbeat is due for ten minutes.
        try await place.insert(4...5)
        try await manager.wait(
            for: "STATUS=listening on public.music_knowledge · 5 embedded · 0 pending")
        let pings = manager.messages.count
        try await manager.wait(for: "WATCHDOG=1", from: pings)
        try await daemon.stop()
        try await manager.wait(for: "STOPPING=1")
        let order = ["STATUS=connecting", "READY=1", "STOPPING=1"].map { word in
            manager.messages.firstIndex { $0.hasPrefix(word) }
        }
        #expect(order.compactMap(\.self) == order.compactMap(\.self).sorted() && !order.contains(nil))
        #expect(manager.messages.filter { $0 == "READY=1" }.count == 1)
        #expect(
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backfilld' AND datname = current_database()"
            ) == "0")
    }

    @Test("READY waits for the first look at the table, which a lock holds up")
    func readyWaits() async throws {
        let place = try await Workplace.make(rows: 2)
        let manager = try NotifySocket()
        let holder = try RunningProcess(
            place.database.server.flavour.binDirectory() + "/psql",
            [
                "-X", "-q", "-d", place.database.conninfo, "-c",
                "BEGIN; LOCK TABLE music_knowledge; NOTIFY held; SELECT pg_sleep(600)",
            ],
            environment: ["PATH": "/usr/bin:/bin"])
        try await eventually("the table locked") {
            try await place.database.psql(
                "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted AND relation = 'music_knowledge'::regclass"
            ) == "1"
        }
        let daemon = try place.start(["run"], environment: manager.environment)
        try await eventually("the daemon waits for the table") {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'backfilld' AND wait_event_type = 'Lock' AND datname = current_database()"
            ) != "0"
        }
        #expect(!manager.messages.contains("READY=1"))
        holder.send(SIGKILL)
        try await place.database.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'music_knowledge'::regclass"
        )
        try await manager.wait(for: "READY=1", within: .seconds(20))
        try await place.allEmbedded()
        try await daemon.stop()
    }

    @Test("SIGTERM in the middle of a backlog ends with 0; what is embedded is right, and the rest is pending")
    func stopInBacklog() async throws {
        let place = try await Workplace.make(rows: 20_000)
        // A little slower than it is, so that there is a middle.
        try await place.database.psql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_sleep(0.1); RETURN null; END$$;
            CREATE TRIGGER slow BEFORE UPDATE ON music_knowledge FOR EACH STATEMENT EXECUTE FUNCTION slow()
            """)
        let daemon = try place.start(["run"])
        try await eventually("the backlog begun", polling: .milliseconds(50)) { try await place.pending() < 19_500 }
        try await daemon.stop()
        let pending = try await place.pending()
        #expect(pending > 0, "the backlog was too short for this test")
        let summary = try #require(daemon.lines.last { $0.contains("stopped after") })
        #expect(
            summary.contains("\((20_000 - pending).formatted(.number.locale(.init(identifier: "en")))) rows embedded"),
            "\(summary)")
        // No lock and no session is left.
        let left = try await place.database.psql(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        #expect(left == "0")
        // A second run brings the same vectors: none is of a wrong row.
        try await place.database.psql("DROP TRIGGER slow ON music_knowledge")
        try await place.run("backfill").expect(.code(0))
        let distinct = try await place.database.psql("SELECT count(DISTINCT embedding::text) FROM music_knowledge")
        #expect(distinct == "20000")
    }

    @Test("A second SIGTERM ends it at once, also when a batch waits", arguments: [SIGTERM, SIGINT])
    func secondSignal(_ signal: Int32) async throws {
        let place = try await Workplace.make(rows: 10)
        try await place.database.psql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_sleep(30); RETURN new; END$$;
            CREATE TRIGGER slow BEFORE UPDATE OF embedding ON music_knowledge FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        let (daemon, manager) = try Self.run(place)
        try await eventually("a batch being written", polling: .milliseconds(50)) {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            ) != "0"
        }
        daemon.send(signal)
        try await manager.wait(for: "STOPPING=1")
        #expect(daemon.isRunning)
        daemon.send(signal)
        #expect(try await daemon.exit(within: .seconds(15)) == .code(0))
        #expect(daemon.count("abandoned") == 1)
        #expect(try await place.pending() == 10)
    }

    @Test("A stop that takes longer than service.drain abandons the batches")
    func drainIsOver() async throws {
        let place = try await Workplace.make(rows: 10)
        try await place.database.psql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                $$BEGIN PERFORM pg_sleep(30); RETURN new; END$$;
            CREATE TRIGGER slow BEFORE UPDATE OF embedding ON music_knowledge FOR EACH ROW EXECUTE FUNCTION slow()
            """)
        let daemon = try place.start(["run", "--set", "service.drain=200ms"])
        try await eventually("a batch being written", polling: .milliseconds(50)) {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
            ) != "0"
        }
        daemon.send(SIGTERM)
        #expect(try await daemon.exit(within: .seconds(15)) == .code(0))
        #expect(daemon.count("did not end in time") == 1)
    }

    @Test("SIGTERM ends it while it is still connecting to a server that does not answer")
    func stopWhileConnecting() async throws {
        let place = try await Workplace.make()
        let proxy = try TCPProxy(to: place.database.server.port)
        proxy.goSilent()
        let daemon = try place.start(
            ["run"], environment: ["DATABASE_URL": place.database.conninfo(port: proxy.port)])
        try await proxy.accepted(atLeast: 1)
        daemon.send(SIGTERM)
        #expect(try await daemon.exit(within: .seconds(15)) == .code(0))
    }

    @Test("Twenty thousand rows that were there before are worked off in few lines, with a summary")
    func backlog() async throws {
        let place = try await Workplace.make(rows: 20_000)
        let daemon = try await place.startDaemon()
        try await place.allEmbedded(within: .seconds(120))
        try await daemon.stop()
        let lines = daemon.lines
        // Ten single lines in ten seconds, then sums.
        #expect(lines.filter { $0.contains(": embedded ") }.count <= 40, "\(lines)")
        let told = lines.filter { $0.contains(": embedded ") }.compactMap { line in
            line.split(separator: " ").first { $0.hasPrefix("rows=") }.flatMap { Int($0.dropFirst(5)) }
        }.reduce(0, +)
        #expect(told == 20_000)
        #expect(lines.last?.contains("20,000 rows embedded, 0 failures, 0 rows known to be pending") == true)
    }
}
