/// How good the vectors of a table are, and the search among them.
package struct QualityReport: Sendable, Hashable, Encodable {
    /// The table, with its schema.
    package let table: String
    /// When it was made, ISO 8601 in UTC.
    package let at: String
    /// What its vectors are made with: `local:all-MiniLM-L6-v2`.
    package let embedder: String
    /// Rows whose vectors were looked at.
    package let sampled: Int
    /// What it took, in milliseconds.
    package let took: Double
    /// Why this run is not kept in `backfilld.quality`; nil where it is, or was not to be.
    package let notKept: String?
    /// The figures, in their order.
    package let figures: [QualityFigure]
    /// Each figure in former runs and this one, by time in seconds since 1970; empty before the second run.
    package let history: [String: [QualityFigure.Point]]

    private enum CodingKeys: String, CodingKey {
        case table, at, embedder, sampled, took = "took_ms", notKept = "not_kept", figures, history
    }

    /// A figure by its name.
    package subscript(_ name: QualityMeasure) -> QualityFigure? { figures.first { $0.name == name } }

    /// The worst of the figures; `unknown` where none could be told.
    package var verdict: QualityFigure.Verdict { figures.map(\.verdict).reduce(.unknown, QualityFigure.Verdict.worst) }
}

/// What a report is to be made of.
package struct QualityOptions: Sendable, Hashable {
    /// Vectors that are looked at, at most; fewer where they are long: they take 8 MB.
    package var sample = 1000
    /// Rows that are embedded again, at most.
    var recomputed = 200
    /// Questions that are asked of search, at most.
    package var questions = 100
    /// Which rows are drawn: the same for the same seed, as long as they are there.
    package var seed: UInt64 = 1
    /// Characters of a text: what `limits.textBytes` says.
    package var textBytes = 65_536
    /// Whether the figures are kept in `backfilld.quality`.
    package var isKept = true
    /// How long searches that compare every row may take, all together.
    package var searching = Duration.seconds(45)

    /// The usual ones.
    package init() {}
}

/// Embeds for a report: texts as they are stored, and as they are asked for.
package struct QualityEmbedding: Sendable {
    /// As the rows of the table are embedded.
    package var passages: @Sendable ([String]) async throws -> [[Float]]
    /// As queries are embedded.
    package var queries: @Sendable ([String]) async throws -> [[Float]]
    /// What is wrong, for people: no text of a row, no secret.
    package var explain: @Sendable (any Error) -> String

    /// Embeds by these.
    package init(
        passages: @escaping @Sendable ([String]) async throws -> [[Float]],
        queries: @escaping @Sendable ([String]) async throws -> [[Float]],
        explain: @escaping @Sendable (any Error) -> String
    ) {
        self.passages = passages
        self.queries = queries
        self.explain = explain
    }
}
