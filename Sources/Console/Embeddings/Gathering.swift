import Embedders
import HTTPTypes
import SentenceEncoder

/// Embeds texts for callers, small requests of several together.
actor Gathering {
    private struct Request {
        var texts: [String]
        var vectors: [[Float]]
        var tokens: Int? = 0
        var left: Int
        var done: CheckedContinuation<QueryEmbedder.Answer, any Error>
    }

    /// Texts that are in no call yet.
    var waitingTexts: Int { plan.waitingTexts }

    private let embedder: QueryEmbedder
    private let tally: Tally
    private let executor: (any TaskExecutor)?
    private var plan: GatheringPlan
    private var requests: [Int: Request] = [:]
    private var number = 0

    /// - Parameter executor: Where the calls are made from; nil for anywhere.
    init(
        _ embedder: QueryEmbedder, tally: Tally, plan: GatheringPlan = GatheringPlan(),
        executor: (any TaskExecutor)? = nil
    ) {
        self.embedder = embedder
        self.tally = tally
        self.executor = executor
        self.plan = GatheringPlan(places: plan.places, most: min(plan.most, embedder.rows), room: plan.room)
    }

    /// The vectors of texts, in their order.
    ///
    /// - Throws: What the embedder throws; ``Refused`` where too much is waiting already; `CancellationError`, its texts taken
    ///   out of line.
    func embed(_ texts: [String], for role: TextRole) async throws -> QueryEmbedder.Answer {
        guard !texts.isEmpty else { return QueryEmbedder.Answer(vectors: [], tokens: 0) }
        number += 1
        let number = number
        return try await withTaskCancellationHandler {
            try await wait(number, texts, role)
        } onCancel: {
            Task { await self.fail(number, CancellationError()) }
        }
    }

    private func wait(_ number: Int, _ texts: [String], _ role: TextRole) async throws -> QueryEmbedder.Answer {
        try await withCheckedThrowingContinuation { continuation in
            guard plan.add(number, role, texts: texts.count) else {
                let error = Refused(
                    .serviceUnavailable, "too many texts are waiting; try again in a second", retryAfter: 1)
                return continuation.resume(throwing: error)
            }
            requests[number] = Request(
                texts: texts, vectors: Array(repeating: [], count: texts.count), left: texts.count, done: continuation)
            setOff()
        }
    }

    private func setOff() {
        while let call = plan.next() {
            Task(executorPreference: executor) { await self.run(call) }
        }
    }

    private func run(_ call: [GatheringPlan.Piece]) async {
        do {
            try await answer(call)
        } catch EmbedderError.refused where call.count > 1 {
            // One text is to blame, and no other request.
            for piece in call {
                do { try await answer([piece]) } catch { fail(piece.request, error) }
            }
        } catch {
            for piece in call { fail(piece.request, error) }
        }
        plan.ended()
        setOff()
    }

    /// Embeds pieces, and gives each request its vectors.
    private func answer(_ call: [GatheringPlan.Piece]) async throws {
        // Requests of which another piece has failed want nothing any more.
        let call = call.filter { requests[$0.request] != nil }
        let texts = call.flatMap { piece in requests[piece.request].map { Array($0.texts[piece.texts]) } ?? [] }
        guard !texts.isEmpty else { return }
        let began = ContinuousClock.now
        do {
            let answer = try await embedder.embed(texts, call[0].role)
            guard answer.vectors.count == texts.count else {
                throw EmbedderError.unavailable("it answered with another number of vectors than it was given texts")
            }
            tally.called(
                by: "console", texts: texts.count, tokens: answer.tokens, took: .now - began, failed: nil)
            settle(call, answer)
        } catch {
            tally.called(by: "console", texts: texts.count, tokens: nil, took: .now - began, failed: error)
            throw error
        }
    }

    private func settle(_ call: [GatheringPlan.Piece], _ answer: QueryEmbedder.Answer) {
        var next = 0
        for piece in call {
            defer { next += piece.texts.count }
            // It may have failed meanwhile, by another piece.
            guard var request = requests[piece.request] else { continue }
            for (offset, index) in piece.texts.enumerated() { request.vectors[index] = answer.vectors[next + offset] }
            request.left -= piece.texts.count
            // Of a call that several share each pays by its texts.
            request.tokens = request.tokens.flatMap { sum in
                answer.tokens.map { sum + $0 * piece.texts.count / answer.vectors.count }
            }
            if request.left == 0 {
                requests[piece.request] = nil
                request.done.resume(returning: QueryEmbedder.Answer(vectors: request.vectors, tokens: request.tokens))
            } else {
                requests[piece.request] = request
            }
        }
    }

    private func fail(_ number: Int, _ error: any Error) {
        plan.forget(number)
        requests.removeValue(forKey: number)?.done.resume(throwing: error)
    }
}
