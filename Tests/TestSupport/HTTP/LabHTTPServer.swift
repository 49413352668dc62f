import Glibc
import Synchronization

/// An HTTP server on a port of 127.0.0.1 that answers as a test says: a thread for each connection, which it keeps.
public final class LabHTTPServer: Sendable {
    /// Makes an answer. It may block: nobody waits for it but the one who asked.
    public typealias Handler = @Sendable (LabHTTPRequest) -> LabHTTPReply

    /// Where it listens, on 127.0.0.1.
    public let port: Int
    private let wake: Int32

    /// Listens on a port of its own until it goes.
    ///
    /// - Parameter handle: Makes the answers.
    public init(_ handle: @escaping Handler) throws {
        let woken: Int32
        (wake, woken) = try makeSocketPair()
        let listener: Int32
        do {
            (listener, port) = try TCPPort.listening(on: 0)
        } catch {
            close(wake)
            close(woken)
            throw error
        }
        startThread {
            var descriptors = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: woken, events: Int16(POLLIN), revents: 0),
            ]
            while descriptors[1].revents == 0 {
                poll(&descriptors, 2, -1)
                while let client = acceptClient(of: listener) {
                    startThread { Self.serve(LabHTTPWire(socket: client, limit: .seconds(60)), handle) }
                }
            }
            close(listener)
            close(woken)
        }
    }

    deinit { close(wake) }

    private static func serve(_ wire: LabHTTPWire, _ handle: Handler) {
        while let request = try? wire.request() {
            let reply = handle(request)
            if wire.answer(reply) {
                reply.sent?()
                continue
            }
            if case .reset = reply.manner { return wire.reset() }
            break
        }
        wire.close()
    }
}
