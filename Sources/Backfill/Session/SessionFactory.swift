import PostgresClient
import Synchronization

/// Opens sessions the way every statement of this module expects them.
///
/// Behind a pooler in transaction mode there are no sessions: what one transaction sets the next one may not find, and
/// somebody else's may. There each transaction brings the settings with it. Which it is has to be known before the first
/// statement that depends on them. The process number that a connection was told at its start is the server's own only
/// where no pooler is in between; where it is not, a second connection shows what the pooler does (``PoolerMode``).
package final class SessionFactory: Sendable {
    private struct State {
        var options: ConnectionOptions
        /// What was found out of a pooler, or is configured.
        var pooler: PoolerMode
    }

    private let state: Mutex<State>
    private let isFixed: Bool

    /// - Parameters:
    ///   - options: Where to connect.
    ///   - pooler: What is in between; `auto` to find out.
    package init(_ options: ConnectionOptions, pooler: PoolerMode = .auto) {
        state = Mutex(State(options: options, pooler: pooler))
        isFixed = pooler != .auto
    }

    /// Goes on with other options, such as another password: for all who open sessions here, from the next one on.
    package func apply(_ options: ConnectionOptions) {
        state.withLock { $0.options = options }
    }

    /// Whether the connections made here are without a session of their own. Not before one was opened.
    package var isPooled: Bool { state.withLock { $0.pooler == .transaction } }

    /// Notes that a session that was taken for our own turned out not to be.
    ///
    /// - Returns: Whether from now on others are opened: not where the configuration says how it is, nor the second time.
    func distrust() -> Bool {
        state.withLock { state in
            guard !isFixed, state.pooler != .transaction else { return false }
            state.pooler = .transaction
            return true
        }
    }

    /// A new session with its settings pinned, or a connection whose every transaction brings them with it.
    ///
    /// - Parameter deadline: For all of it.
    /// - Throws: `PostgresError`, `CancellationError`.
    package func open(deadline: Duration = .seconds(10)) async throws -> PostgresConnection {
        let (options, pooler) = state.withLock { ($0.options, $0.pooler) }
        let end = ContinuousClock.now + deadline
        if pooler == .transaction { return try await openPooled(options, end) }
        let connection = try await PostgresConnection.connect(options, deadline: deadline)
        do {
            let told = await connection.backendPID
            let backend = try await Self.pin(connection, ownedBackend: told, end)
            await connection.keep(pins: Self.pins(ownedBackend: backend))
            if backend == told { return connection }
            var found = pooler
            if found == .auto {
                found = try await observe(connection, options, end)
                state.withLock { $0.pooler = found }
            }
            if found == .session {
                _ = try await Self.pin(connection, ownedBackend: backend, end)
                return connection  // its pins are of this process already
            }
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
        return try await openPooled(options, end)
    }

    /// A session of our own.
    ///
    /// - Parameters:
    ///   - what: What needs it, for the message.
    ///   - deadline: How long it may take to open.
    /// - Throws: ``SessionNeeded`` where there is none to be had; `PostgresError`; `CancellationError`.
    package func openOwn(for what: String, deadline: Duration = .seconds(10)) async throws -> PostgresConnection {
        let connection = try await open(deadline: deadline)
        guard connection.isPooled else { return connection }
        await connection.close()
        throw SessionNeeded(what: what)
    }

    private typealias Instant = ContinuousClock.Instant

    /// What is left until then: a moment at least, for what is in time but for a hair.
    private static func left(until end: Instant) -> Duration { max(end - .now, .milliseconds(100)) }

    private func openPooled(_ options: ConnectionOptions, _ end: Instant) async throws -> PostgresConnection {
        let connection = try await PostgresConnection.connect(
            options, deadline: Self.left(until: end), frame: TransactionFrame(opening: Self.opening(ownedBackend: nil)))
        await connection.keep(pins: Self.pins(ownedBackend: nil))
        return connection
    }

    /// The beginning of a transaction with everything as it must be.
    ///
    /// A role's or a database's statement_timeout of a few milliseconds must not end what sets it.
    private static func opening(ownedBackend: Int32?) -> [Statement] {
        [
            Statement("begin", "BEGIN ISOLATION LEVEL READ COMMITTED"), patience,
            Statement(
                "pin the session's settings", SQLFile.sessionPins,
                [ownedBackend.map { .int4($0) } ?? .init(type: .int4, bytes: nil)]),
        ]
    }

    private static let patience = Statement("lift the statement timeout", "SET LOCAL statement_timeout = 0")

    /// What makes a session that has run functions of a table's owner what it was: whatever they SET outlives them.
    ///
    /// Behind a pooler the session is not ours to set back, and each transaction brings its settings with it.
    private static func pins(ownedBackend: Int32?) -> [Statement] {
        let pins = Array(opening(ownedBackend: ownedBackend).dropFirst())
        guard ownedBackend != nil else { return pins }
        return [
            patience, Statement("reset the session", "RESET ALL"), Statement("reset the session", "RESET ROLE"),
        ] + pins
    }

    /// Pins the settings for as long as the session lives, if it runs in this server process; answers in which it does.
    private static func pin(
        _ connection: PostgresConnection, ownedBackend: Int32, _ end: Instant
    ) async throws -> Int32 {
        let answers = try await connection.pipeline(
            opening(ownedBackend: ownedBackend) + [Statement("commit", "COMMIT")], deadline: left(until: end))
        return try answers[2][0].decode("backend")
    }

    /// Compares the server processes of transactions on this connection and on another, in turn.
    private func observe(
        _ connection: PostgresConnection, _ options: ConnectionOptions, _ end: Instant
    ) async throws -> PoolerMode {
        let other = try await PostgresConnection.connect(options, deadline: Self.left(until: end))
        do {
            var seen: (first: [Int32], second: [Int32]) = ([], [])
            for _ in 0..<4 {
                seen.first.append(try await Self.backend(of: connection, Self.left(until: end)))
                seen.second.append(try await Self.backend(of: other, Self.left(until: end)))
            }
            await other.close()
            return PoolerMode.observed(seen.first, seen.second)
        } catch {
            await other.close()
            throw error
        }
    }

    /// The server process in which a transaction on this connection runs.
    static func backend(of connection: PostgresConnection, _ deadline: Duration) async throws -> Int32 {
        try await connection.execute(
            Statement("ask for the server process", "SELECT pg_catalog.pg_backend_pid()"), deadline: deadline)[0]
            .decode(0)
    }
}
