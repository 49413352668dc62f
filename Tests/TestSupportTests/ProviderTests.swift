import TestSupport
import Testing

@Suite("The lab's provider")
struct ProviderTests {
    private func ask(_ provider: Provider, _ texts: [String], port: Int? = nil) throws -> ProviderAnswer? {
        let wire = try ProviderWire.connect(to: port ?? provider.port, limit: .seconds(5))
        defer { wire.close() }
        try wire.send(ProviderRequest(client: "test", texts: texts))
        let answer = try wire.receive(ProviderAnswer.self)
        if case .vectors = answer { try wire.acknowledge() }
        return answer
    }

    private func provider() throws -> Provider { try Provider { [Float($0.utf8.count), 0.5] } }

    @Test("answers rightly and counts what arrived")
    func right() async throws {
        let provider = try provider()
        guard case .vectors(let items)? = try ask(provider, ["a", "größe"]) else {
            Issue.record("no vectors")
            return
        }
        #expect(items.map(\.index) == [0, 1])
        #expect(items.map(\.vector) == [[1, 0.5], [7, 0.5]])
        try await eventually("the answer counted") { provider.tally.embedded == ["a": ["test"], "größe": ["test"]] }
    }

    @Test("misbehaves as it is told to, and does not count it", arguments: Provider.Fault.allCases)
    func wrong(_ fault: Provider.Fault) async throws {
        let provider = try provider()
        provider.misbehave([fault])
        let answer = Result { try ask(provider, ["one", "two", "three"]) }
        switch (fault, answer) {
        case (.limited, .success(.limited?)), (.broken, .success(.unavailable?)), (.drop, .success(nil)): break
        case (.drop, .failure), (.cut, .failure), (.reset, .failure), (.cut, .success(nil)), (.reset, .success(nil)):
            break
        case (.slow, .success(.vectors(let items)?)): #expect(items.map(\.index) == [0, 1, 2])
        case (.shuffled, .success(.vectors(let items)?)): #expect(items.map(\.index) == [2, 1, 0])
        case (.short, .success(.vectors(let items)?)): #expect(items.count == 2)
        case (.doubled, .success(.vectors(let items)?)): #expect(Set(items.map(\.index)).count == 2)
        case (.dimension, .success(.vectors(let items)?)): #expect(items.contains { $0.vector.count == 1 })
        case (.notFinite, .success(.vectors(let items)?)):
            #expect(items.contains { !$0.vector.allSatisfy(\.isFinite) })
        default: Issue.record("\(fault): \(answer)")
        }
        if !fault.isHarmless { #expect(provider.tally.embedded.isEmpty) }
        provider.behave()
        guard case .vectors? = try ask(provider, ["again"]) else {
            Issue.record("not well again")
            return
        }
        try await eventually("the right answer counted") { provider.tally.embedded["again"] == ["test"] }
    }

    @Test("refuses a poisoned text, and its neighbours with it")
    func poison() throws {
        let provider = try provider()
        guard case .refused? = try ask(provider, ["fine", "not \(Provider.poison)"]) else {
            Issue.record("it was not refused")
            return
        }
        #expect(provider.tally.embedded.isEmpty)
    }

    @Test("is cut off by the proxy in the middle of a message", arguments: TCPProxy.Direction.allCases)
    func cutOff(_ direction: TCPProxy.Direction) throws {
        let provider = try provider()
        let proxy = try TCPProxy(to: provider.port)
        for ending in TCPProxy.Ending.allCases {
            proxy.end(ending, after: 11, direction)
            #expect(throws: (any Error).self) {
                if try ask(provider, ["some text"], port: proxy.port) == nil {
                    throw ProviderWire.Broken(description: "no answer")
                }
            }
            // One connection only.
            guard case .vectors? = try ask(provider, ["some text"], port: proxy.port) else {
                Issue.record("the next one was ended too")
                return
            }
        }
    }
}
