import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Partitioned tables", .inLanes)
struct PipelinePartitionTests {
    static let hash = LabTable(
        create: """
            CREATE TABLE notes (id uuid PRIMARY KEY, topic text, embedding {embedding}) PARTITION BY HASH (id);
            CREATE TABLE notes_0 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 0);
            CREATE TABLE notes_1 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 1);
            """)
    /// Two levels, and a partition whose columns lie in another order.
    static let range = LabTable(
        create: """
            CREATE TABLE notes (id bigint PRIMARY KEY, topic text, embedding {embedding}) PARTITION BY RANGE (id);
            CREATE TABLE low PARTITION OF notes FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (id);
            CREATE TABLE low_a PARTITION OF low FOR VALUES FROM (0) TO (500);
            CREATE TABLE "low B" (embedding {embedding}, gone text, topic text, id bigint NOT NULL);
            ALTER TABLE "low B" DROP COLUMN gone;
            ALTER TABLE low ATTACH PARTITION "low B" FOR VALUES FROM (500) TO (1000);
            CREATE TABLE rest PARTITION OF notes DEFAULT;
            """)

    @Test("rows of every hash partition are embedded", arguments: PostgresServer.Flavour.allCases)
    func hashed(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [Self.hash])
        try await lab.run(
            "INSERT INTO notes SELECT gen_random_uuid(), 'before ' || i FROM generate_series(1, 300) AS i")
        try await lab.withDaemon { _ in
            try await lab.run(
                "INSERT INTO notes SELECT gen_random_uuid(), 'then ' || i FROM generate_series(1, 300) AS i")
            try await lab.run("UPDATE notes SET topic = topic || ' changed' WHERE topic LIKE '%7'")
            try await lab.allRight()
        }
    }

    @Test("inserts straight into a partition are told of, on every level", arguments: PostgresServer.Flavour.allCases)
    func straight(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [Self.range])
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            for (number, table) in ["notes", "low", "low_a", "\"low B\"", "rest"].enumerated() {
                let key = [1, 2, 3, 503, 5000][number]
                try await lab.run("INSERT INTO \(table) (id, topic) VALUES (\(key), 'via ' || \(key))")
                try await lab.allRight()
                try await lab.run("UPDATE \(table) SET topic = topic || ' again' WHERE id = \(key)")
                try await lab.allRight()
            }
            // Into another partition: PostgreSQL makes a DELETE and an INSERT of it.
            try await lab.run("UPDATE notes SET id = 600, topic = 'moved' WHERE id = 1")
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("a partition attached, or made, after set-up is found by the heartbeat", arguments: [0, 1])
    func late(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour], [Self.range])
        try await lab.withDaemon { _ in
            try await lab.run("CREATE TABLE high PARTITION OF notes FOR VALUES FROM (10000) TO (20000)")
            try await lab.run("INSERT INTO high VALUES (10001, 'straight')")
            try await lab.allRight()
            try await lab.run("UPDATE high SET topic = 'changed'")
            try await lab.allRight()
            try await lab.run("ALTER TABLE notes DETACH PARTITION high; INSERT INTO high VALUES (10002, 'nobody''s')")
            try await lab.run("INSERT INTO notes VALUES (10003, 'into the rest')")
            try await lab.allRight()
        }
    }

    @Test("a key that is not unique gives each row the vector of its own text", arguments: [0, 1])
    func sameKeys(_ flavour: Int) async throws {
        let table = LabTable(
            create: """
                CREATE TABLE notes (id bigint NOT NULL, part integer, topic text, embedding {embedding},
                    PRIMARY KEY (id, part)) PARTITION BY LIST (part);
                CREATE TABLE one PARTITION OF notes FOR VALUES IN (1);
                CREATE TABLE two PARTITION OF notes FOR VALUES IN (2);
                """)
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour], [table])
        try await lab.withDaemon { _ in
            try await lab.run(
                "INSERT INTO notes SELECT i, p, i || '/' || p FROM generate_series(1, 9) i, "
                    + "generate_series(1, 2) p")
            try await lab.allRight()
            try await lab.run("UPDATE notes SET topic = 'new ' || topic WHERE part = 2")
            try await lab.allRight()
        }
    }
}
