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
        do {
            guard let request = try wire.request() else { return nil }
            return ScriptedHTTPServer.Request(
                line: request.line, fields: request.fields, body: request.body, connection: number)
        } catch is LabHTTPWire.OtherProtocol {
            _ = send(HTTPBytes.answer(400, [], "no HTTP"))
            return nil
        } catch {
            return nil
        }
    }
}
