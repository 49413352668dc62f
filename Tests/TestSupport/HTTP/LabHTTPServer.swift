/// An HTTP server on a port of 127.0.0.1 that answers as a test says: a thread for each connection, which it keeps.
///
/// It answers in HTTP, if broken off; a ``ScriptedHTTPServer`` sends bytes of any kind, in any pace.
public final class LabHTTPServer: Sendable {
    /// Makes an answer. It may block: nobody waits for it but the one who asked.
    public typealias Handler = @Sendable (LabHTTPRequest) -> LabHTTPReply

    /// Where it listens, on 127.0.0.1.
    public var port: Int { listener.port }
    private let listener: LoopbackListener

    /// Listens on a port of its own until it goes.
    ///
    /// - Parameter handle: Makes the answers.
    public init(_ handle: @escaping Handler) throws {
        listener = try LoopbackListener { Self.serve(LabHTTPWire(socket: $0, limit: .seconds(60)), handle) }
    }

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
