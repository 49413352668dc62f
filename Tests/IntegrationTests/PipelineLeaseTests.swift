@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("The lease of a table, behind a pooler in transaction mode", .inLanes)
struct PipelineLeaseTests {
    /// A daemon behind the pooler.
    private final class Worker: Sendable {
        private let daemon: Daemon
        private let pool: ConnectionPool
        private let task: Task<Void, Never>

        init(_ lab: Lab, _ watched: WatchedTable, _ sessions: SessionFactory, number: Int32, heartbeat: Duration) {
            var settings = LabSettings(heartbeat: heartbeat)
            settings.pipeline.rows = 10
            let pool = ConnectionPool(sessions, limit: 3)
            let daemon = Daemon(
                sessions: sessions, pool: pool, tables: [watched], embedder: lab.embedder, pipeline: settings.pipeline,
                listener: settings.listener, name: DaemonName(host: "test", pid: number)
            ) { _ in }
            (self.daemon, self.pool) = (daemon, pool)
            task = Task { await daemon.run() }
        }

        /// What its STATUS says.
        var line: String { daemon.vitals.statusLine(at: .now) { _ in "" } }

        /// Ends it, as a signal does, or without a word, as a crash does.
        func end(gently: Bool) async {
            if gently { await daemon.stop() } else { task.cancel() }
            await task.value
            await pool.discardIdle()
        }
    }

    private func lab(_ flavour: PostgresServer.Flavour) async throws -> (Lab, WatchedTable) {
        let lab = try await Lab.make(flavour)
        return (lab, try await lab.watched())
    }

    @Test("one daemon has a table, the next when it is given back or its time is over", arguments: [0, 1])
    func handedOn(_ flavour: Int) async throws {
        let (lab, watched) = try await lab(PostgresServer.Flavour.allCases[flavour])
        let pool = ConnectionPool(SessionFactory(ConnectionOptions(conninfo: lab.database.conninfo)), limit: 2)
        func lease(_ number: Int32, _ heartbeat: Duration) -> TableLease {
            TableLease(
                watch: watched.watch, pool: pool, daemon: DaemonName(host: "test", pid: number), heartbeat: heartbeat)
        }
        let (first, second) = (lease(1, .seconds(100)), lease(2, .milliseconds(20)))
        #expect(await first.hold())
        #expect(await !second.hold())
        #expect(await second.otherHolder?.hasPrefix("test:1:") == true)
        #expect(await first.hold())
        await first.release()
        #expect(await !first.hold())
        try await eventually("taken when it was given back") { await second.hold() }
        // Its owner says nothing more, and it is over after three of its heartbeats.
        let third = lease(3, .milliseconds(20))
        try await eventually("taken when its time was over") { await third.hold() }
        #expect(await !second.isHeld)
        await pool.discardIdle()
    }

    @Test("a server that can't be asked takes nothing away, and one without the table gives nothing")
    func away() async throws {
        let (lab, watched) = try await lab(.pg18WithPgvector)
        let pool = ConnectionPool(SessionFactory(ConnectionOptions(conninfo: lab.database.conninfo)), limit: 1)
        let lease = TableLease(
            watch: watched.watch, pool: pool, daemon: DaemonName(host: "test", pid: 1), heartbeat: .milliseconds(500))
        try await eventually("taken") { await lease.hold() }
        try await lab.run("ALTER TABLE backfilld.lease RENAME TO lent")
        try await eventually("the server asked in vain") {
            _ = await lease.hold(); return await lease.trouble != nil
        }
        try await eventually("its time over") { await !lease.hold() }
        try await lab.run("ALTER TABLE backfilld.lent RENAME TO lease")
        try await eventually("taken again") { await lease.hold() }
        #expect(await lease.trouble == nil)
        await pool.discardIdle()
    }

    @Test(
        "of two daemons one works, and the other when it stops or dies", arguments: PostgresServer.Flavour.allCases,
        [true, false])
    func takenOver(_ flavour: PostgresServer.Flavour, _ gently: Bool) async throws {
        let (lab, watched) = try await lab(flavour)
        let pooler = try await PgBouncer.start(to: lab.database.server, .transaction, poolSize: 2)
        let sessions = SessionFactory(ConnectionOptions(conninfo: lab.database.conninfo(port: pooler.port)))
        try await sessions.open().close()
        #expect(sessions.isPooled)
        let heartbeat = Duration.milliseconds(200)
        var workers = [1, 2].map { Worker(lab, watched, sessions, number: $0, heartbeat: heartbeat) }
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 500) AS i")
        try await lab.allRight()
        // No row was embedded by both.
        #expect(lab.embedder.texts.count == Set(lab.embedder.texts).count)
        let standsBy = { (worker: Worker) in worker.line.contains("standing by") }
        try await eventually("one that works and one that stands by") { workers.count(where: standsBy) == 1 }
        await workers.remove(at: standsBy(workers[0]) ? 1 : 0).end(gently: gently)
        try await lab.run("INSERT INTO notes SELECT -i, 'more ' || i FROM generate_series(1, 500) AS i")
        try await lab.allRight()
        #expect(lab.embedder.texts.count == Set(lab.embedder.texts).count)
        await workers[0].end(gently: true)
        #expect(try await lab.number("SELECT count(*) FROM backfilld.lease") == 0)
    }
}
