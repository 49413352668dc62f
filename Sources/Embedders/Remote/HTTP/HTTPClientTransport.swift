import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOPosix
import NIOSSL
import Synchronization

/// Requests over HTTP/1.1, with connections kept alive, or over HTTP/2 where the server offers it.
///
/// It has one thread of its own, from the first request on: the other cores belong to whoever does the work.
package final class HTTPClientTransport: HTTPTransport {
    private enum Life {
        case asleep
        case awake(HTTPClient, MultiThreadedEventLoopGroup)
        case closed
    }

    private let options: HTTPTransportOptions
    private let authorities: [NIOSSLCertificate]?
    private let life = Mutex(Life.asleep)

    /// Opens nothing yet, but looks at the file of authorities.
    package init(_ options: HTTPTransportOptions = HTTPTransportOptions()) throws(RemoteSettingError) {
        self.options = options
        guard let path = options.authorities else {
            authorities = nil
            return
        }
        do {
            let found = try NIOSSLCertificate.fromPEMFile(path)
            guard !found.isEmpty else { throw RemoteSettingError("remote.ca", "\(path) has no certificate in it") }
            authorities = found
        } catch let error as RemoteSettingError {
            throw error
        } catch {
            throw RemoteSettingError("remote.ca", "\(path) \(Self.problem(with: path))")
        }
    }

    /// Why no certificates could be read from a file.
    private static func problem(with path: String) -> String {
        access(path, R_OK) == 0
            ? "can't be read as a file of certificates (PEM)" : "can't be read: \(String(cString: strerror(errno)))"
    }

    deinit {
        // The client insists on being closed, and must not be waited for here.
        if case .awake(let client, let group) = life.withLock({ $0 }) { Task { await Self.close(client, group) } }
    }

    /// Whether it has had a request to send, and with it a thread.
    var isAwake: Bool { life.withLock { if case .awake = $0 { true } else { false } } }

    /// Ends what is in flight, closes all connections and ends the thread. Nothing can be sent any more.
    func shutdown() async {
        let last = life.withLock { life in
            defer { life = .closed }
            return life
        }
        if case .awake(let client, let group) = last { await Self.close(client, group) }
    }

    private static func close(_ client: HTTPClient, _ group: MultiThreadedEventLoopGroup) async {
        // Both say only that they were closed before.
        try? await client.shutdown()
        try? await group.shutdownGracefully()
    }

    private func client() -> HTTPClient? {
        life.withLock { life in
            switch life {
            case .closed: return nil
            case .awake(let client, _): return client
            case .asleep:
                let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
                let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
                life = .awake(client, group)
                return client
            }
        }
    }

    private var configuration: HTTPClient.Configuration {
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorities { tls.trustRoots = .certificates(authorities) }
        var pool = HTTPClient.Configuration.ConnectionPool(
            // Shorter than the balancers of the large providers wait, so that none ends one that is about to be used.
            idleTimeout: .seconds(30), concurrentHTTP1ConnectionsPerHostSoftLimit: max(1, options.connections))
        // Whoever asks knows when to ask again, and is to hear why it failed.
        pool.retryConnectionEstablishment = false
        return HTTPClient.Configuration(
            tlsConfiguration: tls,
            redirectConfiguration: .disallow,
            timeout: .init(connect: TimeAmount(options.connectDeadline)),
            connectionPool: pool,
            proxy: options.proxy.map(HTTPClient.Configuration.Proxy.init),
            // Compressed answers are not asked for (RequestFields.always), but a server may send one all the same. Each
            // request's own limit is counted behind this.
            decompression: .enabled(limit: .size(1 << 30)))
    }

    package func post(_ request: HTTPRequest) async throws -> HTTPResponse {
        try Task.checkCancellation()
        let failure = TransportFailure(url: request.url, options: options, answerLimit: limit(of: request))
        guard let client = client() else { throw failure.closed }
        do {
            // An answer that came all the same has been paid for.
            return try await send(request, by: client)
        } catch {
            // A cancelled request fails of that and of nothing else.
            try Task.checkCancellation()
            throw failure.reason(of: error)
        }
    }

    private func limit(of request: HTTPRequest) -> Int {
        // Beyond that no buffer can hold it.
        min(max(0, request.answerLimit ?? options.answerLimit), 1 << 30)
    }

    private func send(_ request: HTTPRequest, by client: HTTPClient) async throws -> HTTPResponse {
        let fields = HTTPHeaders(request.fields.map { ($0.name, $0.value) })
        let asked = try HTTPClient.Request(
            url: request.url, method: .POST, headers: fields, body: .byteBuffer(ByteBuffer(bytes: request.body)))
        let task = client.execute(
            request: asked,
            // An answer that says that it is longer, or gets longer, ends the request.
            delegate: ResponseAccumulator(request: asked, maxBodySize: limit(of: request)),
            // The whole of the request, however slowly its answer drips.
            deadline: .now() + TimeAmount(options.deadline))
        let response = try await withTaskCancellationHandler {
            try await task.get()
        } onCancel: {
            task.cancel()
        }
        return HTTPResponse(response)
    }
}

extension HTTPResponse {
    fileprivate init(_ response: HTTPClient.Response) {
        var fields: [String: String] = [:]
        for field in response.headers { fields[field.name.lowercased()] = field.value }
        self.init(
            status: Int(response.status.code), fields: fields,
            body: response.body.map { Array($0.readableBytesView) } ?? [])
    }
}

extension HTTPClient.Configuration.Proxy {
    fileprivate init(_ proxy: HTTPProxy) {
        guard !proxy.isSOCKS else {
            self = .socksServer(host: proxy.host, port: proxy.port)
            return
        }
        let account = proxy.user.map { HTTPClient.Authorization.basic(username: $0, password: proxy.password ?? "") }
        self = .server(host: proxy.host, port: proxy.port, authorization: account)
    }
}
