import Backfill
import Console
import Embedders
import Logging
import Systemd

/// The console, put together where it is configured; where it is not, nothing of it is made.
extension Service {
    /// How long the console's thread may be at one thing: parsing and rendering take milliseconds.
    private static let consolePatience = Duration.seconds(60)

    /// Sessions for questions to tables, beside those that the daemon works with.
    private static let consoleSessions = 3

    /// The pipelines' embedder, with its calls counted where somebody may ask.
    func metered(_ embedder: any Embedder, _ tally: Tally?) -> any Embedder {
        guard let tally, !(embedder is any WritingEmbedder) else { return embedder }
        (embedder as? WatchedEmbedder)?.watch.measure(tally.observe)
        if let selective = embedder as? any SelectiveEmbedder {
            return MeteredSelectiveEmbedder(embedder: selective, tally: tally)
        }
        return MeteredEmbedder(embedder: embedder, tally: tally)
    }

    /// The console, ready to answer.
    ///
    /// - Throws: `ConsoleError`.
    func console(
        _ assembly: Assembly, _ sockets: ListeningSockets?, _ tally: Tally?, _ embedder: any Embedder, _ daemon: Daemon
    ) throws(ConsoleError) -> (console: Console, watch: ConsoleWatch)? {
        guard let settings = assembly.settings.console, let sockets, let tally else { return nil }
        let watch = ConsoleWatch(limit: Standstill.limit(Self.consolePatience), logger: logger)
        var services = ConsoleServices(
            vitals: { daemon.vitals }, version: Version.text, embedderName: embedder.identity.summary,
            embedder: embedder.queryEmbedder, tally: tally,
            statusLine: { daemon.vitals.statusLine(at: .now, timeOfDay: timeOfDay) }, tables: { daemon.tables },
            pool: ConnectionPool(assembly.sessions, limit: Self.consoleSessions),
            announce: { slot, keys in await daemon.announce(keys, of: slot) }, observe: watch.observe)
        services.order = assembly.tables.map(\.name)
        // Opened when they are wanted first, as the others.
        services.watching = ConnectionPool(assembly.sessions, limit: 1)
        services.measuring = ConnectionPool(assembly.sessions, limit: 1)
        services.quality = Self.quality(assembly, services.embedder)
        let console = try Console(settings, sockets: sockets, services: services, logger: logger)
        let names = sockets.names.joined(separator: ", ")
        let guarded = settings.token == nil ? "no token is wanted" : "a token is wanted"
        logger.tell(.consoleListening, "the console listens on \(names); \(guarded)", [.address: "\(names)"])
        return (console, watch)
    }
}
