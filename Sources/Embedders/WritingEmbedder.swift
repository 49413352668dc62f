/// An embedder that is given rows instead of texts, and writes their vectors into the table itself, or says that it does.
///
/// What it says is no evidence: whoever asks looks at the table afterwards. A text that is no row's it can't embed.
package protocol WritingEmbedder: Embedder {
    /// Hands rows over, at most `limits.rows` of them.
    ///
    /// - Returns: What the other side said.
    /// - Throws: ``EmbedderError``, or `CancellationError`. Rows may have been written all the same.
    func submit(_ rows: [SubmittedRow]) async throws -> Submission
}

extension WritingEmbedder {
    /// Always throws: there is no row that this text could be written into.
    package func embed(_ texts: [String]) async throws -> Embeddings {
        throw EmbedderError.denied(
            "\(identity.embedder) embeds rows of the table and nothing else; choose another embedder for single texts")
    }
}

/// A row for an embedder that writes it itself.
package struct SubmittedRow: Sendable, Hashable {
    /// The text form of its key.
    package var key: String
    /// What is to be embedded.
    package var text: String

    /// A row.
    package init(key: String, text: String) {
        self.key = key
        self.text = text
    }
}

/// What an embedder that writes rows itself has said of them.
package struct Submission: Sendable {
    /// How many rows it says that it wrote; nil where it does not say.
    package var updated: Int?
    /// What else it said, for people, with no text of a row in it.
    package var message: String?
    /// Vectors that the answer has, by the place of their row among those submitted.
    package var vectors: [Int: [Float]]
    /// Why what it has in the place of some of them are none.
    package var flaws: [Int: String]

    /// What was said.
    package init(
        updated: Int? = nil, message: String? = nil, vectors: [Int: [Float]] = [:], flaws: [Int: String] = [:]
    ) {
        self.flaws = flaws
        self.updated = updated
        self.message = message
        self.vectors = vectors
    }

    /// What was said, for people: `said 20 updated ("done")`.
    package var summary: String {
        (updated.map { "said \($0) updated" } ?? "did not say how many rows it updated")
            + (message.map { " (\"\($0)\")" } ?? "")
    }
}
