import Foundation
import TestSupport
import Testing

/// What of the database a reload changes.
@Suite struct ProcessPasswordTests {
    @Test("A password that was changed holds after a reload, another server only after a restart")
    func changed() async throws {
        let authentication = "local all all trust\nhost all app 127.0.0.1/32 scram-sha-256\n"
        try await PostgresServer.with(.pg18WithPgvector, authentication: authentication) { server in
            try await server.psql("CREATE ROLE app LOGIN PASSWORD 'first-secret'")
            let place = try await Workplace.make(on: server)
            try await place.run("setup", "--role", "app").expect(.code(0))
            func configure(_ password: String, port: Int) throws {
                try place.write(
                    """
                    [database]
                    url = "postgresql://app:\(password)@127.0.0.1:\(port)/\(place.database.name)"
                    """, to: "backfilld.toml")
            }
            try configure("first-secret", port: server.port)
            let manager = try NotifySocket()
            let daemon = try await place.startDaemon(
                environment: manager.environment.merging(["DATABASE_URL": ""]) { $1 })
            try await server.psql(
                """
                ALTER ROLE app PASSWORD 'second-secret';
                SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'
                """)
            try await daemon.says("Check user and password")
            try await manager.wait(for: "STATUS=degraded: database away since")
            try configure("second-secret", port: server.port)
            daemon.send(SIGHUP)
            try await daemon.says("reloaded: database.url changed")
            try await daemon.says("listening again after")
            try await place.insert(1...3)
            try await place.allEmbedded()

            // Elsewhere the tables may be others.
            let lines = daemon.lines.count
            try configure("second-secret", port: 1)
            daemon.send(SIGHUP)
            try await daemon.says("database.url changed too, but only a restart makes that hold", from: lines)
            try await server.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'app'")
            try await daemon.says("listening again after", from: lines)
            try await daemon.stop()
            #expect(!daemon.lines.joined().contains("-secret"), "\(daemon.lines)")
        }
    }
}
