import Embedders
import FoundationEssentials
import SentenceEncoder
import TestSupport
import Testing

@testable import Console

/// `POST /v1/embeddings`, and what gathers its calls.
@Suite struct ConsoleEmbeddingsTests {
    private struct Answer: Decodable {
        struct Item: Decodable {
            var object: String
            var index: Int
            var embedding: [Float]
        }
        struct Usage: Decodable { var prompt_tokens, total_tokens: Int }
        var object: String
        var data: [Item]
        var model: String
        var usage: Usage
    }

    @Test("A text and a list of texts have the embedder's vectors, as floats and in base64, with what they cost")
    func vectors() async throws {
        let console = try RunningConsole()
        let expected = try await HashEmbedder(dimension: 8).embed(["one", "zwölf"]).vectors
        let single = try await console.post("/v1/embeddings", #"{"input":"one","model":""}"#)
        #expect(single.status == 200 && single.fields["content-type"] == "application/json")
        let one = try JSONDecoder().decode(Answer.self, from: Data(single.body.utf8))
        #expect(one.object == "list" && one.data.map(\.embedding) == [expected[0]] && one.usage.total_tokens == 3)
        let list = try await console.post("/v1/embeddings", #"{"input":["one","zw\u00f6lf"],"dimensions":8}"#)
        let two = try JSONDecoder().decode(Answer.self, from: Data(list.body.utf8))
        #expect(two.data.map(\.embedding) == expected && two.data.map(\.index) == [0, 1])
        let encoded = try await console.post("/v1/embeddings", #"{"input":"one","encoding_format":"base64"}"#)
        let text = try #require(encoded.body.split(separator: #""embedding":""#).last?.split(separator: "\"").first)
        let bytes = try #require(Data(base64Encoded: String(text)))
        let floats = bytes.withUnsafeBytes { raw in
            (0..<8).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0 * 4, as: UInt32.self)))
            }
        }
        #expect(floats == expected[0])
        try await console.stop()
    }

    @Test("Another model is 404, too many texts 400, an embedder that has none to give 501")
    func refusals() async throws {
        let console = try RunningConsole()
        let model = try await console.post("/v1/embeddings", #"{"input":"a","model":"text-embedding-3-small"}"#)
        #expect(model.status == 404 && model.body.contains("embeds with"))
        let many = "[" + Array(repeating: "\"a\"", count: 2049).joined(separator: ",") + "]"
        #expect(try await console.post("/v1/embeddings", #"{"input":\#(many)}"#).status == 400)
        for (body, status) in [
            (#"{"input":"a","model":7}"#, 400), (#"{"input":"a","encoding_format":["float"]}"#, 400),
            (#"{"input":"a","input_type":true}"#, 400), (#"{"input":"a","dimensions":8.0}"#, 200),
            (#"{"input":"a","dimensions":8.5}"#, 400), (#"{"input":"a","dimensions":"8"}"#, 400),
            (#"{"input":"a","model":null,"encoding_format":null,"dimensions":null}"#, 200),
        ] {
            #expect(try await console.post("/v1/embeddings", body).status == status, "\(body)")
        }
        try await console.stop()
        let without = try RunningConsole(embedder: nil)
        #expect(try await without.post("/v1/embeddings", #"{"input":"a"}"#).status == 501)
        try await without.stop()
    }

    /// Waits until it is let go, and counts its calls.
    private actor Gated {
        var calls: [Int] = []
        var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func embed(_ texts: [String]) async throws -> QueryEmbedder.Answer {
            calls.append(texts.count)
            if texts.contains("bad") { throw EmbedderError.refused("it is bad") }
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
            return QueryEmbedder.Answer(vectors: texts.map { [Float($0.utf8.count)] }, tokens: texts.count)
        }

        func open() {
            isOpen = true
            for one in waiting { one.resume() }
            waiting = []
        }
    }

    private static func gathering(_ gate: Gated, rows: Int = 128) -> Gathering {
        let identity = EmbedderIdentity(embedder: "test", model: "test", dimension: 1)
        return Gathering(
            QueryEmbedder(identity: identity, rows: rows) { texts, _ in try await gate.embed(texts) },
            tally: Tally(tables: [:]))
    }

    @Test("A lone request sets off at once; what comes while calls are under way shares one")
    func gathered() async throws {
        let gate = Gated()
        let gathering = Self.gathering(gate)
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for number in 0..<2 {
                group.addTask {
                    try await gathering.embed([String(repeating: "a", count: number)], for: .query).vectors
                }
                try await eventually("a call is under way") { await gate.calls.count == number + 1 }
            }
            for number in 2..<12 {
                group.addTask {
                    try await gathering.embed([String(repeating: "a", count: number)], for: .query).vectors
                }
            }
            try await eventually("ten wait") { await gathering.waitingTexts == 10 }
            await gate.open()
            var found: [Float] = []
            for try await vectors in group { found += vectors.map { $0[0] } }
            #expect(found.sorted() == (0..<12).map(Float.init))
        }
        #expect(await gate.calls == [1, 1, 10])
    }

    @Test("A text that is refused is its own request's failure, and of nobody who shared the call")
    func refusedText() async throws {
        let gate = Gated()
        let gathering = Self.gathering(gate)
        async let first = gathering.embed(["a"], for: .query)
        try await eventually("a call is under way") { await gate.calls.count == 1 }
        async let second = gathering.embed(["a"], for: .query)
        try await eventually("two calls are under way") { await gate.calls.count == 2 }
        async let good = gathering.embed(["good"], for: .query)
        async let bad = gathering.embed(["bad"], for: .query)
        try await eventually("both wait") { await gathering.waitingTexts == 2 }
        await gate.open()
        let vectors = try await good.vectors
        #expect(vectors == [[4]])
        var isRefused = false
        do { _ = try await bad } catch EmbedderError.refused { isRefused = true }
        #expect(isRefused)
        _ = try await (first, second)
    }

    @Test("A large request comes in pieces, and a small one behind it does not wait for all of them")
    func pieces() {
        var plan = GatheringPlan(places: 1, most: 10, room: 1000)
        let isIn = plan.add(1, .query, texts: 35)
        let first = plan.next()
        #expect(isIn && first?.map(\.texts) == [0..<10])
        _ = plan.add(2, .query, texts: 3)
        plan.ended()
        let next = plan.next() ?? []
        #expect(next.contains { $0.request == 2 && $0.texts == 0..<3 } || next.first?.request == 1)
        plan.ended()
        let after = plan.next() ?? []
        #expect((next + after).contains { $0.request == 2 }, "served among the next two calls")
        plan.ended()
        while plan.next() != nil { plan.ended() }
        #expect(plan.waitingTexts == 0)
        #expect(plan.underWay == 0)
    }

    @Test(
        "Whatever comes and goes, each text is in one call, calls have one role and no more texts than fit",
        arguments: 0..<20)
    func simulation(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var plan = GatheringPlan(places: 2, most: 16, room: 400)
        var asked: [Int: Int] = [:]
        var got: [Int: Set<Int>] = [:]
        func take() {
            while let call = plan.next() {
                #expect(Set(call.map(\.role)).count == 1)
                #expect(call.reduce(0) { $0 + $1.texts.count } <= 16)
                for piece in call {
                    for text in piece.texts {
                        let isNew = got[piece.request, default: []].insert(text).inserted
                        #expect(isNew)
                    }
                }
            }
            #expect(plan.underWay <= 2)
        }
        for request in 0..<300 {
            let texts = Int.random(in: 1...60, using: &random)
            if plan.add(request, Bool.random(using: &random) ? .query : .passage, texts: texts) {
                asked[request] = texts
            }
            take()
            for _ in 0..<Int.random(in: 0...2, using: &random) where plan.underWay > 0 {
                plan.ended()
                take()
            }
        }
        while plan.underWay > 0 {
            plan.ended()
            take()
        }
        #expect(asked == got.mapValues(\.count))
        #expect(plan.waitingTexts == 0)
    }
}
