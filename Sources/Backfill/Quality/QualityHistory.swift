import PostgresClient

/// What former runs found of a table, as `backfilld.quality` keeps it.
struct QualityHistory: Sendable, Hashable {
    /// A run's mean vector.
    struct Centroid: Sendable, Hashable {
        /// Seconds since 1970.
        let at: Double
        let vector: [Float]
    }

    /// A figure of former runs, oldest first.
    private(set) var figures: [String: [QualityFigure.Point]] = [:]
    /// Those that are kept of this generation, oldest first.
    private(set) var centroids: [Centroid] = []
    /// When this run began, in seconds since 1970.
    private(set) var now = 0.0
    /// The same, ISO 8601 in UTC.
    private(set) var moment = ""
    /// Whether this run is going to be kept.
    private(set) var isKept = false
    /// Why it is not; nil where it is, or nobody wants it.
    private(set) var obstacle: String?

    /// Runs that are kept of each table.
    static let most = 400

    /// Former runs.
    var runs: Int { figures[QualityMeasure.coverage.rawValue]?.count ?? figures.values.map(\.count).max() ?? 0 }

    init(
        now: Double = 0, moment: String = "", centroids: [Centroid] = [], figures: [String: [QualityFigure.Point]] = [:]
    ) {
        self.now = now
        self.moment = moment
        self.centroids = centroids
        self.figures = figures
    }

    /// The figure's values over time, this one last; empty where this is the first.
    func series(_ name: QualityMeasure, _ value: Double) -> [QualityFigure.Point] {
        guard let former = figures[name.rawValue], !former.isEmpty else { return [] }
        return former + [QualityFigure.Point(x: now, y: QualityFigure.rounded(value))]
    }

    /// The figures of former runs, and those of this one behind them; nothing where this is the first.
    func with(_ told: [QualityFigure]) -> [String: [QualityFigure.Point]] {
        guard runs > 0 else { return [:] }
        var all = figures
        for figure in told {
            if let value = figure.value {
                all[figure.name.rawValue, default: []].append(.init(x: now, y: QualityFigure.rounded(value)))
            }
        }
        return all
    }

    /// Notes that it could not be kept.
    mutating func cannotKeep(_ why: String) {
        isKept = false
        obstacle = why
    }

    /// Looks them up.
    ///
    /// - Parameter isWanted: Whether this run is to be kept.
    static func load(
        _ table: WatchedTable, isWanted: Bool, on connection: PostgresConnection
    ) async throws -> QualityHistory {
        var history = QualityHistory()
        let row = try await connection.execute(
            Statement("look at the history of figures", SQLFile.qualityMoment))[0]
        history.now = try row.decode("seconds")
        history.moment = try row.decode("at")
        history.isKept = try isWanted && row.decode("may_keep")
        if isWanted, !history.isKept {
            history.obstacle =
                "this role may not write to backfilld.quality, or the server is a standby; as the table's owner: "
                + "backfilld setup --role"
        }
        guard try row.decode("may_read") else { return history }
        let watch = PostgresValue.int4(table.watch)
        for row in try await connection.execute(
            Statement("figures of former runs", SQLFile.qualityHistory, [watch]))
        {
            let point = QualityFigure.Point(x: try row.decode("at"), y: try row.decode("value"))
            history.figures[try row.decode("name"), default: []].append(point)
        }
        history.centroids = try await connection.execute(
            Statement("centroids of former runs", SQLFile.qualityCentroids, [watch, .int4(table.generation)])
        ).map { Centroid(at: try $0.decode("at"), vector: try $0.decode("centroid")) }
        return history
    }

    /// Keeps what this run found, and no more than ``most`` runs.
    func keep(
        _ figures: [QualityFigure], centroid: [Float], of table: WatchedTable, on connection: PostgresConnection
    ) async throws {
        guard isKept else { return }
        let told = figures.filter { $0.value != nil }
        let watch = PostgresValue.int4(table.watch)
        let generation = PostgresValue.int4(table.generation)
        try await connection.pipeline([
            Statement(
                "keep the figures", SQLFile.qualityNote,
                [
                    watch, generation, .textArray(told.map(\.name.rawValue)),
                    .textArray(told.map { "\(QualityFigure.rounded($0.value ?? 0))" }),
                    centroid.isEmpty ? PostgresValue(type: .float4Array, bytes: nil) : .float4Array(centroid),
                ]),
            Statement("forget old figures", SQLFile.qualityForget, [watch, .int8(Int64(Self.most))]),
            Statement("forget old centroids", SQLFile.qualityThin, [watch, generation]),
        ])
    }
}
