import Foundation
import Glibc

/// What a daemon of the lab asks its provider.
public struct ProviderRequest: Codable, Sendable {
    /// Which daemon asks, a name of this one process.
    public var client: String
    /// What is to be embedded.
    public var texts: [String]

    /// A request.
    public init(client: String, texts: [String]) {
        self.client = client
        self.texts = texts
    }
}

/// What the provider answers.
public enum ProviderAnswer: Codable, Sendable {
    /// One vector of an answer.
    public struct Item: Codable, Sendable {
        /// The place of its text in the request.
        public var index: Int
        /// Its components.
        public var vector: [Float]
    }

    /// The vectors, in any order.
    case vectors([Item])
    /// One of the texts is not taken.
    case refused(String)
    /// The provider is broken for the moment.
    case unavailable(String)
    /// Too many requests.
    case limited(milliseconds: Int?)
}

/// A connection on which whole messages go, each after its length in four bytes. Its calls block.
public struct ProviderWire: Sendable {
    /// The connection ended, or said nothing in time, before a message was complete.
    public struct Broken: Error, Sendable, CustomStringConvertible {
        /// What happened.
        public let description: String

        /// Says what happened.
        public init(description: String) { self.description = description }
    }

    let socket: Int32

    /// Connects to a port of 127.0.0.1. Every wait ends after `limit`.
    public static func connect(to port: Int, limit: Duration) throws -> ProviderWire {
        let socket = try TCPPort.connecting(to: port)
        var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, Int32(limit / .milliseconds(1)))
        return ProviderWire(socket: socket, limit: limit)
    }

    /// Takes a socket over, which blocks from now on, but not longer than `limit`.
    init(socket: Int32, limit: Duration) {
        self.socket = socket
        _ = fcntl(socket, F_SETFL, 0)
        let (seconds, attoseconds) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Ends the connection.
    public func close() { _ = Glibc.close(socket) }

    /// Ends the connection with a reset.
    func reset() {
        var noLinger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &noLinger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Sends a message, or only its first `most` bytes.
    public func send<Message: Encodable>(_ message: Message, most: Int? = nil) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        let body = [UInt8](try encoder.encode(message))
        let bytes = withUnsafeBytes(of: UInt32(body.count).bigEndian) { Array($0) } + body
        try write(bytes.prefix(most ?? bytes.count))
    }

    /// Receives a message; nil where the connection was ended before one began.
    public func receive<Message: Decodable>(_ type: Message.Type) throws -> Message? {
        guard let head = try receive(4, mayEnd: true) else { return nil }
        let length = head.reduce(0) { $0 << 8 | Int($1) }
        guard length < 64 << 20, let body = try receive(length) else { throw Broken(description: "no such length") }
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: Data(body))
    }

    /// Says that the answer has arrived.
    public func acknowledge() throws { try write([6]) }

    /// Whether the answer was acknowledged.
    func isAcknowledged() -> Bool { (try? receive(1, mayEnd: true)) == [6] }

    private func write(_ bytes: ArraySlice<UInt8>) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Broken(description: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    private func receive(_ count: Int, mayEnd: Bool = false) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + filled, count - filled, 0) }
            if got > 0 {
                filled += got
            } else if got == 0, mayEnd, filled == 0 {
                return nil
            } else if got == 0 || errno != EINTR {
                throw Broken(description: got == 0 ? "cut off" : "receive: \(String(cString: strerror(errno)))")
            }
        }
        return bytes
    }
}
