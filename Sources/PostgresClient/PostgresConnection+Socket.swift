import CLibpq
@preconcurrency import Dispatch  // its sources and queues are thread-safe, though not marked so
import Glibc

/// The side of the connection that waits: for the socket, for deadlines, for those who give up.
extension PostgresConnection {
    func open(_ options: ConnectionOptions, deadline: Duration) async throws {
        let pairs = try options.keywordsAndValues()
        operation.begin("connect")
        arm(deadline)
        defer {
            disarm()
            operation.end()
        }
        let current = operation.number
        try await withTaskCancellationHandler {
            // Name resolution happens in here and may take as long as the resolver lets it.
            guard let pg = Self.start(pairs) else { throw PostgresError(.connectionFailed, "out of memory") }
            PQsetErrorVerbosity(pg, PQERRORS_VERBOSE)
            let link = Link(pg: pg, queue: executor.queue)
            do {
                try await establish(link)
            } catch {
                link.close()
                throw error
            }
            PQsetErrorVerbosity(pg, PQERRORS_DEFAULT)
            _ = PQsetnonblocking(pg, 1)
            // Notices go nowhere: libpq would print them to standard error.
            PQsetNoticeReceiver(pg, { _, _ in }, nil)
            serverVersion = Int(PQserverVersion(pg))
            backendPID = PQbackendPID(pg)
            self.link = link
            link.watch { [weak self] in self?.assumeIsolated { $0.receive() } }
        } onCancel: {
            interrupt(.cancelled, operation: current)
        }
    }

    static func start(_ pairs: [(String, String)]) -> OpaquePointer? {
        let keywords = pairs.map { strdup($0.0) }
        let values = pairs.map { strdup($0.1) }
        defer { (keywords + values).forEach { free($0) } }
        return PQconnectStartParams(
            keywords.map { UnsafePointer($0) } + [nil], values.map { UnsafePointer($0) } + [nil], 0)
    }

