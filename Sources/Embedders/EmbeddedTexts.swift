/// Why one text has no vector, and will have none however often it is tried.
public struct EmbeddingFailure: Error, Sendable, Hashable {
    /// For people; nothing of the text.
    public let reason: String

    /// A failure of a text's own.
    public init(reason: String) {
        self.reason = reason
    }
}

/// What became of each text of a call.
public struct EmbeddedTexts: Sendable {
    /// Of each text, in order: its vector, why it has none, or nil where nothing is known of it because of ``error``.
    public var vectors: [Result<[Float], EmbeddingFailure>?]
    /// Texts that were longer than the model's limit.
    public var long: Int
    /// What ended the call before all of it was embedded; no text's own.
    public var error: (any Error)?

    /// What is known so far.
    public init(vectors: [Result<[Float], EmbeddingFailure>?] = [], long: Int = 0, error: (any Error)? = nil) {
        self.vectors = vectors
        self.long = long
        self.error = error
    }
}

/// An embedder that finds out by itself which texts of a call can't be embedded, and keeps what it has when it fails.
public protocol SelectiveEmbedder: Embedder {
    /// Embeds those of the texts that it can.
    ///
    /// - Parameter texts: The texts, at most `limits.rows` of them.
    /// - Returns: What became of each, in their order.
    func embedEach(_ texts: [String]) async -> EmbeddedTexts
}
