import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("A schema that changes under the daemon", .inLanes)
struct PipelineSchemaTests {
    /// Nothing that waits for a retry would be tried again while the test runs: the heartbeat has to bring it.
    private static func settings(heartbeat: Duration = .seconds(1)) -> LabSettings {
        var settings = LabSettings(
            heartbeat: heartbeat, retry: RetrySettings(first: .seconds(300), longest: .seconds(300), attempts: 3))
        settings.pipeline.backlogRows = 50
        settings.pipeline.inFlight = 3
        return settings
    }

    /// Changes the schema while rows have been read and none is written.
    private static func away(_ lab: Lab, _ rows: Int, _ sql: String) async throws {
        lab.embedder.hold()
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1000, \(999 + rows)) AS i")
        try await lab.embedder.isHolding()
        // What changes several tables at once may meet a statement of the daemon's that reads several, each waiting for the
        // other: the server ends one of the two, and whoever changes a schema tries again.
        try await eventually("the schema changed") {
            do {
                try await lab.run(sql)
                return true
            } catch let error as PostgresError where error.hasState("40P01") {
                return false
            }
        }
        lab.embedder.release()
    }

    private static func charged(_ lab: Lab) async throws -> Int {
        try await lab.number("SELECT count(*) FROM backfilld.failure")
    }

    /// Waits until the daemon hears notifications again, and what it says of the table is there.
    private static func isHeard(_ lab: Lab, _ daemon: LabDaemon, key: String) async throws {
        _ = try await daemon.listens()
        let wakeups = daemon.told.wakeups
        try await lab.run("INSERT INTO notes (id, topic) VALUES (\(key), 'heard')")
        try await daemon.tells("a notification") { $0.wakeups > wakeups }
        try await lab.allRight()
        try await eventually("what the daemon says of the table") {
            try await lab.values(
                """
                SELECT state FROM backfilld.activity AS a JOIN backfilld.watch AS w ON w.id = a.watch
                WHERE w.relation = 'notes'::regclass
                """) == ["listening"]
        }
    }

    @Test("degrades it, charges nobody, loses nothing, and it heals by itself", arguments: SchemaMove.cases)
    func moves(_ test: SchemaCase) async throws {
        let (move, flavour) = (test.move, test.flavour)
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 30) AS i")
        try await lab.withDaemon(Self.settings()) { daemon in
            try await lab.allRight()
            try await Self.away(lab, test.rows, move.sql(move.away, flavour))
            try await daemon.tells("degraded") { $0.trouble?.contains(move.says) ?? false }
            #expect(daemon.statusLine.contains("degraded: public.notes"))
            #expect(daemon.statusLine.contains(move.says))
            if let meanwhile = move.meanwhile { try await lab.run(meanwhile) }
            try await daemon.heartbeats(2)
            #expect(daemon.told.trouble?.contains(move.says) ?? false)
            if try await lab.number("SELECT count(*) FROM pg_namespace WHERE nspname = 'backfilld'") == 1 {
                #expect(try await Self.charged(lab) == 0)
            }
            try await lab.run(move.sql(move.back, flavour))
            if move.setsUpAgain { try await lab.setUp(lab.tables[0]) }
            if move.name == "a text column dropped" { try await lab.run("UPDATE notes SET topic = 'text ' || id") }
            try await lab.allRight()
            try await daemon.tells("all in order") { $0.trouble == nil && $0.flaws.isEmpty }
            #expect(!daemon.statusLine.contains("degraded"))
            let key = move.back.contains("uuid") ? "gen_random_uuid()" : "-2"
            try await Self.isHeard(lab, daemon, key: key)
            #expect(try await Self.charged(lab) == 0)
            #expect(daemon.told.setAside.isEmpty)
        }
    }

    @Test("and heals within one batch, whose rows are not charged with what they met", arguments: [0, 1])
    func meanwhile(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour])
        let isRefused = Mutex(false)
        try await lab.withDaemon(Self.settings()) { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'text 1')")
            try await lab.embedder.isHolding()
            try await lab.run("ALTER TABLE notes RENAME embedding TO vec")
            try await daemon.tells("degraded") { $0.trouble?.contains("has no column") ?? false }
            try await lab.run("ALTER TABLE notes RENAME vec TO embedding")
            try await daemon.tells("all in order") { $0.trouble == nil }
            lab.embedder.answer { texts, right in
                guard texts.contains("text 1") else { return right }
                try isRefused.withLock { isRefused in
                    defer { isRefused = true }
                    if !isRefused { throw EmbedderError.refused("400: once") }
                }
                return right
            }
            lab.embedder.release()
            try await lab.allRight()
            #expect(isRefused.withLock { $0 })
            #expect(try await Self.charged(lab) == 0)
        }
    }

    @Test("to another type that takes vectors, it goes on in that", arguments: [1, 200])
    func retyped(_ rows: Int) async throws {
        for type in ["halfvec(8)", "real[]", "vector"] {
            let lab = try await Lab.make(.pg18WithPgvector)
            try await lab.withDaemon(Self.settings()) { daemon in
                try await Self.away(
                    lab, rows, SchemaMove.withoutTriggers + "ALTER TABLE notes ALTER embedding TYPE \(type)")
                try await lab.allRight()
                try await daemon.tells("the triggers are missed") { !$0.flaws.isEmpty }
                #expect(daemon.statusLine.contains("degraded: public.notes: trigger"))
                try await lab.setUp(lab.tables[0])
                try await daemon.tells("nothing is missed") { $0.flaws.isEmpty && $0.trouble == nil }
                try await Self.isHeard(lab, daemon, key: "-2")
                #expect(try await Self.charged(lab) == 0)
            }
        }
    }

    @Test("by a trigger disabled or an index dropped, which tells nobody", arguments: PostgresServer.Flavour.allCases)
    func unmade(_ flavour: PostgresServer.Flavour) async throws {
        var settings = Self.settings()
        settings.pipeline.surveyEvery = .seconds(1)
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon(settings) { daemon in
            try await lab.run("ALTER TABLE notes DISABLE TRIGGER USER")
            try await daemon.tells("the triggers are missed") { $0.flaws.contains { $0.contains("trigger") } }
            try await lab.setUp(lab.tables[0])
            try await daemon.tells("nothing is missed") { $0.flaws.isEmpty && $0.trouble == nil }
            let index = try await lab.user.execute(
                Statement(
                    "find the index",
                    "SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'notes'::regclass AND NOT indisprimary"
                ))
            try await lab.run("DROP INDEX \(index[0].decode(0, as: String.self))")
            try await daemon.tells("the index is missed") { $0.flaws.contains { $0.contains("index") } }
            #expect(daemon.statusLine.contains("degraded"))
        }
    }

    @Test("with the table made anew and set up within a heartbeat", arguments: [0, 1])
    func anew(_ flavour: Int) async throws {
        let flavour = PostgresServer.Flavour.allCases[flavour]
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon(Self.settings(heartbeat: .seconds(3))) { daemon in
            try await Self.away(
                lab, 100,
                "DROP TABLE notes; CREATE TABLE notes (id bigint PRIMARY KEY, topic text, other integer, embedding "
                    + SchemaMove.type(flavour) + ")")
            try await lab.setUp(lab.tables[0])
            try await lab.run("INSERT INTO notes SELECT i, 'anew ' || i FROM generate_series(1, 100) AS i")
            try await lab.allRight()
            try await Self.isHeard(lab, daemon, key: "-2")
            // The locks of the number that it had are given back.
            let old = try await lab.number("SELECT min(id) FROM backfilld.watch")
            try await eventually("the old locks are gone") {
                try await lab.number(
                    """
                    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database =
                        (SELECT oid FROM pg_database WHERE datname = current_database())
                        AND (classid = 1650879587 AND objid::bigint >> 10 = \(old)
                            OR classid IN (1650879595, 1650879608) AND objid = \(old))
                    """) == 0
            }
            #expect(try await Self.charged(lab) == 0)
        }
    }

    @Test("by a privilege that is taken away and given back", arguments: ["UPDATE (embedding)", "SELECT (topic)"])
    func privileges(_ privilege: String) async throws {
        for (flavour, rows) in zip(PostgresServer.Flavour.allCases, [1, 200]) {
            let role = "schema \(UInt32.random(in: 0 ... .max))"
            let quoted = quoteIdentifier(role)
            let lab = try await Lab.make(flavour, before: "CREATE ROLE \(quoted) LOGIN", role: role)
            var settings = Self.settings()
            settings.conninfo = lab.database.conninfo(user: role)
            try await lab.withDaemon(settings) { daemon in
                try await Self.away(lab, rows, "REVOKE \(privilege) ON notes FROM \(quoted)")
                // What was read may be written, and only new rows find the privilege gone.
                try await lab.run("INSERT INTO notes VALUES (-1, 'meanwhile')")
                try await daemon.tells("degraded") { $0.trouble?.contains("may not") ?? false }
                #expect(daemon.statusLine.contains("setup --role"))
                try await daemon.heartbeats(2)
                #expect(try await Self.charged(lab) == 0)
                try await lab.run("GRANT \(privilege) ON notes TO \(quoted)")
                try await lab.allRight()
                try await daemon.tells("all in order") { $0.trouble == nil }
                #expect(try await Self.charged(lab) == 0)
            }
        }
    }

    @Test("by an upgrade of the extension, it goes on through it")
    func upgraded() async throws {
        let folder = try await OlderVector.folder()
        defer { folder.remove() }
        let lab = try await Lab.make(.pg18WithPgvector, before: folder.install)
        let version = "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        #expect(try await lab.values(version) == [OlderVector.before])
        try await lab.withDaemon(Self.settings()) { daemon in
            try await Self.away(lab, 200, "ALTER EXTENSION vector UPDATE TO '\(OlderVector.after)'")
            try await lab.allRight()
            #expect(try await lab.values(version) == [OlderVector.after])
            try await Self.isHeard(lab, daemon, key: "-2")
            #expect(daemon.told.troubles == [])
            #expect(try await Self.charged(lab) == 0)
        }
    }

    @Test("for one table, set-up removed, the other goes on and says so", arguments: [0, 1])
    func removed(_ flavour: Int) async throws {
        let two = PipelineBacklogTests.two
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour], two)
        try await lab.withDaemon(Self.settings()) { daemon in
            let connection = try await lab.connect()
            let plan = try await Setup.removal(of: [lab.tables[0].name], on: connection)
            try await Setup.run(plan, on: connection)
            await connection.close()
            try await daemon.tells("degraded") { $0.troubles.contains { $0.contains("is not set up") } }
            try await lab.run("INSERT INTO quick VALUES (1, 'goes on'); INSERT INTO notes VALUES (1, 'waits')")
            try await lab.allRight(lab.tables[1])
            try await eventually("what the daemon says of the other") {
                try await lab.number("SELECT sum(embedded) FROM backfilld.activity") == 1
            }
            try await lab.setUp(lab.tables[0])
            try await lab.allRight()
        }
    }

    @Test("heals on reload, without waiting for a heartbeat", arguments: PostgresServer.Flavour.allCases)
    func reloaded(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let settings = Self.settings(heartbeat: .seconds(600))
        try await lab.withDaemon(settings) { daemon in
            try await Self.away(lab, 20, "ALTER TABLE notes RENAME embedding TO vec")
            try await daemon.tells("degraded") { $0.trouble != nil }
            try await lab.run("ALTER TABLE notes RENAME vec TO embedding")
            await daemon.daemon?.apply(settings.pipeline, settings.listener)
            try await lab.allRight()
            #expect(try await Self.charged(lab) == 0)
        }
    }

    @Test("waits for nobody while texts are embedded, and finds no idle transaction", arguments: [0, 1])
    func neverBlocked(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour])
        let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
        try await lab.withDaemon(Self.settings()) { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 200) AS i")
            try await lab.embedder.isHolding()
            #expect(try await lab.number(idle) == 0)
            // No lock of ours is there to wait for, so that no time is needed to get one.
            try await lab.run(
                "SET lock_timeout = '1s'; ALTER TABLE notes ADD remark text; ALTER TABLE notes DROP other")
            #expect(try await lab.number(idle) == 0)
            lab.embedder.release()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1000, 2999) AS i")
            // A batch write at a time is all that it may have to wait for.
            for _ in 1...20 {
                try await lab.run("ALTER TABLE notes ADD passing int; ALTER TABLE notes DROP passing")
            }
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
    }
}
