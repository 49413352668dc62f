/// What a call of an embedder failed of, by who is charged for it.
package enum EmbedderError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The texts were refused for what they are: one of them, or all. Whoever asked splits them until it is found.
    case refused(String)
    /// The embedder is away or broken: no text's fault.
    case unavailable(String)
    /// It will not serve this caller: a key that it does not know, or an account without money. Asking again soon is of no
    /// use; a person has to change something.
    case denied(String)
    /// Too many requests, which is no failure. Wait so long, nil where that was not said; and why, where there is more to say.
    case limited(retryAfter: Duration?, because: String? = nil)

    /// What is wrong, for people; no text that was to be embedded, no key.
    package var description: String {
        switch self {
        case .refused(let reason): "the embedder refused the text: \(reason)"
        case .unavailable(let reason): "the embedder is not available: \(reason)"
        case .denied(let reason): "the embedder does not serve us: \(reason)"
        case .limited(_, let reason?): reason
        case .limited(nil, nil): "the embedder asks for fewer requests"
        case .limited(let wait?, nil): "the embedder asks for fewer requests, the next in \(wait)"
        }
    }
}
