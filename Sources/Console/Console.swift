import HummingbirdCore
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// The HTTP listener: health, metrics, vectors and search for applications, and the page for people.
///
/// It has a thread of its own for its sockets and for all that it parses and renders, so that nothing that is asked of it
/// takes a thread from the daemon's work; and limits for whatever callers can send or keep.
package final class Console: Sendable {
    private enum Child: Sendable {
        case accepted(HTTP1Channel.Value)
        case turnedAway
    }

    private struct State {
        var isStopping = false
        var servers: [any Channel] = []
        var connections: ConnectionRoster<any Channel>
    }

    private let settings: ConsoleSettings
    private let sockets: ListeningSockets
    private let tls: NIOSSLContext?
    private let group: MultiThreadedEventLoopGroup
    private let executor: LoopExecutor
    private let responder: Responder
    private let tally: Tally
    private let logger: Logger
    private let state: Mutex<State>

    /// - Parameters:
    ///   - settings: How it listens and whom it answers.
    ///   - sockets: Those that are open already.
    ///   - services: What it asks the daemon for.
    ///   - logger: Where it tells what a developer looks for; the daemon's log has nothing of its requests.
    /// - Throws: ``ConsoleError`` where certificate or key are of no use.
    package init(
        _ settings: ConsoleSettings, sockets: ListeningSockets, services: ConsoleServices, logger: Logger
    ) throws(ConsoleError) {
        self.settings = settings
        self.sockets = sockets
        self.logger = logger
        state = Mutex(State(connections: ConnectionRoster(room: settings.limits.connections)))
        tally = services.tally
        do {
            tls = try settings.tls.map { try Self.context($0) }
        } catch {
            let files = settings.tls.map { "\($0.certificate), \($0.key)" } ?? ""
            throw .misconfigured("certificate or key can't be used (\(files)): \(error)")
        }
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        executor = LoopExecutor(group.next())
        responder = Responder(settings, services, page: Page(), executor: executor, logger: logger)
    }

    private static func context(_ files: TLSFiles) throws -> NIOSSLContext {
        let chain = try NIOSSLCertificate.fromPEMFile(files.certificate).map { NIOSSLCertificateSource.certificate($0) }
        let key = try NIOSSLPrivateKey(file: files.key, format: .pem)
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain, privateKey: .privateKey(key))
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        return try NIOSSLContext(configuration: configuration)
    }

    /// Answers, until ``stop()`` and the end of what was under way then; a cancelled task ends that too.
    ///
    /// - Throws: An error of the operating system that keeps it from accepting connections.
    package func run() async throws {
        do {
            try await withTaskCancellationHandler {
                try await withTaskExecutorPreference(executor) {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for socket in sockets.take() {
                            group.addTask { try await self.serve(socket) }
                        }
                        try await group.waitForAll()
                    }
                }
            } onCancel: {
                end()
            }
        } catch {
            end()
            await close()
            throw error
        }
        await close()
    }

    /// Ends its thread, when what that was given is done.
    private func close() async {
        await executor.leave()
        try? await group.shutdownGracefully()
    }

    /// Accepts no more connections, ends those that rest, and gives the others a moment to finish. ``run()`` returns then.
    package func stop() {
        stop { [self] servers, connections in
            for server in servers { server.close(promise: nil) }
            for connection in connections {
                connection.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
            }
            group.next().scheduleTask(in: TimeAmount(settings.limits.grace)) { self.end() }
        }
    }

    /// Calls `done` on the console's thread, as soon as that comes to it; never once it is to stop.
    package func ping(_ done: @escaping @Sendable () -> Void) {
        state.withLock { state in
            if !state.isStopping { group.next().execute(done) }
        }
    }

    /// Goes on with another token and other origins; everything else wants a restart.
    package func apply(_ settings: ConsoleSettings) { responder.apply(settings) }

    /// Ends everything at once.
    private func end() {
        stop { servers, connections in
            for channel in servers + connections { channel.close(promise: nil) }
        }
    }

    /// Takes nothing more, and does something with what is open, on the console's thread: if that is there no more, neither is
    /// anything open.
    private func stop(_ work: @escaping @Sendable (_ servers: [any Channel], _ connections: [any Channel]) -> Void) {
        responder.stop()
        let (servers, connections) = state.withLock { state in
            state.isStopping = true
            return (state.servers, state.connections.all)
        }
        executor.execute { work(servers, connections) }
    }

    private func serve(_ socket: ListeningSockets.Open) async throws {
        defer { if let path = socket.path { socket.remove(path) } }
        let http = HTTP1Channel(
            responder: { [responder] request, writer, _ in try await responder.respond(request, writer) },
            configuration: .init(
                additionalChannelHandlers: [self.guardian()],
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: settings.limits.headerBytes, maxHeaderListSize: settings.limits.headerBytes,
                    maxHeaderFieldCount: 100)))
        let server = try await ServerBootstrap(group: group)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .bind(socket.socket) { [self] channel in
                guard admit(channel) else {
                    channel.close(promise: nil)
                    return channel.eventLoop.makeSucceededFuture(Child.turnedAway)
                }
                return channel.eventLoop.makeCompletedFuture {
                    if let tls { try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: tls)) }
                }.flatMap { http.setup(channel: channel, logger: self.logger) }.flatMapThrowing { value in
                    let decoder = try channel.pipeline.syncOperations.handler(
                        type: ByteToMessageHandler<HTTPRequestDecoder>.self)
                    try channel.pipeline.syncOperations.addHandler(HeadRules(), position: .after(decoder))
                    return Child.accepted(value)
                }
            }
        let isStopping = state.withLock { state in
            state.servers.append(server.channel)
            return state.isStopping
        }
        if isStopping { server.channel.close(promise: nil) }
        try await withThrowingDiscardingTaskGroup { connections in
            try await server.executeThenClose { inbound in
                for try await child in inbound {
                    guard case .accepted(let value) = child else { continue }
                    connections.addTask { await self.handle(value, http) }
                }
            }
        }
    }

    /// Answers a connection's requests. With the connection ends what is done for it: nobody waits for that any more.
    private func handle(_ value: HTTP1Channel.Value, _ http: HTTP1Channel) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await http.handle(value: value, logger: self.logger) }
            try? await value.channel.closeFuture.get()
            group.cancelAll()
        }
    }

    private func guardian() -> ConnectionGuard {
        ConnectionGuard(settings.limits) { [weak self] channel, since in
            self?.state.withLock { $0.connections.rests(ObjectIdentifier(channel), since: since) }
        } refused: { [tally] refusal in
            tally.refused("\(refusal)")
        }
    }

    /// Whether there is room for a connection, or is made.
    private func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let admission = state.withLock { state -> ConnectionRoster<any Channel>.Admission in
            state.isStopping ? .full : state.connections.enter(id, channel, at: .now())
        }
        switch admission {
        case .admitted: break
        case .instead(let other):
            tally.refused("connections")
            other.close(promise: nil)
        case .full:
            tally.refused("connections")
            return false
        }
        tally.connected(1)
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { state in state.connections.leave(id) }
            tally.connected(-1)
        }
        return true
    }
}
