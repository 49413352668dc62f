import Foundation
import TestSupport
import Testing

@Suite struct PostgresServerTests {
    @Test(arguments: PostgresServer.Flavour.allCases)
    func isSharedWithADatabaseForEachTest(_ flavour: PostgresServer.Flavour) async throws {
        let server = try await PostgresServer.shared(flavour)
        let one = try await server.createDatabase()
        let other = try await server.createDatabase()
        try await one.psql("CREATE TABLE t AS SELECT 'Größe, ''quoted''' AS v")
        #expect(try await one.psql("SELECT v, 2 FROM t") == "Größe, 'quoted'|2")
        await #expect(throws: PsqlFailure.self) { try await other.psql("SELECT v FROM t") }
        #expect(try await PostgresServer.shared(flavour) === server)
    }

    @Test func eighteenHasPgvector() async throws {
        let database = try await PostgresServer.shared(.pg18WithPgvector).createDatabase(extensions: ["vector"])
        let version = "current_setting('server_version_num')::int / 10000"
        #expect(try await database.psql("SELECT '[3,4]'::vector <-> '[0,0]', \(version)") == "5|18")
    }

    @Test func debiansHasNone() async throws {
        let database = try await PostgresServer.shared(.debian).createDatabase()
        #expect(try await database.psql("SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'") == "0")
    }

    @Test(arguments: PostgresServer.Flavour.allCases)
    func survivesRestartAndKill(_ flavour: PostgresServer.Flavour) async throws {
        let folder = try await PostgresServer.with(flavour, settings: ["max_connections": "7"]) { server in
            try await server.psql("CREATE TABLE t (v int); INSERT INTO t VALUES (1)")
            #expect(try await server.psql("SHOW max_connections") == "7")
            try await server.restart(settings: ["max_connections": "9", "max_prepared_transactions": "1"])
            #expect(try await server.psql("SHOW max_connections") == "9")
            try await server.restart(.immediate)
            try await server.kill9()
            await #expect(throws: PsqlFailure.self) { try await server.psql("SELECT 1") }
            try await server.start()
            #expect(server.log.contains("not properly shut down"))
            #expect(try await server.psql("SELECT v FROM t") == "1")
            return server.socketDirectory
        }
        #expect(!FileManager.default.fileExists(atPath: folder))
    }

    @Test func asksForAPasswordWhenTold() async throws {
        let rules = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        try await PostgresServer.with(.debian, authentication: rules) { server in
            try await server.psql("CREATE ROLE singer LOGIN PASSWORD 'la'")
            let psql = try PostgresServer.Flavour.debian.binDirectory() + "/psql"
            for (password, exit) in [("la", ProcessExit.code(0)), ("le", .code(2))] {
                let result = try await RunningProcess.run(
                    psql, ["-X", "-w", "-c", "SELECT 1", server.conninfo(user: "singer", over: .tcp)],
                    environment: ["PGPASSWORD": password])
                #expect(result.exit == exit, "\(result)")
            }
        }
    }
}

@Suite struct TCPProxyTests {
    private func psql(_ server: PostgresServer, _ proxy: TCPProxy, _ sql: String) throws -> RunningProcess {
        try RunningProcess(
            server.flavour.binDirectory() + "/psql",
            ["-X", "-A", "-t", "-c", sql, server.conninfo(port: proxy.port)], environment: [:])
    }

    @Test func passesOnWhatComes() async throws {
        let server = try await PostgresServer.shared(.debian)
        let proxy = try TCPProxy(to: server.port)
        let result = try await psql(server, proxy, "SELECT repeat('x', 3000000)").completed()
        #expect(result.exit == .code(0), "\(result)")
        #expect(result.output.count > 3_000_000)
        #expect(proxy.accepted == 1)
        #expect(proxy.bytes(.toClient) > 3_000_000)
        try await eventually("the connection over") { proxy.open == 0 }
    }

    @Test(arguments: TCPProxy.Direction.allCases)
    func isSilentInOneDirection(_ direction: TCPProxy.Direction) async throws {
        let server = try await PostgresServer.shared(.debian)
        let proxy = try TCPProxy(to: server.port)
        proxy.goSilent(direction)
        let client = try psql(server, proxy, "SELECT 'through'")
        try await proxy.accepted(atLeast: 1)
        await #expect(throws: DeadlineMissed.self) { try await client.line(within: .milliseconds(200)) { _ in true } }
        #expect(client.isRunning)
        proxy.forward()
        try await client.line { $0 == "through" }
    }

    @Test func delays() async throws {
        let server = try await PostgresServer.shared(.debian)
        let proxy = try TCPProxy(to: server.port)
        proxy.delay(.milliseconds(100), .toClient)
        let start = ContinuousClock.now
        #expect(try await psql(server, proxy, "SELECT 1").exit() == .code(0))
        // Two answers at least: to the greeting and to the statement.
        #expect(ContinuousClock.now - start >= .milliseconds(200))
    }

    @Test(arguments: [true, false])
    func endsConnections(withReset: Bool) async throws {
        let server = try await PostgresServer.shared(.debian)
        let proxy = try TCPProxy(to: server.port)
        // The server waits for a greeting; cat tells an end from a reset, which libpq does not.
        let client = try RunningProcess("bash", ["-c", "exec 3<>/dev/tcp/127.0.0.1/\(proxy.port); cat <&3"])
        try await proxy.accepted(atLeast: 1)
        if withReset { try await proxy.reset() } else { try await proxy.cut() }
        let result = try await client.completed()
        #expect(result.errors.contains("reset by peer") == withReset, "\(result)")
        #expect(result.exit == .code(withReset ? 1 : 0))
        #expect(proxy.open == 0)
        #expect(try await psql(server, proxy, "SELECT 1").exit() == .code(0))
    }

    @Test func refusesAndAcceptsAgain() async throws {
        let server = try await PostgresServer.shared(.debian)
        let proxy = try TCPProxy(to: server.port)
        try await proxy.refuseConnections()
        let refused = try await psql(server, proxy, "SELECT 1").completed()
        #expect(refused.errors.contains("Connection refused"), "\(refused)")
        proxy.forward()
        try await eventually("accepted again") { try await psql(server, proxy, "SELECT 1").exit() == .code(0) }
    }
}
