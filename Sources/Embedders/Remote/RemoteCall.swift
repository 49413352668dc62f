import SentenceEncoder

/// One call of a remote embedder: sends its requests side by side, and splits those that are too large.
struct RemoteCall: Sendable {
    let number: Int
    let role: TextRole
    let desk: RemoteDesk
    let service: any EmbeddingService
    let plan: RequestPlan

    private typealias Outcome = (answers: [TextHash: AnswerMemory.Answer], error: (any Error)?)

    /// Embeds texts that are this call's to send.
    ///
    /// Where a request fails, those that are on their way are waited for, since they may have to be paid for, and their
    /// answers are remembered; the others do not go any more.
    /// - Throws: The failure that says most of what to do.
    func run(_ items: [RequestPlan.Item]) async throws -> [TextHash: AnswerMemory.Answer] {
        let outcome = await withTaskGroup(of: Outcome.self) { group -> Outcome in
            for request in plan.requests(of: items) { group.addTask { await settle(request) } }
            var whole: Outcome = ([:], nil)
            for await part in group {
                whole.answers.merge(part.answers) { $1 }
                guard let error = part.error else { continue }
                if Self.weight(error) > whole.error.map(Self.weight) ?? -1 { whole.error = error }
            }
            return whole
        }
        await desk.close(call: number)
        await desk.giveUp(items.map(\.key).filter { outcome.answers[$0] == nil })
        if let error = outcome.error { throw error }
        return outcome.answers
    }

    /// One request, or what it is split into; each answer is remembered as soon as it is there.
    private func settle(_ request: [RequestPlan.Item]) async -> Outcome {
        do {
            let answers = try await ask(request)
            let pairs = zip(request.map(\.key), answers)
            await desk.settle(Array(pairs))
            return (Dictionary(pairs) { $1 }, nil)
        } catch ServiceFailure.tooLarge(let reason) {
            if let halves = RequestPlan.halves(of: request) {
                var whole: Outcome = ([:], nil)
                for half in halves {
                    let part = await settle(half)
                    whole.answers.merge(part.answers) { $1 }
                    if let error = part.error {
                        whole.error = error
                        if !Self.isRefusal(error) { break }
                    }
                }
                if whole.error == nil { await desk.splits(request.count) }
                return whole
            }
            guard let shorter = plan.shortened(request[0]) else {
                return ([:], EmbedderError.refused("too long, however short it is cut: \(reason)"))
            }
            return await settle([shorter])
        } catch {
            return ([:], error)
        }
    }

    /// Sends a request as soon as it may go, and again where the provider asks for patience.
    ///
    /// - Throws: ``ServiceFailure/tooLarge(_:)``, ``EmbedderError``, ``RemoteDesk/Refusal`` or `CancellationError`.
    func ask(_ request: [RequestPlan.Item]) async throws -> [AnswerMemory.Answer] {
        let estimate = request.reduce(0) { $0 + $1.likely }
        while true {
            let ticket = try await desk.turn(call: number, estimate: estimate)
            do {
                let answer = try await service.embed(request.map(\.text), for: role)
                guard answer.vectors.count == request.count else {
                    throw ServiceFailure.unavailable(
                        "it answered \(answer.vectors.count) vectors for \(request.count) texts")
                }
                await desk.settled(allowance: answer.allowance) {
                    $0.answered(ticket, charged: answer.tokens, answer.allowance, at: $1)
                }
                return zip(request, answer.vectors).map { AnswerMemory.Answer($1, isCut: $0.isCut) }
            } catch ServiceFailure.limited(let wait, let allowance) {
                await desk.settled { $0.limited(ticket, retryAfter: wait, allowance, at: $1) }
            } catch {
                throw await failure(error, ticket)
            }
        }
    }

    private func failure(_ error: any Error, _ ticket: Throttle.Ticket) async -> any Error {
        let failure = error as? ServiceFailure
        let isAway = if case .unavailable? = failure { true } else { false }
        let told: any Error =
            switch failure {
            case .refused(let reason)?: EmbedderError.refused(reason)
            case .unavailable(let reason)?: EmbedderError.unavailable(reason)
            case .denied(let reason)?: EmbedderError.denied(reason)
            case .tooLarge?, .limited?, nil: error
            }
        // A refused text takes nothing from the others, and what they cost is remembered.
        let isEnd = failure == nil || told is EmbedderError && !Self.isRefusal(told)
        await desk.settled(ending: isEnd ? number : nil) {
            $0.failed(ticket, isCharged: isAway || failure == nil, isOverload: isAway, at: $1)
        }
        return told
    }

    private static func isRefusal(_ error: any Error) -> Bool {
        if case EmbedderError.refused = error { true } else { false }
    }

    /// What somebody has to see to goes before what passes, and that before what halving finds.
    private static func weight(_ error: any Error) -> Int {
        switch error {
        case EmbedderError.denied: 5
        case EmbedderError.unavailable: 4
        case EmbedderError.limited: 3
        case is CancellationError: 2
        case EmbedderError.refused: 1
        default: 0
        }
    }
}
