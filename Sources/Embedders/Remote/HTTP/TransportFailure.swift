import AsyncHTTPClient
import Glibc
import NIOCore
import NIOHTTPCompression
import NIOPosix
import NIOSSL

/// Says why there is no whole answer, without anything of the request: an error of the client may quote a field, and with
/// it a key.
struct TransportFailure {
    private let place: String
    private let options: HTTPTransportOptions
    private let answerLimit: Int

    init(url: String, options: HTTPTransportOptions, answerLimit: Int) {
        place = (try? WebAddress(url))?.place ?? "the provider"
        self.options = options
        self.answerLimit = answerLimit
    }

    /// The transport was closed.
    var closed: ServiceFailure { .unavailable("nothing is sent to \(place) any more: the connections are closed") }

    private var proxied: String { options.proxy.map { " through the proxy \($0)" } ?? "" }

    private var late: ServiceFailure {
        .unavailable(
            "no connection to \(place)\(proxied) within \(options.connectDeadline) (remote.connectDeadline)")
    }

    func reason(of error: any Error) -> ServiceFailure {
        switch error {
        case let failure as ServiceFailure: failure
        case let error as HTTPClientError: reason(error)
        case is ResponseAccumulator.ResponseTooBigError, NIOHTTPDecompression.DecompressionError.limit:
            .tooMany("the answer of \(place) is larger than the \(answerLimit) bytes that it may have")
        case is NIOHTTPDecompression.DecompressionError, is NIOHTTPDecompression.ExtraDecompressionError:
            .unavailable("the answer of \(place) is damaged: it is not compressed as it says")
        case let error as NIOConnectionError: reason(error)
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            .unavailable("the certificate of \(place) is of another host")
        case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: encryption("\(error)")
        case ChannelError.connectTimeout: late
        case let error as IOError: .unavailable("the connection to \(place)\(proxied) failed: \(Self.text(error))")
        default: .unavailable("what \(place) answers is not HTTP as it should be (\(type(of: error)))")
        }
    }

    private func reason(_ error: HTTPClientError) -> ServiceFailure {
        switch error {
        case .deadlineExceeded, .readTimeout, .writeTimeout:
            .unavailable("no whole answer of \(place) within \(options.deadline) (remote.deadline)")
        case .connectTimeout, .getConnectionFromPoolTimeout, .tlsHandshakeTimeout, .httpProxyHandshakeTimeout,
            .socksHandshakeTimeout:
            late
        case .remoteConnectionClosed:
            .unavailable("\(place) ended the connection before its answer was whole")
        case .proxyAuthenticationRequired:
            .denied("\(proxied.dropFirst()): it wants a user and a password (407); set remote.proxy")
        case .invalidProxyResponse:
            .unavailable(
                "\(proxied.dropFirst()): it makes no tunnel to \(place) (CONNECT); many do so to port 443 alone: use https, "
                    + "set another remote.proxy, or remote.proxy = \"\" for none")
        case .alreadyShutdown, .cancelled: closed
        // Its own short description: the long one quotes fields.
        default: .unavailable("the request to \(place) failed: \(error.shortDescription)")
        }
    }

    private func reason(_ error: NIOConnectionError) -> ServiceFailure {
        let inner = error.connectionErrors.map(\.error)
        if inner.contains(where: { if case ChannelError.connectTimeout = $0 { true } else { false } }) { return late }
        if let error = inner.lazy.compactMap({ $0 as? IOError }).first {
            return .unavailable("no connection to \(place)\(proxied): \(Self.text(error))")
        }
        let isName = error.dnsAError != nil || error.dnsAAAAError != nil
        let target = options.proxy.map { "\($0)" } ?? place
        return .unavailable(isName ? "the name \(target) is not known" : "no connection to \(place)\(proxied)")
    }

    private func encryption(_ description: String) -> ServiceFailure {
        guard description.contains("CERTIFICATE_VERIFY_FAILED") else {
            return .unavailable("no encrypted connection to \(place): is it https that is spoken there?")
        }
        let trusted =
            options.authorities.map { "the authorities in \($0)" }
            ?? "the authorities of this system (or set remote.ca)"
        return .unavailable("the certificate of \(place) can't be verified with \(trusted)")
    }

    private static func text(_ error: IOError) -> String {
        String(cString: strerror(error.errnoCode))
    }
}
