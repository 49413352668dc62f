import Glibc

/// One connection of a ``ScriptedHTTPServer``. Its calls block, but not for ever.
final class ScriptedConnection: Sendable {
    private let wire: LabHTTPWire

    init(socket: Int32) { wire = LabHTTPWire(socket: socket, limit: .seconds(120)) }

    func close() { wire.close() }
    func reset() { wire.reset() }

    /// Sends bytes; false where the client has gone.
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(wire.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// Waits, and tells whether the client has gone meanwhile.
    func isGone(after pause: Duration) -> Bool {
        var end = pollfd(fd: wire.socket, events: Int16(POLLIN), revents: 0)
        guard poll(&end, 1, Int32(pause / .milliseconds(1))) > 0 else { return false }
        var byte: UInt8 = 0
        return recv(wire.socket, &byte, 1, Int32(MSG_PEEK)) <= 0
    }

    /// The next request; nil where none comes, or no whole one.
    func request(_ number: Int) -> ScriptedHTTPServer.Request? {
        var bytes: [UInt8] = []
        let end = Array("\r\n\r\n".utf8)
        while !bytes.suffix(4).elementsEqual(end) {
            guard bytes.count < 1 << 16, let byte = receive(1) else { return nil }
            bytes += byte
            // What is no HTTP, such as the begin of TLS, is told so at once.
            guard 0x41...0x5a ~= bytes[0] else {
                _ = send(HTTPBytes.answer(400, [], "no HTTP"))
                return nil
            }
        }
        let lines = String(decoding: bytes.dropLast(4), as: UTF8.self).split(separator: "\r\n").map(String.init)
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { return nil }
            fields[parts[0].lowercased()] = parts[1].drop { $0 == " " }.description
        }
        guard let length = Int(fields["content-length"] ?? "0"), let body = receive(length) else { return nil }
        return ScriptedHTTPServer.Request(line: lines.first ?? "", fields: fields, body: body, connection: number)
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes { recv(wire.socket, $0.baseAddress! + filled, count - filled, 0) }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { return nil }
            filled += got
        }
        return bytes
    }
}
