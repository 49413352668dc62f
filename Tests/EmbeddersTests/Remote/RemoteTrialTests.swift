import Testing

@testable import Embedders

/// What is kept, and who is blamed, when a part of a call fails.
@Suite("A call of which a part fails", .timeLimit(.minutes(3))) struct RemoteTrialTests {
    private static let identity = EmbedderIdentity(embedder: "openai", model: "m", dimension: 2)
    private static let texts = (0..<100).map { "text number \($0)" }
    private static let poison = texts[37]

    private func embedder(
        _ service: ScriptedService, inputs: Int = 32, inFlight: Int = 8
    ) -> RemoteEmbedder {
        var options = RemoteEmbedder.Options()
        options.limits = RequestLimits(inputs: inputs)
        options.throttle.requestsInFlight = inFlight
        return RemoteEmbedder(service, identity: Self.identity, options)
    }

    private func vectors(_ each: EmbeddedTexts) -> [[Float]?] { each.vectors.map { try? $0?.get() } }

    static let faults: [@Sendable ([String]) throws -> ServiceAnswer] = [
        { _ in throw ServiceFailure.refused("no") },
        { _ in throw ServiceFailure.broken("500: unsupported value: NaN") },
        { texts in
            var answer = ScriptedService.answer(texts)
            answer.flaws[texts.firstIndex(of: poison)!] = "its vector has nothing but zeros"
            return answer
        },
    ]

    @Test(
        "A text that it is refused for, that a server breaks of, or whose vector is none, takes nothing from the others",
        arguments: 0..<3)
    func poison(_ fault: Int) async throws {
        let service = ScriptedService { texts, _ in
            try texts.contains(Self.poison) ? Self.faults[fault](texts) : ScriptedService.answer(texts)
        }
        let each = await embedder(service).embedEach(Self.texts)
        #expect(each.error == nil)
        #expect(vectors(each) == Self.texts.map { $0 == Self.poison ? nil : ScriptedService.vector($0) })
        guard case .failure? = each.vectors[37] else {
            Issue.record("the text is not told to have failed")
            return
        }
        // Its request is halved until it is alone.
        #expect(service.requests.count < 30)
        #expect(service.sent.filter { $0.key != ProbeText.text && $0.key != Self.poison }.values.allSatisfy { $0 <= 8 })
    }

    @Test("A text whose vector is none costs one request, and one that shows the provider to be well")
    func flaw() async throws {
        let service = ScriptedService { texts, _ in
            var answer = ScriptedService.answer(texts)
            if texts == [Self.poison] { answer.flaws[0] = "its vector has nothing but zeros" }
            return answer
        }
        let embedder = embedder(service, inFlight: 1)
        for _ in 0..<3 {
            let each = await embedder.embedEach([Self.poison])
            guard case .failure(let failure)? = each.vectors[0] else {
                Issue.record("it has a vector, or nobody is to blame")
                return
            }
            #expect(failure.reason.contains("zeros") && each.error == nil)
        }
        #expect(service.requests.count == 6)
        // Each was settled once: as many may be on their way as before.
        #expect(await embedder.room == 1)
        #expect(await embedder.desk.throttle.inFlight == 0)
    }

    @Test("A provider whose vectors are none of whatever text is to blame itself")
    func noVectors() async throws {
        let service = ScriptedService { texts, _ in
            var answer = ScriptedService.answer(texts)
            for index in texts.indices { answer.flaws[index] = "its vector has nothing but zeros" }
            return answer
        }
        let each = await embedder(service).embedEach(Self.texts)
        #expect(each.error is EmbedderError && each.vectors.allSatisfy { $0 == nil })
    }

    @Test("A provider that answers one vector, however many texts it is given, is soon given one at a time")
    func single() async throws {
        let service = ScriptedService { texts, _ in
            if texts.count > 1 { throw ServiceFailure.tooMany("it has 1 vectors for \(texts.count) texts") }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service)
        let each = await embedder.embedEach(Self.texts)
        #expect(vectors(each) == Self.texts.map { ScriptedService.vector($0) })
        let before = service.requests.count
        _ = await embedder.embedEach((0..<50).map { "another \($0)" })
        #expect(service.requests.count - before == 50)
    }

    @Test("One server in ten that answers 502, 404 or nothing stops no call")
    func pool() async throws {
        let faults: [ServiceFailure] = [.unavailable("502"), .missing("404"), .unavailable("reset"), .broken("500")]
        let service = ScriptedService { texts, number in
            if number % 10 == 3 { throw faults[number / 10 % faults.count] }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 4)
        let each = await embedder.embedEach(Self.texts)
        #expect(each.error == nil)
        #expect(vectors(each) == Self.texts.map(ScriptedService.vector))
    }

    @Test("A provider that is down costs a request's tries, and one short text from then on")
    func down() async throws {
        let service = ScriptedService { _, _ in throw ServiceFailure.unavailable("502") }
        let embedder = embedder(service, inFlight: 1)
        var first = 0
        for round in 0..<3 {
            let each = await embedder.embedEach(Self.texts)
            #expect(each.error as? EmbedderError == .unavailable("502"))
            #expect(vectors(each).allSatisfy { $0 == nil })
            if round == 0 { first = service.requests.count } else { #expect(service.requests.count == first + round) }
        }
        // While one waits for its next try, others may go.
        #expect(first <= 12)
        #expect(service.requests.dropFirst(first).allSatisfy { $0 == [ProbeText.text] })
    }

    @Test("One that breaks of everything blames no text")
    func broken() async throws {
        let service = ScriptedService { _, _ in throw ServiceFailure.broken("500") }
        let each = await embedder(service, inFlight: 1).embedEach(Self.texts)
        #expect(each.error as? EmbedderError == .unavailable("500"))
        #expect(vectors(each).allSatisfy { $0 == nil })
        #expect(service.requests.count <= 16)
    }

    @Test("One that breaks again and again, but not of the same text each time, blames no text")
    func moody() async throws {
        let service = ScriptedService { texts, number in
            // The first request is split down to its texts, each of which fails once.
            if texts.count > 1 || (texts != [ProbeText.text] && !number.isMultiple(of: 3)) {
                throw ServiceFailure.broken("500")
            }
            return ScriptedService.answer(texts)
        }
        let each = await embedder(service, inputs: 8, inFlight: 1).embedEach(Array(Self.texts.prefix(8)))
        let blamed = each.vectors.count { if case .failure? = $0 { true } else { false } }
        #expect(blamed == 0, "\(each)")
    }

    @Test("What was answered before a limit counts; the rest is left, and told for how long")
    func limited() async throws {
        let service = ScriptedService { texts, number in
            if number == 3 { throw ServiceFailure.limited(retryAfter: .seconds(45), Allowance()) }
            return ScriptedService.answer(texts)
        }
        let each = await embedder(service, inputs: 10, inFlight: 1).embedEach(Self.texts)
        guard case EmbedderError.limited(let wait?, _)? = each.error else {
            Issue.record("it was not limited: \(String(describing: each.error))")
            return
        }
        #expect(wait > .seconds(30))
        #expect(vectors(each).count { $0 != nil } == 20)
        #expect(service.requests.count == 3)
    }

    @Test("A request of more tokens than a minute has is split, and those after it are smaller")
    func tooManyTokens() async throws {
        let service = ScriptedService { texts, _ in
            var allowance = Allowance()
            (allowance.tokens, allowance.tokensLeft, allowance.tokensReset) = (100, 100, .milliseconds(1))
            guard texts.count <= 20 else { throw ServiceFailure.limited(retryAfter: nil, allowance) }
            return ScriptedService.answer(texts)
        }
        let each = await embedder(service, inputs: 40, inFlight: 1).embedEach(Array(Self.texts[..<40]))
        #expect(each.error == nil)
        #expect(vectors(each) == Self.texts[..<40].map(ScriptedService.vector))
    }

    @Test("After the end nothing is sent; what is on its way counts")
    func finish() async throws {
        let door = Door()
        let service = ScriptedService { texts, _ in
            await door.pass()
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 10, inFlight: 1)
        async let each = embedder.embedEach(Self.texts)
        while service.requests.isEmpty { await Task.yield() }
        await embedder.finish()
        door.open()
        #expect(await vectors(each).count { $0 != nil } == 10)
        #expect(service.requests.count == 1)
    }
}
