import Glibc

/// A port of 127.0.0.1 that connections are accepted on until this goes, each on a thread of its own.
final class LoopbackListener: Sendable {
    /// The port.
    let port: Int
    private let wake: Int32

    /// Listens.
    ///
    /// - Parameter serve: Is given the socket of each connection, and closes it.
    init(_ serve: @escaping @Sendable (Int32) -> Void) throws {
        let woken: Int32
        (wake, woken) = try makeSocketPair()
        let listener: Int32
        do {
            (listener, port) = try TCPPort.listening()
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
                while let client = acceptClient(of: listener) { startThread { serve(client) } }
            }
            close(listener)
            close(woken)
        }
    }

    deinit { close(wake) }
}
