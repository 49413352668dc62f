import CLibpq
@preconcurrency import Dispatch  // its sources and queues are thread-safe, though not marked so
import Glibc

/// One session with a PostgreSQL server, over libpq.
///
/// Calls of several tasks queue up and run one after another. The socket is always being read, so that notifications
/// arrive and a broken connection is found while nobody asks anything. No thread is blocked while waiting.
package actor PostgresConnection: Gated {
    /// Notifications on the channels that this session LISTENs to; ends when the connection does.
    ///
    /// Keeps the oldest 16,384 that nobody has taken; further ones are dropped.
    package nonisolated let notifications: AsyncStream<PostgresNotification>
    let notified: AsyncStream<PostgresNotification>.Continuation

    nonisolated let executor: QueueExecutor
    /// The connection's own queue.
    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// What each transaction begins with; nil for a session of our own.
    nonisolated let frame: TransactionFrame?
    /// Whether each transaction may run in another server process, with nothing kept from one to the next.
    package nonisolated var isPooled: Bool { frame != nil }

    var link: Link?
    /// Why the session ended; nil while it is there.
    package internal(set) var failure: PostgresError?
    package var gate = Gate<CheckedContinuation<Void, any Error>>(places: 1)
    var operation = Operation()
    let timer: any DispatchSourceTimer

    /// The server's names of prepared statements, by their SQL.
    private var preparedNames: [String: String] = [:]
    private var preparedCount = 0

    /// What sets the session's settings as they must be, after something that may have changed them; empty where nothing has to
    /// be set.
    package private(set) var pins: [Statement] = []

    /// The server's version as `PQserverVersion` has it, 180001 for 18.1.
    package internal(set) var serverVersion: Int = 0
    /// The server process of this session.
    package internal(set) var backendPID: Int32 = 0

    /// How long a cancelled statement may take to answer before the connection is given up.
    static let cancelGrace = Duration.seconds(2)

    /// Connects.
    ///
    /// - Parameters:
    ///   - options: Where and how.
    ///   - deadline: For the whole attempt, over all hosts of a list.
    ///   - frame: What each transaction begins with, where a pooler hands out a server process for one at a time.
    /// - Throws: ``PostgresError`` with code `connectionFailed`, `deadlineExceeded` or `misuse`; `CancellationError`.
    package static func connect(
        _ options: ConnectionOptions, deadline: Duration = .seconds(10), frame: TransactionFrame? = nil
    ) async throws -> PostgresConnection {
        let connection = PostgresConnection(frame: frame)
        try await connection.open(options, deadline: deadline)
        return connection
    }

    init(frame: TransactionFrame? = nil) {
        self.frame = frame
        executor = QueueExecutor(label: "backfilld.postgres")
        (notifications, notified) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(16_384))
        timer = DispatchSource.makeTimerSource(queue: executor.queue)
        timer.schedule(deadline: .distantFuture)
        // One without a handler is complained of in syslog, once a process.
        timer.setEventHandler {}
        timer.resume()
    }

    deinit {
        timer.cancel()
        notified.finish()
    }

    /// Ends the session; calls under way and later ones fail with `connectionLost`.
    package func close() {
        lose(PostgresError(.connectionLost, "the connection was closed"))
    }

    /// The version of libpq that the program runs with, 150018 for 15.18.
    package static var libraryVersion: Int { Int(PQlibVersion()) }

    /// Whether the session is still there, as far as the socket tells.
    package var isOpen: Bool { link != nil }

    // MARK: Statements

    /// Runs one statement.
    ///
    /// - Parameters:
    ///   - statement: The statement and its parameters.
    ///   - deadline: When to ask the server to cancel it; nil for never.
    /// - Throws: ``PostgresError``; `CancellationError` when the task is cancelled, which cancels the statement too.
    @discardableResult
    package func execute(_ statement: Statement, deadline: Duration? = nil) async throws -> Rows {
        try await pipeline([statement], deadline: deadline)[0]
    }

    /// From now on the settings are as they must be after these statements, and those of `TransactionFrame` before them.
    package func keep(pins: [Statement]) { self.pins = pins }

    /// Runs several statements in one round trip, as one transaction: either all of them take effect or none.
    ///
    /// Where a function has deallocated what was prepared, it is prepared anew and all of it tried once more.
    ///
    /// - Parameters:
    ///   - statements: What is run, in order.
    ///   - inBlock: Whether they stand between BEGIN and COMMIT, as statements want that are only meant for transaction blocks.
    ///   - deadline: When to ask the server to cancel them; nil for never.
    /// - Throws: ``PostgresError``; `CancellationError`.
    ///
    /// Source: libpq documentation, "Pipeline Mode".
    @discardableResult
    package func pipeline(
        _ statements: [Statement], inBlock: Bool = false, deadline: Duration? = nil
    ) async throws -> [Rows] {
        try await enter()
        defer { leave() }
        if let frame { return try await run(statements, in: frame, deadline: deadline) }
        let block = inBlock ? TransactionFrame.plain : nil
        do {
            return try await run(statements, in: block, deadline: deadline)
        } catch let error as PostgresError where error.hasState("26000") && !error.isInside {
            return try await run(statements, in: block, deadline: deadline)
        }
    }

    private func run(_ statements: [Statement], in frame: TransactionFrame?, deadline: Duration?) async throws -> [Rows]
    {
        guard let frame, !statements.isEmpty else { return try await run(statements, deadline: deadline) }
        do {
            let rows = try await run(
                frame.opening + statements + [TransactionFrame.commit], name: statements[0].name, deadline: deadline)
            return Array(rows.dropFirst(frame.opening.count).dropLast())
        } catch {
            await rollBack()
            throw error
        }
    }

    /// Runs any number of statements given as one text, without parameters or results.
    package func script(_ sql: String, name: String, deadline: Duration? = nil) async throws {
        if isPooled {
            return try await transaction { try await $0.script(sql, name: name, deadline: deadline) }
        }
        try await enter()
        defer { leave() }
        try await runScript(sql, name: name, deadline: deadline)
    }

    /// Runs `body` between BEGIN and COMMIT; other callers wait outside. ROLLBACK when it throws.
    package func transaction<T: Sendable>(_ body: @Sendable (Transaction) async throws -> T) async throws -> T {
        try await enter()
        defer { leave() }
        do {
            if let frame {
                try await run(frame.opening, deadline: nil)
            } else {
                try await runScript("BEGIN", name: "begin", deadline: nil)
            }
            let value = try await body(Transaction(connection: self))
            // COMMIT of a transaction that an error has ended rolls back, and calls it success.
            if let pg = link?.pg, PQtransactionStatus(pg) == PQTRANS_INERROR {
                throw PostgresError(
                    .server, "an earlier error in the transaction undid all of it", sqlState: "25P02",
                    severity: "ERROR", statement: "commit")
            }
            try await runScript("COMMIT", name: "commit", deadline: nil)
            return value
        } catch {
            await rollBack()
            throw error
        }
    }

    /// Ends the transaction that something failed in, if there is one.
    private func rollBack() async {
        guard let pg = link?.pg, PQtransactionStatus(pg) != PQTRANS_IDLE else { return }
        // In a task of its own: a cancelled task could not roll back.
        await Task { try? await self.runScript("ROLLBACK", name: "rollback", deadline: .seconds(5)) }.value
    }

    /// - Parameter name: What the whole is called in errors; the first statement's name where that says it.
    @discardableResult
    func run(_ statements: [Statement], name: String? = nil, deadline: Duration?) async throws -> [Rows] {
        guard !statements.isEmpty else { return [] }
        for statement in statements where statement.parameters.count > Int(UInt16.max) {
            throw PostgresError(
                .misuse, "\(statement.parameters.count) parameters, and the protocol takes 65,535: pass an array",
                statement: statement.name)
        }
        var messages: [Message] = []
        let name = name ?? statements[0].name
        let results = try await exchange(name, deadline: deadline) { pg in
            // Only what is really sent is prepared then.
            messages = statements.flatMap(self.messages)
            if messages.count > 1, PQenterPipelineMode(pg) == 0 { return false }
            guard messages.allSatisfy({ $0.send(to: pg) }) else { return false }
            return messages.count == 1 || PQpipelineSync(pg) == 1
        } receive: { connection, pg in
            try await connection.collect(messages, from: pg)
        }
        return zip(messages, results).compactMap { $0.isPrepare ? nil : $1 }
    }

    func runScript(_ sql: String, name: String, deadline: Duration?) async throws {
        _ = try await exchange(name, deadline: deadline) { pg in
            PQsendQuery(pg, sql) == 1
        } receive: { connection, pg in
            var failure: PostgresError?
            while let result = try await connection.nextResult(of: pg) {
                defer { PQclear(result) }
                switch PQresultStatus(result) {
                case PGRES_FATAL_ERROR: failure = failure ?? .server(result, statement: name)
                case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH: throw connection.refuseCopy(name)
                default: break
                }
            }
            if let failure { throw failure }
            return 0
        }
    }

    /// What has to be sent for a statement: first its preparation, where this session has not seen it yet.
    private func messages(_ statement: Statement) -> [Message] {
        guard statement.prepared, frame == nil else { return [Message(.query, statement)] }
        if let name = preparedNames[statement.sql] { return [Message(.execute(name), statement)] }
        preparedCount += 1
        let name = "backfilld_\(preparedCount)"
        preparedNames[statement.sql] = name
        return [Message(.prepare(name), statement), Message(.execute(name), statement)]
    }

    /// Takes the answers to messages, up to the end of the pipeline; the first error is thrown after the last answer.
    private func collect(_ messages: [Message], from pg: OpaquePointer) async throws -> [Rows] {
        var rows: [Rows] = []
        var failure: PostgresError?
        for message in messages {
            while let result = try await nextResult(of: pg) {
                switch PQresultStatus(result) {
                case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
                    rows.append(Rows(result: ResultHandle(result, statement: message.statement.name)))
                case PGRES_PIPELINE_ABORTED: PQclear(result)
                case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
                    PQclear(result)
                    throw refuseCopy(message.statement.name)
                default:
                    if failure == nil { failure = .server(result, statement: message.statement.name) }
                    PQclear(result)
                }
                // A lost connection answers nothing more.
                if PQstatus(pg) == CONNECTION_BAD { break }
            }
            if messages.count == 1 || PQstatus(pg) == CONNECTION_BAD { break }
        }
        if messages.count > 1, PQstatus(pg) != CONNECTION_BAD {
            if let sync = try await nextResult(of: pg) { PQclear(sync) }
            PQexitPipelineMode(pg)
        }
        if let failure {
            forget(messages[rows.count...], after: failure)
            throw failure
        }
        guard rows.count == messages.count else { throw lost(pg) }
        return rows
    }

    /// After a change of schema, or behind a pooler, what was prepared is of no use; what this round meant to prepare and
    /// did not come to is not there. What it did prepare stays, whatever became of the rest.
    private func forget(_ undone: ArraySlice<Message>, after failure: PostgresError) {
        if failure.hasState("0A000") || failure.hasState("26000") { preparedNames.removeAll() }
        for message in undone where message.isPrepare { preparedNames[message.statement.sql] = nil }
    }

    /// COPY has a protocol of its own, in which the session would wait for us for ever.
    private func refuseCopy(_ name: String) -> PostgresError {
        let error = PostgresError(.misuse, "COPY can't be used here; the connection is given up", statement: name)
        lose(error)
        return error
    }
}
