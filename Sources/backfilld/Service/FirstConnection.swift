import Backfill
import Logging
import PostgresClient
import Systemd

/// Gets the service to where it can begin: a session, and whatever is to be looked up with it.
///
/// While the database is away it tries again, with the pace of a listener that lost its session.
struct FirstConnection: Sendable {
    let sessions: SessionFactory
    let start: Settings.Start
    let listener: ListenerSettings
    let notifier: ServiceNotifier
    let logger: Logger
    /// How the watchdog knows it.
    let loop: WatchedLoop

    /// How often what has not changed is told again.
    private static let repetition = Duration.seconds(600)

    /// Looks something up with a session of its own.
    ///
    /// - Throws: What keeps the service from beginning; where it waits for the database, nothing that may pass.
    func look<Found>(_ body: (PostgresConnection) async throws -> Found) async throws -> Found {
        var backoff = Backoff(first: listener.reconnectFirst, longest: listener.reconnectLongest)
        var random = SystemRandomNumberGenerator()
        let began = ContinuousClock.now
        var told: (text: String, at: ContinuousClock.Instant)?
        while true {
            loop.progress("connecting to the database")
            do {
                let connection = try await sessions.open(deadline: listener.deadline)
                do {
                    let found = try await body(connection)
                    await connection.close()
                    if told != nil {
                        let away = ContinuousClock.now - began
                        logger.tell(
                            .databaseBack, "the database is there, after \(Vitals.span(away))",
                            [.awayMs: away.inMilliseconds])
                    }
                    return found
                } catch {
                    await connection.close()
                    throw error
                }
            } catch {
                guard start == .wait, Failure.passes(error) else { throw error }
                let (text, wait) = (Failure.message(for: error), backoff.next(using: &random))
                loop.waits("for the database", heartbeat: wait)
                notifier.status(
                    "waiting for the database since \(timeOfDay(.now - began)) (\(text)), "
                        + "trying again in \(Vitals.span(wait))")
                let isNews = told.map { $0.text != text || .now - $0.at > Self.repetition } ?? true
                if isNews { told = (text, .now) }
                logger.tell(
                    .databaseAway, "waiting for the database: \(text) Trying again in \(Vitals.span(wait))",
                    [.waitMs: wait.inMilliseconds], asRepeat: !isNews)
                try await Task.sleep(for: wait)
            }
        }
    }
}
