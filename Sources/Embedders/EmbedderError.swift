/// What a call of an embedder failed of, by who is charged for it.
public enum EmbedderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The texts were refused for what they are: one of them, or all. Whoever asked splits them until it is found.
    case refused(String)
    /// The embedder is away or broken: no text's fault.
    case unavailable(String)
    /// Too many requests, which is no failure. Wait so long; nil where that was not said.
    case limited(retryAfter: Duration?)

    /// What is wrong, for people; no text that was to be embedded.
    public var description: String {
        switch self {
        case .refused(let reason): "the embedder refused the text: \(reason)"
        case .unavailable(let reason): "the embedder is not available: \(reason)"
        case .limited(nil): "the embedder asks for fewer requests"
        case .limited(let wait?): "the embedder asks for fewer requests, the next in \(wait)"
        }
    }
}
