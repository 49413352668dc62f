import Glibc
import SentenceEncoder

/// A provider of embeddings: plans requests by its limits, sends as many as it takes, and pays for no text twice.
public struct RemoteEmbedder: Embedder {
    /// What is chosen beside the provider.
    package struct Options: Sendable {
        /// What one request may carry.
        package var limits = RequestLimits()
        /// How many requests go, and how fast.
        package var throttle = Throttle.Settings()
        /// What was sent earlier today.
        package var usage = DayUsage(day: 0)
        /// Bytes of answers that are remembered.
        package var memory = 64 << 20
        /// The model's own tokenizer, where there is one.
        package var tokenizer: Tokenizer?
        /// What the service puts before a text of a role.
        package var prompts: [TextRole: String] = [:]
        /// Hears of what was sent on this day, after each request.
        package var spent: @Sendable (DayUsage) -> Void = { _ in }
        /// The time.
        package var clock: @Sendable () -> Throttle.Moment = {
            Throttle.Moment(ContinuousClock.now, seconds: Glibc.time(nil))
        }

        package init() {}
    }

    /// What the provider's vectors are recorded as.
    public let identity: EmbedderIdentity
    /// Nothing of its own: a call is split into as many requests as it takes.
    public let limits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)

    let service: any EmbeddingService
    let desk: RemoteDesk
    private let options: Options

    package init(_ service: any EmbeddingService, identity: EmbedderIdentity, _ options: Options = Options()) {
        self.service = service
        self.identity = identity
        self.options = options
        desk = RemoteDesk(
            memory: AnswerMemory(capacity: options.memory), throttle: Throttle(options.throttle, usage: options.usage),
            clock: options.clock, spent: options.spent)
    }

    /// The vectors of texts to be found, in their order.
    public func embed(_ texts: [String]) async throws -> Embeddings {
        try await embed(texts, for: .passage)
    }

    /// The vectors of texts of a role, in their order.
    public func embed(_ texts: [String], for role: TextRole) async throws -> Embeddings {
        // What is to tell whether the provider is well must reach it.
        if texts == [ProbeText.text] { return try await probe(role) }
        let keys = texts.map { TextHash($0, mark: role == .query ? 1 : 0) }
        var missing: [TextHash: String] = [:]
        var order: [TextHash] = []
        for (key, text) in zip(keys, texts) where missing.updateValue(text, forKey: key) == nil { order.append(key) }
        var answers: [TextHash: AnswerMemory.Answer] = [:]
        while !order.isEmpty {
            try Task.checkCancellation()
            var ours: [(key: TextHash, text: String)] = []
            var theirs: [TextHash] = []
            for (key, share) in zip(order, await desk.share(order)) {
                switch share {
                case .known(let answer): answers[key] = answer
                case .ours: ours.append((key, missing[key] ?? ""))
                case .theirs: theirs.append(key)
                }
            }
            if !ours.isEmpty { answers.merge(try await send(ours, for: role)) { $1 } }
            // Where the other call has failed, the next round sends them.
            for key in theirs { answers[key] = try await desk.answer(to: key) }
            order = order.filter { answers[$0] == nil }
        }
        var result = Embeddings([])
        for key in keys {
            guard let answer = answers[key] else { continue }
            result.vectors.append(answer.vector)
            if answer.isCut { result.long += 1 }
        }
        return result
    }

    /// What the provider has said of its limits, if it has been asked anything yet.
    package var allowance: Allowance? { get async { await desk.allowance } }

    /// What was sent today.
    package var usage: DayUsage { get async { await desk.throttle.usage } }

    /// Requests that may be on their way now.
    package var room: Int { get async { await desk.throttle.room } }

    private func call(for role: TextRole) async -> RemoteCall {
        var limits = options.limits
        limits.inputs = min(limits.inputs, await desk.mostInputs)
        let count = TokenCount(tokenizer: options.tokenizer, prompt: options.prompts[role] ?? "")
        return RemoteCall(
            number: await desk.number(), role: role, desk: desk, service: service, plan: RequestPlan(limits, count))
    }

    private func probe(_ role: TextRole) async throws -> Embeddings {
        let call = await call(for: role)
        let item = call.plan.item(ProbeText.text, key: TextHash(ProbeText.text))
        do {
            return Embeddings(try await call.ask([item]).map(\.vector))
        } catch ServiceFailure.tooLarge(let reason) {
            throw EmbedderError.refused(reason)
        }
    }

    private func send(
        _ texts: [(key: TextHash, text: String)], for role: TextRole
    ) async throws -> [TextHash: AnswerMemory.Answer] {
        let call = await call(for: role)
        return try await call.run(texts.map { call.plan.item($0.text, key: $0.key) })
    }
}

/// A text that nothing can be wrong with, to find out whether a provider is well.
package enum ProbeText {
    /// The text.
    package static let text = "A short text in plain words."
}
