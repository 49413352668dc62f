import Backfill
import PostgresClient
import TestSupport
import Testing

/// No attempt comes due by itself while a test looks.
private let once = RetrySettings(first: .seconds(600), longest: .seconds(600), attempts: 3)

@Suite("Rows that meet trouble in functions of the table's owner", .inLanes)
struct PipelinePoisonTests {
    private static func insert(_ count: Int, into lab: Lab) async throws {
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, \(count)) AS i")
    }

    /// A table whose text depends on the session's time zone.
    static let moments = LabTable(
        recipe: .columns(["moment"]),
        create: """
            CREATE TABLE notes (
                id bigint PRIMARY KEY, moment timestamptz, other integer DEFAULT 0, embedding {embedding})
            """, expected: "to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || '+00'")

    @Test(
        "What a trigger SETs does not outlive its write in the daemon's session",
        arguments: [
            ("BEFORE UPDATE", "SET TIME ZONE 'Asia/Tokyo'"),
            ("AFTER UPDATE", "SET TIME ZONE 'Asia/Tokyo'; SET DateStyle = 'German'"),
            ("BEFORE UPDATE", "PERFORM set_config('TimeZone', 'Asia/Tokyo', false)"),
            ("BEFORE UPDATE", "SET default_transaction_read_only = on"),
            ("AFTER UPDATE", "EXECUTE 'DEALLOCATE ALL'"),
        ])
    func settings(_ when: String, _ statement: String) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            for isDeferred in when == "AFTER UPDATE" ? [false, true] : [false] {
                let trigger =
                    isDeferred
                    ? """
                    CREATE FUNCTION owner_() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \(statement); RETURN NEW; END$$;
                    CREATE CONSTRAINT TRIGGER owner AFTER UPDATE ON notes DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION owner_();
                    """ : PipelineTriggerTests.trigger(when, "\(statement); RETURN NEW;")
                let lab = try await Lab.make(flavour, [Self.moments], after: trigger)
                try await lab.run(
                    "INSERT INTO notes SELECT i, timestamptz '2026-01-01 00:00:00+00' + i * interval '1 min' "
                        + "FROM generate_series(1, 1500) AS i")
                try await lab.withDaemon { daemon in
                    try await lab.allRight()
                    #expect(try await lab.failures() == 0)
                    #expect(daemon.told.troubles == [] && daemon.told.setAside.isEmpty)
                }
            }
        }
    }

    @Test(
        "One row whose trigger raises whatever SQLSTATE is charged alone, and later rows go on",
        arguments: [
            "55000", "25006", "28000", "53100", "57014", "08006", "26000", "XX000", "0A000", "58030", "55P03", "40001",
        ])
    func raised(_ state: String) async throws {
        let trigger = PipelineTriggerTests.trigger(
            "BEFORE UPDATE",
            "IF NEW.id = 7 THEN RAISE 'not this one' USING ERRCODE = '\(state)'; END IF; RETURN NEW;")
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour, after: trigger)
            try await Self.insert(250, into: lab)
            try await lab.withDaemon(LabSettings(retry: once)) { daemon in
                try await lab.allRight(but: 1)
                try await eventually("charged") { try await lab.failures() == 1 }
                #expect(try await lab.failure("attempts", of: "7") == "1")
                #expect(try await lab.failure("reason", of: "7")?.contains(state) ?? false)
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1001, 1020) AS i")
                try await lab.allRight(but: 1)
                for number in 1...250 { #expect(lab.embedder.count(of: "text \(number)") == 1, "\(number)") }
                #expect(daemon.told.troubles == [])
            }
        }
    }

    @Test(
        "A row that is alone with such an error ends charged, and rows that come later are embedded",
        arguments: PostgresServer.Flavour.allCases)
    func lonely(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = PipelineTriggerTests.trigger(
            "BEFORE UPDATE", "IF NEW.id = 7 THEN RAISE 'no' USING ERRCODE = '55000'; END IF; RETURN NEW;")
        let lab = try await Lab.make(flavour, after: trigger)
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (7, 'poison')")
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["7"] }
            try await lab.run("INSERT INTO notes VALUES (8, 'fine')")
            try await lab.allRight(but: 1)
            #expect(lab.embedder.count(of: "poison") == 1)
        }
    }

    @Test(
        "What fails with all rows is the server's, is charged to nobody, and is noticed to be over with a heartbeat",
        arguments: PostgresServer.Flavour.allCases)
    func passing(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = PipelineTriggerTests.trigger(
            "BEFORE UPDATE",
            """
            IF EXISTS (SELECT FROM fault) THEN RAISE 'no room' USING ERRCODE = '53100'; END IF; RETURN NEW;
            """)
        let lab = try await Lab.make(flavour, before: "CREATE TABLE fault ()", after: trigger)
        try await lab.run("INSERT INTO fault DEFAULT VALUES")
        try await Self.insert(100, into: lab)
        // By itself it would be tried again in ten minutes.
        try await lab.withDaemon(LabSettings(retry: once)) { daemon in
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            try await daemon.heartbeats(3)
            #expect(try await lab.failures() == 0)
            try await lab.run("DELETE FROM fault")
            try await lab.allRight()
            #expect(try await lab.failures() == 0)
            try await daemon.tells("recovered") { $0.trouble == nil }
        }
    }

    @Test(
        "Sessions that were opened while a role was read-only are not kept", arguments: PostgresServer.Flavour.allCases)
    func readOnly(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let name = quoteIdentifier(lab.database.name)
        try await lab.run("ALTER DATABASE \(name) SET default_transaction_read_only = on")
        try await lab.withDaemon { daemon in
            try await lab.user.script("SET default_transaction_read_only = off", name: "write all the same")
            try await Self.insert(50, into: lab)
            try await daemon.tells("trouble") { $0.troubles.contains { $0.contains("25006") } }
            try await lab.run("ALTER DATABASE \(name) RESET default_transaction_read_only")
            try await lab.allRight()
            #expect(try await lab.failures() == 0)
        }
    }

    @Test(
        "A trigger that updates one parent row has the daemon's own batches not wait for each other",
        arguments: PostgresServer.Flavour.allCases)
    func parent(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = PipelineTriggerTests.trigger(
            "BEFORE UPDATE", "UPDATE parent SET n = n + 1; PERFORM pg_sleep(0.002); RETURN NEW;")
        let lab = try await Lab.make(
            flavour, before: "CREATE TABLE parent (n bigint); INSERT INTO parent VALUES (0)", after: trigger)
        try await Self.insert(3000, into: lab)
        try await lab.withDaemon { daemon in
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
            #expect(try await lab.failures() == 0)
        }
        // Whoever has the parent row locked delays, and is no outage.
        let other = try await lab.connect()
        try await other.script("BEGIN; UPDATE parent SET n = 0", name: "lock the parent")
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (-1, 'child')")
            try await daemon.tells("held") { $0.mostHeld > 0 }
            try await daemon.heartbeats(2)
            #expect(try await lab.failures() == 0)
            #expect(daemon.told.troubles == [])
            try await other.script("COMMIT", name: "release it")
            try await lab.allRight()
        }
        await other.close()
    }

    @Test("A row that takes too long to write is charged alone", arguments: PostgresServer.Flavour.allCases)
    func slow(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = PipelineTriggerTests.trigger(
            "BEFORE UPDATE", "IF NEW.id = 7 THEN PERFORM pg_sleep(60); END IF; RETURN NEW;")
        let lab = try await Lab.make(flavour, after: trigger)
        try await Self.insert(60, into: lab)
        try await lab.withDaemon(LabSettings(retry: once)) { daemon in
            try await lab.allRight(but: 1)
            try await eventually("charged", within: .seconds(240)) { try await lab.failures() == 1 }
            #expect(try await lab.failure("reason", of: "7") == "its write takes longer than 10 s")
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("A damaged row is charged alone", arguments: [PostgresServer.Flavour.debian])
    func damaged(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, before: "CREATE EXTENSION pg_surgery")
        try await lab.run(
            """
            ALTER TABLE notes ALTER topic SET STORAGE EXTERNAL;
            INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 50) AS i;
            UPDATE notes SET topic = repeat('long ', 1000) WHERE id = 7;
            """)
        let toast =
            try await lab.values(
                "SELECT reltoastrelid::regclass::text FROM pg_class WHERE oid = 'notes'::regclass")[0] ?? ""
        try await lab.run("SELECT heap_force_kill('\(toast)'::regclass, ARRAY(SELECT ctid FROM \(toast)))")
        try await lab.withDaemon(LabSettings(retry: once)) { daemon in
            try await eventually("charged", within: .seconds(120)) { try await lab.failures() == 1 }
            #expect(try await lab.failure("reason", of: "7")?.contains("the row cannot be read") ?? false)
            try await eventually("all others embedded", within: .seconds(120)) { try await lab.pending() == 1 }
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("A table's status can be told while another is locked", arguments: PostgresServer.Flavour.allCases)
    func lockedNeighbour(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, PipelineBacklogTests.two)
        try await lab.run(
            "INSERT INTO notes SELECT i, 'text' FROM generate_series(1, 10050) AS i; ANALYZE notes")
        let other = try await lab.connect()
        try await other.script("BEGIN; LOCK TABLE quick", name: "lock the neighbour")
        let table = try await WatchedTable.load(lab.spec(lab.tables[0]), identity: nil, on: lab.user)
        try await lab.run("SET lock_timeout = '1s'")
        let status = try await TableStatus.load(table, on: lab.user)
        #expect(status.pending > 10_000)
        await other.close()
    }
}
