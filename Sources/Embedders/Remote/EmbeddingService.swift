import SentenceEncoder

/// What speaks to a provider of embeddings: one request, one answer, in the provider's own dialect.
///
/// It decides nothing about when to ask, how often and how much at once; a ``RemoteEmbedder`` does.
package protocol EmbeddingService: Sendable {
    /// Embeds texts in one request.
    ///
    /// - Parameters:
    ///   - texts: The texts, at least one, not more than the provider takes.
    ///   - role: Whether they are to be found, or to search with.
    /// - Returns: One vector for each text, in the order of the texts: count, dimension and finiteness are checked, and
    ///   which are none is told.
    /// - Throws: ``ServiceFailure``, or `CancellationError`.
    func embed(_ texts: [String], for role: TextRole) async throws -> ServiceAnswer

    /// Uses another key from the next request on.
    func use(_ key: RemoteKey?)

    /// What is to be told to whoever configured it, at the start.
    var warnings: [String] { get }
}

/// What is asked without a key.
extension EmbeddingService {
    package func use(_ key: RemoteKey?) {}
    package var warnings: [String] { [] }
}

/// An embedder that is asked with a key.
package protocol KeyedEmbedder: Embedder {
    /// Uses another key from the next request on.
    func use(_ key: RemoteKey?)

    /// What is to be told to whoever configured it, at the start.
    var warnings: [String] { get }
}

/// A provider's answer to one request.
package struct ServiceAnswer: Sendable {
    /// One vector for each text, in the order of the texts.
    package var vectors: [[Float]]
    /// Why some of them are none, by their places: zeros, or no numbers. The others are good.
    package var flaws: [Int: String]
    /// Tokens that the provider says it has charged for.
    package var tokens: Int?
    /// The model that it says has answered.
    package var model: String?
    /// What it says of its limits.
    package var allowance: Allowance

    package init(
        vectors: [[Float]], flaws: [Int: String] = [:], tokens: Int? = nil, model: String? = nil,
        allowance: Allowance = Allowance()
    ) {
        self.vectors = vectors
        self.flaws = flaws
        self.tokens = tokens
        self.model = model
        self.allowance = allowance
    }
}

/// What a provider says in the headers of an answer of how much more it takes (`x-ratelimit-*`).
package struct Allowance: Sendable, Hashable {
    /// Requests a minute, in all.
    package var requests: Int?
    /// Requests that it takes until ``requestsReset``.
    package var requestsLeft: Int?
    /// When it takes all of them again, from now.
    package var requestsReset: Duration?
    /// Tokens a minute, in all.
    package var tokens: Int?
    /// Tokens that it takes until ``tokensReset``.
    package var tokensLeft: Int?
    /// When it takes all of them again, from now.
    package var tokensReset: Duration?

    package init() {}
}

/// Why a request has no usable answer. No reason quotes a text that was to be embedded, or a key.
package enum ServiceFailure: Error, Sendable, Hashable {
    /// A text is not taken for what it is (400, 422): no use to ask again with the same.
    case refused(String)
    /// The request is too large as a whole, or one of its texts is (413, "maximum context length"): to be split.
    case tooLarge(String)
    /// As many texts at once get no answer that can be used: too few vectors, two in one place, or more bytes than may be.
    case tooMany(String)
    /// Too many requests (429, or 503 with Retry-After). `retryAfter` is what was asked for, if anything.
    case limited(retryAfter: Duration?, Allowance)
    /// It failed by itself, or answered what can't be used. As a rule no text's fault, but some servers fail of a text.
    case broken(String)
    /// Away, overloaded or too late; no text's fault.
    case unavailable(String)
    /// There is no such address, or no such model (404, 405, 410).
    case missing(String)
    /// The key or the account is not good (401, 402, 403). The reason names the credential by its last four characters.
    case denied(String)
}
