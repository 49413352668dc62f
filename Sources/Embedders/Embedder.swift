/// Makes vectors from texts.
///
/// An embedder owns no database and no table: it is given texts and answers with one vector for each, in the same
/// order. It may be called from several batches at once.
package protocol Embedder: Sendable {
    /// What makes its vectors comparable with each other and with no others.
    var identity: EmbedderIdentity { get }

    /// What one call may carry.
    var limits: EmbedderLimits { get }

    /// Embeds texts.
    ///
    /// - Parameter texts: The texts, at most `limits.rows` of them.
    /// - Returns: One vector of `identity.dimension` components for each text, in the order of the texts.
    /// - Throws: Whatever kept the whole call from succeeding; nothing of it counts then.
    func embed(_ texts: [String]) async throws -> Embeddings

    /// Begins nothing more; calls under way may end early, with what they have.
    func finish() async
}

extension Embedder {
    /// Nothing: a call ends when it is done.
    package func finish() async {}
}

/// The answer of an embedder.
package struct Embeddings: Sendable {
    /// One vector a text, in the order of the texts.
    package var vectors: [[Float]]
    /// Texts that were longer than the model's limit, so that their vectors are of a part of them or of a mean.
    package var long: Int

    /// Answers.
    package init(_ vectors: [[Float]], long: Int = 0) {
        self.vectors = vectors
        self.long = long
    }
}

/// The name under which an embedder's vectors are recorded beside the column they fill.
///
/// Two embedders of the same identity make vectors that may stand in one column; of different ones, vectors that cannot
/// be compared.
package struct EmbedderIdentity: Sendable, Hashable {
    /// The kind of embedder, as configuration names it: `hash`, `local`, `openai`, …
    package let embedder: String
    /// The model's name.
    package let model: String
    /// Components in each vector.
    package let dimension: Int
    /// What else changes the vectors, by name: `weights` = `sha256:…`, `pooling` = `mean`, `prompt` = `passage: `.
    /// Nothing that leaves them comparable belongs here.
    package let traits: [String: String]

    /// Names an embedder's vectors.
    package init(embedder: String, model: String, dimension: Int, traits: [String: String] = [:]) {
        self.embedder = embedder
        self.model = model
        self.dimension = dimension
        self.traits = traits
    }

    /// Embedder, model and dimension for people: `local with all-MiniLM-L6-v2 (384 dimensions)`.
    package var summary: String { "\(embedder) with \(model) (\(dimension) dimensions)" }

    /// What another identity has otherwise, for people, each as `model a, not b`; none where the two are equal.
    package func differences(from other: EmbedderIdentity) -> [String] {
        var pairs = [
            ("embedder", embedder, other.embedder), ("model", model, other.model),
            ("dimension", String(dimension), String(other.dimension)),
        ]
        for name in Set(traits.keys).union(other.traits.keys).sorted() {
            pairs.append((name, Self.shown(traits[name]), Self.shown(other.traits[name])))
        }
        // By bytes: to the database "é" in one scalar and in two are two texts.
        return pairs.filter { !$0.1.utf8.elementsEqual($0.2.utf8) }.map { "\($0.0) \($0.1), not \($0.2)" }
    }

    /// A trait's value for people: of a hash its first twelve digits, which are enough to tell two apart.
    private static func shown(_ value: String?) -> String {
        guard let value else { return "none" }
        let mark = "sha256:"
        guard value.hasPrefix(mark), value.utf8.count > mark.utf8.count + 12 else {
            return value.isEmpty ? "\"\"" : value
        }
        return String(value.prefix(mark.count + 12)) + "…"
    }
}

/// What one call of an embedder may carry.
package struct EmbedderLimits: Sendable, Hashable {
    /// Texts in one call, at most.
    package let rows: Int
    /// UTF-8 bytes of text in one call, at most.
    package let bytes: Int

    /// Limits a call.
    package init(rows: Int, bytes: Int) {
        self.rows = rows
        self.bytes = bytes
    }
}
