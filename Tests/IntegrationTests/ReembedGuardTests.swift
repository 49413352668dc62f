import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("A daemon of the old model, and the swap", .inLanes)
struct ReembedGuardTests {
    /// A daemon with the old model, for `body`; it must have ended by itself within the deadline.
    private func withOldDaemon(_ lab: Lab, _ body: () async throws -> Void) async throws -> TableProblem? {
        let connection = try await lab.sessions.open()
        let table = try await WatchedTable.load(
            lab.spec(lab.tables[0]), identity: lab.embedder.identity, on: connection)
        await connection.close()
        let pool = ConnectionPool(lab.sessions, limit: 4)
        let settings = LabSettings()
        let daemon = Daemon(
            sessions: lab.sessions, pool: pool, tables: [table], embedder: lab.embedder, pipeline: settings.pipeline,
            listener: settings.listener, name: DaemonName(host: "test", pid: 1)
        ) { _ in }
        let running = Task { await daemon.run() }
        defer { running.cancel() }
        try await eventually("the daemon ready") { daemon.vitals.isReady }
        try await body()
        try await withDeadline(.seconds(120), "the daemon ended by itself") { await running.value }
        await pool.discardIdle()
        return await daemon.end
    }

    @Test(
        "While rows come and change all the time: it never writes into the new column, and ends; nothing is lost",
        arguments: PostgresServer.Flavour.allCases)
    func through(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.filled(flavour, rows: 300)
        let model = ModelEmbedder("new") { _ in try await Task.sleep(for: .milliseconds(5)) }
        let isOver = Mutex(false)
        let writer = try await lab.connect()
        let writing = Task {
            var number = 1000
            while !isOver.withLock(\.self) {
                number += 1
                try await writer.script(
                    """
                    INSERT INTO notes VALUES (\(number), 'text \(number)');
                    UPDATE notes SET topic = topic || ' changed' WHERE id = \(number % 300 + 1);
                    UPDATE notes SET other = other + 1 WHERE id = \(number % 299 + 1)
                    """, name: "the writer")
            }
            return number - 1000
        }
        let end = try await withOldDaemon(lab) {
            try await lab.reembed(model)
            // Whatever it still had in hand, and whatever it hears of from now on, is not for it any more.
            let now = try await lab.number("SELECT count(*) FROM notes")
            try await eventually("the writer goes on") { try await lab.number("SELECT count(*) FROM notes") > now + 20 }
        }
        isOver.withLock { $0 = true }
        let inserted = try await writing.value
        #expect(end?.code == "superseded")
        let found = try await lab.vectors(of: model)
        #expect(found.filled == found.right, "\(found)")
        try await lab.drain(model)
        try await lab.expectAll(300 + inserted, of: model)
    }

    @Test("A batch that was embedded before the swap and comes to be written after it is not written")
    func batch() async throws {
        let lab = try await Lab.filled(.pg18WithPgvector, rows: 20)
        let model = ModelEmbedder("new")
        let end = try await withOldDaemon(lab) {
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (21, 'between')")
            try await lab.embedder.isHolding()
            // The reembed itself is not held up by that.
            try await lab.reembed(model)
            try await lab.run("UPDATE notes SET embedding = NULL")
            lab.embedder.release()
        }
        #expect(end == .superseded(table: "public.notes", embedder: lab.embedder.identity))
        #expect(try await lab.pending() == 21)
    }

    @Test("A set-up that records another model over an empty column ends it as well")
    func setUp() async throws {
        let lab = try await Lab.make(.debian)
        let model = ModelEmbedder("new")
        let end = try await withOldDaemon(lab) {
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'one')")
            try await lab.embedder.isHolding()
            let options = SetupOptions(spec: lab.spec(lab.tables[0]), identity: model.identity, version: "test")
            let connection = try await lab.connect()
            try await Setup.run(Setup.plan(options, on: connection), on: connection)
            await connection.close()
            lab.embedder.release()
        }
        #expect(end?.code == "superseded")
        #expect(try await lab.pending() == 1)
    }

    @Test("Started with the old model again it refuses, names both and what differs, and says what to do")
    func refuses() async throws {
        let lab = try await Lab.filled(.debian, rows: 5)
        let long = ModelEmbedder("e5", traits: ["weights": "sha256:0123456789abcdef0123", "prompt": "passage: "])
        try await lab.reembed(long)
        let problem = try await #require(throws: TableProblem.self) { try await lab.drain(lab.embedder) }
        #expect(
            problem.description
                == """
                the vectors of table public.notes were made by test with e5 (8 dimensions), and the configuration says \
                hash with sha256-sincos (8 dimensions): embedder test, not hash; model e5, not sha256-sincos; \
                prompt passage: , not none; weights sha256:0123456789ab…, not none. Vectors of both kinds cannot be \
                compared. Run "backfilld reembed" with the new configuration: it embeds all rows anew while search goes \
                on (where no row has a vector yet, "backfilld setup" does). Or configure test with e5 again, as it was
                """)
        // One trait is enough.
        let other = ModelEmbedder("e5", traits: ["weights": "sha256:0123456789abcdef0123", "prompt": "query: "])
        let difference = try await #require(throws: TableProblem.self) { try await lab.drain(other) }
        #expect(difference.summary.hasSuffix(": prompt passage: , not query: "), "\(difference)")
    }
}
