import SentenceEncoder
import Testing

@testable import Embedders

@Suite("Asking a provider") struct RemoteServiceTests {
    private static let floats = HTTPResponse(
        200, #"{"data":[{"index":0,"embedding":[1,2]}],"usage":{"total_tokens":3}}"#)
    private static let strings = HTTPResponse(200, #"{"data":[{"index":0,"embedding":"\#(base64([1, 2]))"}]}"#)

    private func service(
        _ transport: RecordedTransport, url: String = "https://api.example", model: RemoteModel? = nil,
        key: String? = "sk-abcdefghijkl", headers: [(name: String, value: String)] = []
    ) throws -> OpenAIService {
        OpenAIService(
            transport: transport, endpoint: try OpenAIEndpoint(url: url, headers: headers),
            model: try model ?? RemoteModel(name: "m", dimension: 2), key: try key.map { try RemoteKey($0) }, now: { 0 }
        )
    }

    @Test("A request has the texts as an array, whatever is in them, and an answer its tokens and limits")
    func request() async throws {
        var answer = Self.floats
        answer.fields["x-ratelimit-remaining-requests"] = "9"
        let transport = RecordedTransport(answer)
        let given = try await service(transport).embed(["\"\\\u{0}\n\té\u{1f}/"], for: .passage)
        #expect(given.vectors == [[1, 2]] && given.tokens == 3 && given.allowance.requestsLeft == 9)
        #expect(transport.bodies == [#"{"model":"m","input":["\"\\\u0000\n\té\u001f/"],"encoding_format":"base64"}"#])
        let request = transport.requests[0]
        #expect(request.url == "https://api.example/v1/embeddings")
        #expect(request.values("authorization") == ["Bearer sk-abcdefghijkl"])
        #expect(request.values("content-type") == ["application/json"] && request.values("api-key") == [])
        // Two floats and a short text: nobody sends megabytes for that.
        #expect(1 << 20..<2 << 20 ~= request.answerLimit ?? 0)
    }

    @Test("An answer may be as long as numbers get, each indented on a line of its own")
    func answerLimit() throws {
        let number = "                    -1.2345678901234567e-10,\n".utf8.count
        for (dimension, count) in [(2, 1), (384, 500), (1536, 2048)] {
            let limit = try RemoteModel(name: "m", dimension: dimension).answerLimit(
                Array(repeating: "x", count: count))
            #expect(limit > count * dimension * number)
            // And not so much more that a bomb would fit.
            #expect(limit < (2 << 20) + 2 * count * (dimension * number + 1024))
        }
    }

    @Test("Base64 that is answered in is asked for again, floats are remembered")
    func encodings() async throws {
        for (answer, later) in [(Self.strings, true), (Self.floats, false)] {
            let transport = RecordedTransport(answer, answer, answer)
            let service = try service(transport)
            for _ in 0..<3 { #expect(try await service.embed(["x"], for: .passage).vectors == [[1, 2]]) }
            #expect(transport.bodies.map { $0.contains("base64") } == [true, later, later])
        }
    }

    @Test("A server that refuses base64 is asked for floats at once and from then on")
    func refusedEncoding() async throws {
        for body in [
            #"{"error":{"message":"Unknown parameter: 'encoding_format'"}}"#,
            #"{"detail":[{"loc":["body","encoding_format"],"msg":"Input should be 'float'"}]}"#,
            #"{"error":"base64 is not implemented"}"#,
        ] {
            for status in [400, 422, 500, 501] {
                let transport = RecordedTransport(HTTPResponse(status, body), Self.floats, Self.floats)
                let service = try service(transport)
                for _ in 0..<2 { #expect(try await service.embed(["x"], for: .passage).vectors == [[1, 2]]) }
                #expect(transport.bodies.map { $0.contains("encoding_format") } == [true, false, false])
            }
        }
        // Once is enough: the same words about a request without base64 are a refusal of what it is.
        let stubborn = HTTPResponse(400, #"{"error":"encoding_format"}"#)
        let transport = RecordedTransport(stubborn, stubborn)
        let service = try service(transport)
        #expect(await serviceFailure { _ = try await service.embed(["x"], for: .passage) }?.kind == "refused")
        #expect(transport.requests.count == 2)
    }

    @Test("Strings that are no floats are an answer that can't be used, and not asked for again")
    func wrongStrings() async throws {
        let transport = RecordedTransport(
            HTTPResponse(200, #"{"data":[{"index":0,"embedding":"AACAPw=="}]}"#), Self.floats)
        let service = try service(transport)
        #expect(await serviceFailure { _ = try await service.embed(["x"], for: .passage) }?.kind == "broken")
        _ = try await service.embed(["x"], for: .passage)
        #expect(transport.bodies.map { $0.contains("base64") } == [true, false])
    }

    @Test("The dimension is sent when asked for, prompts go before texts by their role, members by theirs")
    func members() async throws {
        let model = try RemoteModel(
            name: "m", dimension: 2, sendsDimension: true, passagePrompt: "p: ", queryPrompt: "q: ",
            members: [("task", #""retrieval.passage""#), ("dimensions", "7"), ("n", "[1]")],
            queryMembers: [("task", #""retrieval.query""#)])
        let transport = RecordedTransport(Self.floats, Self.floats)
        let service = try service(transport, model: model)
        _ = try await service.embed(["x"], for: .passage)
        _ = try await service.embed(["x"], for: .query)
        #expect(
            transport.bodies == [
                #"{"model":"m","input":["p: x"],"encoding_format":"base64","task":"retrieval.passage","dimensions":7,"n":[1]}"#,
                #"{"model":"m","input":["q: x"],"dimensions":7,"n":[1],"task":"retrieval.query"}"#,
            ])
        let plain = RecordedTransport(Self.floats)
        let own = try RemoteModel(
            name: "m", dimension: 2, sendsDimension: true, members: [("encoding_format", #""float""#)])
        _ = try await self.service(plain, model: own).embed(["x"], for: .passage)
        #expect(plain.bodies == [#"{"model":"m","input":["x"],"dimensions":2,"encoding_format":"float"}"#])
    }

    @Test("Azure gets its key in a field of its own, a local server none, and a configured field stands instead")
    func keys() async throws {
        let azure = RecordedTransport(Self.floats)
        let url = "https://me.openai.azure.com/openai/deployments/d?api-version=1"
        _ = try await service(azure, url: url).embed(["x"], for: .passage)
        #expect(
            azure.requests[0].values("api-key") == ["sk-abcdefghijkl"]
                && azure.requests[0].values("authorization") == [])
        let none = RecordedTransport(Self.floats)
        _ = try await service(none, key: nil).embed(["x"], for: .passage)
        #expect(none.requests[0].values("authorization") == [])
        let own = RecordedTransport(Self.floats, Self.floats)
        let service = try service(own, headers: [("Authorization", "Basic abc"), ("X-Org", "o")])
        _ = try await service.embed(["x"], for: .passage)
        #expect(own.requests[0].values("authorization") == ["Basic abc"] && own.requests[0].values("x-org") == ["o"])
        let changing = RecordedTransport(Self.floats)
        let live = try self.service(changing)
        live.use(try RemoteKey("another-key-1"))
        _ = try await live.embed(["x"], for: .passage)
        #expect(changing.requests[0].values("authorization") == ["Bearer another-key-1"])
    }

    @Test(
        "A key that is changed while the old one is being refused is tried at once, and the old one's refusal not told")
    func changedMeanwhile() async throws {
        let refusal = HTTPResponse(401, "{}")
        let later = try RemoteKey("another-key-1")
        let openAI = RecordedTransport(refusal, Self.floats)
        let service = try service(openAI)
        openAI.hears { service.use(later) }
        _ = try await service.embed(["x"], for: .passage)
        #expect(openAI.requests[1].values("authorization") == ["Bearer another-key-1"])

        let cohere = RecordedTransport(refusal, refusal)
        let other = CohereService(
            transport: cohere, endpoint: try CohereEndpoint(), model: try RemoteModel(name: "m"),
            key: try RemoteKey("sk-abcdefghijkl"))
        cohere.hears { other.use(later) }
        // The new one is refused as well, and is no other by then.
        let failure = await serviceFailure { _ = try await other.embed(["x"], for: .passage) }
        #expect(failure?.kind == "denied" && failure?.reason.contains("…ey-1") == true)
        #expect(cohere.requests.count == 2)
    }

    @Test("No failure of any kind has the key, a secret field or a sent text in it")
    func secrets() async throws {
        let secrets = ["sk-abcdefghijkl", "field-secret-1", "a text that nobody may read"]
        for status in [200, 301, 400, 401, 403, 404, 413, 422, 429, 500, 503] {
            for secret in secrets {
                for body in [
                    #"{"error":{"message":"you sent \#(secret) here","code":"\#(secret)"}}"#,
                    #"{"message":"'\#(secret)'"}"#,
                    #"{"detail":[{"loc":["\#(secret)"],"msg":"\#(secret)","input":"\#(secret)"}]}"#, "no: \(secret)",
                    #"{"data":[{"index":0,"embedding":"\#(secret)"}]}"#,
                ] {
                    let transport = RecordedTransport(
                        HTTPResponse(status, body, fields: ["location": "https://x/?\(secret)"]),
                        HTTPResponse(status, body))
                    let service = try service(transport, headers: [("X-Key", "field-secret-1")])
                    let failure = await serviceFailure { _ = try await service.embed([secrets[2]], for: .passage) }
                    let told = "\(try #require(failure))"
                    for secret in secrets { #expect(!told.contains(secret), "\(told)") }
                }
            }
        }
    }

    @Test("Cohere is told what the texts are for, and not to cut them")
    func cohere() async throws {
        let answer = HTTPResponse(
            200, #"{"embeddings":{"float":[[1,2]]},"meta":{"billed_units":{"input_tokens":4}}}"#)
        let transport = RecordedTransport(answer, answer, HTTPResponse(401, #"{"message":"invalid api token"}"#))
        let service = CohereService(
            transport: transport, endpoint: try CohereEndpoint(),
            model: try RemoteModel(name: "embed-v4.0", dimension: 2, sendsDimension: true),
            key: try RemoteKey("abcdefghijklmnop"))
        #expect(try await service.embed(["x"], for: .passage).tokens == 4)
        _ = try await service.embed(["x"], for: .query)
        #expect(
            transport.bodies
                == ["search_document", "search_query"].map {
                    #"{"model":"embed-v4.0","texts":["x"],"input_type":"\#($0)","embedding_types":["float"],"truncate":"NONE","#
                        + #""output_dimension":2}"#
                })
        #expect(transport.requests[0].values("authorization") == ["Bearer abcdefghijklmnop"])
        let failure = await serviceFailure { _ = try await service.embed(["x"], for: .passage) }
        #expect(failure?.kind == "denied" && failure?.reason.contains("…mnop") == true)
    }
}
