import Synchronization
import Testing

@testable import Embedders

/// Answers every request alike, and remembers them.
private final class EndpointTransport: HTTPTransport {
    private let log = Mutex([HTTPRequest]())
    let answer: @Sendable () throws -> HTTPResponse

    init(_ answer: @escaping @Sendable () throws -> HTTPResponse) { self.answer = answer }

    convenience init(
        status: Int = 200, fields: [String: String] = ["content-type": "application/json"], _ body: String
    ) {
        self.init { HTTPResponse(status: status, fields: fields, body: Array(body.utf8)) }
    }

    var requests: [HTTPRequest] { log.withLock(\.self) }

    func post(_ request: HTTPRequest) async throws -> HTTPResponse {
        log.withLock { $0.append(request) }
        return try answer()
    }
}

@Suite("The endpoints of the first version")
struct FirstVersionTests {
    private static let key = "service-role-key-0123456789"
    private let rows = [
        SubmittedRow(key: "a", text: "Cut the mud around 300 Hz."), SubmittedRow(key: "7", text: "b"),
    ]

    private func embedder(
        _ transport: EndpointTransport, _ endpoint: FirstVersionEndpoint? = nil
    ) throws -> FirstVersionEmbedder {
        FirstVersionEmbedder(try endpoint ?? .codette(), transport: transport, dimension: 2)
    }

    private func submit(_ body: String) async throws -> Submission {
        try await embedder(EndpointTransport(body)).submit(rows)
    }

