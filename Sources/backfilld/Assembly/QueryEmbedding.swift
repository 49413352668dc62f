import Embedders
import SentenceEncoder

extension Embedder {
    /// The vectors of texts to search with: of an embedder that knows roles, with the prompt of a query.
    ///
    /// - Throws: ``EmbedderError/denied(_:)`` for an embedder that writes rows itself, and can be asked for nothing else.
    func embedQueries(_ texts: [String]) async throws -> [[Float]] {
        if let local = self as? LocalEmbedder { return try await local.encode(texts, for: .query).vectors }
        if let remote = self as? RemoteEmbedder { return try await remote.embed(texts, for: .query).vectors }
        if self is any WritingEmbedder {
            throw EmbedderError.denied(
                "\(identity.embedder) writes rows of the table and embeds nothing else; search by words: --mode text")
        }
        return try await embed(texts).vectors
    }
}
