import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Triggers and constraints of the table's owner", .inLanes)
struct PipelineTriggerTests {
    static func trigger(_ when: String, _ body: String, each: String = "ROW", name: String = "owner") -> String {
        """
        CREATE FUNCTION \(name)_() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \(body) END$$;
        CREATE TRIGGER \(name) \(when) ON notes FOR EACH \(each) EXECUTE FUNCTION \(name)_();
        """
    }

    static let rewritesAlways = trigger("BEFORE UPDATE", "NEW.topic := NEW.topic || '!'; RETURN NEW;")

    private func noLoop(
        _ flavour: PostgresServer.Flavour, _ trigger: String, most: Int, setAside: Set<String> = ["1"]
    ) async throws {
        let lab = try await Lab.make(flavour, after: trigger)
        let patience = RetrySettings(first: .milliseconds(100), longest: .seconds(60), attempts: 3)
        try await lab.withDaemon(LabSettings(retry: patience)) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'odd'), (2, 'even')")
            try await daemon.tells("rows set aside") { $0.setAside.count == setAside.count }
            try await daemon.heartbeats(4)
            #expect(Set(daemon.told.setAside.map(\.key.text)) == setAside)
            #expect(lab.embedder.texts.count <= most)
            #expect(try await lab.wrongRows() == [])
            #expect(try await lab.pending() == setAside.count)
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("one that rewrites the text on every update ends in no loop", arguments: PostgresServer.Flavour.allCases)
    func rewritesAlways(_ flavour: PostgresServer.Flavour) async throws {
        try await noLoop(flavour, Self.rewritesAlways, most: 6, setAside: ["1", "2"])
    }

    @Test("one that rewrites after the update ends in no loop either", arguments: PostgresServer.Flavour.allCases)
    func rewritesAfter(_ flavour: PostgresServer.Flavour) async throws {
        let sql = Self.trigger(
            "AFTER UPDATE",
            """
            IF pg_trigger_depth() = 1 THEN UPDATE notes SET topic = topic || '!' WHERE id = NEW.id; END IF;
            RETURN NULL;
            """)
        try await noLoop(flavour, sql, most: 6, setAside: ["1", "2"])
    }

    @Test("one that returns NULL keeps only its row from being embedded", arguments: PostgresServer.Flavour.allCases)
    func returnsNull(_ flavour: PostgresServer.Flavour) async throws {
        let sql = Self.trigger("BEFORE UPDATE", "IF NEW.id = 1 THEN RETURN NULL; END IF; RETURN NEW;")
        // Its vector is kept, so that it is not computed again.
        try await noLoop(flavour, sql, most: 2)
    }

    @Test("one that throws the vector away keeps only its row from being embedded", arguments: [0, 1])
    func discards(_ flavour: Int) async throws {
        let sql = Self.trigger(
            "BEFORE UPDATE", "IF NEW.id = 1 THEN NEW.embedding := NULL; END IF; RETURN NEW;")
        try await noLoop(PostgresServer.Flavour.allCases[flavour], sql, most: 4)
    }

