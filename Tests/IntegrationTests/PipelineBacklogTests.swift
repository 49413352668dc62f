import Backfill
import Embedders
import PostgresClient
import Synchronization
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
            try await lab.withDaemon { daemon in
                // Writers notify only where the table is not polled.
                try await lab.run("INSERT INTO quick VALUES (1, 'first')")
                try await lab.allRight(Self.two[1])
                _ = try await daemon.listens()
                try await eventually("neither of the tables is polled") {
                    try await lab.number("SELECT count(*) FROM pg_locks WHERE classid = 1650879595") == 0
                }
                lab.embedder.hold()
                // Too many to be named: a scan has to find them.
                try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 2000) AS i")
                try await lab.embedder.isHolding()
                try await lab.run("INSERT INTO quick VALUES (2, 'now')")
                try await eventually("the row with the embedder") { lab.embedder.count(of: "now") == 1 }
                #expect(daemon.told.written == 1)
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
        let table = try await lab.watched(by: lab.embedder.identity)
        let pool = ConnectionPool(lab.sessions, limit: 2)
        var settings = PipelineSettings()
        settings.page = 50
        let drain = Drain(
            table: table, embedder: lab.embedder, sessions: lab.sessions, pool: pool, settings: settings)
        let result = try await withDeadline(.seconds(120)) { try await drain.run { _ in } }
        #expect(result.embedded == 501)
        #expect(Array(result.failed.keys) == ["1000"])
        #expect(result.empty == 1)
        #expect(try await lab.wrongRows() == [])
        await pool.discardIdle()
    }

    @Test(
        "a drain waits for a server that goes away, longer than its batches are tried again, and for no longer than it may"
    )
    func outage() async throws {
        try await PostgresServer.with(.debian) { server in
            let lab = try await Lab.make(.debian, on: server)
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 300) AS i")
            let table = try await lab.watched(by: lab.embedder.identity)
            let pool = ConnectionPool(lab.sessions, limit: 2)
            var settings = PipelineSettings()
            settings.retry = RetrySettings(first: .milliseconds(10), longest: .milliseconds(100), attempts: 3)
            let drain = Drain(
                table: table, embedder: lab.embedder, sessions: lab.sessions, pool: pool, settings: settings,
                longestOutage: .seconds(4))
            let pauses = Pauses()
            for isLong in [false, true] {
                lab.embedder.hold()
                let user = try await lab.connect()
                try await user.script("INSERT INTO notes VALUES (\(isLong ? 1001 : 1000), 'more')", name: "a row")
                let work = Task { try await drain.run(waits: { _ in pauses.count() }) { _ in } }
                try await lab.embedder.isHolding()
                try await server.stop(.immediate)
                lab.embedder.release()
                try await eventually("it waits") { pauses.counted == (isLong ? 2 : 1) }
                guard !isLong else {
                    await #expect(throws: PostgresError.self) { _ = try await work.value }
                    break
                }
                // Many times as long as a batch waits that failed.
                let stopped = ContinuousClock.now
                try await eventually("a second") { .now - stopped > .seconds(1) }
                try await server.start()
                #expect(try await work.value.embedded == 301)
                #expect(lab.embedder.texts.count == 301, "what was embedded is kept")
            }
            try await server.start()
            await pool.discardIdle()
        }
    }

    private final class Pauses: Sendable {
        private let number = Mutex(0)
        var counted: Int { number.withLock(\.self) }
        func count() { number.withLock { $0 += 1 } }
    }

    /// Whose calls bring more rows than they embed.
    private struct Endless: Embedder {
        let embedder: any Embedder
        let insert: @Sendable (Int) async throws -> Void

        var identity: EmbedderIdentity { embedder.identity }
        var limits: EmbedderLimits { embedder.limits }

        func embed(_ texts: [String]) async throws -> Embeddings {
            try await insert(texts.count + 1)
            return try await embedder.embed(texts)
        }
    }

    @Test("a drain ends where rows come as fast as they are embedded, and says that there are more")
    func endless() async throws {
        let lab = try await Lab.make(.pg18WithPgvector)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 50) AS i")
        let table = try await lab.watched(by: lab.embedder.identity)
        let pool = ConnectionPool(lab.sessions, limit: 2)
        let embedder = Endless(embedder: lab.embedder) { rows in
            try await lab.run(
                """
                INSERT INTO notes SELECT last + i, 'text ' || last + i
                FROM (SELECT max(id) AS last FROM notes) AS present, generate_series(1, \(rows)) AS i
                """)
        }
        var settings = PipelineSettings()
        settings.inFlight = 1
        // Each look finds as many as it asks for, so that there is always another.
        (settings.page, settings.backlogRows) = (20, 20)
        let drain = Drain(
            table: table, embedder: embedder, sessions: lab.sessions, pool: pool, settings: settings, pending: 50)
        let result = try await withDeadline(.seconds(120)) { try await drain.run { _ in } }
        #expect(result.hasMore && result.embedded >= 1_100, "\(result.embedded)")
        #expect(try await lab.pending() > 0)
        await pool.discardIdle()
    }
}
