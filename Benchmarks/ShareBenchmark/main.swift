import Backfill
import Embedders
import Glibc
import PostgresClient

/// Drains the table music_knowledge with so many daemons, each with sessions of its own, and prints the seconds it took.
///
///     share-benchmark CONNINFO DAEMONS [MILLISECONDS]
///
/// Their embedder takes that long for a batch (50 without it), of 50 rows, one at a time, as a provider far away does; so
/// what is measured is how well daemons share a backlog, and not this machine's processors.
struct SleepyEmbedder: Embedder {
    let hash = HashEmbedder(dimension: 384)
    let pause: Duration

    var identity: EmbedderIdentity { hash.identity }
    var limits: EmbedderLimits { hash.limits }

    func embed(_ texts: [String]) async throws -> Embeddings {
        try await Task.sleep(for: pause)
        return try await hash.embed(texts)
    }
}

func drain(_ conninfo: String, daemons: Int, pause: Duration) async throws -> Duration {
    let embedder = SleepyEmbedder(pause: pause)
    let spec = TableSpec(
        name: QualifiedName(schema: "public", name: "music_knowledge"), key: "id", embedding: "embedding",
        recipe: .columns(["topic", "category", "suggestion"]))
    let watcher = try await SessionFactory(ConnectionOptions(conninfo: conninfo)).open()
    let table = try await WatchedTable.load(spec, identity: embedder.identity, on: watcher)
    var settings = PipelineSettings()
    (settings.rows, settings.backlogRows, settings.inFlight) = (50, 50, 1)
    let began = ContinuousClock.now
    let running = (0..<daemons).map { number in
        let sessions = SessionFactory(ConnectionOptions(conninfo: conninfo))
        let daemon = Daemon(
            sessions: sessions, pool: ConnectionPool(sessions, limit: 3), tables: [table], embedder: embedder,
            pipeline: settings, listener: ListenerSettings(),
            name: DaemonName(host: "benchmark", pid: getpid() + Int32(number))
        ) { _ in }
        return Task { await daemon.run() }
    }
    while try await BacklogCount.of(table, on: watcher) > 0 { try await Task.sleep(for: .milliseconds(20)) }
    let took = ContinuousClock.now - began
    for task in running { task.cancel() }
    for task in running { await task.value }
    await watcher.close()
    return took
}

let arguments = CommandLine.arguments
guard arguments.count > 2, let daemons = Int(arguments[2]), daemons > 0 else {
    _ = "share-benchmark: CONNINFO DAEMONS [MILLISECONDS]\n".withCString { write(STDERR_FILENO, $0, strlen($0)) }
    exit(64)
}
let pause = arguments.count > 3 ? Int(arguments[3]) ?? 50 : 50
print(try await drain(arguments[1], daemons: daemons, pause: .milliseconds(pause)).inSeconds)
