/// How good the vectors of a table are, and the search among them.
public struct QualityReport: Sendable, Hashable, Encodable {
    /// The table, with its schema.
    public let table: String
    /// When it was made, ISO 8601 in UTC.
    public let at: String
    /// What its vectors are made with: `local:all-MiniLM-L6-v2`.
    public let embedder: String
    /// Rows whose vectors were looked at.
    public let sampled: Int
    /// What it took, in milliseconds.
    public let took: Double
    /// Why this run is not kept in `backfilld.quality`; nil where it is, or was not to be.
    public let notKept: String?
    /// The figures, in their order.
    public let figures: [QualityFigure]
    /// Each figure in former runs and this one, by time in seconds since 1970; empty before the second run.
    public let history: [String: [QualityFigure.Point]]

    private enum CodingKeys: String, CodingKey {
        case table, at, embedder, sampled, took = "took_ms", notKept = "not_kept", figures, history
    }

    /// A figure by its name.
    public subscript(_ name: QualityMeasure) -> QualityFigure? { figures.first { $0.name == name } }

    /// The worst of the figures; `unknown` where none could be told.
    public var verdict: QualityFigure.Verdict { figures.map(\.verdict).reduce(.unknown, QualityFigure.Verdict.worst) }
}

/// What a report is to be made of.
public struct QualityOptions: Sendable, Hashable {
    /// Vectors that are looked at, at most; fewer where they are long: they take 8 MB.
    public var sample = 1000
    /// Rows that are embedded again, at most.
    var recomputed = 200
    /// Questions that are asked of search, at most.
    public var questions = 100
    /// Which rows are drawn: the same for the same seed, as long as they are there.
    public var seed: UInt64 = 1
    /// Characters of a text: what `limits.textBytes` says.
    public var textBytes = 65_536
    /// Whether the figures are kept in `backfilld.quality`.
    public var isKept = true
    /// How long searches that compare every row may take, all together.
    public var searching = Duration.seconds(45)

    /// The usual ones.
    public init() {}
}

/// Embeds for a report: texts as they are stored, and as they are asked for.
public struct QualityEmbedding: Sendable {
    /// As the rows of the table are embedded.
    public var passages: @Sendable ([String]) async throws -> [[Float]]
    /// As queries are embedded.
    public var queries: @Sendable ([String]) async throws -> [[Float]]
    /// What is wrong, for people: no text of a row, no secret.
    public var explain: @Sendable (any Error) -> String

    /// Embeds by these.
    public init(
        passages: @escaping @Sendable ([String]) async throws -> [[Float]],
        queries: @escaping @Sendable ([String]) async throws -> [[Float]],
        explain: @escaping @Sendable (any Error) -> String
    ) {
        self.passages = passages
        self.queries = queries
        self.explain = explain
    }
}
