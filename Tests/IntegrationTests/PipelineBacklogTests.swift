import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Backlogs", .inLanes)
struct PipelineBacklogTests {
    @Test("one many times as large as a page is drained, and little of it held", arguments: [1, 7, 300])
    func smallPages(_ page: Int) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, \(page * 50)) AS i")
            var settings = LabSettings(heartbeat: .seconds(60))
            settings.pipeline.page = page
            try await lab.withDaemon(settings) { daemon in
                try await lab.allRight()
                #expect(daemon.told.mostKnown <= 2 * (page + 2 * 250))
            }
            #expect(lab.embedder.texts.count == page * 50)
        }
    }

    @Test("bad rows that fill whole pages do not hide the good ones behind", arguments: [0, 1])
    func badPages(_ flavour: Int) async throws {
        let lab = try await Lab.make(
            PostgresServer.Flavour.allCases[flavour],
            after: "ALTER TABLE notes ADD CHECK (embedding IS NULL OR topic <> 'bad')")
        try await lab.run("INSERT INTO notes SELECT i, 'bad' FROM generate_series(1, 60) AS i")
        try await lab.run("INSERT INTO notes SELECT i, 'good ' || i FROM generate_series(61, 90) AS i")
        var settings = LabSettings(retry: RetrySettings(first: .seconds(60), longest: .seconds(60), attempts: 2))
        settings.pipeline.page = 10
        try await lab.withDaemon(settings) { daemon in
            try await eventually("the good rows embedded") { try await lab.pending() == 60 }
            #expect(try await lab.wrongRows() == [])
            try await daemon.heartbeats(3)
            #expect(lab.embedder.texts.count { $0 == "bad" } == 60)
            #expect(daemon.told.troubles == [])
            #expect(daemon.told.changes == 0)
        }
    }

    @Test("more announced rows than are worth holding are drained", arguments: PostgresServer.Flavour.allCases)
    func manyAnnounced(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        var settings = LabSettings(heartbeat: .seconds(60))
        settings.pipeline.mostAnnounced = 100
        try await lab.withDaemon(settings) { daemon in
            lab.embedder.hold()
            for number in 0..<20 {
                try await lab.run(
                    "INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(\(number * 40), \(number * 40 + 39)) i"
                )
            }
            lab.embedder.release()
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("an announced row need not wait for another table's batch that has all the locks a backlog may have")
    func announcedMeanwhile() async throws {
        // Room for 200 locks: a daemon may have five, and a backlog four of them.
        let settings = ["max_connections": "20", "max_locks_per_transaction": "10"]
        try await PostgresServer.with(.debian, settings: settings) { server in
            let lab = try await Lab.make(.debian, Self.two, on: server)
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 100) AS i")
            lab.embedder.hold()
            try await lab.withDaemon { daemon in
                try await lab.embedder.isHolding()
                try await lab.run("INSERT INTO quick VALUES (1, 'now')")
                try await eventually("the row with the embedder") { lab.embedder.count(of: "now") == 1 }
                #expect(daemon.told.written == 0)
                lab.embedder.release()
                try await lab.allRight()
            }
            await lab.user.close()
        }
    }

    static let two = [
        LabTable(), LabTable(name: QualifiedName(schema: "public", name: "quick")),
    ]

    @Test("one table's backlog does not keep another's row waiting", arguments: PostgresServer.Flavour.allCases)
    func twoTables(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, Self.two)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 60000) AS i")
        try await lab.withDaemon { daemon in
            try await daemon.tells("the backlog begun") { $0.written > 0 }
            try await lab.run("INSERT INTO quick VALUES (1, 'now')")
            try await lab.allRight(Self.two[1])
            #expect(try await lab.pending() > 1000)
            try await lab.allRight()
        }
    }

    @Test("two daemons share one table without harm", arguments: PostgresServer.Flavour.allCases)
    func twoDaemons(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 3000) AS i")
        try await lab.withDaemon { first in
            try await lab.withDaemon { second in
                try await lab.run("INSERT INTO notes SELECT i, 'more ' || i FROM generate_series(3001, 3300) AS i")
                try await lab.run("UPDATE notes SET topic = topic || ' changed' WHERE id % 10 = 0")
                try await lab.allRight()
                #expect(first.told.troubles == [])
                #expect(second.told.troubles == [])
            }
        }
    }

    @Test("a drain works the backlog off and says what became of it", arguments: PostgresServer.Flavour.allCases)
    func drain(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour, after: "ALTER TABLE notes ADD CHECK (embedding IS NULL OR topic <> 'bad')")
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 500) AS i")
        try await lab.run("INSERT INTO notes VALUES (1000, 'bad'), (1001, '')")
        let sessions = SessionFactory(ConnectionOptions(conninfo: lab.database.conninfo))
        let connection = try await sessions.open()
        let table = try await WatchedTable.load(
            lab.spec(lab.tables[0]), identity: lab.embedder.identity, on: connection)
        await connection.close()
        let pool = ConnectionPool(sessions, limit: 2)
        var settings = PipelineSettings()
        settings.page = 50
        let drain = Drain(
            table: table, embedder: lab.embedder, sessions: sessions, pool: pool, settings: settings)
        let result = try await withDeadline(.seconds(120)) { try await drain.run { _ in } }
        #expect(result.embedded == 501)
        #expect(Array(result.failed.keys) == ["1000"])
        #expect(result.empty == 1)
        #expect(try await lab.wrongRows() == [])
        await pool.discardIdle()
    }
}
