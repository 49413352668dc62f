import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Poolers between the daemon and the server", .inLanes)
struct PipelinePoolerTests {
    private static func settings(_ lab: Lab, _ pooler: PgBouncer, heartbeat: Duration = .seconds(1)) -> LabSettings {
        var settings = LabSettings(heartbeat: heartbeat)
        settings.conninfo = lab.database.conninfo(port: pooler.port)
        return settings
    }

    /// Text forms of values that a server could hardly show otherwise than by default.
    private static let hostile = LabTable(
        recipe: .columns(["happened", "day", "span", "number", "bytes"]),
        create: """
            CREATE TABLE notes (
                id bigint PRIMARY KEY, happened timestamptz DEFAULT '2026-03-04 05:06:07.5Z', day date DEFAULT '2026-03-04',
                span interval DEFAULT '1 day 2:03:04', number float8 DEFAULT 0.1::float8 + 0.2::float8, bytes bytea DEFAULT '\\xdeadbeef',
                topic text, other integer DEFAULT 0, embedding {embedding})
            """,
        // As the pinned settings show them; the columns of a recipe are joined by a newline.
        expected: #"'2026-03-04 05:06:07.5+00' || E'\n2026-03-04\n1 day 02:03:04\n0.30000000000000004\n\\xdeadbeef'"#)

    private static func makeHostile(_ lab: Lab) async throws {
        for setting in [
            "DateStyle = 'SQL, DMY'", "TimeZone = 'Asia/Tokyo'", "IntervalStyle = 'sql_standard'",
            "extra_float_digits = -5", "bytea_output = 'escape'", "statement_timeout = '2s'",
            "default_transaction_isolation = 'serializable'",
        ] { try await lab.run("ALTER DATABASE \(lab.database.name) SET \(setting)") }
    }

    @Test(
        "in transaction mode rows are found by looking, with every setting in place, and no session keeps anything",
        arguments: PostgresServer.Flavour.allCases, [1, 2, 5])
    func transactionMode(_ flavour: PostgresServer.Flavour, _ poolSize: Int) async throws {
        let lab = try await Lab.make(flavour, [Self.hostile])
        try await Self.makeHostile(lab)
        let pooler = try await PgBouncer.start(
            to: lab.database.server, .transaction, poolSize: poolSize, roundRobin: poolSize == 5)
        try await lab.run("INSERT INTO notes (id) SELECT * FROM generate_series(1, 2000)")
        try await lab.withDaemon(Self.settings(lab, pooler)) { daemon in
            try await lab.allRight()
            #expect(daemon.told.isDeaf)
            for id in 1...5 {
                try await lab.run("INSERT INTO notes (id) VALUES (-\(id))")
                try await lab.allRight()
            }
            #expect(daemon.told.troubles == [])
            #expect(daemon.told.lost == [])
            #expect(
                try await lab.number(
                    """
                    SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
                    WHERE d.datname = current_database() AND l.locktype = 'advisory'
                    """) == 0)
            // What others find in the server processes that were lent to us.
            let other = try await PostgresConnection.connect(
                ConnectionOptions(conninfo: lab.database.conninfo(port: pooler.port)))
            for _ in 0..<10 {
                let left = try await other.execute(
                    Statement(
                        "what is left",
                        """
                        SELECT (SELECT count(*) FROM pg_listening_channels())
                            + (SELECT count(*) FROM pg_prepared_statements),
                            current_setting('enable_seqscan') || current_setting('IntervalStyle')
                            || current_setting('lock_timeout') || current_setting('idle_in_transaction_session_timeout')
                        """))[0]
                #expect(try left.decode(0, as: Int64.self) == 0)
                #expect(try left.decode(1, as: String.self) == "onsql_standard00")
            }
            await other.close()
        }
    }

