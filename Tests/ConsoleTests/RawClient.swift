import Glibc
import Synchronization
import TestSupport

/// A client that sends whatever bytes a test wants, on a socket of its own; its calls block, and are for ``offPool(_:)``.
final class RawClient: @unchecked Sendable {
    /// What came back.
    struct Answer: Sendable {
        var status: Int
        var fields: [String: String]
        var body: String
    }

    struct Failure: Error, CustomStringConvertible { var description: String }

    private let socket: Int32
    private var unread: [UInt8] = []

    /// - Parameter name: As the console names its address: `127.0.0.1:1234`, `unix:/path`.
    init(_ name: String, receiveBuffer: Int32? = nil) throws {
        if name.hasPrefix("unix:") {
            socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name.dropFirst(5).utf8) }
            let status = withUnsafeBytes(of: &address) {
                connect(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
            guard status == 0 else { throw Failure(description: "can't connect to \(name): \(errno)") }
        } else {
            socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            if var size = receiveBuffer {
                setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
            }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = (UInt16(name.split(separator: ":").last ?? "") ?? 0).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            let status = withUnsafeBytes(of: &address) {
                connect(socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
            }
            guard status == 0 else { throw Failure(description: "can't connect to \(name): \(errno)") }
        }
        var limit = timeval(tv_sec: 120, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit { Glibc.close(socket) }

    /// Sends; false where the other side takes no more.
    @discardableResult func send(_ bytes: some Sequence<UInt8>) -> Bool {
        var rest = Array(bytes)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult func send(_ text: String) -> Bool { send(text.utf8) }

    /// Says that nothing more is sent.
    func endSending() { _ = shutdown(socket, Int32(SHUT_WR)) }

    /// More bytes; false at the end of the stream.
    private func fill() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &buffer, buffer.count, 0)
        if count > 0 {
            unread += buffer[..<count]
            return true
        }
        if count < 0, errno == EAGAIN { throw Failure(description: "nothing came within two minutes") }
        return false
    }

    /// Whether the other side ends the connection, whatever it sends before.
    func isEnded() throws -> Bool {
        while try fill() { unread = [] }
        return true
    }

    /// A line without its end; nil at the end of the stream.
    func line() throws -> String? {
        while true {
            if let end = unread.firstIndex(of: 0x0a) {
                let line = unread[..<end]
                unread.removeFirst(end + 1)
                return String(decoding: line.last == 0x0d ? line.dropLast() : line, as: UTF8.self)
            }
            guard try fill() else { return nil }
        }
    }

    private func bytes(_ count: Int) throws -> [UInt8] {
        while unread.count < count {
            guard try fill() else { throw Failure(description: "the connection ended within an answer") }
        }
        defer { unread.removeFirst(count) }
        return Array(unread[..<count])
    }

    /// The head of the next answer; nil where the connection ended instead.
    func head() throws -> Answer? {
        guard let first = try line() else { return nil }
        let parts = first.split(separator: " ")
        guard parts.count >= 2, parts[0] == "HTTP/1.1", let status = Int(parts[1]) else {
            throw Failure(description: "no status line: \(first)")
        }
        var fields: [String: String] = [:]
        while let line = try line(), !line.isEmpty {
            let sides = line.split(separator: ":", maxSplits: 1)
            fields[sides[0].lowercased()] = String(sides.count == 2 ? sides[1].drop { $0 == " " } : "")
        }
        if status == 100 { return try head() }
        return Answer(status: status, fields: fields, body: "")
    }

    /// The next answer; nil where the connection ended instead.
    func answer(hasBody: Bool = true) throws -> Answer? {
        guard var answer = try head() else { return nil }
        guard hasBody, answer.status != 204 else { return answer }
        if let length = answer.fields["content-length"].flatMap({ Int($0) }) {
            answer.body = String(decoding: try bytes(length), as: UTF8.self)
        } else if answer.fields["transfer-encoding"] == "chunked" {
            var body: [UInt8] = []
            while let size = try line().flatMap({ Int($0, radix: 16) }), size > 0 {
                body += try bytes(size)
                _ = try line()
            }
            _ = try line()
            answer.body = String(decoding: body, as: UTF8.self)
        }
        return answer
    }
}

/// Runs what blocks on a thread that is nobody else's.
func offPool<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        DispatchThread.run { continuation.resume(with: Swift.Result { try body() }) }
    }
}

/// One thread for each call.
private enum DispatchThread {
    private final class Box {
        let body: @Sendable () -> Void
        init(_ body: @escaping @Sendable () -> Void) { self.body = body }
    }

    static func run(_ body: @escaping @Sendable () -> Void) {
        var thread = pthread_t()
        let status = pthread_create(
            &thread, nil,
            { context in
                Unmanaged<Box>.fromOpaque(context!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(Box(body)).toOpaque())
        precondition(status == 0)
        pthread_detach(thread)
    }
}
