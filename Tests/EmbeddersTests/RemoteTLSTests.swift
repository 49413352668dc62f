import NIOCore
import NIOHTTP1
import NIOHTTP2
import NIOPosix
import NIOSSL
import TestSupport
import Testing

@testable import Embedders

/// A server with TLS on 127.0.0.1 that answers each request with the version of HTTP it came by.
private final class SecureServer: Sendable {
    let port: Int
    private let channel: any Channel
    private let group: MultiThreadedEventLoopGroup

    init(certificate path: String, protocols: [String]) async throws {
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: try NIOSSLCertificate.fromPEMFile(path + ".crt").map { .certificate($0) },
            privateKey: .privateKey(try NIOSSLPrivateKey(file: path + ".key", format: .pem)))
        tls.applicationProtocols = protocols
        let context = try NIOSSLContext(configuration: tls)
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        channel = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
                }.flatMap {
                    channel.configureCommonHTTPServerPipeline { channel in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Answerer())
                        }
                    }
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func stop() async throws {
        try await channel.close()
        try await group.shutdownGracefully()
    }

    private final class Answerer: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart
        private var isHTTP2 = false

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): isHTTP2 = head.headers.contains(name: "x-http2-stream-id") || head.version.major == 2
            case .body: break
            case .end:
                let body = ByteBuffer(string: isHTTP2 ? "2" : "1")
                let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: ["content-length": "1"])
                context.write(wrapOutboundOut(.head(head)), promise: nil)
                context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }
    }
}

@Suite("TLS to a provider") struct RemoteTLSTests {
    private func post(_ host: String, _ port: Int, authorities: String?) async throws -> String {
        let options = HTTPTransportOptions(connectDeadline: .seconds(60), authorities: authorities)
        let answer = try await withTransport(options) { transport in
            try await transport.post(HTTPRequest(url: "https://\(host):\(port)/v1/embeddings", body: [1, 2, 3]))
        }
        return String(decoding: answer.body, as: UTF8.self)
    }

    @Test(
        "HTTP/2 is spoken where it is offered, HTTP/1.1 elsewhere", arguments: [["h2", "http/1.1"], ["http/1.1"], []])
    func versions(protocols: [String]) async throws {
        let authority = try await TestAuthority()
        try await authority.issue(for: "localhost", at: authority.path("server"))
        let server = try await SecureServer(certificate: authority.path("server"), protocols: protocols)
        let version = try await post("localhost", server.port, authorities: authority.certificate)
        #expect(version == (protocols.contains("h2") ? "2" : "1"))
        try await server.stop()
    }

    @Test("A certificate of another authority, or of another host, ends it before anything is sent")
    func strangers() async throws {
        let (ours, other) = (try await TestAuthority(), try await TestAuthority())
        try await ours.issue(for: "other.example", at: ours.path("server"))
        let server = try await SecureServer(certificate: ours.path("server"), protocols: ["http/1.1"])
        for (authorities, part) in [
            (ours.certificate, "of another host"), (other.certificate, "can't be verified with the authorities in"),
            (nil, "can't be verified with the authorities of this system"),
        ] {
            let failure = await serviceFailure {
                _ = try await post("localhost", server.port, authorities: authorities)
            }
            #expect(failure?.kind == "unavailable")
            #expect(failure?.reason.contains(part) == true, "\(String(describing: failure))")
        }
        try await server.stop()
    }

    @Test("https where only http is spoken is told of")
    func plain() async throws {
        let server = try ScriptedHTTPServer { _, _ in [.close] }
        let failure = await serviceFailure { _ = try await post("localhost", server.port, authorities: nil) }
        #expect(failure?.kind == "unavailable")
        #expect(failure?.reason.contains("is it https") == true, "\(String(describing: failure))")
    }

    @Test("A file of authorities that is not there, or has none in it, is told of before anything is sent")
    func files() async throws {
        let folder = try temporaryFolder()
        for path in ["/no/such/file", folder, "/etc/hostname"] {
            let error = #expect(throws: RemoteSettingError.self, "\(path)") {
                try HTTPClientTransport(HTTPTransportOptions(authorities: path))
            }
            #expect(error?.setting == "remote.ca" && error?.problem.contains(path) == true)
        }
    }
}
