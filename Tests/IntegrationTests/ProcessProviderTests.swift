import Foundation
import Synchronization
import TestSupport
import Testing

/// The binary with a provider that it asks over HTTP.
@Suite(.serialized) struct ProcessProviderTests {
    /// Speaks OpenAI's language, with vectors of the workplace's dimension; notes what it is sent.
    private final class Provider: Sendable {
        struct Seen: Sendable {
            var texts: [String] = []
            var requests = 0
            var fields: [String: String] = [:]
        }

        let seen = Mutex(Seen())

        func answer(_ request: LabHTTPRequest) -> LabHTTPReply {
            guard request.path == "/v1/embeddings",
                let body = try? JSONSerialization.jsonObject(with: Data(request.body)) as? [String: Any],
                let texts = body["input"] as? [String]
            else { return LabHTTPReply(status: 404, json: "{}") }
            seen.withLock { seen in
                seen.requests += 1
                seen.texts += texts
                seen.fields = request.fields
            }
            if request.fields["authorization"] != "Bearer sk-good-0123456789" {
                return LabHTTPReply(status: 401, json: #"{"error":{"message":"Incorrect API key provided"}}"#)
            }
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
    }

    private static func place(
        rows: Int, key: String = "sk-good-0123456789"
    ) async throws -> (Workplace, Provider, LabHTTPServer) {
        let provider = Provider()
        let server = try LabHTTPServer { provider.answer($0) }
        var place = try await Workplace.make(rows: rows, isSetUp: false)
        place.environment = ["BACKFILLD_REMOTE_KEY": key, "BACKFILLD_EMBEDDER": "openai"]
        try place.write(
            """
            [remote]
            url = "http://127.0.0.1:\(server.port)"
            model = "m"
            dimension = \(Workplace.dimension)
            inputs = 100
            price = "0.5"
            """, to: "backfilld.toml")
        try await place.run("setup").expect(.code(0))
        return (place, provider, server)
    }

    @Test("A backlog is filled by a provider, its price told before, and the same text is sent once")
    func backfill() async throws {
        let (place, provider, server) = try await Self.place(rows: 450)
        try await place.database.psql("UPDATE music_knowledge SET topic = 'same', suggestion = '{}' WHERE id <= 50")
        let estimate = try await place.run("backfill", "--estimate").expect(.code(0))
        #expect(
            estimate.output.hasPrefix(
                "public.music_knowledge: 450 rows are pending (49 with a text that another has too), about "),
            "\(estimate)")
        #expect(estimate.output.contains(" at 0.5000 for a million tokens"))
        #expect(provider.seen.withLock(\.requests) == 0)
        let result = try await place.run("backfill").expect(.code(0), "450 processed, 450 embedded, 0 failed")
        #expect(!result.text.contains("sk-good"))
        #expect(try await place.pending() == 0)
        let texts = provider.seen.withLock(\.texts)
        #expect(texts.count == Set(texts).count)
        #expect(texts.count == 401)
        withExtendedLifetime(server) {}
    }

    @Test("check asks the provider for one text, and tells the limits that it was told")
    func check() async throws {
        let (place, provider, server) = try await Self.place(rows: 3)
        let result = try await place.run("check").expect(.code(0))
        #expect(result.output.contains("embedder: openai (m) made \(Workplace.dimension) dimensions in "), "\(result)")
        #expect(result.output.contains("limits that it tells: 5,000 requests, 4,999 requests left"), "\(result)")
        #expect(provider.seen.withLock(\.requests) == 1)
        withExtendedLifetime(server) {}
    }

    @Test("A key that is refused ends a backfill with 77 and its last four characters, and no row is charged")
    func denied() async throws {
        let (place, _, server) = try await Self.place(rows: 3, key: "sk-bad-0123456789ab")
        let result = try await place.run("backfill").expect(.code(77))
        #expect(result.errors.contains("…89ab"), "\(result)")
        #expect(!result.text.contains("0123456789ab"))
        #expect(try await place.pending() == 3)
        try await place.run("failures", "list").expect(.code(0))
        withExtendedLifetime(server) {}
    }

    @Test("The daemon fills rows by a provider, those that were there and those that come")
    func daemon() async throws {
        let (place, _, server) = try await Self.place(rows: 20)
        let daemon = try await place.startDaemon()
        try await place.allEmbedded()
        try await place.insert(21...30)
        try await place.allEmbedded()
        try await daemon.stop()
        withExtendedLifetime(server) {}
    }
}
