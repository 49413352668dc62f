import NIOCore
import NIOHTTP1

/// Holds a request's head to what HTTP asks and the parser lets by, before what the parser tells is made a request that has
/// neither version nor fields named twice.
final class HeadRules: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart

    /// Whether a head was refused: nothing behind it counts.
    private var isBroken = false

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isBroken else { return }
        guard case .head(var head) = unwrapInboundIn(data) else { return context.fireChannelRead(data) }
        if let refusal = Self.refusal(of: head) {
            isBroken = true
            return context.fireErrorCaught(refusal)
        }
        if !Self.persists(head) { head.headers.replaceOrAdd(name: "Connection", value: "close") }
        context.fireChannelRead(wrapInboundOut(.head(head)))
    }

    /// Why a request is not taken; nil where it is.
    static func refusal(of head: HTTPRequestHead) -> ConnectionCourse.Refusal? {
        let codings = head.headers["transfer-encoding"]
        if !codings.isEmpty, codings.count > 1 || codings[0].lowercased() != "chunked" { return .coding }
        let hosts = head.headers["host"].count
        if hosts > 1 || hosts == 0 && !isOld(head.version) { return .host }
        return nil
    }

    /// Whether the connection goes on after the answer: with HTTP/1.0 only where the caller asks for that.
    static func persists(_ head: HTTPRequestHead) -> Bool {
        guard isOld(head.version) else { return true }
        return head.headers[canonicalForm: "connection"].contains { $0.lowercased() == "keep-alive" }
    }

    private static func isOld(_ version: HTTPVersion) -> Bool {
        (version.major, version.minor) < (1, 1)
    }
}
