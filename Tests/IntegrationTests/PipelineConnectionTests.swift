import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Connections that are refused, cut short or led elsewhere", .inLanes)
struct PipelineConnectionTests {
    @Test("timeouts that a database sets low do it no harm", arguments: PostgresServer.Flavour.allCases)
    func timeouts(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour,
            after: """
                CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END';
                CREATE TRIGGER slow BEFORE UPDATE OF embedding ON notes FOR EACH ROW EXECUTE FUNCTION slow();
                """)
        var settings = ["statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout"]
        if flavour == .pg18WithPgvector { settings.append("transaction_timeout") }
        for setting in settings {
            try await lab.run(
                "ALTER DATABASE \(lab.database.name) SET \(setting) = '\(setting == "idle_session_timeout" ? 1_000 : 100)ms'"
            )
            try await lab.run(
                "ALTER ROLE postgres IN DATABASE \(lab.database.name) SET \(setting) = '\(setting == "idle_session_timeout" ? 1_000 : 100)ms'"
            )
        }
        try await lab.withDaemon { daemon in
            for round in 1...3 {
                try await lab.run("INSERT INTO notes VALUES (\(round), 'text \(round)')")
                try await lab.allRight()
                try await daemon.heartbeats(1)
            }
            #expect(daemon.told.troubles == [])
            #expect(daemon.told.lost == [])
            #expect(daemon.told.setAside.isEmpty)
        }
    }

    @Test("a notification queue that fills is spoken of, once, and again when it had been better")
    func queue() async throws {
        try await PostgresServer.with(.pg18WithPgvector, settings: ["max_notify_queue_pages": "64"]) { server in
            let lab = try await Lab.make(.pg18WithPgvector, on: server)
            try await lab.withDaemon { daemon in
                for round in 1...2 {
                    // Who listens in a transaction takes no notification before its end.
                    let sleeper = try await lab.connect()
                    try await sleeper.script("LISTEN something", name: "listen")
                    try await sleeper.script("BEGIN; SELECT 1", name: "sleep")
                    try await lab.run(
                        "SELECT pg_notify('something', repeat('x', 7000) || i) FROM generate_series(1, 40) AS i")
                    try await daemon.tells("a warning") { $0.queueWarnings == round }
                    try await daemon.heartbeats(2)
                    #expect(daemon.told.queueWarnings == round)
                    // Rows are found meanwhile, and above a half too, when the triggers send nothing.
                    try await lab.run("INSERT INTO notes VALUES (\(round), 'text \(round)')")
                    try await lab.allRight()
                    await sleeper.close()
                    try await eventually("the queue read") {
                        try await lab.number("SELECT (pg_notification_queue_usage() * 100)::int") < 10
                    }
                    try await daemon.heartbeats(2)
                }
                #expect(daemon.told.lost == [])
            }
        }
    }

    @Test("a server without a free connection is asked again until it has one", arguments: [0, 1])
    func full(_ flavour: Int) async throws {
        let flavour = PostgresServer.Flavour.allCases[flavour]
        try await PostgresServer.with(flavour, settings: ["max_connections": "12"]) { server in
            let lab = try await Lab.make(flavour, on: server, before: "CREATE ROLE app LOGIN", role: "app")
            var settings = LabSettings()
            settings.conninfo = lab.database.conninfo(user: "app")
            try await lab.withDaemon(settings) { daemon in
                try await lab.run("ALTER ROLE app CONNECTION LIMIT 0")
                try await lab.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
                try await daemon.tells("refused: the role's limit") { $0.lost.contains { $0.contains("53300") } }
                try await lab.run("CREATE ROLE hog LOGIN; GRANT CONNECT ON DATABASE \(lab.database.name) TO hog")
                let hog = ConnectionOptions(conninfo: lab.database.conninfo(user: "hog"))
                var hogs: [PostgresConnection] = []
                // A refusal is not enough: the daemon's own attempt holds a slot for as long as it takes to be refused.
                try await eventually("every slot taken") {
                    if let one = try? await PostgresConnection.connect(hog) { hogs.append(one) }
                    return try await lab.number(
                        """
                        SELECT current_setting('max_connections')::int
                            - current_setting('superuser_reserved_connections')::int - count(*)
                        FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> 'app'
                        """) == 0
                }
                let before = daemon.told.lost.count
                try await lab.run("ALTER ROLE app CONNECTION LIMIT -1")
                try await lab.run("INSERT INTO notes VALUES (1, 'waits')")
                try await daemon.tells("refused: the server's limit") {
                    $0.lost.dropFirst(before + 1).contains { $0.contains("53300") && $0.contains("slots") }
                }
                for one in hogs { await one.close() }
                try await lab.allRight()
                try await daemon.tells("listening again") { $0.listening == 2 }
            }
        }
    }

    @Test("a full disk is waited out, and no row is charged for it", arguments: PostgresServer.Flavour.allCases)
    func disk(_ flavour: PostgresServer.Flavour) async throws {
        try await PostgresServer.with(flavour, smallDisk: "6m") { server in
            try await server.psql("CREATE TABLESPACE small LOCATION '\(server.smallDisk)'")
            let table = LabTable(
                create: """
                    CREATE TABLE notes (id bigint PRIMARY KEY, topic text, other integer, embedding {embedding})
                    TABLESPACE small
                    """)
            let lab = try await Lab.make(flavour, [table], on: server)
            try await lab.run("CREATE TABLE ballast (filling text) TABLESPACE small")
            try await lab.withDaemon { daemon in
                lab.embedder.hold()
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3000) AS i")
                try await lab.embedder.isHolding()
                var full: PostgresError?
                while full == nil {
                    do {
                        try await lab.run("INSERT INTO ballast SELECT repeat('x', 1900) FROM generate_series(1, 4)")
                    } catch let error as PostgresError {
                        full = error
                    }
                }
                #expect(full?.hasState("53100") == true, "\(full!)")
                lab.embedder.release()
                try await daemon.tells("trouble") { $0.troubles.contains { $0.contains("53100") } }
                try await lab.run("DROP TABLE ballast")
                try await lab.allRight()
                #expect(daemon.told.setAside.isEmpty)
                #expect(daemon.told.lost == [])
            }
        }
    }

    @Test("a changed password is asked for until it is told, and then it goes on at once")
    func password() async throws {
        let authentication = "local all all trust\nhost all app 127.0.0.1/32 scram-sha-256\nhost all all all trust\n"
        try await PostgresServer.with(.debian, authentication: authentication) { server in
            let lab = try await Lab.make(
                .debian, on: server, before: "CREATE ROLE app LOGIN PASSWORD 'first'", role: "app")
            func options(_ password: String) -> ConnectionOptions {
                ConnectionOptions(
                    conninfo: lab.database.conninfo(user: "app", over: .tcp), parameters: ["password": password])
            }
            let sessions = SessionFactory(options("first"))
            var settings = LabSettings()
            settings.sessions = sessions
            try await lab.withDaemon(settings) { daemon in
                try await lab.run("ALTER ROLE app PASSWORD 'second'")
                try await lab.run("INSERT INTO notes VALUES (1, 'by the sessions that are open')")
                try await lab.allRight()
                try await lab.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
                try await daemon.tells("refused") { $0.lost.contains { $0.contains("28P01") } }
                try await lab.run("INSERT INTO notes VALUES (2, 'waits')")
                sessions.apply(options("second"))
                try await daemon.tells("listening again") { $0.listening == 2 }
                try await lab.allRight()
            }
        }
    }

    @Test(
        "it follows a primary to another host, and says of a standby that it is one", arguments: [0, 1],
        ["any", "read-write"])
    func failover(_ flavour: Int, _ attributes: String) async throws {
        let flavour = PostgresServer.Flavour.allCases[flavour]
        try await PostgresServer.with(flavour) { primary in
            let lab = try await Lab.make(flavour, on: primary)
            try await lab.run("INSERT INTO notes VALUES (1, 'before')")
            try await PostgresServer.with(flavour, primary: primary) { standby in
                var settings = LabSettings()
                settings.conninfo = """
                    host=127.0.0.1,127.0.0.1 port=\(primary.port),\(standby.port) user=postgres \
                    dbname=\(lab.database.name) target_session_attrs=\(attributes)
                    """
                try await lab.withDaemon(settings) { daemon in
                    try await lab.allRight()
                    let position = try await primary.psql("SELECT pg_current_wal_lsn()")
                    try await eventually("the standby has it all") {
                        try await standby.psql("SELECT pg_last_wal_replay_lsn() >= '\(position)'") == "t"
                    }
                    try await primary.stop(.immediate)
                    let refusal = attributes == "any" ? "in recovery (a standby)" : "session is read-only"
                    try await daemon.tells("the standby refused") { $0.lost.contains { $0.contains(refusal) } }
                    try await standby.psql("SELECT pg_promote()")
                    try await standby.psql("INSERT INTO notes VALUES (2, 'after')", database: lab.database.name)
                    try await daemon.tells("listening there") { $0.listening == 2 }
                    let there = Lab(
                        database: TestDatabase(server: standby, name: lab.database.name), tables: lab.tables,
                        embedder: lab.embedder,
                        user: try await PostgresConnection.connect(
                            ConnectionOptions(conninfo: standby.conninfo(database: lab.database.name))))
                    try await there.allRight()
                    try await there.run("INSERT INTO notes VALUES (3, 'later')")
                    try await there.allRight()
                }
            }
        }
    }
}
