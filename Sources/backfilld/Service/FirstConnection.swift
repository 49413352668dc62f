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

    /// Looks something up with a session of its own.
    ///
    /// - Throws: What keeps the service from beginning; where it waits for the database, nothing that may pass.
    func look<Found>(_ body: (PostgresConnection) async throws -> Found) async throws -> Found {
        var backoff = Backoff(first: listener.reconnectFirst, longest: listener.reconnectLongest)
        var random = SystemRandomNumberGenerator()
        var troubles = Repeats()
        while true {
            loop.progress("connecting to the database")
            do {
                let connection = try await sessions.open(deadline: listener.deadline)
                do {
                    let found = try await body(connection)
                    await connection.close()
                    if let end = troubles.end() { tellBack(end) }
                    return found
                } catch {
                    await connection.close()
                    throw error
                }
            } catch {
                guard start == .wait, Failure.passes(error) else { throw error }
                let wait = backoff.next(using: &random)
                loop.waits("waiting for the database", heartbeat: wait)
                tellAway(error, wait, &troubles)
                try await Task.sleep(for: wait)
            }
        }
    }

    private func tellAway(_ error: any Error, _ wait: Duration, _ troubles: inout Repeats) {
        let (text, now) = (Failure.message(for: error), ContinuousClock.now)
        let decision = troubles.add(text, at: now)
        let since = timeOfDay(now - (troubles.since ?? now))
        notifier.status("waiting for the database since \(since) (\(text)), trying again in \(Vitals.span(wait))")
        let tail = Chronicle.tail(decision.sum)
        logger.tell(
            .databaseAway, "waiting for the database: \(text) Trying again in \(Vitals.span(wait))\(tail.text)",
            [.waitMs: wait.inMilliseconds].merging(tail.fields) { $1 }.merging(Chronicle.stateField(error)) { $1 },
            asRepeat: decision == .fold)
    }

    private func tellBack(_ end: Repeats.End) {
        let now = ContinuousClock.now
        logger.tell(
            .databaseBack, "the database is there, after \(Vitals.span(end.span(at: now)))\(end.attempts)",
            end.fields(at: now))
    }
}
