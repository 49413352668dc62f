import Glibc
import SentenceEncoder

/// A provider of embeddings: plans requests by its limits, sends as many as it takes, and pays for no text twice.
package struct RemoteEmbedder: SelectiveEmbedder, KeyedEmbedder {
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
        /// Counts what others have sent today too.
        package var shared: (any SharedUsage)?
        /// Whether a ceiling of the day is an error (``DayCeilingReached``) rather than something to wait for.
        package var endsAtCeiling = false
        /// The time.
        package var clock: @Sendable () -> Throttle.Moment = {
            Throttle.Moment(ContinuousClock.now, seconds: Glibc.time(nil))
        }

        package init() {}
    }

    /// What the provider's vectors are recorded as.
    package let identity: EmbedderIdentity
    /// Nothing of its own: a call is split into as many requests as it takes.
    package let limits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)

    let service: any EmbeddingService
    let desk: RemoteDesk
    private let options: Options

    package init(_ service: any EmbeddingService, identity: EmbedderIdentity, _ options: Options = Options()) {
        self.service = service
        self.identity = identity
        self.options = options
        desk = RemoteDesk(
            memory: AnswerMemory(capacity: options.memory), throttle: Throttle(options.throttle, usage: options.usage),
            clock: options.clock, shared: options.shared, endsAtCeiling: options.endsAtCeiling)
    }

    /// The vectors of texts to be found, in their order.
    package func embed(_ texts: [String]) async throws -> Embeddings {
        try await embed(texts, for: .passage)
    }

    /// The vectors of texts of a role, in their order.
    ///
    /// - Throws: ``EmbedderError`` where any of them has none; `CancellationError`.
    package func embed(_ texts: [String], for role: TextRole) async throws -> Embeddings {
        // What is to tell whether the provider is well must reach it.
        if texts == [ProbeText.text] {
            return Embeddings(try await [call(for: role).probe()].compactMap(\.self))
        }
        let each = await embedEach(texts, for: role)
        if let error = each.error { throw error }
        return Embeddings(
            try each.vectors.map { vector in
                switch vector {
                case .success(let vector)?: return vector
                case .failure(let failure)?: throw EmbedderError.refused(failure.reason)
                case nil: throw CancellationError()
                }
            }, long: each.long)
    }

    /// The vectors of those of the texts that the provider takes.
    package func embedEach(_ texts: [String]) async -> EmbeddedTexts { await embedEach(texts, for: .passage) }

    private func embedEach(_ texts: [String], for role: TextRole) async -> EmbeddedTexts {
        let keys = texts.map { TextHash($0, mark: role == .query ? 1 : 0) }
        let texts = Dictionary(zip(keys, texts)) { first, _ in first }
        var known = RemoteCall.Outcome()
        var left = keys.reduce(into: (seen: Set<TextHash>(), order: [TextHash]())) { left, key in
            if left.seen.insert(key).inserted { left.order.append(key) }
        }.order
        while !left.isEmpty, known.error == nil {
            let (ours, theirs) = await share(left, &known)
            if !ours.isEmpty { known.add(await send(ours.map { ($0, texts[$0] ?? "") }, for: role)) }
            // Where the other call has failed, the next round sends them.
            for key in theirs where known.error == nil {
                do { known.answers[key] = try await desk.answer(to: key) } catch { known.error = error }
            }
            left = left.filter { known.answers[$0] == nil && known.refused[$0] == nil }
        }
        var result = EmbeddedTexts(error: left.isEmpty ? nil : known.error)
        for key in keys {
            if let answer = known.answers[key] {
                result.vectors.append(.success(answer.vector))
                if answer.isCut { result.long += 1 }
            } else {
                result.vectors.append(known.refused[key].map { .failure(EmbeddingFailure(reason: $0)) })
            }
        }
        return result
    }

    /// Those of the texts that are ours to send, and those that another call has sent; what is known already is taken over.
    private func share(
        _ keys: [TextHash], _ known: inout RemoteCall.Outcome
    ) async -> (ours: [TextHash], theirs: [TextHash]) {
        var (ours, theirs): ([TextHash], [TextHash]) = ([], [])
        for (key, share) in zip(keys, await desk.share(keys)) {
            switch share {
            case .known(let answer): known.answers[key] = answer
            case .ours: ours.append(key)
            case .theirs: theirs.append(key)
            }
        }
        return (ours, theirs)
    }

    /// Nothing is sent any more; calls under way end with what has been answered.
    package func finish() async { await desk.finish() }

    package func use(_ key: RemoteKey?) { service.use(key) }

    package var warnings: [String] { service.warnings }

    /// What the provider has said of its limits, if it has been asked anything yet.
    package var allowance: Allowance? { get async { await desk.allowance } }

    /// The model that the provider has said answers, if it has said so.
    package var answeredModel: String? { get async { await desk.model } }

    /// What was sent from here.
    package var usage: DayUsage { get async { await desk.throttle.own } }

    /// Requests that may be on their way now.
    package var room: Int { get async { await desk.throttle.room } }

    private func call(for role: TextRole) async -> RemoteCall {
        var limits = options.limits
        limits.inputs = min(limits.inputs, await desk.mostInputs)
        // No request may have more than a minute's tokens.
        if let most = await desk.allowance?.tokens { limits.requestTokens = min(limits.requestTokens ?? .max, most) }
        let count = TokenCount(tokenizer: options.tokenizer, prompt: options.prompts[role] ?? "")
        return RemoteCall(
            number: await desk.number(), role: role, desk: desk, service: service, plan: RequestPlan(limits, count))
    }

    private func send(_ texts: [(key: TextHash, text: String)], for role: TextRole) async -> RemoteCall.Outcome {
        let call = await call(for: role)
        return await call.run(texts.map { call.plan.item($0.text, key: $0.key) })
    }
}

/// A text that nothing can be wrong with, to find out whether a provider is well.
package enum ProbeText {
    /// The text.
    package static let text = "A short text in plain words."
}
