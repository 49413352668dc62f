import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport

/// A daemon that runs in the test's process, and what it has told.
final class LabDaemon: Sendable {
    /// What is counted of its events.
    struct Told: Sendable {
        var listening = 0
        var isDeaf = false
        var lost: [String] = []
        var heartbeats = 0
        var wakeups = 0
        var probesFailed = 0
        var queueWarnings = 0
        var scans = 0
        var batches = 0
        var written = 0
        var troubles: [String] = []
        var setAside: [(key: RowKey, reason: String)] = []
        var mostHeld = 0
        var mostKnown = 0
        var limited = 0
        var contended = 0
        var obstructed: [RowClaim] = []
        var changes = 0
        var recoveries = 0
        var isPolling = true
        var isPaused = false
        var tablesChanged = 0
        var flaws: [String] = []
        /// What everything waits after, as it was told last.
        var trouble: String?
    }

    private let state = Mutex(Told())
    var told: Told { state.withLock(\.self) }
    private let running = Mutex<Daemon?>(nil)
    /// The daemon itself, once it runs.
    var daemon: Daemon? { running.withLock(\.self) }

    func runs(_ daemon: Daemon) { running.withLock { $0 = daemon } }

    /// What `systemctl status` would show.
    var statusLine: String {
        daemon?.vitals.statusLine(at: .now) { "\(Int($0.inSeconds)) s ago" } ?? ""
    }

    func hear(_ event: Daemon.Event) {
        state.withLock { told in
            switch event {
            case .listener(.listening(let isEcho, _)):
                told.listening += 1
                told.isDeaf = !isEcho
            case .listener(.lost(let error, _)): told.lost.append("\(error)")
            case .listener(.heartbeat): told.heartbeats += 1
            case .listener(.wakeup): told.wakeups += 1
            case .listener(.probeFailed): told.probesFailed += 1
            case .listener(.queueFilling): told.queueWarnings += 1
            case .listener(.changed): told.tablesChanged += 1
            case .listener(.pending), .listener(.opened), .stage: break
            case .table(_, let event, let condition):
                told.mostHeld = max(told.mostHeld, condition.held)
                told.trouble = condition.trouble
                (told.isPolling, told.isPaused) = (condition.isPolling, condition.pausedFor != nil)
                told.mostKnown = max(told.mostKnown, condition.waiting + condition.working)
                switch event {
                case .scanned: told.scans += 1
                case .batch(let report, _):
                    told.batches += 1
                    told.written += report.written
                case .trouble(let error): told.troubles.append("\(error)")
                case .setAside(let key, let reason): told.setAside.append((key, reason))
                case .limited: told.limited += 1
                case .contended(let rows): told.contended += rows
                case .obstructed(_, let claim): told.obstructed.append(claim)
                case .table: told.changes += 1
                case .recovered: told.recoveries += 1
                case .flaws(let flaws): told.flaws = flaws.map(\.summary)
                case .progress, .parked, .idle, .charged: break
                }
            }
        }
    }

    /// Waits until what it has told is so.
    func tells(
        _ what: String, within limit: Duration = .seconds(120), fileID: String = #fileID, line: Int = #line,
        _ isSo: (Told) -> Bool
    ) async throws {
        try await eventually(what, within: limit, fileID: fileID, line: line) { isSo(told) }
    }

    /// Waits until the tables are listened to and not polled any more; answers how many scans that took.
    func listens(fileID: String = #fileID, line: Int = #line) async throws -> Int {
        try await tells("listening", fileID: fileID, line: line) { !$0.isPolling }
        return told.scans
    }

    /// Waits for so many more heartbeats: whatever was going to happen by itself has happened then.
    func heartbeats(_ more: Int, fileID: String = #fileID, line: Int = #line) async throws {
        let before = told.heartbeats
        try await tells("\(more) heartbeats", fileID: fileID, line: line) {
            $0.heartbeats >= before + more
        }
    }
}

/// How a test's daemon is set.
struct LabSettings: Sendable {
    var pipeline = PipelineSettings()
    var listener = ListenerSettings()
    var conninfo: String?
    /// Instead of a factory for `conninfo` alone.
    var sessions: SessionFactory?
    var connections = 4
    /// Instead of the lab's own; of the same identity.
    var embedder: (any Embedder)?

    init(heartbeat: Duration = .seconds(1), retry: RetrySettings? = nil) {
        listener.heartbeat = heartbeat
        listener.deadline = .seconds(5)
        listener.reconnectFirst = .milliseconds(100)
        listener.reconnectLongest = .seconds(1)
        pipeline.retry = retry ?? RetrySettings(first: .milliseconds(100), longest: .milliseconds(500), attempts: 3)
    }
}

extension Lab {
    /// Runs `body` beside a daemon that fills the tables and is ready.
    func withDaemon(
        _ settings: LabSettings = LabSettings(), isolation: isolated (any Actor)? = #isolation,
        _ body: (LabDaemon) async throws -> Void
    ) async throws {
        try await withDaemon(settings, readyFirst: true, body)
    }

    /// Runs `body` beside a daemon that has just been started.
    func withDaemonNotReady(
        _ settings: LabSettings = LabSettings(), isolation: isolated (any Actor)? = #isolation,
        _ body: (LabDaemon) async throws -> Void
    ) async throws {
        try await withDaemon(settings, readyFirst: false, body)
    }

    private func withDaemon(
        _ settings: LabSettings, readyFirst: Bool, isolation: isolated (any Actor)? = #isolation,
        _ body: (LabDaemon) async throws -> Void
    ) async throws {
        let sessions =
            settings.sessions ?? SessionFactory(ConnectionOptions(conninfo: settings.conninfo ?? database.conninfo))
        let connection = try await sessions.open()
        var watched: [WatchedTable] = []
        for table in tables {
            watched.append(try await WatchedTable.load(spec(table), identity: embedder.identity, on: connection))
        }
        await connection.close()
        let log = LabDaemon()
        let pool = ConnectionPool(sessions, limit: settings.connections)
        let daemon = Daemon(
            sessions: sessions, pool: pool, tables: watched, embedder: settings.embedder ?? embedder,
            pipeline: settings.pipeline,
            listener: settings.listener, name: DaemonName(host: "test", pid: 1), report: log.hear)
        log.runs(daemon)
        let running = Task { await daemon.run() }
        let result: Result<Void, any Error>
        do {
            if readyFirst {
                try await eventually("the daemon ready", within: .seconds(120)) { daemon.vitals.isReady }
            }
            try await body(log)
            result = .success(())
        } catch var error as DeadlineMissed {
            error.found = [error.found, "STATUS \(log.statusLine)", "\(log.told)"].compactMap(\.self)
                .joined(separator: "\n")
            result = .failure(error)
        } catch {
            result = .failure(error)
        }
        embedder.release()
        running.cancel()
        let ended = Task { try await withDeadline(.seconds(120), "the daemon ended") { await running.value } }
        // What the body found wrong says more than a daemon that does not end because of it.
        let end = await ended.result
        await pool.discardIdle()
        try result.get()
        try end.get()
    }
}