    @Test(
        "an error of one row's leaves its neighbours alone",
        arguments: [
            "ALTER TABLE notes ADD CHECK (embedding IS NULL OR id <> 1)",
            trigger("BEFORE UPDATE", "IF NEW.id = 1 THEN RAISE 'not this one'; END IF; RETURN NEW;"),
            trigger(
                "BEFORE UPDATE",
                "IF NEW.id = 1 THEN RAISE 'not this one' USING ERRCODE = 'MY001'; END IF; RETURN NEW;"),
            trigger("AFTER UPDATE", "IF NEW.id = 1 THEN PERFORM 1 / (NEW.id - 1); END IF; RETURN NULL;"),
            trigger("BEFORE UPDATE", "IF NEW.id = 1 THEN PERFORM FROM nowhere; END IF; RETURN NEW;"),
            trigger("BEFORE UPDATE", "IF NEW.id = 1 THEN ASSERT false; END IF; RETURN NEW;"),
            "CREATE DOMAIN not_one AS bigint CHECK (VALUE <> 1); CREATE UNIQUE INDEX ON notes "
                + "((CASE WHEN embedding IS NOT NULL THEN id::not_one END))",
        ])
    func errors(_ sql: String) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            try await noLoop(flavour, sql, most: 4)
        }
    }

    @Test(
        "rows that meet a missing privilege in a trigger, side by side, keep nobody else back, and are set aside",
        arguments: PostgresServer.Flavour.allCases)
    func refusedSideBySide(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = Self.trigger(
            "BEFORE UPDATE",
            "IF NEW.topic LIKE 'not%' THEN RAISE 'not you' USING ERRCODE = '42501'; END IF; RETURN NEW;")
        let lab = try await Lab.make(flavour, after: trigger)
        let patience = RetrySettings(first: .milliseconds(100), longest: .seconds(60), attempts: 2)
        try await lab.withDaemon(LabSettings(retry: patience)) { daemon in
            // First those alone: nobody gets past the error, and the table is in order all the same.
            try await lab.run("INSERT INTO notes VALUES (1, 'not 1'), (2, 'not 2')")
            try await daemon.tells("both set aside") { $0.setAside.count == 2 }
            try await lab.run(
                "INSERT INTO notes SELECT i, CASE WHEN i IN (5, 6) THEN 'not ' ELSE '' END || i FROM generate_series(3, 20) AS i"
            )
            try await lab.allRight(but: 4)
            try await daemon.tells("all set aside") { $0.setAside.count == 4 }
        }
    }

    @Test("one that has our name in its own is the owner's all the same", arguments: PostgresServer.Flavour.allCases)
    func ourName(_ flavour: PostgresServer.Flavour) async throws {
        let trigger = Self.trigger(
            "BEFORE UPDATE", "NEW.topic := upper(NEW.topic); RETURN NEW;", name: "touch_for_backfilld_notes")
        let lab = try await Lab.make(flavour, after: trigger)
        try await lab.withDaemon { _ in
            try await lab.run("INSERT INTO notes VALUES (1, 'hello'), (2, 'HELLO')")
            try await lab.allRight()
            #expect(try await lab.values("SELECT DISTINCT topic FROM notes") == ["HELLO"])
        }
    }

    @Test("one that rewrites once is followed", arguments: PostgresServer.Flavour.allCases)
    func rewritesOnce(_ flavour: PostgresServer.Flavour) async throws {
        let sql = Self.trigger(
            "BEFORE UPDATE", "IF NEW.topic NOT LIKE '%.' THEN NEW.topic := NEW.topic || '.'; END IF; RETURN NEW;")
        let lab = try await Lab.make(flavour, after: sql)
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 20) AS i")
            try await lab.allRight()
            try await daemon.heartbeats(2)
            #expect(daemon.told.setAside.isEmpty)
            #expect(lab.embedder.texts.count == 40)
        }
    }

    @Test("one that keeps updated_at in the text's way is none of the text", arguments: PostgresServer.Flavour.allCases)
    func updatedAt(_ flavour: PostgresServer.Flavour) async throws {
        let sql = Self.trigger("BEFORE UPDATE", "NEW.other := NEW.other + 1; RETURN NEW;")
        let lab = try await Lab.make(flavour, after: sql)
        try await lab.withDaemon { _ in
            try await lab.run("INSERT INTO notes VALUES (1, 'a'), (2, 'b')")
            try await lab.allRight()
        }
        #expect(lab.embedder.texts.count == 2)
    }

    @Test("a session that dies after the write leaves no vector of another text", arguments: [0, 1])
    func diesBetween(_ flavour: Int) async throws {
        let sql =
            Self.trigger(
                "BEFORE UPDATE",
                "IF NEW.topic NOT LIKE '%.' THEN NEW.topic := NEW.topic || '.'; END IF; RETURN NEW;")
            + Self.trigger(
                "BEFORE UPDATE",
                """
                IF OLD.embedding IS NOT NULL AND NEW.embedding IS NULL THEN PERFORM pg_terminate_backend(pg_backend_pid());
                END IF; RETURN NEW;
                """, name: "terminates")
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour], after: sql)
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'a'), (2, 'b')")
            try await eventually("written at last") {
                try await lab.number("SELECT count(*) FROM notes WHERE topic LIKE '%.'") == 2
                    || daemon.told.troubles.count > 2
            }
            #expect(try await lab.wrongRows() == [])
        }
    }

    @Test("a row set aside is tried again as soon as its text is another", arguments: PostgresServer.Flavour.allCases)
    func mended(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour, after: "ALTER TABLE notes ADD CHECK (embedding IS NULL OR topic <> 'bad')")
        let patience = RetrySettings(first: .milliseconds(50), longest: .seconds(300), attempts: 2)
        try await lab.withDaemon(LabSettings(retry: patience)) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'bad'), (2, 'good')")
            try await daemon.tells("the bad row set aside") { $0.setAside.count == 1 }
            try await lab.run("UPDATE notes SET topic = 'mended' WHERE id = 1")
            try await lab.allRight()
        }
    }

    @Test("a held row whose try met a dead provider is not put off by it", arguments: PostgresServer.Flavour.allCases)
    func heldThenDown(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour, after: "ALTER TABLE notes ADD CHECK (embedding IS NULL OR other <> 1)")
        var settings = LabSettings(
            retry: RetrySettings(first: .milliseconds(200), longest: .seconds(300), attempts: 1000))
        settings.pipeline.quiet = .milliseconds(1)
        try await lab.withDaemon(settings) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'later', 1)")
            try await daemon.tells("a failure") { $0.batches >= 1 }
            lab.embedder.answer { _, _ in throw ProviderDown() }
            try await daemon.tells("the provider's failure") { !$0.troubles.isEmpty }
            try await lab.run("UPDATE notes SET other = 0")
            lab.embedder.answer(nil)
            try await lab.allRight()
        }
    }
}
