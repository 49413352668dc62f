import PostgresClient
import Synchronization

/// Hears the database on a session of its own, for all tables, and keeps hearing it: whatever breaks is mended.
///
/// The order after every connect is LISTEN, commit, then tell the pipelines to look: what committed before the LISTEN is
/// found by their scan, what commits after it is announced.
public final class Listener: Sendable {
    /// What the listener has to tell.
    public enum Event: Sendable {
        /// The session listens; the pipelines should look. `isEcho` is false where our own notification did not come
        /// back: a transaction pooler is in between, and only the heartbeat finds new rows.
        case listening(isEcho: Bool, backendPID: Int32)
        /// The session that is about to be ``listening(isEcho:backendPID:)``, for claims to be made with.
        case opened(PostgresConnection, isEcho: Bool)
        /// A notification of a trigger of ours.
        case wakeup(Wakeup)
        /// The probe found a pending row in the table with this number.
        case pending(watch: Int32)
        /// The probe of one table failed: its schema changed, or a privilege went.
        case probeFailed(watch: Int32, any Error)
        /// The heartbeat came back.
        case heartbeat
        /// The session is gone; another is tried after the wait.
        case lost(any Error, retryIn: Duration)
    }

    private let sessions: SessionFactory
    private let tables: @Sendable () -> [WatchedTable]
    private let live: Mutex<ListenerSettings>

    /// - Parameters:
    ///   - sessions: Opens the listener's session.
    ///   - tables: The tables whose pending index each heartbeat probes, as they are at the time.
    ///   - settings: How often, and how long to wait.
    public init(
        _ sessions: SessionFactory, tables: @escaping @Sendable () -> [WatchedTable], settings: ListenerSettings
    ) {
        self.sessions = sessions
        self.tables = tables
        live = Mutex(settings)
    }

    private var settings: ListenerSettings { live.withLock(\.self) }

    /// Goes on with other settings, from the next heartbeat on.
    public func apply(_ settings: ListenerSettings) {
        live.withLock { $0 = settings }
    }

    /// Listens until cancelled.
    ///
    /// - Parameters:
    ///   - report: Called in order, one event after the other. What it throws is taken for a failure of the session.
    public func run(_ report: @Sendable (Event) async throws -> Void) async {
        var backoff = Backoff(first: settings.reconnectFirst, longest: settings.reconnectLongest)
        var random = SystemRandomNumberGenerator()
        while !Task.isCancelled {
            do {
                try await listen { event in
                    if case .heartbeat = event { backoff.reset() }
                    try await report(event)
                }
            } catch {
                if Task.isCancelled { return }
                let wait = backoff.next(using: &random)
                try? await report(.lost(error, retryIn: wait))
                try? await Task.sleep(for: wait)
            }
        }
    }

    /// One session's life.
    private func listen(_ report: (Event) async throws -> Void) async throws {
        let connection = try await sessions.open(deadline: settings.deadline)
        do {
            try await connection.script(
                "LISTEN \(quoteIdentifier(Wakeup.channel))", name: "LISTEN", deadline: settings.deadline)
            let inbox = Inbox(connection.notifications)
            let isEcho = try await Self.echo(on: connection, inbox, deadline: settings.deadline)
            try await report(.opened(connection, isEcho: isEcho))
            try await report(.listening(isEcho: isEcho, backendPID: await connection.backendPID))
            try await report(.heartbeat)
            try await hear(connection, inbox, report)
        } catch {
            await connection.close()
            throw error
        }
    }

    /// Sends itself a notification and waits for it.
    static func echo(on connection: PostgresConnection, _ inbox: Inbox, deadline: Duration) async throws -> Bool {
        let token = "echo \(UInt64.random(in: .min ... .max))"
        try await connection.execute(
            Statement(
                "notify ourselves", "SELECT pg_catalog.pg_notify($1, $2)", [.text(Wakeup.channel), .text(token)]),
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

    private func hear(_ connection: PostgresConnection, _ inbox: Inbox, _ report: (Event) async throws -> Void)
        async throws
    {
        var nextHeartbeat = ContinuousClock.now + settings.heartbeat
        while true {
            try Task.checkCancellation()
            switch await inbox.next(until: nextHeartbeat) {
            case .notification(let payload):
                if let wakeup = Wakeup(payload: payload) { try await report(.wakeup(wakeup)) }
            case .end: throw await connection.failure ?? ListenerError.channelLost
            case nil:
                try await heartbeat(on: connection, report)
                try await report(.heartbeat)
                nextHeartbeat = .now + settings.heartbeat
            }
        }
    }

    /// Asks the server whether it still lists our channel, and whether any table has a pending row.
    ///
    /// All in one round trip; where that fails, a table at a time, to find out whose probe it is that fails.
    private func heartbeat(on connection: PostgresConnection, _ report: (Event) async throws -> Void) async throws {
        let ask = Statement(
            "heartbeat", "SELECT $1 OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT pg_catalog.pg_listening_channels()))",
            [.text(Wakeup.channel)], prepared: true)
        let tables = tables()
        let probes = tables.map {
            Statement(
                "probe of \($0.displayName)", SQLFile.fill(SQLFile.probePending, $0.fragments), prepared: true)
        }
        do {
            let answers = try await connection.pipeline([ask] + probes, deadline: settings.deadline)
            guard try answers[0][0].decode(0, as: Bool.self) else { throw ListenerError.channelLost }
            for (table, answer) in zip(tables, answers.dropFirst()) where try answer[0].decode(0, as: Bool.self) {
                try await report(.pending(watch: table.watch))
            }
        } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
            guard try await connection.execute(ask, deadline: settings.deadline)[0].decode(0, as: Bool.self) else {
                throw ListenerError.channelLost
            }
            for (table, probe) in zip(tables, probes) {
                do {
                    let answer = try await connection.execute(probe, deadline: settings.deadline)
                    if try answer[0].decode(0, as: Bool.self) { try await report(.pending(watch: table.watch)) }
                } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
                    try await report(.probeFailed(watch: table.watch, error))
                }
            }
        }
    }
}

/// How the listener keeps its session.
public struct ListenerSettings: Sendable, Hashable {
    /// How often the server is asked whether it still lists our channel.
    public var heartbeat = Duration.seconds(10)
    /// How long connecting, and each answer, may take.
    public var deadline = Duration.seconds(10)
    /// The wait before the first new connection.
    public var reconnectFirst = Duration.milliseconds(500)
    /// The longest wait between two.
    public var reconnectLongest = Duration.seconds(30)

    /// The defaults.
    public init() {}
}

/// Why a session that still answers is of no use for listening.
public enum ListenerError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The server no longer lists our channel for this session.
    case channelLost

    /// What is wrong with the session.
    public var description: String { "the server no longer has our LISTEN" }
}
