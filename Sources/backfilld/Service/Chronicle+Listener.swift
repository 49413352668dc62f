import Backfill
import Logging
import PostgresClient
import Synchronization

/// What the listener has to tell.
extension Chronicle {
    func tell(_ event: Listener.Event) {
        switch event {
        case .listening(let isEcho, _): tellListening(isEcho)
        case .lost(let error, let wait): tellLost(error, wait)
        // A column or a table that is gone: the pipeline looks, and tells what it finds.
        case .probeFailed(_, let error as PostgresError) where error.hasState("42703") || error.hasState("42P01"): break
        case .probeFailed(let watch, let error): tellProbe(watch, error)
        case .queueFilling(let usage): tellQueue(usage)
        // The pipeline looks, and tells what it finds.
        case .opened, .wakeup, .pending, .changed, .heartbeat: break
        }
    }

    private func tellProbe(_ watch: Int32, _ error: any Error) {
        let text = Failure.message(for: error)
        let decision = state.withLock { $0[watch].probes.add(text, at: now()) }
        let tail = Self.tail(decision.sum)
        logger.tell(
            .lookFailed, "\(name(watch)): cannot look for pending rows: \(text)\(tail.text)",
            [.table: "\(name(watch))"].merging(tail.fields) { $1 }.merging(Self.stateField(error)) { $1 },
            asRepeat: decision == .fold)
    }

    private func tellQueue(_ usage: Double) {
        let percent = Int(usage * 100)
        logger.tell(
            .queueFilling,
            """
            the server's notification queue is \(percent) % full: some session that LISTENs, to whatever, does not take \
            its notifications, most likely because it has a transaction open. Look in pg_stat_activity for the oldest \
            xact_start and end that session. From 50 % on the triggers of backfilld send nothing, and new rows are found \
            by looking; a full queue would make every COMMIT fail that notifies
            """, [.queueUsage: "\(percent)"])
    }

    private func tellListening(_ isEcho: Bool) {
        let (away, wasDeaf, isFirst) = state.withLock { state in
            defer {
                state.isDeaf = !isEcho
                state.hasListened = true
            }
            return (state.away.end(), state.isDeaf, !state.hasListened)
        }
        if let away {
            let now = now()
            logger.tell(
                .databaseBack,
                "listening again after \(Vitals.span(away.span(at: now))) without the database\(away.attempts)",
                away.fields(at: now))
        } else if isFirst {
            let tables = names.count == 1 ? names.values.first! : "\(names.count) tables"
            logger.tell(.listening, "listening on \(tables)")
        }
        if !isEcho, !wasDeaf {
            logger.tell(
                .poolerFound,
                """
                notifications don't come through this connection: a pooler in transaction mode is in between. New rows \
                are found by looking, and one daemon at a time works on a table. For the full speed connect to the \
                server itself or to the pooler's session mode
                """)
        }
    }

    private func tellLost(_ error: any Error, _ wait: Duration) {
        let (text, now) = (Failure.message(for: error), now())
        let (decision, since) = state.withLock { state in
            let since = state.away.since
            return (state.away.add(text, at: now), since)
        }
        let span = since.map { " for \(Vitals.span(now - $0))" } ?? ""
        let tail = Self.tail(decision.sum)
        // The same news with each try is for those who look closely.
        logger.tell(
            .databaseAway, "database away\(span): \(text) Trying again in \(Vitals.span(wait))\(tail.text)",
            [.waitMs: wait.inMilliseconds].merging(tail.fields) { $1 }.merging(Self.stateField(error)) { $1 },
            asRepeat: decision == .fold)
    }
}
