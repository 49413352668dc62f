import SentenceEncoder

/// One call of a remote embedder: sends its requests side by side, splits those that are too large, and finds out which
/// texts a request failed of.
struct RemoteCall: Sendable {
    let number: Int
    let role: TextRole
    let desk: RemoteDesk
    let service: any EmbeddingService
    let plan: RequestPlan

    /// What came of texts.
    struct Outcome: Sendable {
        var answers: [TextHash: AnswerMemory.Answer] = [:]
        /// Why texts have no vector, and get none.
        var refused: [TextHash: String] = [:]
        /// What kept the others from being embedded: the failure that says most of what to do.
        var error: (any Error)?

        mutating func add(_ part: Outcome) {
            answers.merge(part.answers) { $1 }
            refused.merge(part.refused) { $1 }
            guard let other = part.error else { return }
            if Self.weight(other) > error.map(Self.weight) ?? -1 { error = other }
        }

        /// What somebody has to see to goes before what passes.
        private static func weight(_ error: any Error) -> Int {
            switch error {
            case EmbedderError.denied: 4
            case EmbedderError.unavailable: 3
            case is DayCeilingReached, EmbedderError.limited: 2
            case is CancellationError: 1
            default: 0
            }
        }
    }

    /// How often a request goes that fails in passing: one server of many may be down.
    private static let tries = 3
    /// What took longer than this to fail is not tried again here.
    private static let quick = Duration.seconds(5)

    /// Embeds texts that are this call's to send.
    ///
    /// Where a request fails, those that are on their way are waited for, since they may have to be paid for, and their
    /// answers count; the others do not go any more.
    func run(_ items: [RequestPlan.Item]) async -> Outcome {
        var whole = Outcome()
        // After a failure one short text tells whether the provider is well again, and costs next to nothing.
        if await desk.isDoubtful { whole.error = await illness(isOnce: true) }
        if whole.error == nil {
            await withTaskGroup(of: Outcome.self) { group in
                for request in plan.requests(of: items) { group.addTask { await settle(request, tries: Self.tries) } }
                for await part in group { whole.add(part) }
            }
        }
        await desk.close(call: number)
        await desk.giveUp(items.map(\.key).filter { whole.answers[$0] == nil })
        return whole
    }

    /// One request, or what it is split into. What is a part of another is blamed at its first try: that one was tried more often.
    ///
    /// - Parameter suspicion: How often it has failed alone, with the provider well before and after.
    private func settle(_ request: [RequestPlan.Item], tries: Int = 1, suspicion: Int = 0) async -> Outcome {
        do {
            let outcome = try await ask(request, tries: tries)
            // Where none is a vector, a text that nothing can be wrong with tells whether that is for the texts.
            guard outcome.answers.isEmpty, let error = await illness() else { return outcome }
            await desk.abandon(call: number)
            return Outcome(error: error)
        } catch EmbedderError.refused(let reason) {
            // Not even sent: it alone is more than a day may have.
            return Outcome(refused: Dictionary(request.map { ($0.key, reason) }) { $1 })
        } catch RemoteDesk.Refusal.moreThanLeft {
            return await settle(halves: RequestPlan.halves(of: request) ?? [])
        } catch let failure as ServiceFailure {
            if let error = failure.embedderError { return Outcome(error: error) }
            return await search(request, failure, isPart: tries == 1, suspicion)
        } catch {
            return Outcome(error: error)
        }
    }

    /// Finds the texts that a request failed of, by halves.
    private func search(
        _ request: [RequestPlan.Item], _ failure: ServiceFailure, isPart: Bool, _ suspicion: Int
    ) async -> Outcome {
        let halves = RequestPlan.halves(of: request)
        // A request that is too large as a whole says nothing of the provider; where its halves are, too, it may.
        if halves == nil || isPart || !failure.isOfSize {
            // A text is only blamed by itself when the provider has just taken another.
            let isWell = halves == nil ? false : await desk.hasAnsweredLately()
            if !isWell, let error = await illness() {
                await desk.abandon(call: number)
                return Outcome(error: error)
            }
        }
        if let halves {
            let whole = await settle(halves: halves)
            if failure.isOfSize, whole.error == nil { await desk.splits(request.count, isOfNumber: failure.isOfNumber) }
            return whole
        }
        // A provider that fails now and then does so with any text: one is to blame that fails each time.
        if failure.mayPass, suspicion + 1 < Self.tries { return await settle(request, suspicion: suspicion + 1) }
        guard failure.isOfSize else { return Outcome(refused: [request[0].key: failure.reason]) }
        guard let shorter = plan.shortened(request[0]) else {
            return Outcome(refused: [request[0].key: "too long, however short it is cut: \(failure.reason)"])
        }
        return await settle([shorter])
    }

    /// The parts of a request, one after the other, until one fails of something else than its texts.
    private func settle(halves: [[RequestPlan.Item]]) async -> Outcome {
        var whole = Outcome()
        for half in halves where whole.error == nil { whole.add(await settle(half)) }
        return whole
    }

    /// What is wrong with the provider: nil where it takes a text that nothing can be wrong with.
    ///
    /// - Parameter isOnce: Whether one that is down is not asked again.
    private func illness(isOnce: Bool = false) async -> (any Error)? {
        do {
            _ = try await probe(tries: 1, isOnce: isOnce)
            return nil
        } catch {
            return error
        }
    }

