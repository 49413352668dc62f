import Testing

@testable import Embedders

@Suite(.timeLimit(.minutes(3))) struct RemoteEmbedderTests {
    private static let identity = EmbedderIdentity(embedder: "openai", model: "m", dimension: 2)

    private func embedder(
        _ service: ScriptedService, inputs: Int = 100, _ change: (inout RemoteEmbedder.Options) -> Void = { _ in }
    ) -> RemoteEmbedder {
        var options = RemoteEmbedder.Options()
        options.limits = RequestLimits(inputs: inputs)
        change(&options)
        return RemoteEmbedder(service, identity: Self.identity, options)
    }

    private func texts(_ numbers: Range<Int>) -> [String] { numbers.map { "text number \($0)" } }

    @Test("A call is split into requests, and its vectors are in the order of its texts")
    func order() async throws {
        let service = ScriptedService { texts, number in
            // The first is the last to answer.
            if number == 1 { try await Task.sleep(for: .milliseconds(50)) }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 7)
        let texts = texts(0..<100)
        let answer = try await embedder.embed(texts)
        #expect(answer.vectors == texts.map(ScriptedService.vector))
        #expect(answer.long == 0)
        #expect(service.requests.count == 15)
        #expect(service.mostAtOnce <= 8)
    }

    @Test("Texts that are the same are sent once, in a call and in all later ones")
    func twins() async throws {
        let service = ScriptedService()
        let embedder = embedder(service)
        let answer = try await embedder.embed(["a", "b", "a", "a", "b"])
        #expect(answer.vectors == ["a", "b", "a", "a", "b"].map(ScriptedService.vector))
        #expect(try await embedder.embed(["b", "c"]).vectors == ["b", "c"].map(ScriptedService.vector))
        #expect(service.requests == [["a", "b"], ["c"]])
    }

    @Test("A request is made smaller until it fits into what is left of the day, which is used up")
    func smallerAtTheCeiling() async throws {
        let service = ScriptedService { texts, _ in
            ServiceAnswer(vectors: texts.map(ScriptedService.vector), tokens: texts.count * 4)
        }
        let embedder = embedder(service) {
            $0.throttle.tokensPerDay = 130
            $0.endsAtCeiling = true
        }
        // Of four tokens each, as they are reckoned too.
        let texts = texts(10..<90)
        await #expect(throws: DayCeilingReached.self) { try await embedder.embed(texts) }
        let sent = service.requests.reduce(0) { $0 + $1.count }
        #expect((24...32).contains(sent), "\(sent)")
        #expect(service.sent.values.allSatisfy { $0 == 1 })
        let before = service.requests.count
        await #expect(throws: EmbedderError.self) {
            try await embedder.embed([String(repeating: "many words ", count: 100)])
        }
        #expect(service.requests.count == before)
    }

    @Test("A text that another call has sent is waited for")
    func coalesced() async throws {
        let door = Door()
        let service = ScriptedService { texts, number in
            if number == 1 { await door.pass() }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service)
        async let first = embedder.embed(["a", "b"])
        while service.requests.isEmpty { await Task.yield() }
        async let second = embedder.embed(["b", "c"])
        while service.requests.count < 2 { await Task.yield() }
        door.open()
        #expect(try await first.vectors == ["a", "b"].map(ScriptedService.vector))
        #expect(try await second.vectors == ["b", "c"].map(ScriptedService.vector))
        #expect(service.sent == ["a": 1, "b": 1, "c": 1])
    }

    @Test("Where the other call fails, the text is sent again by who waited for it")
    func inherited() async throws {
        let door = Door()
        let service = ScriptedService { texts, number in
            guard number == 1 else { return ScriptedService.answer(texts) }
            await door.pass()
            throw ServiceFailure.denied("401")
        }
        let embedder = embedder(service)
        let first = Task { try await embedder.embed(["a"]) }
        while service.requests.isEmpty { await Task.yield() }
        async let second = embedder.embed(["a", "b"])
        while service.requests.count < 2 { await Task.yield() }
        door.open()
        await #expect(throws: EmbedderError.denied("401")) { try await first.value }
        #expect(try await second.vectors == ["a", "b"].map(ScriptedService.vector))
        #expect(service.sent == ["a": 2, "b": 1, ProbeText.text: 1])
    }

    @Test("What other requests of a failed call have brought is there when it is made again")
    func keptParts() async throws {
        let service = ScriptedService { texts, _ in
            if texts.contains("text number 25") { throw ServiceFailure.refused("no") }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 10)
        let texts = texts(0..<100)
        await #expect(throws: EmbedderError.refused("no")) { try await embedder.embed(texts) }
        // As the pipeline looks for the poison: by halves. Only its own request is sent again.
        _ = try await embedder.embed(Array(texts[50...]))
        await #expect(throws: EmbedderError.refused("no")) { try await embedder.embed(Array(texts[..<50])) }
        _ = try await embedder.embed(Array(texts[..<25]))
        let sent = service.sent
        #expect(texts.allSatisfy { text in (20..<30).contains { text == "text number \($0)" } || sent[text] == 1 })
    }

    @Test("A request that is too large is halved until it fits, and the next ones are smaller from the start")
    func tooLarge() async throws {
        let service = ScriptedService { texts, _ in
            if texts.count > 32 { throw ServiceFailure.tooLarge("batch size \(texts.count) > 32") }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 500)
        let first = texts(0..<500)
        #expect(try await embedder.embed(first).vectors == first.map(ScriptedService.vector))
        let before = service.requests.count
        _ = try await embedder.embed(texts(500..<1000))
        let later = service.requests[before...]
        #expect(later.allSatisfy { $0.count <= 32 })
        #expect(later.count <= 18)
    }

    @Test("A text that is too long alone is cut until it fits, and counted, also when it is remembered")
    func tooLong() async throws {
        let service = ScriptedService { texts, _ in
            if texts.contains(where: { $0.utf8.count > 300 }) {
                throw ServiceFailure.tooLarge("maximum context length")
            }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service)
        let long = String(repeating: "word ", count: 200)
        let answer = try await embedder.embed(["short", long, "shorter"])
        #expect(answer.long == 1)
        #expect(answer.vectors.count == 3)
        #expect(answer.vectors[1] == ScriptedService.vector(String(long.prefix(250))))
        #expect(try await embedder.embed([long, long]).long == 2)
    }

    @Test("A text that no cut makes acceptable is refused")
    func neverFits() async throws {
        let service = ScriptedService { texts, _ in
            if texts.contains(where: { $0.hasPrefix("x") }) { throw ServiceFailure.tooLarge("413") }
            return ScriptedService.answer(texts)
        }
        await #expect(throws: EmbedderError.refused("too long, however short it is cut: 413")) {
            try await embedder(service).embed([String(repeating: "x", count: 400)])
        }
    }

    @Test("Who finds everything too large is found out in a few requests, and no text is blamed")
    func everythingTooLarge() async throws {
        let service = ScriptedService { _, _ in throw ServiceFailure.tooLarge("413") }
        let each = await embedder(service, inputs: 64).embedEach(texts(0..<64))
        #expect(each.error as? EmbedderError == .unavailable("it refuses whatever it is given: 413"))
        #expect(each.vectors.allSatisfy { $0 == nil })
        #expect(service.requests.count == 3, "the whole, a half, the probe")
    }

    @Test("A short wait that the provider asks for is waited, and nobody hears of it")
    func shortWait() async throws {
        let service = ScriptedService { texts, number in
            if number <= 2 { throw ServiceFailure.limited(retryAfter: .milliseconds(30), Allowance()) }
            return ScriptedService.answer(texts)
        }
        let answer = try await embedder(service).embed(["a"])
        #expect(answer.vectors == [ScriptedService.vector("a")])
        #expect(service.requests.count == 3)
    }

    @Test("A long wait is handed on, with all that waits, and what was answered is kept")
    func longWait() async throws {
        let service = ScriptedService { texts, number in
            if number == 3 { throw ServiceFailure.limited(retryAfter: .seconds(45), Allowance()) }
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service, inputs: 1) { $0.throttle.requestsInFlight = 1 }
        do {
            _ = try await embedder.embed(texts(0..<10))
            Issue.record("it was not limited")
        } catch EmbedderError.limited(let wait?, let reason) {
            #expect(wait > .seconds(30) && wait <= .seconds(45))
            #expect(reason == "the provider asks for fewer requests")
        }
        #expect(service.requests.count == 3)
    }

    @Test("A day's ceiling ends a call with the time until the next day")
    func ceiling() async throws {
        let service = ScriptedService()
        let instant = ContinuousClock.now
        let embedder = embedder(service) {
            $0.throttle.requestsPerDay = 1
            $0.clock = { Throttle.Moment(instant, seconds: 86_400 * 3 - 100) }
        }
        _ = try await embedder.embed(["a"])
        await #expect(
            throws: EmbedderError.limited(
                retryAfter: .seconds(100),
                because: "the ceiling of 1 requests a day (remote.requestsPerDay) is reached, it goes on at 00:00 UTC")
        ) { try await embedder.embed(["b"]) }
        // What is known costs nothing.
        #expect(try await embedder.embed(["a"]).vectors.count == 1)
    }

    @Test("Of several failures the one is told that somebody has to see to")
    func gravest() async throws {
        let service = ScriptedService { _, number in
            switch number {
            case 1: throw ServiceFailure.refused("text")
            case 2: throw ServiceFailure.denied("the key ends in …ab12")
            default: throw ServiceFailure.unavailable("away")
            }
        }
        let embedder = embedder(service, inputs: 1) { $0.throttle.requestsInFlight = 1 }
        await #expect(throws: EmbedderError.denied("the key ends in …ab12")) { try await embedder.embed(texts(0..<5)) }
        #expect(service.requests.count == 2)
    }

    @Test("An answer of too few vectors is the provider's failure")
    func tooFew() async throws {
        let service = ScriptedService { texts, _ in ScriptedService.answer(Array(texts.dropLast())) }
        await #expect(throws: EmbedderError.unavailable("it answered 0 vectors for 1 texts")) {
            try await embedder(service).embed(texts(0..<3))
        }
    }

    @Test("Whoever is cancelled while waiting for his turn, or for another's answer, gets away at once")
    func cancellation() async throws {
        let door = Door()
        let service = ScriptedService { texts, _ in
            await door.pass()
            return ScriptedService.answer(texts)
        }
        let embedder = embedder(service) { $0.throttle.requestsInFlight = 1 }
        let first = Task { try await embedder.embed(["a"]) }
        while service.requests.isEmpty { await Task.yield() }
        let queued = Task { try await embedder.embed(["b"]) }
        let sharing = Task { try await embedder.embed(["a"]) }
        for _ in 0..<100 { await Task.yield() }
        queued.cancel()
        sharing.cancel()
        await #expect(throws: CancellationError.self) { try await queued.value }
        await #expect(throws: CancellationError.self) { try await sharing.value }
        door.open()
        #expect(try await first.value.vectors == [ScriptedService.vector("a")])
        // Nothing of it stands in the way of whoever comes next.
        #expect(try await embedder.embed(["a", "b"]).vectors == ["a", "b"].map(ScriptedService.vector))
    }

    @Test("The text that tells whether a provider is well always reaches it")
    func probe() async throws {
        let service = ScriptedService()
        let embedder = embedder(service)
        for _ in 0..<3 { #expect(try await embedder.embed([ProbeText.text]).vectors.count == 1) }
        #expect(service.requests.count == 3)
    }

    @Test("A query and a passage of the same text are two")
    func roles() async throws {
        let service = ScriptedService()
        let embedder = embedder(service)
        _ = try await embedder.embed(["a"], for: .query)
        _ = try await embedder.embed(["a"], for: .passage)
        _ = try await embedder.embed(["a"], for: .query)
        #expect(service.roles == [.query, .passage])
    }

    @Test("Whatever the provider does, every call ends with all vectors or a failure, and no text is paid for twice")
    func mixedFaults() async throws {
        let paid = PaidTexts()
        let service = ScriptedService { texts, number in
            await Task.yield()
            switch number % 11 {
            case 3: throw ServiceFailure.unavailable("500")
            case 5: throw ServiceFailure.limited(retryAfter: .milliseconds(5), Allowance())
            case 7 where texts.count > 1: throw ServiceFailure.tooLarge("413")
            default:
                paid.pay(texts.filter { $0 != ProbeText.text })
                return ScriptedService.answer(texts)
            }
        }
        let embedder = embedder(service, inputs: 10)
        await withTaskGroup(of: Void.self) { group in
            for caller in 0..<8 {
                group.addTask {
                    let texts = (0..<60).map { "text number \(($0 * 7 + caller * 13) % 150)" }
                    for _ in 0..<200 {
                        guard let answer = try? await embedder.embed(texts) else { continue }
                        #expect(answer.vectors == texts.map(ScriptedService.vector))
                        return
                    }
                    Issue.record("it never succeeded")
                }
            }
        }
        #expect(paid.most == 1)
    }
}
