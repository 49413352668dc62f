import HTTPTypes
import NIOCore

/// What a caller is answered.
struct ConsoleAnswer: Sendable {
    /// What follows the head.
    enum Body: Sendable {
        case whole(ByteBuffer)
        /// Chunks, until it returns or the caller goes; each is on its way when `write` returns.
        case stream(@Sendable (_ write: (ByteBuffer) async throws -> Void) async throws -> Void)
    }

    var status: HTTPResponse.Status
    var fields: HTTPFields
    var body: Body

    init(_ status: HTTPResponse.Status, type: String, _ body: Body) {
        self.status = status
        self.body = body
        fields = Self.hardening
        fields[.contentType] = type
        if case .whole(let bytes) = body { fields[.contentLength] = String(bytes.readableBytes) }
    }

    /// JSON.
    static func json(_ status: HTTPResponse.Status = .ok, _ tree: JSONTree) -> ConsoleAnswer {
        ConsoleAnswer(status, type: "application/json", .whole(tree.buffer))
    }

    /// Plain text.
    static func text(_ text: String, type: String = "text/plain; charset=utf-8") -> ConsoleAnswer {
        ConsoleAnswer(.ok, type: type, .whole(ByteBuffer(string: text)))
    }

    /// Nothing but a status.
    static func empty(_ status: HTTPResponse.Status) -> ConsoleAnswer {
        var answer = ConsoleAnswer(status, type: "text/plain; charset=utf-8", .whole(ByteBuffer()))
        answer.fields[.contentType] = nil
        return answer
    }

    /// What went wrong, and what to do.
    static func error(_ status: HTTPResponse.Status, _ message: String) -> ConsoleAnswer {
        var answer = json(status, ["error": .string(message)])
        // Whoever sends what is not understood is not understood afterwards either.
        if [400, 413, 431].contains(status.code) { answer.closes() }
        return answer
    }

    /// The connection ends with this answer.
    mutating func closes() { fields[.connection] = "close" }

    /// No page may frame this, guess its type, or learn where it links from; no cache keeps it.
    private static let hardening: HTTPFields = [
        .xContentTypeOptions: "nosniff",
        .cacheControl: "no-store",
        .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        HTTPField.Name("Referrer-Policy")!: "no-referrer",
        HTTPField.Name("X-Frame-Options")!: "DENY",
        HTTPField.Name("Cross-Origin-Resource-Policy")!: "same-origin",
    ]

    /// Head and body of an answer that does not stream.
    var parts: (head: HTTPResponse, body: ByteBuffer) {
        let head = HTTPResponse(status: status, headerFields: fields)
        if case .whole(let bytes) = body { return (head, bytes) }
        return (head, ByteBuffer())
    }
}

/// A request that can't be answered as it is: told to the caller.
struct Refused: Error, Sendable, Equatable {
    var status: HTTPResponse.Status
    var message: String
    /// When to come back.
    var retryAfter: Int?

    init(_ status: HTTPResponse.Status, _ message: String, retryAfter: Int? = nil) {
        self.status = status
        self.message = message
        self.retryAfter = retryAfter
    }

    static func bad(_ message: String) -> Refused { Refused(.badRequest, message) }
}
