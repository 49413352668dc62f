import Foundation
import TestSupport
import Testing

@Suite("The lab's provider")
struct ProviderTests {
    /// One vector of an answer.
    private struct Item: Decodable {
        var index: Int
        var embedding: [Float]
    }

    private func ask(
        _ provider: Provider, _ texts: [String], port: Int? = nil
    ) throws -> (status: Int, fields: [String: String], items: [Item]?) {
        struct Answer: Decodable { var data: [Item] }
        let wire = try LabHTTPWire.connect(to: port ?? provider.port, limit: .seconds(5))
        defer { wire.close() }
        let body = try JSONSerialization.data(withJSONObject: ["input": texts, "model": "lab"])
        let (status, fields, answer) = try wire.post(
            "/v1/embeddings", fields: [(Provider.clientField, "test")], body: Array(body))
        return (status, fields, (try? JSONDecoder().decode(Answer.self, from: Data(answer)))?.data)
    }

    private func provider() throws -> Provider { try Provider { [Float($0.utf8.count), 0.5] } }

    @Test("answers rightly and counts what it sent")
    func right() async throws {
        let provider = try provider()
        let items = try #require(try ask(provider, ["a", "größe"]).items)
        #expect(items.map(\.index) == [0, 1])
        #expect(items.map(\.embedding) == [[1, 0.5], [7, 0.5]])
        try await eventually("the answer counted") { provider.tally.embedded == ["a": ["test"], "größe": ["test"]] }
        #expect(provider.tally.askers == ["test"])
    }

    @Test("sends base64 to whoever asks for it")
    func base64() throws {
        let provider = try provider()
        let wire = try LabHTTPWire.connect(to: provider.port, limit: .seconds(5))
        defer { wire.close() }
        // The connection stays for a second request.
        for _ in 1...2 {
            let body = #"{"input":["a"],"model":"lab","encoding_format":"base64"}"#
            let answer = try wire.post("/v1/embeddings", body: Array(body.utf8))
            #expect(String(decoding: answer.body, as: UTF8.self).contains(#""embedding":"AACAPwAAAD8=""#))
        }
    }

    @Test("misbehaves as it is told to, and does not count it", arguments: Provider.Fault.allCases)
    func wrong(_ fault: Provider.Fault) async throws {
        let provider = try provider()
        provider.misbehave([fault])
        let answer = Result { try ask(provider, ["one", "two", "three"]) }
        switch (fault, answer) {
        case (.drop, .failure), (.cut, .failure), (.reset, .failure): break
        case (.limited, .success(let answer)): #expect(answer.status == 429)
        case (.broken, .success(let answer)): #expect(answer.status == 500)
        case (.slow, .success(let answer)): #expect(answer.items?.map(\.index) == [0, 1, 2])
        case (.shuffled, .success(let answer)): #expect(answer.items?.map(\.index) == [2, 1, 0])
        case (.short, .success(let answer)): #expect(answer.items?.count == 2)
        case (.doubled, .success(let answer)): #expect(Set(answer.items?.map(\.index) ?? []).count == 2)
        case (.dimension, .success(let answer)):
            #expect(answer.items?.contains { $0.embedding.count == 1 } == true)
        case (.notFinite, .success(let answer)): #expect(answer.status == 200 && answer.items == nil)
        default: Issue.record("\(fault): \(answer)")
        }
        if !fault.isHarmless { #expect(provider.tally.embedded.isEmpty) }
        provider.behave()
        #expect(try ask(provider, ["again"]).items?.count == 1)
        try await eventually("the right answer counted") { provider.tally.embedded["again"] == ["test"] }
    }

    @Test("refuses a poisoned text, and its neighbours with it")
    func poison() throws {
        let provider = try provider()
        #expect(try ask(provider, ["fine", "not \(Provider.poison)"]).status == 400)
        #expect(provider.tally.embedded.isEmpty)
    }

    @Test("is cut off by the proxy in the middle of a message", arguments: TCPProxy.Direction.allCases)
    func cutOff(_ direction: TCPProxy.Direction) throws {
        let provider = try provider()
        let proxy = try TCPProxy(to: provider.port)
        for ending in TCPProxy.Ending.allCases {
            proxy.end(ending, after: 11, direction)
            #expect(throws: (any Error).self) { try ask(provider, ["some text"], port: proxy.port) }
            // One connection only.
            #expect(try ask(provider, ["some text"], port: proxy.port).items?.count == 1)
        }
    }
}
