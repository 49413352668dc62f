/// Makes vectors from texts.
///
/// An embedder owns no database and no table: it is given texts and answers with one vector for each, in the same
/// order. It may be called from several batches at once.
public protocol Embedder: Sendable {
    /// What makes its vectors comparable with each other and with no others.
    var identity: EmbedderIdentity { get }

    /// What one call may carry.
    var limits: EmbedderLimits { get }

    /// Embeds texts.
    ///
    /// - Parameter texts: The texts, at most `limits.rows` of them.
    /// - Returns: One vector of `identity.dimension` components for each text, in the order of the texts.
    /// - Throws: Whatever kept the whole call from succeeding; nothing of it counts then.
    func embed(_ texts: [String]) async throws -> [[Float]]
}

/// The name under which an embedder's vectors are recorded beside the column they fill.
public struct EmbedderIdentity: Sendable, Hashable {
    /// The kind of embedder, as configuration names it: `hash`, `local`, `openai`, …
    public let embedder: String
    /// The model, with whatever else changes its vectors.
    public let model: String
    /// Components in each vector.
    public let dimension: Int

    /// Names an embedder's vectors.
    public init(embedder: String, model: String, dimension: Int) {
        self.embedder = embedder
        self.model = model
        self.dimension = dimension
    }
}

/// What one call of an embedder may carry.
public struct EmbedderLimits: Sendable, Hashable {
    /// Texts in one call, at most.
    public let rows: Int
    /// UTF-8 bytes of text in one call, at most.
    public let bytes: Int

    /// Limits a call.
    public init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }
}