    private func failure(
        status: Int = 200, fields: [String: String] = [:], _ body: String,
        _ other: FirstVersionEndpoint? = nil
    ) async throws -> EmbedderError? {
        let endpoint =
            try other
            ?? .supabase(
                base: "https://x.example", key: RemoteKey(Self.key), functionSecret: RemoteKey("a-function-secret"))
        return await #expect(throws: EmbedderError.self) {
            try await embedder(EndpointTransport(status: status, fields: fields, body), endpoint).submit(rows)
        }
    }

    @Test("Rows are posted to the function under the base address")
    func request() async throws {
        let transport = EndpointTransport(#"{"success":true,"processed":2,"updated":2,"message":"ok"}"#)
        let endpoints: [(FirstVersionEndpoint, String)] = [
            (try .codette(), "http://localhost:8000/api/upsert-embeddings"),
            (try .codette(base: "http://h:1/base//"), "http://h:1/base/api/upsert-embeddings"),
            (try .codette(base: "http://h/api/upsert-embeddings"), "http://h/api/upsert-embeddings"),
            (try .supabase(base: "https://p.example/", key: nil), "https://p.example/functions/v1/upsert-embeddings"),
        ]
        for (endpoint, url) in endpoints {
            _ = try await embedder(transport, endpoint).submit(rows)
            #expect(transport.requests.last?.url == url)
        }
        let body = String(decoding: transport.requests[0].body, as: UTF8.self)
        #expect(body == #"{"rows":[{"id":"a","text":"Cut the mud around 300 Hz."},{"id":"7","text":"b"}]}"#)
    }

    @Test("Whatever is in a text arrives as it is")
    func quoting() throws {
        let text = "\"quoted\" \\ \n\r\t\u{0}\u{1f} é e\u{301} 🎵 \u{2028}"
        let body = String(decoding: FirstVersionEmbedder.body([SubmittedRow(key: "\"", text: text)]), as: UTF8.self)
        #expect(
            body == "{\"rows\":[{\"id\":\"\\\"\",\"text\":\"\\\"quoted\\\" \\\\ \\n\\r\\t\\u0000\\u001f "
                + "é e\u{301} 🎵 \u{2028}\"}]}")
    }

    @Test("Supabase's gets its keys in the fields that it asks for, the local one gets none")
    func fields() async throws {
        let transport = EndpointTransport(#"{"success":true}"#)
        _ = try await embedder(transport).submit(rows)
        _ = try await embedder(
            transport, .supabase(base: "http://h", key: RemoteKey("K"), functionSecret: RemoteKey("S"))
        ).submit(
            rows)
        _ = try await embedder(transport, .supabase(base: "http://h", key: RemoteKey("K"))).submit(rows)
        let fields = transport.requests.map { Dictionary($0.fields.map { ($0.name, $0.value) }) { $1 } }
        let common = Dictionary(RequestFields.always.map { ($0.name, $0.value) }) { $1 }
        let keys = ["apikey": "K", "authorization": "Bearer K"]
        #expect(fields[0] == common)
        #expect(fields[1] == common.merging(keys) { $1 }.merging(["x-functions-secret": "S"]) { $1 })
        #expect(fields[2] == common.merging(keys) { $1 })
    }

    @Test("Another key is used from the next request on, and the function's secret stays")
    func anotherKey() async throws {
        let transport = EndpointTransport(#"{"success":true}"#)
        let embedder = try embedder(
            transport, .supabase(base: "http://h", key: RemoteKey("K"), functionSecret: RemoteKey("S")))
        embedder.use(try RemoteKey("L"))
        _ = try await embedder.submit(rows)
        let fields = Dictionary(transport.requests[0].fields.map { ($0.name, $0.value) }) { $1 }
        #expect(fields["apikey"] == "L" && fields["authorization"] == "Bearer L" && fields["x-functions-secret"] == "S")
    }

    @Test("An answer says how many it updated, and what else")
    func answers() async throws {
        let full = try await submit(#"{"success":true,"processed":2,"updated":1,"message":"Updated\n1 row"}"#)
        #expect(full.updated == 1 && full.vectors.isEmpty)
        #expect(full.summary == #"said 1 updated ("Updated 1 row")"#)
        #expect(try await submit(#"{"success":true,"processed":2}"#).updated == 2)
        #expect(try await submit(#"{"success":true}"#).summary == "did not say how many rows it updated")
        #expect(try await submit(#"{"success":true,"rows":2,"updated":null,"message":null}"#).updated == nil)
    }

    @Test("Vectors in an answer are taken, as arrays or as pgvector's text, in any order")
    func vectors() async throws {
        let first = try await submit(
            #"{"rows":[{"id":7,"embedding":[1,-2.5e-1]},{"id":"a","embedding":"[0.5,3]"},{"id":"x","embedding":[1]}]}"#)
        #expect(first.vectors == [0: [0.5, 3], 1: [1, -0.25]])
        let second = try await submit(#"{"success":true,"rows":[{"id":"a"},{"id":"7","embedding":null}]}"#)
        #expect(second.vectors.isEmpty)
    }

    @Test(
        "A vector that is none is told beside the others",
        arguments: ["7", #"["1"]"#, #""1,2""#, #""[1,\"2\"]""#, "[1,null]", "{}"])
    func flaws(_ vector: String) async throws {
        let answer = try await submit(
            #"{"success":true,"rows":[{"id":"a","embedding":\#(vector)},{"id":"7","embedding":[1,2]}]}"#)
        #expect(answer.vectors == [1: [1, 2]])
        #expect(answer.flaws.count == 1 && answer.flaws[0]?.contains("no array of numbers") == true)
    }

    @Test(
        "An answer that can't be used is nobody's fault",
        arguments: [
            "", "<html></html>", "null", "[]", "7", #"{"updated":2}"#, #"{"success":"true"}"#, #"{"success":1}"#,
            #"{"success":null}"#, #"{"success":true,"updated":"2"}"#, #"{"success":true,"updated":-1}"#,
            #"{"success":true,"updated":1.5}"#, #"{"success":true} trailing"#, #"{"success":true"#,
            #"{"rows":[]}"#, #"{"success":true,"rows":"2"}"#, #"{"success":true,"rows":[1]}"#,
            #"{"success":true,"rows":[{"embedding":[1,2]}]}"#,
            #"{"success":true,"rows":[{"id":"a","embedding":[1,2]},{"id":"a","embedding":[1,2]}]}"#,
        ])
    func unusable(_ body: String) async throws {
        let error = try await failure(body)
        guard case .unavailable(let reason)? = error else {
            Issue.record("\(body): \(String(describing: error))")
            return
        }
        #expect(reason.contains("https://x.example/functions/v1/upsert-embeddings"))
    }

    @Test("success: false may be for the rows")
    func refused() async throws {
        let error = try await failure(#"{"success":false,"message":"bad row"}"#)
        #expect(
            error
                == .refused(
                    "https://x.example/functions/v1/upsert-embeddings answered success: false (its words are not told: "
                        + "they may quote the text)"))
    }

    private enum Kind { case refused, denied, limited, unavailable }
    private static let statuses: [(Int, [String: String], Kind)] = [
        (400, [:], .refused), (413, [:], .refused), (422, [:], .refused), (401, [:], .denied), (402, [:], .denied),
        (403, [:], .denied), (404, [:], .denied), (405, [:], .denied), (301, ["location": "http://e/?k=v"], .denied),
        (307, [:], .unavailable), (429, [:], .limited), (429, ["retry-after": "7"], .limited),
        (503, ["retry-after": "7"], .limited), (503, [:], .unavailable), (500, [:], .unavailable),
        (546, [:], .unavailable),
    ]

    @Test("A status says whose fault it is", arguments: 0..<statuses.count)
    func status(_ index: Int) async throws {
        let (status, fields, kind) = Self.statuses[index]
        let error = try #require(try await failure(status: status, fields: fields, #"{"message":"so it is"}"#))
        switch error {
        case .refused(let reason): #expect(kind == .refused && reason.contains("\(status)"))
        case .denied(let reason): #expect(kind == .denied && reason.contains("\(status)") && !reason.contains("k=v"))
        case .unavailable(let reason):
            #expect(kind == .unavailable && reason.contains("so it is") || [307, 500].contains(status))
        case .limited(let wait, _):
            #expect(kind == .limited && wait == fields["retry-after"].map { _ in .seconds(7) })
        }
    }

    @Test("No message has a key or a text in it")
    func secrets() async throws {
        let messages = [
            Self.key, "not \(Self.key)!", "a-function-secret", "what is Cut the mud around 300 Hz.?",
            "what is Cut the mud around 300 H",
        ]
        for message in messages {
            for status in [200, 400, 401, 403, 429, 500] {
                let body = #"{"success":false,"message":"\#(message)","error":"\#(message)"}"#
                let error = try #require(try await failure(status: status, body))
                #expect(
                    !"\(error)".contains("mud") && !"\(error)".contains("service-role")
                        && !"\(error)".contains("a-function-secret"))
                if status == 401 { #expect("\(error)".contains("…6789")) }
            }
        }
        #expect(throws: RemoteSettingError.self) {
            try FirstVersionEndpoint.codette(base: "http://user:word@host:8000")
        }
        let short = try await failure(status: 401, "", .supabase(base: "http://h", key: RemoteKey("short")))
        #expect(!"\(short!)".contains("hort"))
    }

    @Test("What the transport says is passed on")
    func transport() async throws {
        let failures: [(ServiceFailure, EmbedderError)] = [
            (.unavailable("away"), .unavailable("away")), (.denied("no"), .denied("no")),
            (.tooLarge("large"), .refused("large")),
            (.limited(retryAfter: .seconds(1), Allowance()), .limited(retryAfter: .seconds(1))),
        ]
        for (failure, expected) in failures {
            let error = await #expect(throws: EmbedderError.self) {
                try await embedder(EndpointTransport { throw failure }).submit(rows)
            }
            #expect(error == expected)
        }
        await #expect(throws: CancellationError.self) {
            try await embedder(EndpointTransport { throw CancellationError() }).submit(rows)
        }
    }

    @Test("What is configured goes with each request, and nothing of it is told")
    func configured() async throws {
        let transport = EndpointTransport(status: 401, #"{"message":"no tenant-7 with q-1"}"#)
        let endpoint = try FirstVersionEndpoint.supabase(
            base: "http://localhost", key: RemoteKey("K-of-ours"),
            headers: [("x-tenant", "tenant-7"), ("Authorization", "Bearer instead-of-ours-ab12")], query: [("k", "q-1")]
        )
        let error = await #expect(throws: EmbedderError.self) { try await embedder(transport, endpoint).submit(rows) }
        #expect(transport.requests[0].url == "http://localhost/functions/v1/upsert-embeddings?k=q-1")
        #expect(transport.requests[0].values("x-tenant") == ["tenant-7"])
        #expect(transport.requests[0].values("authorization") == ["Bearer instead-of-ours-ab12"])
        let told = "\(try #require(error))"
        #expect(told.contains("with the key …ab12") && !told.contains("tenant-7") && !told.contains("q-1"), "\(told)")
    }

    @Test("Its day has a ceiling too, and a wait that was asked for holds for the next request")
    func pace() async throws {
        let transport = EndpointTransport(#"{"success":true}"#)
        var pace = Throttle.Settings()
        pace.requestsPerDay = 1
        let one = FirstVersionEmbedder(
            try .codette(), transport: transport, dimension: 2, pace: pace, endsAtCeiling: true)
        _ = try await one.submit(rows)
        await #expect(throws: DayCeilingReached.self) { try await one.submit(rows) }
        #expect(transport.requests.count == 1)
        let busy = EndpointTransport(status: 429, fields: ["retry-after": "600"], "")
        let other = FirstVersionEmbedder(try .codette(), transport: busy, dimension: 2)
        for _ in 0..<2 { await #expect(throws: EmbedderError.self) { try await other.submit(rows) } }
        #expect(busy.requests.count == 1)
    }

    @Test(
        "It is tried out without a row",
        arguments: [(400, true), (200, true), (401, false), (404, false), (500, false)])
    func tryOut(status: Int, isGood: Bool) async throws {
        let transport = EndpointTransport(status: status, #"{"success":false}"#)
        let found = try? await embedder(transport).tryOut()
        #expect((found != nil) == isGood)
        #expect(String(decoding: transport.requests[0].body, as: UTF8.self) == #"{"rows":[]}"#)
    }

    @Test("A text that is no row's is not embedded")
    func single() async throws {
        let transport = EndpointTransport("")
        await #expect(throws: EmbedderError.self) { try await embedder(transport).embed(["a text"]) }
        #expect(transport.requests.isEmpty)
    }

    @Test("Its vectors are recorded under its name")
    func identity() throws {
        let identity = FirstVersionEmbedder(
            try .supabase(base: "http://h", key: nil), transport: EndpointTransport(""), model: "m", dimension: 384,
            rows: 20)
        #expect(identity.identity == EmbedderIdentity(embedder: "supabase", model: "m", dimension: 384))
        #expect(identity.limits.rows == 20)
    }
}
