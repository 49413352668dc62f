import Backfill
import Embedders
import Glibc
import PostgresClient
import TestSupport

/// A daemon in a process of its own, for tests that kill it: `Backfill.Daemon` with an embedder of the lab's provider.
///
/// SIGTERM ends it in good order. What happens is told on standard output; see `LabEvent`.
@main enum LabDaemonProgram {
    static func main() {
        // Before there is a second thread: all of them leave SIGTERM to this one, which waits for nothing else. (An
        // async main would end in a thread of Dispatch's that takes every signal.)
        var termination = sigset_t()
        sigemptyset(&termination)
        sigaddset(&termination, SIGTERM)
        pthread_sigmask(SIG_BLOCK, &termination, nil)
        do {
            let options = try LabOptions(CommandLine.arguments.dropFirst())
            let stages = Stages(options)
            Task.detached {
                do {
                    try await run(options, stages)
                    stages.tell(LabEvent("ended"))
                    exit(0)
                } catch {
                    // As systemd's Restart= does, whoever started it starts it again.
                    stages.tell(LabEvent("ended", text: "\(error)"))
                    exit(69)
                }
            }
            var signal: Int32 = 0
            while sigwait(&termination, &signal) == 0 { stages.terminate() }
        } catch {
            let line = "lab-daemon: \(error.text)\n"
            _ = write(STDERR_FILENO, line, line.utf8.count)
            exit(64)
        }
    }

    private static func run(_ options: LabOptions, _ stages: Stages) async throws {
        let sessions = SessionFactory(ConnectionOptions(conninfo: options.conninfo, applicationName: "lab-daemon"))
        // What is waited without a word from the provider is as short as all else here.
        var asking = RemoteEmbedder.Options()
        asking.throttle.longestWait = options.pipeline.retry.longest
        // Under the name that the lab's tables are set up for.
        let embedder = RemoteEmbedder(
            try LabProvider(options, stages), identity: HashEmbedder(dimension: options.dimension).identity, asking)
        let connection = try await sessions.open(deadline: options.listener.deadline)
        var tables: [WatchedTable] = []
        for name in options.tables {
            let spec = TableSpec(
                name: QualifiedName(schema: "public", name: name), key: "id", embedding: "embedding",
                recipe: .columns(["topic"]))
            tables.append(try await WatchedTable.load(spec, identity: embedder.identity, on: connection))
        }
        await connection.close()
        let daemon = Daemon(
            sessions: sessions, pool: ConnectionPool(sessions, limit: options.connections), tables: tables,
            embedder: embedder, pipeline: options.pipeline, listener: options.listener,
            name: DaemonName(host: options.name, pid: getpid())
        ) { hear($0, stages) }
        // As the service does: what does not end in time is abandoned.
        let running = Task { await daemon.run() }
        stages.onTermination {
            Task {
                await daemon.stop()
                try? await Task.sleep(for: .seconds(5))
                running.cancel()
            }
        }
        await running.value
        if let end = await daemon.end { throw end }
    }

    private static func hear(_ event: Daemon.Event, _ stages: Stages) {
        switch event {
        case .listener(.listening(_, let backend)): stages.tell(LabEvent("listening", backend: backend))
        case .listener(.lost(let error, _)): stages.tell(LabEvent("lost", text: "\(error)"))
        case .listener: break
        case .table(_, .batch(let report, _), _):
            stages.tell(LabEvent("batch", written: report.written))
        case .table(_, .setAside(let key, let reason), _):
            stages.tell(LabEvent("setAside", text: "\(key): \(reason)"))
        case .table(_, .trouble(let error), _): stages.tell(LabEvent("trouble", text: "\(error)"))
        case .table(_, .recovered, _): stages.tell(LabEvent("recovered"))
        case .table: break
        case .stage(_, let stage): stages.reached(stage.rawValue)
        }
    }
}
