import Console
import Embedders
import SentenceEncoder

/// The pipelines' embedder, with its calls counted for the console.
struct MeteredEmbedder: Embedder {
    let embedder: any Embedder
    let tally: Tally

    var identity: EmbedderIdentity { embedder.identity }
    var limits: EmbedderLimits { embedder.limits }

    func embed(_ texts: [String]) async throws -> Embeddings {
        let began = ContinuousClock.now
        do {
            let (embeddings, tokens) = try await embedder.embed(texts, as: .passage, in: .rows)
            tally.called(by: "pipeline", texts: texts.count, tokens: tokens, took: .now - began, failed: nil)
            return embeddings
        } catch {
            tally.called(by: "pipeline", texts: texts.count, tokens: nil, took: .now - began, failed: error)
            throw error
        }
    }

    func finish() async { await embedder.finish() }
}

/// The same for an embedder that keeps what it has when it fails: behind the other it could not.
struct MeteredSelectiveEmbedder: SelectiveEmbedder {
    let embedder: any SelectiveEmbedder
    let tally: Tally

    var identity: EmbedderIdentity { embedder.identity }
    var limits: EmbedderLimits { embedder.limits }

    func embed(_ texts: [String]) async throws -> Embeddings { try await embedder.embed(texts) }

    func embedEach(_ texts: [String]) async -> EmbeddedTexts {
        let began = ContinuousClock.now
        let each = await embedder.embedEach(texts)
        let known = each.vectors.count { $0 != nil }
        if known > 0 { tally.called(by: "pipeline", texts: known, tokens: nil, took: .now - began, failed: nil) }
        if let error = each.error {
            tally.called(by: "pipeline", texts: texts.count - known, tokens: nil, took: .now - began, failed: error)
        }
        return each
    }

    func finish() async { await embedder.finish() }
}

extension Embedder {
    /// Embeds texts for a role, where the embedder knows roles, and says how many tokens that took, where it counts them.
    func embed(
        _ texts: [String], as role: TextRole, in queue: EncoderQueue
    ) async throws -> (embeddings: Embeddings, tokens: Int?) {
        if let watched = self as? WatchedEmbedder {
            let encoded = try await watched.encode(texts, for: role, in: queue)
            return (Embeddings(encoded.vectors, long: encoded.long), encoded.tokens)
        }
        if let remote = self as? RemoteEmbedder { return (try await remote.embed(texts, for: role), nil) }
        return (try await embed(texts), nil)
    }

    /// What callers of the console get; nil where the embedder writes the table itself and has no vectors to give.
    var queryEmbedder: QueryEmbedder? {
        guard !(self is any WritingEmbedder) else { return nil }
        return QueryEmbedder(identity: identity, rows: limits.rows) { texts, role in
            let (embeddings, tokens) = try await embed(texts, as: role, in: .callers)
            return QueryEmbedder.Answer(vectors: embeddings.vectors, tokens: tokens)
        }
    }
}
