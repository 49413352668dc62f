import Glibc

/// A request as it came to a server of the lab's.
public struct LabHTTPRequest: Sendable {
    /// `POST`, …
    public var method: String
    /// The path with its query.
    public var path: String
    /// The first line, as it came: method, path, version.
    public var line: String
    /// Fields by name, in lower case; of several of one name the last.
    public var fields: [String: String]
    /// The body.
    public var body: [UInt8]
}

/// What a server of the lab's answers, and how.
public struct LabHTTPReply: Sendable {
    /// How the bytes of an answer arrive.
    public enum Manner: Sendable, Hashable {
        /// As they should, and the connection stays.
        case whole
        /// So many of them, then the connection ends.
        case cut(after: Int)
        /// So many of them, then it is reset.
        case reset(after: Int)
        /// None: the connection ends.
        case drop
    }

    /// The status code.
    public var status: Int
    /// Beside those that say how long the body is.
    public var fields: [(name: String, value: String)]
    /// The body.
    public var body: [UInt8]
    /// How it arrives.
    public var manner = Manner.whole
    private(set) var sent: (@Sendable () -> Void)?

    /// An answer.
    public init(status: Int = 200, fields: [(name: String, value: String)] = [], body: [UInt8]) {
        self.status = status
        self.fields = fields
        self.body = body
    }

    /// An answer of JSON.
    public init(status: Int = 200, json: String) {
        self.init(status: status, fields: [("content-type", "application/json")], body: Array(json.utf8))
    }

    /// Has this done when all of it has gone out. Whether it arrives is another question.
    public mutating func whenSent(_ body: @escaping @Sendable () -> Void) { sent = body }

    /// What goes over the wire.
    var bytes: [UInt8] {
        var head = "HTTP/1.1 \(status) lab\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        return Array("\(head)content-length: \(body.count)\r\n\r\n".utf8) + body
    }
}

/// A connection that speaks HTTP/1.1, as much of it as the lab needs. Its calls block.
public struct LabHTTPWire: Sendable {
    /// The connection ended, said nothing in time, or nothing that can be understood.
    public struct Broken: Error, Sendable, CustomStringConvertible {
        /// What happened.
        public let description: String

        /// Says what happened.
        public init(description: String) { self.description = description }
    }

    /// What comes is no HTTP, such as the begin of TLS.
    struct OtherProtocol: Error {}

    let socket: Int32

    /// Takes a socket over, which blocks from now on, but no call longer than `limit`.
    init(socket: Int32, limit: Duration) {
        self.socket = socket
        _ = fcntl(socket, F_SETFL, 0)
        let (seconds, attoseconds) = limit.components
        var time = timeval(tv_sec: Int(seconds), tv_usec: Int(attoseconds / 1_000_000_000_000))
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    /// Connects to a port of 127.0.0.1.
    public static func connect(to port: Int, limit: Duration) throws -> LabHTTPWire {
        let socket = try TCPPort.connecting(to: port)
        var ready = pollfd(fd: socket, events: Int16(POLLOUT), revents: 0)
        poll(&ready, 1, Int32(limit / .milliseconds(1)))
        return LabHTTPWire(socket: socket, limit: limit)
    }

    /// Ends the connection.
    public func close() { _ = Glibc.close(socket) }

    /// Ends the connection with a reset.
    func reset() {
        var noLinger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &noLinger, socklen_t(MemoryLayout<linger>.size))
        close()
    }

    /// Posts a request and waits for the answer.
    public func post(
        _ path: String, fields: [(name: String, value: String)] = [], body: [UInt8]
    ) throws -> (status: Int, fields: [String: String], body: [UInt8]) {
        var head = "POST \(path) HTTP/1.1\r\nhost: lab\r\n"
        for (name, value) in fields { head += "\(name): \(value)\r\n" }
        try write(Array("\(head)content-length: \(body.count)\r\n\r\n".utf8) + body)
        guard let (line, fields, body) = try receive(),
            let status = line.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
        else { throw Broken(description: "no answer") }
        return (status, fields, body)
    }

    /// Receives a request; nil where the connection was ended before one began.
    func request() throws -> LabHTTPRequest? {
        guard let (line, fields, body) = try receive() else { return nil }
        let words = line.split(separator: " ")
        guard words.count == 3 else { throw Broken(description: "no request line") }
        return LabHTTPRequest(
            method: String(words[0]), path: String(words[1]), line: line, fields: fields, body: body)
    }

    /// Sends an answer.
    ///
    /// - Returns: Whether all of it went, and the connection is of further use.
    func answer(_ reply: LabHTTPReply) -> Bool {
        switch reply.manner {
        case .whole: return (try? write(reply.bytes)) != nil
        case .cut(let count), .reset(let count): try? write(Array(reply.bytes.prefix(count)))
        case .drop: break
        }
        return false
    }

    private func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { throw Broken(description: "send: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// A message: its first line, its fields, its body. What comes behind it must wait for an answer, and so isn't there.
    private func receive() throws -> (line: String, fields: [String: String], body: [UInt8])? {
        var bytes: [UInt8] = []
        var end: Int?
        while end == nil {
            guard bytes.count < 64 << 10 else { throw Broken(description: "no end of the head") }
            let before = max(bytes.count - 3, 0)
            guard let more = try some() else {
                if bytes.isEmpty { return nil }
                throw Broken(description: "cut off")
            }
            bytes += more
            // Who speaks something else may wait for an answer to it.
            guard 0x41...0x5a ~= bytes[0] else { throw OtherProtocol() }
            end = bytes.dropFirst(before).indices.first { bytes[$0...].starts(with: [13, 10, 13, 10]) }
        }
        let lines = String(decoding: bytes[..<end!], as: UTF8.self).split(separator: "\r\n")
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { throw Broken(description: "no field") }
            let value = line[line.index(after: colon)...].drop { $0 == " " }
            fields[line[..<colon].lowercased()] = String(value)
        }
        let length = fields["content-length"].flatMap { Int($0) } ?? 0
        var body = Array(bytes[(end! + 4)...])
        while body.count < length {
            guard let more = try some() else { throw Broken(description: "cut off") }
            body += more
        }
        return (lines.first.map(String.init) ?? "", fields, body)
    }

    /// What has arrived; nil at the end of the connection.
    private func some() throws -> ArraySlice<UInt8>? {
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress, $0.count, 0) }
            if count == 0 { return nil }
            if count > 0 { return bytes[..<count] }
            guard errno == EINTR else { throw Broken(description: "receive: \(String(cString: strerror(errno)))") }
        }
    }
}
