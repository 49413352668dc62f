import PostgresClient
import Synchronization

/// Hears the database on a session of its own, for all tables, and keeps hearing it: whatever breaks is mended.
///
/// The order after every connect is LISTEN, commit, then tell the pipelines to look: what committed before the LISTEN is
/// found by their scan, what commits after it is announced.
package final class Listener: Sendable {
    /// What the listener has to tell.
    package enum Event: Sendable {
        /// The session listens; the pipelines should look. `isEcho` is false where notifications don't come through: a
        /// pooler in transaction mode is in between, and rows are only found by looking. No lock of the session may be
        /// taken then, for it would be left to somebody else.
        case listening(isEcho: Bool, backendPID: Int32)
        /// The session that is about to be ``listening(isEcho:backendPID:)``, for claims to be made with.
        case opened(PostgresConnection, isEcho: Bool)
        /// A notification of a trigger of ours.
        case wakeup(Wakeup)
        /// The probe found a pending row in the table with this number.
        case pending(watch: Int32)
        /// The table with this number is not what it was: another table, set up anew, or with other columns.
        case changed(watch: Int32)
        /// The probe of one table failed: its schema changed, or a privilege went.
        case probeFailed(watch: Int32, any Error)
        /// The heartbeat came back: so many daemons are connected to the server, this one included, and its notification
        /// queue is so full, of 1.
        case heartbeat(daemons: Int, queueUsage: Double = 0)
        /// The server's notification queue is over a quarter full, `usage` of 1, and was not before.
        case queueFilling(usage: Double)
        /// The session is gone; another is tried after the wait.
        case lost(any Error, retryIn: Duration)
    }

    private let sessions: SessionFactory
    private let tables: @Sendable () -> [WatchedTable]
    private let live: Mutex<ListenerSettings>
    /// Set when it is worth trying again before the wait is over.
    private let changed = Signal()

    /// - Parameters:
    ///   - sessions: Opens the listener's session.
    ///   - tables: The tables whose pending index each heartbeat probes, as they are at the time.
    ///   - settings: How often, and how long to wait.
    package init(
        _ sessions: SessionFactory, tables: @escaping @Sendable () -> [WatchedTable], settings: ListenerSettings
    ) {
        self.sessions = sessions
        self.tables = tables
        live = Mutex(settings)
    }

    private var settings: ListenerSettings { live.withLock(\.self) }

    /// Goes on with other settings, from the next heartbeat on; connects at once where it was waiting to.
    package func apply(_ settings: ListenerSettings) {
        live.withLock { $0 = settings }
        changed.set()
    }

    /// Listens until cancelled.
    ///
    /// - Parameters:
    ///   - report: Called in order, one event after the other. What it throws is taken for a failure of the session.
    package func run(_ report: @Sendable (Event) async throws -> Void) async {
        var backoff = Backoff(first: settings.reconnectFirst, longest: settings.reconnectLongest)
        var random = SystemRandomNumberGenerator()
        var gauge = QueueGauge()
        while !Task.isCancelled {
            do {
                try await listen { pulse in
                    switch pulse {
                    case .beat(let beat):
                        backoff.reset()
                        try await report(.heartbeat(daemons: beat.daemons, queueUsage: beat.queueUsage))
                        if gauge.record(beat.queueUsage) {
                            try await report(.queueFilling(usage: beat.queueUsage))
                        }
                    case .event(let event): try await report(event)
                    }
                }
            } catch {
                if Task.isCancelled { return }
                let wait = backoff.next(using: &random)
                try? await report(.lost(error, retryIn: wait))
                await changed.wait(until: .now + wait)
            }
        }
    }

    /// What a session brings: events, and heartbeats with what they measured.
    private enum Pulse {
        case event(Event)
        case beat(Beat)
    }

    /// What a heartbeat measured.
    private struct Beat {
        /// How full the notification queue is.
        var queueUsage: Double
        /// Daemons that are connected to the server.
        var daemons: Int
    }

    /// One session's life. Returns where another kind of session has to be opened.
    private func listen(_ report: (Pulse) async throws -> Void) async throws {
        let connection = try await sessions.open(deadline: settings.deadline)
        do {
            let inbox = Inbox(connection.notifications)
            var isEcho = false
            if !connection.isPooled {
                try await subscribe(connection)
                isEcho = try await Self.echo(on: connection, inbox, deadline: settings.deadline)
                if !isEcho, sessions.distrust() {
                    // What was set is somebody else's by now: as much as can be of it is taken back.
                    try? await connection.script(
                        "UNLISTEN *; RESET ALL", name: "leave the session", deadline: settings.deadline)
                    return await connection.close()
                }
            }
            let backend = try await SessionFactory.backend(of: connection, settings.deadline)
            try await report(.event(.opened(connection, isEcho: isEcho)))
            let beat = try await heartbeat(on: connection, mustListen: isEcho) { _ in }
            try await report(.event(.listening(isEcho: isEcho, backendPID: backend)))
            try await report(.beat(beat))
            try await hear(connection, inbox, mustListen: isEcho, report)
        } catch {
            await connection.close()
            throw error
        }
    }

    private func subscribe(_ connection: PostgresConnection) async throws {
        do {
            try await connection.script(
                "LISTEN \(quoteIdentifier(Wakeup.channel))", name: "LISTEN", deadline: settings.deadline)
        } catch let error as PostgresError where error.hasState("25006") {
            throw ListenerError.inRecovery
        }
    }

    /// Sends itself a notification and waits for it.
    static func echo(on connection: PostgresConnection, _ inbox: Inbox, deadline: Duration) async throws -> Bool {
        let token = "echo \(UInt64.random(in: .min ... .max))"
        try await connection.execute(
            Statement("notify ourselves", SQLFile.listenEcho, [.text(Wakeup.channel), .text(token)]),
            deadline: deadline)
        let end = ContinuousClock.now + deadline
        while let next = await inbox.next(until: end) {
            switch next {
            case .notification(let payload) where payload == token: return true
            case .notification: continue  // the pipelines look at everything in a moment anyway
            case .end: throw await connection.failure ?? ListenerError.channelLost
            }
        }
        return false
    }

    private func hear(
        _ connection: PostgresConnection, _ inbox: Inbox, mustListen: Bool, _ report: (Pulse) async throws -> Void
    ) async throws {
        var nextHeartbeat = ContinuousClock.now + settings.heartbeat
        while true {
            try Task.checkCancellation()
            switch await inbox.next(until: nextHeartbeat) {
            case .notification(let payload):
                if let wakeup = Wakeup(payload: payload) { try await report(.event(.wakeup(wakeup))) }
            case .end: throw await connection.failure ?? ListenerError.channelLost
            case nil:
                let beat = try await heartbeat(on: connection, mustListen: mustListen) { try await report(.event($0)) }
                try await report(.beat(beat))
                nextHeartbeat = .now + settings.heartbeat
            }
        }
    }

    /// Asks the server whether it still lists our channel, and whether any table has a pending row.
    ///
    /// All in one round trip; where that fails, a table at a time, to find out whose probe it is that fails.
    private func heartbeat(
        on connection: PostgresConnection, mustListen: Bool, _ report: (Event) async throws -> Void
    ) async throws -> Beat {
        let ask = Statement(
            "heartbeat", SQLFile.listenerHeartbeat,
            [.text(Wakeup.channel), .int4(AdvisoryLock.presence)], prepared: true)
        let tables = tables()
        let probes = tables.map {
            Statement(
                "probe of \($0.displayName)", SQLFile.fill(SQLFile.probePending, $0.fragments), prepared: true)
        }
        do {
            let answers = try await connection.pipeline([ask] + probes, deadline: settings.deadline)
            let beat = try Self.beat(answers[0][0], mustListen: mustListen)
            for (table, answer) in zip(tables, answers.dropFirst()) {
                try await Self.tell(answer[0], of: table, report)
            }
            return beat
        } catch let error as PostgresError {
            guard await Self.isOfUse(connection, after: error) else { throw error }
            let answer = try await connection.execute(ask, deadline: settings.deadline)
            let beat = try Self.beat(answer[0], mustListen: mustListen)
            for (table, probe) in zip(tables, probes) {
                do {
                    let answer = try await connection.execute(probe, deadline: min(settings.deadline, Self.patience))
                    try await Self.tell(answer[0], of: table, report)
                } catch let error as PostgresError {
                    guard await Self.isOfUse(connection, after: error) else { throw error }
                    try await report(.probeFailed(watch: table.watch, error))
                    // One that takes too long is no reason to let the other tables wait: this one's scan has more time.
                    if error.code == .deadlineExceeded { try await report(.pending(watch: table.watch)) }
                }
            }
            return beat
        }
    }

    /// How long the probe of one table may take where they have to be asked one after the other.
    private static let patience = Duration.seconds(2)

    /// Whether an error is about a statement, and the session goes on.
    private static func isOfUse(_ connection: PostgresConnection, after error: PostgresError) async -> Bool {
        switch error.code {
        case .server: !error.isConnectionFailure
        case .deadlineExceeded: await connection.isOpen
        default: false
        }
    }

    /// Tells what a probe of a table found.
    private static func tell(
        _ answer: Row, of table: WatchedTable, _ report: (Event) async throws -> Void
    ) async throws {
        if try !answer.decode("unchanged", as: Bool.self) { try await report(.changed(watch: table.watch)) }
        if try answer.decode("pending", as: Bool.self) { try await report(.pending(watch: table.watch)) }
    }

    /// What was measured, if all else is as it must be.
    private static func beat(_ answer: Row, mustListen: Bool) throws -> Beat {
        if try answer.decode("in_recovery") { throw ListenerError.inRecovery }
        if mustListen, try !answer.decode("is_listening", as: Bool.self) { throw ListenerError.channelLost }
        return Beat(queueUsage: try answer.decode("queue_usage"), daemons: try answer.decode("daemons"))
    }
}

/// How the listener keeps its session.
package struct ListenerSettings: Sendable, Hashable {
    /// How often the server is asked whether it still lists our channel.
    package var heartbeat = Duration.seconds(10)
    /// How long connecting, and each answer, may take.
    package var deadline = Duration.seconds(10)
    /// The wait before the first new connection.
    package var reconnectFirst = Duration.milliseconds(500)
    /// The longest wait between two.
    package var reconnectLongest = Duration.seconds(30)

    /// The defaults.
    package init() {}
}

/// Why a session that still answers is of no use for listening.
enum ListenerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server no longer lists our channel for this session.
    case channelLost
    /// The server is a standby, or recovering: it takes no LISTEN and no writes.
    case inRecovery

    /// What is wrong with the session.
    var description: String {
        switch self {
        case .channelLost: "the server no longer has our LISTEN"
        case .inRecovery:
            """
            the server is in recovery (a standby): it takes neither LISTEN nor writes. List all hosts in DATABASE_URL \
            with target_session_attrs=read-write
            """
        }
    }
}
