import Foundation
import Synchronization
import TestSupport
import Testing

/// A provider for the binary, in OpenAI's dialect, with vectors of the workplace's dimension; notes what it is sent.
final class ProcessProvider: Sendable {
    struct Seen: Sendable {
        var texts: [String] = []
        var requests = 0
        var fields: [String: String] = [:]
        var path = ""
    }

    /// The one key that it takes.
    static let key = "sk-good-0123456789"

    let seen = Mutex(Seen())
    /// What it answers instead of vectors, to the texts of a request of that number; nil for vectors.
    let fault = Mutex<(@Sendable (_ texts: [String], _ number: Int) -> LabHTTPReply?)?>(nil)
    /// Done before each answer, on the connection's own thread.
    let pause = Mutex<(@Sendable () -> Void)?>(nil)

    /// An answer to a request, as long as it asks for vectors with the right key.
    func answer(_ request: LabHTTPRequest) -> LabHTTPReply {
        guard request.path.prefix(while: { $0 != "?" }) == "/v1/embeddings",
            let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any],
            let texts = body["input"] as? [String]
        else { return LabHTTPReply(status: 404, json: "{}") }
        let isKnown = request.fields["authorization"] == "Bearer \(Self.key)"
        let number = seen.withLock { seen in
            seen.requests += 1
            seen.fields = request.fields
            seen.path = request.path
            return seen.requests
        }
        guard isKnown else {
            let said = "Incorrect API key provided: \(request.fields["authorization"] ?? "none")"
            return LabHTTPReply(status: 401, json: #"{"error":{"message":"\#(said)"}}"#)
        }
        if let reply = fault.withLock(\.self)?(texts, number) { return reply }
        seen.withLock { $0.texts += texts }
        pause.withLock(\.self)?()
        let vector = (1...Workplace.dimension).map { "0.\($0)" }.joined(separator: ",")
        let data = texts.indices.map { #"{"object":"embedding","index":\#($0),"embedding":[\#(vector)]}"# }
        let tokens = texts.reduce(0) { $0 + $1.utf8.count / 4 }
        var reply = LabHTTPReply(
            json: #"{"object":"list","data":[\#(data.joined(separator: ","))],"model":"m","#
                + #""usage":{"prompt_tokens":\#(tokens),"total_tokens":\#(tokens)}}"#)
        reply.fields += [
            ("x-ratelimit-limit-requests", "5000"), ("x-ratelimit-remaining-requests", "4999"),
            ("x-ratelimit-reset-requests", "12ms"),
        ]
        return reply
    }

    /// A workplace, set up, whose embedder is such a provider, and the server that carries it.
    static func place(
        on server: PostgresServer? = nil, rows: Int, key: String? = key, more: String = ""
    ) async throws -> (place: Workplace, provider: ProcessProvider, server: LabHTTPServer) {
        let provider = ProcessProvider()
        let http = try LabHTTPServer { provider.answer($0) }
        var place = try await Workplace.make(on: server, rows: rows, isSetUp: false)
        place.environment = ["BACKFILLD_EMBEDDER": "openai"]
        place.environment["BACKFILLD_REMOTE_KEY"] = key
        try place.write(configuration(port: http.port, more), to: "backfilld.toml")
        try await place.run("setup").expect(.code(0))
        return (place, provider, http)
    }

    /// What the configuration file says.
    static func configuration(port: Int, _ more: String = "") -> String {
        """
        [remote]
        url = "http://127.0.0.1:\(port)"
        model = "m"
        dimension = \(Workplace.dimension)
        inputs = 100
        price = 0.5
        \(more)
        """
    }
}