    func establish(_ link: Link) async throws {
        let pg = link.pg
        var wanted: SocketEvents.Interest = .writable
        guard PQstatus(pg) != CONNECTION_BAD else {
            throw PostgresError.connecting(String(cString: PQerrorMessage(pg)))
        }
        while true {
            let seen = operation.wakes
            if operation.interruption == nil {
                link.once(wanted) { [weak self] in self?.assumeIsolated { $0.operation.wake() } }
                await event(since: seen)
            }
            if let interruption = operation.interruption { throw interruption.error(statement: "connect") }
            switch PQconnectPoll(pg) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: wanted = .readable
            case PGRES_POLLING_WRITING: wanted = .writable
            default: throw PostgresError.connecting(String(cString: PQerrorMessage(pg)))
            }
        }
    }

    /// Sends something and takes what comes back, within the deadline.
    func exchange<T>(
        _ name: String, deadline: Duration?, send: (OpaquePointer) -> Bool,
        receive: (isolated PostgresConnection, OpaquePointer) async throws -> T
    ) async throws -> T {
        try Task.checkCancellation()
        guard let link else { throw (failure ?? PostgresError(.connectionLost, "not connected")).named(name) }
        operation.begin(name)
        let current = operation.number
        if let deadline { arm(deadline) }
        guard send(link.pg) else {
            disarm()
            let error = lost(link.pg)
            // A message half sent leaves the session in no known state.
            lose(error)
            throw error
        }
        let outcome: Result<T, any Error>
        do {
            outcome = .success(
                try await withTaskCancellationHandler {
                    try await receive(self, link.pg)
                } onCancel: {
                    interrupt(.cancelled, operation: current)
                })
        } catch {
            outcome = .failure(error)
        }
        disarm()
        if self.link === link { passOnNotifications(link.pg) }
        // A cancel request that arrived late would hit the next statement. A session that is gone has none, and in a
        // silent network the request would not come back for minutes.
        if self.link === link { await operation.cancelRequest?.value }
        let interruption = operation.interruption
        operation.end()
        // libpq notices a dead connection while it reads; nobody else may use it then.
        if self.link === link, PQstatus(link.pg) == CONNECTION_BAD { lose(lost(link.pg)) }
        switch outcome {
        case .success(let value): return value
        case .failure(let error):
            if let interruption { throw interruption.error(statement: name) }
            throw error
        }
    }

    /// The next result of what was sent; nil at its end.
    func nextResult(of pg: OpaquePointer) async throws -> OpaquePointer? {
        while true {
            let seen = operation.wakes
            guard link != nil else { throw (failure ?? PostgresError(.connectionLost, "closed")).named(operation.name) }
            let unsent = PQflush(pg)
            if unsent < 0 { throw lost(pg) }
            if PQisBusy(pg) == 0 { return PQgetResult(pg) }
            // After a failed write libpq stays "busy" whatever was read (fe-exec.c, PQisBusy), and what the server said
            // before it hung up may have been read already, so that the socket has nothing left to wake us with.
            guard PQconsumeInput(pg) == 1 else { throw lost(pg) }
            if PQisBusy(pg) == 0 { return PQgetResult(pg) }
            if unsent > 0 { link?.whenWritable() }
            await event(since: seen)
        }
    }

    /// Waits until something happens on the socket, or returns at once where something has.
    ///
    /// A task that prefers an executor of its own (SE-0417) leaves the actor on its way into the continuation as well, and
    /// what happens meanwhile would be missed for ever.
    private func event(since seen: Int) async {
        await withCheckedContinuation { operation.wait($0, since: seen) }
    }

    /// Bytes wait on the socket.
    func receive() {
        guard let pg = link?.pg else { return }
        guard PQconsumeInput(pg) == 1 else { return lose(lost(pg)) }
        passOnNotifications(pg)
        operation.wake()
    }

    /// Those that libpq has come across so far, between results as well.
    func passOnNotifications(_ pg: OpaquePointer) {
        while let notify = PQnotifies(pg) {
            notified.yield(
                PostgresNotification(
                    channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra)))
            PQfreemem(notify)
        }
    }

    func lost(_ pg: OpaquePointer) -> PostgresError {
        let message = String(cString: PQerrorMessage(pg)).split(separator: "\n").first.map { $0.trimmedLine } ?? ""
        return PostgresError(
            .connectionLost, message.isEmpty ? "the server closed the connection" : message, statement: operation.name)
    }

    func lose(_ error: PostgresError) {
        guard let link else { return }
        failure = error
        self.link = nil
        link.close()
        notified.finish()
        operation.wake()
    }

    // MARK: Deadline and cancellation

    func arm(_ deadline: Duration, _ interruption: Interruption = .deadline) {
        let current = operation.number
        timer.setEventHandler { [weak self] in self?.interrupt(interruption, operation: current) }
        timer.schedule(deadline: .now() + deadline.dispatchInterval)
    }

    func disarm() {
        timer.schedule(deadline: .distantFuture)
    }

    nonisolated func interrupt(_ interruption: Interruption, operation number: Int) {
        executor.queue.async { [weak self] in
            self?.assumeIsolated { $0.interrupted(interruption, operation: number) }
        }
    }

    func interrupted(_ interruption: Interruption, operation number: Int) {
        guard operation.isRunning, operation.number == number else { return }
        if interruption == .grace {
            return lose(PostgresError(.connectionLost, "the server did not answer a cancel request"))
        }
        guard operation.interruption == nil else { return }
        operation.interruption = interruption
        // While connecting nothing has to be cancelled: the attempt is given up.
        guard let pg = link?.pg else { return operation.wake() }
        guard let cancel = PQgetCancel(pg) else { return }
        arm(Self.cancelGrace, .grace)
        nonisolated(unsafe) let request = cancel  // used by this one task only
        operation.cancelRequest = Task.detached {
            await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
                // PQcancel blocks: it makes a connection of its own.
                DispatchQueue.global().async {
                    var message = [CChar](repeating: 0, count: 256)
                    PQcancel(request, &message, 256)
                    PQfreeCancel(request)
                    done.resume()
                }
            }
        }
    }
}
