import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("What writers do to a table", .inLanes)
struct PipelineStatementTests {
    /// Runs statements beside an idle daemon that is only told by the triggers.
    private func told(
        _ flavour: PostgresServer.Flavour, _ statements: [String], table: LabTable = LabTable(),
        _ check: (Lab, LabDaemon) async throws -> Void = { _, _ in }
    ) async throws {
        let lab = try await Lab.make(flavour, [table])
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            for statement in statements {
                try await lab.run(statement)
                try await lab.allRight()
            }
            #expect(daemon.told.troubles == [])
            try await check(lab, daemon)
        }
    }

    @Test(
        "writers in open transactions, triggers of the owner's and batches leave nothing in the server's log",
        arguments: PostgresServer.Flavour.allCases)
    func quiet(_ flavour: PostgresServer.Flavour) async throws {
        try await PostgresServer.with(flavour) { server in
            let lab = try await Lab.make(
                flavour, on: server,
                after: PipelineTriggerTests.trigger("BEFORE UPDATE", "SET TIME ZONE 'Asia/Tokyo'; RETURN NEW;"))
            let open = try await lab.connect()
            try await lab.withDaemon { daemon in
                _ = try await daemon.listens()
                // Whoever has notified keeps the daemon from polling until it commits.
                try await open.script("BEGIN; INSERT INTO notes VALUES (-1, 'open')", name: "open")
                for round in 1...5 {
                    try await lab.run(
                        "INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(\(round)000, \(round)600) AS i")
                    try await lab.allRight()
                }
                try await open.script("COMMIT", name: "commit")
                try await lab.allRight()
                _ = try await daemon.listens()
            }
            let lines = server.log.split(separator: "\n").filter { $0.contains("ERROR") || $0.contains("WARNING") }
            #expect(lines == [])
        }
    }

    @Test("rows are told of by every kind of INSERT", arguments: PostgresServer.Flavour.allCases)
    func inserts(_ flavour: PostgresServer.Flavour) async throws {
        try await told(
            flavour,
            [
                "INSERT INTO notes VALUES (1, 'one')",
                "INSERT INTO notes SELECT i, 'many ' || i FROM generate_series(10, 1009) AS i",
                "WITH a AS (INSERT INTO notes VALUES (2, 'two') RETURNING id) INSERT INTO notes SELECT 3, 'three' FROM a",
                "BEGIN; INSERT INTO notes VALUES (4, 'four'); INSERT INTO notes VALUES (5, 'five'); COMMIT",
                "DO $$BEGIN FOR i IN 6..9 LOOP INSERT INTO notes VALUES (i, 'loop ' || i); END LOOP; END$$",
                "PREPARE p AS INSERT INTO notes VALUES ($1, $2); EXECUTE p(2000, 'prepared')",
            ]
        ) { lab, _ in
            let rows = try await lab.number("SELECT count(*) FROM notes")
            #expect(lab.embedder.texts.count == rows)
        }
    }

    @Test("ON CONFLICT and MERGE are followed", arguments: PostgresServer.Flavour.allCases)
    func upserts(_ flavour: PostgresServer.Flavour) async throws {
        try await told(
            flavour,
            [
                "INSERT INTO notes VALUES (1, 'one'), (2, 'two')",
                "INSERT INTO notes VALUES (1, 'uno'), (3, 'tre') ON CONFLICT (id) DO UPDATE SET topic = EXCLUDED.topic",
                "INSERT INTO notes VALUES (1, 'ein'), (4, 'vier') ON CONFLICT DO NOTHING",
                "INSERT INTO notes VALUES (1, 'ein') ON CONFLICT DO NOTHING",
                """
                MERGE INTO notes USING (VALUES (1, 'merged'), (9, 'new')) AS s (id, topic) ON notes.id = s.id
                WHEN MATCHED THEN UPDATE SET topic = s.topic WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.topic)
                """,
                "MERGE INTO notes USING (VALUES (1)) AS s (id) ON notes.id = s.id WHEN MATCHED THEN DO NOTHING",
                "MERGE INTO notes USING (VALUES (2)) AS s (id) ON notes.id = s.id WHEN MATCHED THEN DELETE",
            ]
        ) { lab, _ in
            let rows = try await lab.number("SELECT count(*) FROM notes")
            #expect(rows == 4)
        }
    }

    @Test("an UPDATE clears when the text is another, and only then", arguments: PostgresServer.Flavour.allCases)
    func updates(_ flavour: PostgresServer.Flavour) async throws {
        try await told(
            flavour,
            [
                "INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 40) AS i",
                "UPDATE notes SET topic = topic || ' changed' WHERE id <= 10",
                "UPDATE notes SET topic = topic",
                "UPDATE notes SET other = 5",
                "UPDATE notes SET id = id + 1000 WHERE id > 30",
            ]
        ) { lab, _ in #expect(lab.embedder.texts.count == 50) }
    }

    @Test("a row that comes with a vector of its own is left alone", arguments: PostgresServer.Flavour.allCases)
    func ownVectors(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let own = flavour == .debian ? "'{1,2,3,4,5,6,7,8}'" : "'[1,2,3,4,5,6,7,8]'"
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'own', 0, \(own)), (2, 'ours', 0, NULL)")
            try await eventually { try await lab.pending() == 0 }
            try await lab.run("UPDATE notes SET topic = 'both', embedding = \(own) WHERE id = 2")
            try await daemon.heartbeats(2)
            #expect(try await lab.wrongRows().sorted() == ["1", "2"])
            #expect(lab.embedder.texts == ["ours"])
            // From here on the text is changed without the vector.
            try await lab.run("UPDATE notes SET topic = topic || ' alone'")
            try await lab.allRight()
        }
    }

    @Test(
        "what was rolled back is not embedded, what was truncated gone", arguments: PostgresServer.Flavour.allCases)
    func rolledBack(_ flavour: PostgresServer.Flavour) async throws {
        try await told(
            flavour,
            [
                """
                BEGIN; INSERT INTO notes VALUES (1, 'kept'); SAVEPOINT s; INSERT INTO notes VALUES (2, 'lost');
                UPDATE notes SET topic = 'lost too' WHERE id = 1; ROLLBACK TO s; INSERT INTO notes VALUES (3, 'last');
                COMMIT
                """,
                "BEGIN; INSERT INTO notes VALUES (4, 'never'); ROLLBACK",
                "BEGIN; SAVEPOINT s; UPDATE notes SET topic = 'twice' WHERE id = 1; RELEASE s; COMMIT",
                "BEGIN; TRUNCATE notes; INSERT INTO notes VALUES (1, 'after all'); COMMIT",
                "TRUNCATE notes",
            ]
        ) { lab, _ in
            #expect(lab.embedder.texts.sorted() == ["after all", "kept", "last", "twice"])
        }
    }

    @Test("TRUNCATE while rows are embedded leaves nothing behind", arguments: PostgresServer.Flavour.allCases)
    func truncated(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 600) AS i")
        lab.embedder.hold()
        try await lab.withDaemonNotReady { daemon in
            try await lab.embedder.isHolding()
            try await lab.run("TRUNCATE notes; INSERT INTO notes VALUES (1, 'anew')")
            lab.embedder.release()
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("COPY of 100,000 rows is drained, and holds a bounded number of them")
    func copy() async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            var settings = LabSettings()
            settings.pipeline.page = 5_000
            settings.pipeline.backlogRows = 1_000
            try await lab.withDaemon(settings) { daemon in
                try await lab.run(
                    #"""
                    COPY notes (id, topic) FROM PROGRAM 'seq -f %.0f 1 100000 | sed "s/.*/&,row &/"' (FORMAT csv)
                    """#)
                try await lab.allRight()
                // A page, with room for what was under way when it was asked for, and what is under way now.
                #expect(daemon.told.mostKnown <= 5_000 + 2 * 4 * 1_000)
                #expect(daemon.told.troubles == [])
            }
            #expect(lab.embedder.texts.count == 100_000)
        }
    }
}
