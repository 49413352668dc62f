import Glibc
import SentenceEncoder

/// The deterministic demonstration vector of backfilld's first version: no meaning, no model, the same everywhere.
///
/// SHA-256 of the UTF-8 text is read as eight big-endian 32-bit integers `h`; component `i` is
/// `sin(s / 1000) · cos(s / 2000)` with `s = h[i mod 8] + i`; the vector is divided by its L2 norm. Kept for tests and
/// for a smoke test without a model.
package struct HashEmbedder: Embedder {
    /// `hash`, with the formula's name for its model.
    package let identity: EmbedderIdentity
    /// Nothing of its own; what fits into memory at once.
    package let limits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)

    /// Makes vectors of `dimension` components.
    package init(dimension: Int = 384) {
        precondition(dimension > 0)
        identity = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: dimension)
    }

    /// The vectors of texts, in their order.
    package func embed(_ texts: [String]) async throws -> Embeddings {
        Embeddings(texts.map(vector))
    }

    /// The vector of one text: `identity.dimension` components, L2 norm 1.
    package func vector(of text: String) -> [Float] {
        let digest = SHA256.digest(of: text)
        let words = stride(from: 0, to: 32, by: 4).map { at in
            digest[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
        }
        var components = [Double](repeating: 0, count: identity.dimension)
        // With θ = s / 2000, sin(2θ)·cos(θ) is 2·sin(θ)·cos²(θ), and every eighth component is one turn by 8 / 2000
        // further: sixteen calls of sin and cos a text instead of two a component.
        let (sinStep, cosStep) = (sin(8.0 / 2000), cos(8.0 / 2000))
        for (lane, word) in words.enumerated() {
            let angle = (Double(word) + Double(lane)) / 2000
            var (sine, cosine) = (sin(angle), cos(angle))
            for index in stride(from: lane, to: components.count, by: 8) {
                components[index] = 2 * sine * cosine * cosine
                (sine, cosine) = (sine * cosStep + cosine * sinStep, cosine * cosStep - sine * sinStep)
            }
        }
        let norm = components.reduce(0) { $0 + $1 * $1 }.squareRoot()
        if norm > 0 { for index in components.indices { components[index] /= norm } }
        return components.map(Float.init)
    }
}