    /// The vector of a text that nothing can be wrong with: whoever fails of it would fail of any.
    ///
    /// - Throws: ``EmbedderError``, ``RemoteDesk/Refusal`` or `CancellationError`.
    func probe(tries: Int = Self.tries, isOnce: Bool = false) async throws -> [Float]? {
        do {
            let item = plan.item(ProbeText.text, key: TextHash(ProbeText.text))
            let outcome = try await ask([item], tries: tries, isOnce: isOnce)
            if let flaw = outcome.refused.values.first { throw ServiceFailure.broken(flaw) }
            return outcome.answers.values.first?.vector
        } catch let failure as ServiceFailure {
            throw failure.embedderError ?? failure.ofWhatever
        }
    }

    /// Sends a request as soon as it may go, and again where the provider asks for patience or fails in passing.
    ///
    /// - Throws: ``ServiceFailure``, ``EmbedderError``, ``RemoteDesk/Refusal`` or `CancellationError`.
    private func ask(_ request: [RequestPlan.Item], tries: Int, isOnce: Bool = false) async throws -> Outcome {
        let estimate = request.reduce(0) { $0 + $1.likely }
        var failures = 0
        while true {
            let ticket = try await desk.turn(
                call: number, estimate: estimate, isFirst: tries == 1 || failures > 0,
                isDivisible: request.count > 1)
            let began = ContinuousClock.now
            let answer: ServiceAnswer
            do {
                answer = try await self.answer(to: request)
            } catch ServiceFailure.limited(_, let allowance) where allowance.tokens.map({ $0 < estimate }) ?? false {
                // No waiting makes it less.
                await desk.settled { $0.failed(ticket, isCharged: false, isOverload: false, at: $1) }
                throw ServiceFailure.tooLarge("it is more than the tokens of a minute")
            } catch ServiceFailure.limited(let wait, let allowance) {
                await desk.settled { $0.limited(ticket, retryAfter: wait, allowance, at: $1) }
                continue
            } catch let failure as ServiceFailure where failure.mayPass {
                failures += 1
                // A server that is down says nothing of the texts: a search for one of them need not end with that.
                let most = failure.embedderError == nil || isOnce ? tries : Self.tries
                let isLast = failures >= most || ContinuousClock.now - began > Self.quick
                let isEnd = isLast && failure.embedderError != nil
                await desk.settled(ending: isEnd ? number : nil) {
                    $0.failed(ticket, isCharged: true, isOverload: isLast, at: $1)
                }
                if isLast { throw failure }
                try await Task.sleep(for: .milliseconds(50 << (2 * failures)))
                continue
            } catch {
                let isRefusal = (error as? ServiceFailure).map { $0.embedderError == nil } ?? false
                let isCharged = !(error is ServiceFailure)
                await desk.settled(ending: isRefusal ? nil : number) {
                    $0.failed(ticket, isCharged: isCharged, isOverload: false, at: $1)
                }
                throw error
            }
            await desk.answered(ticket, answer)
            return await sort(request, answer)
        }
    }

    /// An answer with as many vectors as texts, where all of one may be none.
    private func answer(to request: [RequestPlan.Item]) async throws -> ServiceAnswer {
        do {
            let answer = try await service.embed(request.map(\.text), for: role)
            guard answer.vectors.count == request.count else {
                throw ServiceFailure.tooMany("it answered \(answer.vectors.count) vectors for \(request.count) texts")
            }
            return answer
        } catch ServiceFailure.tooMany(let reason) where request.count == 1 {
            throw ServiceFailure.broken(reason)
        }
    }

    /// Keeps the vectors of an answer, and tells which are none.
    private func sort(_ request: [RequestPlan.Item], _ answer: ServiceAnswer) async -> Outcome {
        var outcome = Outcome()
        for (index, item) in request.enumerated() {
            if let flaw = answer.flaws[index] {
                outcome.refused[item.key] = flaw
            } else {
                outcome.answers[item.key] = AnswerMemory.Answer(answer.vectors[index], isCut: item.isCut)
            }
        }
        await desk.settle(outcome.answers)
        return outcome
    }
}

extension ServiceFailure {
    /// What it is for whoever called, where it ends the call; nil where a text may be to blame.
    var embedderError: EmbedderError? {
        switch self {
        case .unavailable(let reason): .unavailable(reason)
        case .denied(let reason), .missing(let reason): .denied(reason)
        case .limited(let wait, _): .limited(retryAfter: wait)
        case .refused, .tooLarge, .tooMany, .broken: nil
        }
    }

    /// What it is where a text that nothing can be wrong with fails of it.
    var ofWhatever: EmbedderError {
        if case .broken(let reason) = self { return .unavailable(reason) }
        return .unavailable("it refuses whatever it is given: \(reason)")
    }

    /// What it says, for people.
    var reason: String {
        switch self {
        case .refused(let reason), .tooLarge(let reason), .tooMany(let reason), .broken(let reason),
            .unavailable(let reason), .denied(let reason), .missing(let reason):
            reason
        case .limited: "the provider asks for fewer requests"
        }
    }

    /// Whether a part of the request may be answered.
    fileprivate var isOfSize: Bool { if case .tooLarge = self { true } else { isOfNumber } }

    fileprivate var isOfNumber: Bool { if case .tooMany = self { true } else { false } }

    /// Whether another try, of another server behind the same address as a rule, may be answered.
    fileprivate var mayPass: Bool {
        switch self {
        case .broken, .unavailable, .missing: true
        case .refused, .tooLarge, .tooMany, .limited, .denied: false
        }
    }
}
