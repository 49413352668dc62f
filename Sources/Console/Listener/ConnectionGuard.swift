import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOSSL

/// Holds a connection to its limits, between the parser and whoever answers.
///
/// What is refused here costs no task and no request's place.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private var course: ConnectionCourse
    private let rests: @Sendable (any Channel, NIODeadline?) -> Void
    private let refused: @Sendable (ConnectionCourse.Refusal) -> Void
    private var restsSince: NIODeadline?
    private var timer: (at: NIODeadline, task: Scheduled<Void>)?

    /// - Parameters:
    ///   - limits: What it is held to.
    ///   - rests: Hears since when the connection rests, and that it no longer does.
    ///   - refused: Hears what was refused.
    init(
        _ limits: ConsoleLimits, rests: @escaping @Sendable (any Channel, NIODeadline?) -> Void = { _, _ in },
        refused: @escaping @Sendable (ConnectionCourse.Refusal) -> Void
    ) {
        course = ConnectionCourse(limits, at: .now())
        restsSince = course.restsSince
        self.rests = rests
        self.refused = refused
    }

    func handlerAdded(context: ChannelHandlerContext) { watch(context) }
    func handlerRemoved(context: ChannelHandlerContext) { timer?.task.cancel() }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let verdict: ConnectionCourse.Verdict
        switch unwrapInboundIn(data) {
        case .head(let head):
            let length = head.headerFields[.contentLength].flatMap { Int($0) }
            let closes = head.headerFields[.connection]?.lowercased() == "close"
            verdict = course.head(length: length, close: closes, at: .now())
            if verdict == .pass, head.headerFields[.expect] != nil, course.isAlone {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let bytes): verdict = course.body(bytes.readableBytes)
        case .end: verdict = course.end(at: .now())
        }
        watch(context)
        switch verdict {
        case .pass: context.fireChannelRead(data)
        case .drop: break
        case .refuse(let refusal): refuse(refusal, context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !course.isOver else { return }
        // Nothing to be said where the other side does not speak, or not TLS.
        if error is NIOSSLError || error is IOError || error is ChannelError { return context.close(promise: nil) }
        guard course.broken() else { return }
        let isHeader = (error as? HTTPParserError) == .headerOverflow
        refuse(error as? ConnectionCourse.Refusal ?? (isHeader ? .headerTooLarge : .malformed), context)
    }

    private func refuse(_ refusal: ConnectionCourse.Refusal, _ context: ChannelHandlerContext) {
        // Before an earlier answer none can be given, nor in the middle of one.
        let isFree = !course.owesAnswer || course.isAlone
        guard isFree, !course.isOver, !course.hasBegunAnswer else { return context.close(promise: nil) }
        refused(refusal)
        course.over(at: .now())
        let (head, body) = refusal.answer.parts
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(body)), promise: nil)
        finish(context, .end(nil), nil)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        // An answer to what was refused meanwhile.
        guard !course.isOver else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        let part = unwrapOutboundIn(data)
        switch part {
        case .head(let head):
            course.answers(close: head.headerFields[.connection] == "close")
        case .body: break
        case .end:
            if course.answered(at: .now()) {
                course.over(at: .now())
                return finish(context, part, promise)
            }
        }
        context.write(data, promise: promise)
        watch(context)
    }

    /// Writes the last bytes, and goes on reading for a moment: a peer that still sends would have the connection reset, and
    /// the answer with it.
    private func finish(_ context: ChannelHandlerContext, _ part: HTTPResponsePart, _ promise: EventLoopPromise<Void>?)
    {
        context.writeAndFlush(wrapOutboundOut(part), promise: promise)
        context.close(mode: .output, promise: nil)
        watch(context)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        course.stalled(!context.channel.isWritable, at: .now())
        watch(context)
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            guard course.owesAnswer, !course.isOver else { return context.close(promise: nil) }
            course.inputClosed(at: .now())
            watch(context)
        }
        context.fireUserInboundEventTriggered(event)
    }

    /// Tells whether the connection rests where that is news, and sees to the timer.
    ///
    /// One timer, which looks when it fires whether there is more time by now; so most requests set none.
    private func watch(_ context: ChannelHandlerContext) {
        if course.restsSince != restsSince {
            restsSince = course.restsSince
            rests(context.channel, restsSince)
        }
        guard let deadline = course.deadline else { return }
        if let timer {
            guard deadline < timer.at else { return }
            timer.task.cancel()
        }
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.scheduleTask(deadline: deadline) {
            let (handler, context) = bound.value
            handler.timer = nil
            if let deadline = handler.course.deadline, deadline <= .now() {
                context.close(promise: nil)
            } else {
                handler.watch(context)
            }
        }
        timer = (deadline, task)
    }
}

extension ConnectionCourse.Refusal {
    /// What the caller is told.
    var answer: ConsoleAnswer {
        switch self {
        case .tooLarge: .error(.contentTooLarge, "the body is larger than is taken; send less at once")
        case .malformed:
            .error(
                .badRequest,
                "this is no HTTP/1.1 request; what is no ASCII in an address is percent-encoded, é as %C3%A9")
        case .headerTooLarge: .error(.requestHeaderFieldsTooLarge, "the header fields are larger than is taken")
        case .host: .error(.badRequest, "a request names its host in one field, Host")
        case .coding: .error(.notImplemented, "Transfer-Encoding may be chunked, and nothing else")
        }
    }
}
