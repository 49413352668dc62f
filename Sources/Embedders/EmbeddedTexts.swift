/// Why one text has no vector, and will have none however often it is tried.
package struct EmbeddingFailure: Error, Sendable, Hashable {
    /// For people; nothing of the text.
    package let reason: String

    /// A failure of a text's own.
    package init(reason: String) {
        self.reason = reason
    }
}

/// What became of each text of a call.
package struct EmbeddedTexts: Sendable {
    /// Of each text, in order: its vector, why it has none, or nil where nothing is known of it because of ``error``.
    package var vectors: [Result<[Float], EmbeddingFailure>?]
    /// Texts that were longer than the model's limit.
    package var long: Int
    /// What ended the call before all of it was embedded; no text's own.
    package var error: (any Error)?

    /// What is known so far.
    package init(vectors: [Result<[Float], EmbeddingFailure>?] = [], long: Int = 0, error: (any Error)? = nil) {
        self.vectors = vectors
        self.long = long
        self.error = error
    }
}

/// An embedder that finds out by itself which texts of a call can't be embedded, and keeps what it has when it fails.
package protocol SelectiveEmbedder: Embedder {
    /// Embeds those of the texts that it can.
    ///
    /// - Parameter texts: The texts, at most `limits.rows` of them.
    /// - Returns: What became of each, in their order.
    func embedEach(_ texts: [String]) async -> EmbeddedTexts
}
