import CLibpq
import Dispatch

/// Owns a `PGconn` and waits on its socket.
///
/// `@unchecked Sendable`: confined to its connection's queue. Every method runs there, what it hands to
/// ``SocketEvents`` comes back there, and `deinit` runs when nobody else has it any more.
final class Link: @unchecked Sendable {
    let pg: OpaquePointer
    private let queue: DispatchQueue
    private var isClosed = false
    /// What to do when something happens on the socket.
    private var handler: (@Sendable () -> Void)?

    init(pg: OpaquePointer, queue: DispatchQueue) {
        self.pg = pg
        self.queue = queue
    }

    deinit { close() }

    /// Calls `handler` whenever bytes wait on the socket, until closed.
    func watch(_ handler: @escaping @Sendable () -> Void) {
        self.handler = handler
        arm([.readable])
    }

    /// Has the handler called when the socket takes bytes again, too.
    func whenWritable() {
        arm([.readable, .writable])
    }

    /// Calls `ready` once, when the socket is ready for a step of the connection's start.
    ///
    /// Nothing is watched afterwards: the step may close the socket and open another.
    func once(_ interest: SocketEvents.Interest, _ ready: @escaping @Sendable () -> Void) {
        let descriptor = PQsocket(pg)
        SocketEvents.shared.once(interest, on: descriptor) { [queue] in
            SocketEvents.shared.drop(descriptor)
            queue.async(execute: ready)
        }
    }

    /// Ends the session; safe to call again.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        handler = nil
        SocketEvents.shared.drop(PQsocket(pg))
        PQfinish(pg)
    }

    private func arm(_ interest: SocketEvents.Interest) {
        let happened: @Sendable () -> Void = { [weak self] in self?.happened() }
        SocketEvents.shared.once(interest, on: PQsocket(pg)) { [queue] in queue.async(execute: happened) }
    }

    private func happened() {
        guard !isClosed else { return }
        handler?()
        if !isClosed { arm([.readable]) }
    }
}