    @Test("in session mode it listens as without one", arguments: PostgresServer.Flavour.allCases)
    func sessionMode(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [Self.hostile])
        try await Self.makeHostile(lab)
        let pooler = try await PgBouncer.start(to: lab.database.server, .session, poolSize: 10)
        try await lab.withDaemon(Self.settings(lab, pooler, heartbeat: .seconds(60))) { daemon in
            #expect(!daemon.told.isDeaf)
            _ = try await daemon.listens()
            for id in 1...5 {
                try await lab.run("INSERT INTO notes (id) VALUES (\(id))")
                try await lab.allRight()
            }
            #expect(daemon.told.wakeups >= 5)
        }
    }

    @Test(
        "what is in between is found out before anything is set", arguments: PgBouncer.Mode.allCases, [2, 3, 9])
    func foundOut(_ mode: PgBouncer.Mode, _ poolSize: Int) async throws {
        let database = try await PostgresServer.shared(.pg18WithPgvector).createDatabase()
        for roundRobin in [false, true] {
            let pooler = try await PgBouncer.start(
                to: database.server, mode, poolSize: poolSize, roundRobin: roundRobin)
            // Sessions that are in the pool already.
            for _ in 0..<poolSize where mode == .transaction {
                let user = try await PostgresConnection.connect(
                    ConnectionOptions(conninfo: database.conninfo(port: pooler.port)))
                _ = try await user.execute(Statement("use it", "SELECT 1"))
                await user.close()
            }
            let sessions = SessionFactory(ConnectionOptions(conninfo: database.conninfo(port: pooler.port)))
            let connection = try await sessions.open()
            #expect(connection.isPooled == (mode == .transaction))
            #expect(sessions.isPooled == (mode == .transaction))
            await connection.close()
        }
        let direct = SessionFactory(ConnectionOptions(conninfo: database.conninfo))
        #expect(try await !direct.open().isPooled)
    }

    @Test("a server restarted behind a pooler is found again", arguments: PgBouncer.Mode.allCases)
    func restarted(_ mode: PgBouncer.Mode) async throws {
        try await PostgresServer.with(.debian) { server in
            let lab = try await Lab.make(.debian, on: server)
            let pooler = try await PgBouncer.start(to: server, mode, poolSize: 8)
            try await lab.withDaemon(Self.settings(lab, pooler)) { daemon in
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3000) AS i")
                try await daemon.tells("begun") { $0.written > 0 }
                try await server.restart(.immediate)
                try await server.psql("INSERT INTO notes VALUES (-1, 'after')", database: lab.database.name)
                let again = Lab(
                    database: lab.database, tables: lab.tables, embedder: lab.embedder, user: try await lab.connect())
                try await again.allRight()
                #expect(daemon.told.setAside.isEmpty)
            }
        }
    }

    @Test("a transaction that fails there leaves nothing open, and one of several statements is one")
    func transactions() async throws {
        let database = try await PostgresServer.shared(.pg18WithPgvector).createDatabase()
        let pooler = try await PgBouncer.start(to: database.server, .transaction, poolSize: 1)
        let sessions = SessionFactory(ConnectionOptions(conninfo: database.conninfo(port: pooler.port)))
        let (connection, other) = (try await sessions.open(), try await sessions.open())
        try await connection.script("CREATE TABLE t (n int CHECK (n < 3)); INSERT INTO t VALUES (0)", name: "make it")
        @Sendable func insert(_ n: Int32) -> Statement {
            Statement("insert", "INSERT INTO t VALUES ($1)", [.int4(n)], prepared: true)
        }
        for _ in 1...3 {
            await #expect(throws: PostgresError.self) { try await connection.pipeline([insert(1), insert(9)]) }
            await #expect(throws: PostgresError.self) {
                try await connection.transaction { transaction in
                    try await transaction.execute(insert(1))
                    try await transaction.execute(insert(9))
                }
            }
            await #expect(throws: PostgresError.self) { try await connection.script("SELECT 1/0", name: "fail") }
            await #expect(throws: PostgresError.self) {
                try await connection.execute(Statement("sleep", "SELECT pg_sleep(60)"), deadline: .milliseconds(100))
            }
            // The pool's only session is free again.
            let count = try await other.execute(Statement("count", "SELECT count(*) FROM t"), deadline: .seconds(10))
            #expect(try count[0].decode(0, as: Int64.self) == 1)
        }
        let answers = try await connection.pipeline([insert(2), Statement("count", "SELECT count(*) FROM t")])
        #expect(answers.count == 2)
        #expect(try answers[1][0].decode(0, as: Int64.self) == 2)
        let seen = try await connection.transaction { try await $0.execute(Statement("tz", "SHOW DateStyle"))[0] }
        #expect(try seen.decode(0, as: String.self) == "ISO, YMD")
        await connection.close()
        await other.close()
    }

    @Test("set-up and reembed say that they need a session; the service and the other commands go on")
    func commands() async throws {
        let place = try await Workplace.make(rows: 3)
        let pooler = try await PgBouncer.start(to: place.database.server, .transaction)
        let environment = ["DATABASE_URL": place.database.conninfo(port: pooler.port)]
        for command in [["setup"], ["setup", "--remove"], ["reembed"]] {
            let result = try await place.run(command, environment: environment)
            #expect(result.exit == .code(78), "\(result)")
            #expect(result.errors.contains("needs a session of its own"), "\(result)")
        }
        let daemon = try await place.startDaemon(
            environment: environment.merging(["BACKFILLD_LISTEN_HEARTBEAT": "1s"]) { $1 })
        try await daemon.says("a pooler in transaction mode is in between")
        try await place.allEmbedded()
        try await place.run(["status"], environment: environment).expect(.code(0))
        try await place.run(["explain", "1"], environment: environment).expect(.code(0))
        let check = try await place.run(["check"], environment: environment)
        #expect(check.exit == .code(0), "\(check)")
        #expect(check.text.contains("a pooler in transaction mode is in between"), "\(check)")
        try await daemon.stop()
        // What is configured is believed.
        let told = try await place.run(
            ["setup"], environment: ["BACKFILLD_DATABASE_POOLER": "transaction"])
        #expect(told.errors.contains("needs a session of its own"), "\(told)")
    }
}
