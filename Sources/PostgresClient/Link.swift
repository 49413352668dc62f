import CLibpq
import Dispatch

/// Owns a `PGconn` and the dispatch sources on its socket.
///
/// `@unchecked Sendable`: confined to its queue. Every method runs there, the handlers of its sources do, and `deinit`
/// only hands what is left over to it.
final class Link: @unchecked Sendable {
    let pg: OpaquePointer
    private let queue: DispatchQueue
    private var readable: (any DispatchSourceRead)?
    private var writable: (any DispatchSourceWrite)?
    private var isClosed = false

    init(pg: OpaquePointer, queue: DispatchQueue) {
        self.pg = pg
        self.queue = queue
    }

    deinit {
        if !isClosed { Self.finish(pg, readable, writable, on: queue) }
    }

    /// Calls `handler` whenever bytes wait on the socket, until closed.
    func watch(_ handler: @escaping @Sendable () -> Void) {
        let source = DispatchSource.makeReadSource(fileDescriptor: PQsocket(pg), queue: queue)
        source.setEventHandler(handler: handler)
        source.resume()
        readable = source
    }

    /// Calls `handler` once, when the socket takes bytes again.
    func whenWritable(_ handler: @escaping @Sendable () -> Void) {
        guard writable == nil else { return }
        let source = DispatchSource.makeWriteSource(fileDescriptor: PQsocket(pg), queue: queue)
        source.setEventHandler { [weak self] in
            self?.writable?.cancel()
            self?.writable = nil
            handler()
        }
        writable = source
        source.resume()
    }

    /// Ends the session; safe to call again.
    func close() {
        guard !isClosed else { return }
        isClosed = true
        Self.finish(pg, readable, writable, on: queue)
        readable = nil
        writable = nil
    }

    /// A source must be gone before its file descriptor is closed, or it would watch whoever gets the number next
    /// (dispatch_source_cancel(3)); so `PQfinish`, which closes it, runs after the last cancel handler.
    private static func finish(
        _ pg: OpaquePointer, _ readable: (any DispatchSourceRead)?, _ writable: (any DispatchSourceWrite)?,
        on queue: DispatchQueue
    ) {
        nonisolated(unsafe) let pg = pg  // nobody else has it any more
        let cancelled = DispatchGroup()
        for source in [readable as (any DispatchSourceProtocol)?, writable].compactMap({ $0 }) {
            cancelled.enter()
            source.setCancelHandler { cancelled.leave() }
            source.cancel()
        }
        cancelled.notify(queue: queue) { PQfinish(pg) }
    }
}

/// What a socket is waited for.
enum Readiness { case readable, writable }

/// Calls `handler` once, when the file descriptor is ready and no source watches it any more.
///
/// - Returns: Cancelling it makes the handler run now.
func once(
    _ readiness: Readiness, on descriptor: Int32, queue: DispatchQueue, _ handler: @escaping @Sendable () -> Void
) -> any DispatchSourceProtocol {
    let source: any DispatchSourceProtocol =
        switch readiness {
        case .readable: DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
        case .writable: DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: queue)
        }
    source.setEventHandler { source.cancel() }  // cancelling releases the handlers, and with them this reference
    source.setCancelHandler(handler: handler)
    source.resume()
    return source
}
