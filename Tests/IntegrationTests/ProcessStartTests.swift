import Glibc
import TestSupport
import Testing

/// How `backfilld run` begins when its database is not there yet.
@Suite(.serialized) struct ProcessStartTests {
    private static func start(
        _ place: Workplace, _ arguments: String...
    ) throws -> (daemon: RunningProcess, manager: NotifySocket) {
        let manager = try NotifySocket()
        return (try place.start(["run"] + arguments, environment: manager.environment), manager)
    }

    @Test("It waits for the database, says so once, and keeps the service manager patient")
    func waits() async throws {
        try await PostgresServer.with(.pg18WithPgvector) { server in
            let place = try await Workplace.make(on: server, rows: 3)
            try await server.stop()
            let (daemon, manager) = try Self.start(place)
            try await manager.wait(for: "STATUS=waiting for the database since ")
            // The second try: it asks for more time again.
            let asked = manager.messages.count
            try await manager.wait(for: "EXTEND_TIMEOUT_USEC=", from: asked)
            #expect(!manager.messages.contains("READY=1"))
            try await server.start()
            try await manager.wait(for: "READY=1")
            try await place.allEmbedded()
            try await daemon.stop()
            // Told again only where the reason is another: a server that is starting up says so.
            let told = daemon.lines.filter { $0.contains("waiting for the database") && !$0.contains("57P03") }
            #expect(told.count == 1, "\(daemon.lines)")
            let back = daemon.lines.filter { $0.contains("the database is there, after ") }
            #expect(back.count == 1, "\(daemon.lines)")
        }
    }

    @Test("A configuration that is wrong is told to the service manager, too")
    func wrongConfiguration() async throws {
        let place = try await Workplace.make(isSetUp: false)
        let (daemon, manager) = try Self.start(place, "--set", "batch.rows=none")
        #expect(try await daemon.exit() == .code(78))
        // There is no journal here: text, with its lines as they are.
        #expect(daemon.lines.contains("The configuration has a problem."), "\(daemon.lines)")
        try await manager.wait(for: "ERRNO=\(EINVAL)")
        try await manager.wait(for: "STATUS=ended: the configuration is wrong")
    }

    @Test("SIGTERM ends the waiting at once")
    func stoppedWhileWaiting() async throws {
        let place = try await Workplace.make(isSetUp: false)
        let manager = try NotifySocket()
        let daemon = try place.start(
            ["run"],
            environment: ["DATABASE_URL": "postgresql://someone@127.0.0.1:1/music"].merging(manager.environment) { $1 })
        try await manager.wait(for: "STATUS=waiting for the database since ")
        daemon.send(SIGTERM)
        #expect(try await daemon.exit() == .code(0))
        #expect(manager.messages.contains { $0.hasPrefix("STOPPING=1") })
    }

    @Test("What does not pass is not waited for: a password that is refused, a database that is not there")
    func fails() async throws {
        try await PostgresServer.with(
            .debian, authentication: "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        ) { server in
            try await server.psql("CREATE ROLE locked LOGIN PASSWORD 'right'")
            let place = Workplace(database: try await server.createDatabase(), folder: try temporaryFolder())
            try place.write("", to: "backfilld.toml")
            let address = "postgresql://locked:wrong@127.0.0.1:\(server.port)/"
            let refused = try await place.run(["run"], environment: ["DATABASE_URL": address + place.database.name])
            refused.expect(.code(77), "Check user and password")
            let manager = try NotifySocket()
            let told = try place.start(
                ["run"],
                environment: manager.environment.merging(["DATABASE_URL": address + place.database.name]) { $1 })
            #expect(try await told.exit() == .code(77))
            try await manager.wait(for: "ERRNO=\(EACCES)")
            #expect(manager.messages.contains { $0.hasPrefix("STATUS=ended: ") && $0.contains("password") })
            #expect(!manager.messages.contains { $0.contains("wrong") })
            let missing = try await place.run(
                ["run"], environment: ["DATABASE_URL": server.conninfo(database: "nowhere")])
            // A restore may make it.
            missing.expect(.code(75), "does not exist")
            let without = try await place.run(
                ["run"],
                environment: ["DATABASE_URL": "postgresql://locked@127.0.0.1:\(server.port)/\(place.database.name)"])
            without.expect(.code(77), "Check user and password")
            let unencrypted = try await place.run(
                ["run"], environment: ["DATABASE_URL": address + place.database.name + "?sslmode=require"])
            unencrypted.expect(.code(69), "SSL")
        }
    }
}
