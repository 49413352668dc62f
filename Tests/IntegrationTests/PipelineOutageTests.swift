import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Servers, sessions and networks that go away", .inLanes)
struct PipelineOutageTests {
    @Test("rows inserted while no daemon runs are embedded at the next start", arguments: [0, 1])
    func whileDown(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour])
        for round in 1...3 {
            try await lab.run("INSERT INTO notes VALUES (\(round), 'down \(round)')")
            if round > 1 { try await lab.run("UPDATE notes SET topic = topic || ' again' WHERE id = \(round - 1)") }
            try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { _ in try await lab.allRight() }
        }
    }

    @Test("a server restarted under it is found again", arguments: [PostgresServer.StopMode.fast, .immediate])
    func restarted(_ mode: PostgresServer.StopMode) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            try await PostgresServer.with(flavour) { server in
                let lab = try await Lab.make(flavour, on: server)
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3000) AS i")
                try await lab.withDaemon { daemon in
                    lab.embedder.hold()
                    try await lab.run("INSERT INTO notes VALUES (0, 'in flight')")
                    try await lab.embedder.isHolding()
                    try await server.restart(mode)
                    lab.embedder.release()
                    try await server.psql("INSERT INTO notes VALUES (-1, 'after')", database: lab.database.name)
                    try await daemon.tells("listening again") { $0.listening >= 2 }
                    let again = Lab(
                        database: lab.database, tables: lab.tables, embedder: lab.embedder,
                        user: try await lab.connect())
                    try await again.allRight()
                    try await again.run("INSERT INTO notes VALUES (-2, 'later')")
                    try await again.allRight()
                }
            }
        }
    }

    private static let ours = """
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid()
        """

    @Test("a listener whose session is ended listens again", arguments: PostgresServer.Flavour.allCases)
    func listenerEnded(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            for round in 1...3 {
                try await lab.run(
                    """
                    \(Self.ours);
                    INSERT INTO notes VALUES (\(round), 'text \(round)')
                    """)
                try await daemon.tells("listening again") { $0.listening == round + 1 }
                try await lab.allRight()
                // Told again, not only looked for.
                try await lab.run("INSERT INTO notes VALUES (\(100 + round), 'more \(round)')")
                try await lab.allRight()
            }
        }
    }

    @Test("ending all its sessions again and again only delays it", arguments: PostgresServer.Flavour.allCases)
    func allEnded(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 20000) AS i")
        try await lab.withDaemon { daemon in
            for round in 1...15 {
                try await daemon.tells("listening") { $0.listening >= round }
                try await lab.run(Self.ours)
                try await lab.run("INSERT INTO notes VALUES (\(-round), 'round \(round)')")
            }
            try await lab.allRight()
            #expect(daemon.told.setAside.isEmpty)
        }
    }

    @Test("a network gone silent is found by the heartbeat", arguments: PostgresServer.Flavour.allCases)
    func silent(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let proxy = try TCPProxy(to: lab.database.server.port)
        var settings = LabSettings()
        settings.conninfo = lab.database.conninfo(port: proxy.port)
        settings.listener.deadline = .seconds(1)
        try await lab.withDaemon(settings) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'before')")
            try await lab.allRight()
            proxy.goSilent()
            try await lab.run("INSERT INTO notes VALUES (2, 'in the silence')")
            try await daemon.tells("the session given up") { !$0.lost.isEmpty }
            try await proxy.cut()
            proxy.forward()
            try await daemon.tells("listening again") { $0.listening >= 2 }
            try await lab.allRight()
        }
    }

    @Test("sessions that stay half open for good do not keep rows waiting", arguments: PostgresServer.Flavour.allCases)
    func halfOpen(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let port = lab.database.server.port
        let (proxy, spare) = (try TCPProxy(to: port), try TCPProxy(to: port))
        var settings = LabSettings()
        settings.conninfo =
            "host=127.0.0.1,127.0.0.1 port=\(proxy.port),\(spare.port) user=postgres dbname=\(lab.database.name)"
        settings.listener.deadline = .seconds(1)
        try await lab.withDaemon(settings) { daemon in
            // Several tables' worth of idle sessions in the pool.
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 2000) AS i")
            try await lab.allRight()
            // What is open hears nothing any more, as after a firewall forgot it; new connections go another way.
            proxy.goSilent()
            try await proxy.refuseConnections()
            try await daemon.tells("listening by the other way") { $0.listening >= 2 }
            try await lab.run("INSERT INTO notes VALUES (-1, 'after')")
            try await lab.allRight()
        }
    }

    static let two = PipelineBacklogTests.two

    @Test("a column renamed under it degrades one table, until it is back", arguments: [0, 1])
    func renamed(_ flavour: Int) async throws {
        let lab = try await Lab.make(PostgresServer.Flavour.allCases[flavour], Self.two)
        for column in ["topic", "embedding", "id"] {
            try await lab.run("INSERT INTO quick VALUES (0, 'before \(column)')")
            try await lab.withDaemon { daemon in
                try await lab.allRight(Self.two[1])
                try await lab.run("ALTER TABLE notes RENAME \(column) TO renamed")
                // The owner's INSERT must not fail, whatever the daemon thinks of it.
                try await lab.run("INSERT INTO notes VALUES (1, 'waits')")
                try await daemon.tells("trouble") { !$0.troubles.isEmpty || $0.probesFailed > 0 }
                try await lab.run("INSERT INTO quick VALUES (1, 'goes on')")
                try await lab.allRight(Self.two[1])
                try await lab.run("ALTER TABLE notes RENAME renamed TO \(column)")
                try await lab.allRight()
            }
            try await lab.run("TRUNCATE notes, quick")
        }
    }

    @Test("a table dropped under it harms no other", arguments: PostgresServer.Flavour.allCases)
    func dropped(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, Self.two)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 5000) AS i")
        try await lab.withDaemon { daemon in
            try await daemon.tells("begun") { $0.written > 0 }
            try await lab.run("DROP TABLE notes")
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            try await daemon.heartbeats(2)
            try await lab.run("INSERT INTO quick VALUES (1, 'goes on')")
            try await lab.allRight(Self.two[1])
            #expect(daemon.told.listening == 1)
        }
    }

    @Test("a column's type changed under it does not stop it", arguments: PostgresServer.Flavour.allCases)
    func retyped(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [LabTable(keyType: "integer")])
        try await lab.withDaemon { _ in
            try await lab.run("INSERT INTO notes VALUES (1, 'before')")
            try await lab.allRight()
            try await lab.run("ALTER TABLE notes ADD note text; ALTER TABLE notes ALTER other TYPE bigint")
            try await lab.run("ALTER TABLE notes ALTER id TYPE bigint")
            try await lab.run("INSERT INTO notes VALUES (2, 'after')")
            try await lab.allRight()
        }
    }
}
