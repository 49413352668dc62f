import Embedders

extension Embedder {
    /// Embeds texts, and finds out which of them can't be.
    ///
    /// Where a call is refused, a text of our own tells whether its texts or the provider is to blame. Then it is split until
    /// the text is found that it was refused for, so that its neighbours get their vectors.
    /// - Throws: What the first call throws and is no text's own; ``EmbeddingError``.
    func trial(of texts: [String]) async throws -> EmbeddedTexts {
        if let selective = self as? any SelectiveEmbedder {
            var each = await selective.embedEach(texts)
            each.vectors = try EmbeddingError.checkEach(each.vectors, count: texts.count, dimension: identity.dimension)
            return each
        }
        let embedded: EmbeddedTexts
        do {
            embedded = try await embedAll(texts[...])
        } catch EmbedderError.refused(let reason) {
            try await embedHarmless()
            if texts.count == 1 { return EmbeddedTexts(vectors: [.failure(EmbeddingFailure(reason: reason))]) }
            var each = await embedHalves(texts[...])
            each.vectors += Array(repeating: nil, count: texts.count - each.vectors.count)
            return each
        }
        // Nothing but vectors that are none is no text's doing either.
        let isHopeless = embedded.vectors.allSatisfy { if case .failure? = $0 { true } else { false } }
        if isHopeless, !texts.isEmpty { try await embedHarmless() }
        return embedded
    }

    /// Embeds a text that nothing can be wrong with.
    private func embedHarmless() async throws {
        do {
            let embedded = try await embedAll([ProbeText.text])
            if case .failure(let failure)? = embedded.vectors[0] { throw EmbedderError.unavailable(failure.reason) }
        } catch EmbedderError.refused(let reason) {
            throw EmbedderError.unavailable("it refuses whatever it is given: \(reason)")
        }
    }

    private func embedAll(_ texts: ArraySlice<String>) async throws -> EmbeddedTexts {
        let answer = try await embed(Array(texts))
        let vectors = try EmbeddingError.checkEach(
            answer.vectors.map { .success($0) }, count: texts.count, dimension: identity.dimension)
        return EmbeddedTexts(vectors: vectors, long: answer.long)
    }

    private func embedHalves(_ texts: ArraySlice<String>) async -> EmbeddedTexts {
        let middle = texts.startIndex + texts.count / 2
        var result = EmbeddedTexts()
        for half in [texts[..<middle], texts[middle...]] {
            let part = await embedOrSplit(half)
            result.vectors += part.vectors
            result.long += part.long
            result.error = part.error
            if part.error != nil { break }
        }
        return result
    }

    private func embedOrSplit(_ texts: ArraySlice<String>) async -> EmbeddedTexts {
        do {
            return try await embedAll(texts)
        } catch EmbedderError.refused(let reason) {
            guard texts.count > 1 else { return EmbeddedTexts(vectors: [.failure(EmbeddingFailure(reason: reason))]) }
            return await embedHalves(texts)
        } catch {
            return EmbeddedTexts(error: error)
        }
    }
}
