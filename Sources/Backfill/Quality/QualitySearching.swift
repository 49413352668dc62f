import PostgresClient

/// Asks a table for rows, exactly and through its index.
struct QualitySearching: Sendable {
    private let quality: Quality
    private let table: WatchedTable
    private let connection: PostgresConnection
    private let budget: Duration
    /// As search sees the table.
    private let whole: SearchShape
    /// The same without the columns that come with each row.
    private let shape: SearchShape
    /// The same without indexes: what is nearest is so by cosine.
    private let exactShape: SearchShape

    private static let deadline = Duration.seconds(20)

    init(_ quality: Quality, _ shape: SearchShape, on connection: PostgresConnection) {
        self.quality = quality
        table = quality.table
        budget = quality.options.searching
        self.connection = connection
        whole = shape
        var bare = shape
        (bare.category, bare.title, bare.columns) = (nil, nil, [])
        self.shape = bare
        bare.indexes = []
        exactShape = bare
    }

    /// What comparing every row finds, as far as there is time.
    func exact(
        _ probes: [QualityProbe]
    ) async throws -> (truths: [QualityTruth], sweep: QualitySweep?, problem: String?) {
        var truths: [QualityTruth] = []
        var times: [Double] = []
        var problem: String?
        let end = ContinuousClock.now + budget
        for probe in probes {
            guard truths.count < QualityScale.fewQuestions || ContinuousClock.now < end else {
                problem = "There was time for \(truths.count.grouped) of \(probes.count.counted("question"))."
                break
            }
            let plan = try plan(probe, exactShape, isExact: true)
            do {
                let (rows, time) = try await connection.transaction { transaction in
                    try await transaction.execute(plan.settings)
                    let began = ContinuousClock.now
                    let rows = try await transaction.execute(plan.search, deadline: Self.deadline)
                    return (rows, Self.milliseconds(.now - began))
                }
                let found = try await titled(try hits(rows, of: probe), of: probe)
                truths.append(QualityTruth(key: probe.key, hits: found))
                times.append(time)
            } catch let error as PostgresError where error.code == .deadlineExceeded {
                problem = "Comparing every row takes longer than \(Vitals.span(Self.deadline))."
                break
            }
        }
        // What the first one took is reading the table into the server's memory.
        let warm = times.count > 1 ? Array(times.dropFirst()) : times
        return (truths, times.isEmpty ? nil : QualitySweep(setting: 0, recalls: [], times: warm), problem)
    }

    /// What search finds through the index, setting by setting.
    func index(_ probes: [QualityProbe], _ truths: [QualityTruth]) async throws -> QualityIndex {
        var facts = QualityIndex(indexes: shape.indexes, used: VectorIndex.best(of: shape.indexes, on: table.relation))
        guard let used = facts.used, let first = probes.first, !truths.isEmpty else { return facts }
        let name = used.searchSetting
        let plan = try plan(first, shape, isExact: false)
        let set = { (value: Int) in
            Statement("setting of the index", SQLFile.qualitySetting, [.text(name), .text("\(value)")])
        }
        facts.isChosen = try await goesThrough([plan.settings, plan.explanation])
        facts.isUsable = try await goesThrough([plan.settings, set(QualitySweep.usual(of: used)), plan.explanation])
        guard facts.isUsable else { return facts }
        // One round to fill the server's memory, which does not count.
        do {
            _ = try await sweep(probes, truths, set(QualitySweep.usual(of: used)), 0)
            for setting in QualitySweep.settings(of: used) {
                facts.sweeps.append(try await sweep(probes, truths, set(setting), setting))
            }
        } catch let error as PostgresError where error.code == .deadlineExceeded {
            facts.problem = "A search through the index takes longer than \(Vitals.span(Self.deadline))."
        }
        return facts
    }

    private func goesThrough(_ statements: [Statement]) async throws -> Bool {
        let results = try await connection.transaction { transaction in
            try await transaction.pipeline(statements, deadline: Self.deadline)
        }
        guard let lines = results.last else { return false }
        return try SearchWay.index(in: lines.map { try $0.decode(0) }) != nil
    }

    private func sweep(
        _ probes: [QualityProbe], _ truths: [QualityTruth], _ set: Statement, _ setting: Int
    ) async throws -> QualitySweep {
        let plans = try zip(probes, truths).map { probe, truth in (probe, truth, try plan(probe, shape, isExact: false))
        }
        let end = ContinuousClock.now + budget / 6
        return try await connection.transaction { transaction in
            var recalls: [Double] = []
            var times: [Double] = []
            for (number, (probe, truth, plan)) in plans.enumerated() {
                if number == 0 {
                    try await transaction.pipeline([plan.settings, set])
                } else if ContinuousClock.now > end {
                    break
                }
                let began = ContinuousClock.now
                let rows = try await transaction.execute(plan.search, deadline: Self.deadline)
                times.append(Self.milliseconds(.now - began))
                if let recall = truth.recall(of: try hits(rows, of: probe)) { recalls.append(recall) }
            }
            return QualitySweep(setting: setting, recalls: recalls, times: times)
        }
    }

    /// The nearest other row of each, in the whole table, as search finds it.
    func neighbours(_ probes: [QualityProbe]) async throws -> QualityNeighbours? {
        var found = QualityNeighbours()
        let end = ContinuousClock.now + budget / 3
        for probe in probes where ContinuousClock.now < end {
            let plan = try plan(probe, shape, isExact: false)
            do {
                let rows = try await connection.transaction { transaction in
                    try await transaction.pipeline([plan.settings, plan.search], deadline: Self.deadline)[1]
                }
                found.add(probe.key, nearest: try hits(rows, of: probe).first)
            } catch let error as PostgresError where error.code == .deadlineExceeded {
                break
            }
        }
        return found.isEnough ? found : nil
    }

    private func plan(_ probe: QualityProbe, _ shape: SearchShape, isExact: Bool) throws(SearchProblem) -> SearchPlan {
        // A row's own vector finds the row itself, which does not count.
        let limit = QualityTruth.depth + (probe.question == nil ? 1 : 0)
        return try SearchPlan(
            SearchQuery("", vector: probe.vector, mode: .vector, limit: limit, isExact: isExact), table: table,
            shape: shape)
    }

    private func hits(_ rows: Rows, of probe: QualityProbe) throws -> [QualityHit] {
        let hits = try rows.compactMap { row -> QualityHit? in
            guard let similarity = try row.decode("similarity", as: Double?.self), similarity.isFinite else {
                return nil
            }
            return QualityHit(key: try row.decode("key"), similarity: similarity)
        }
        let others = probe.question == nil ? hits.filter { $0.key != probe.key } : hits
        return Array(others.sorted { $0.similarity > $1.similarity }.prefix(QualityTruth.depth))
    }

    /// With the rows' titles, where a row was asked for by its own and others come before it: read as the question's was.
    private func titled(_ hits: [QualityHit], of probe: QualityProbe) async throws -> [QualityHit] {
        guard probe.question?.kind == .title, hits.first?.key != probe.key else { return hits }
        let rows = try await quality.rows(hits.map(\.key), whole, on: connection)
        let titles = Dictionary(rows.map { ($0.key, $0.title) }) { first, _ in first }
        return hits.map { QualityHit(key: $0.key, similarity: $0.similarity, title: titles[$0.key] ?? nil) }
    }

    private static func milliseconds(_ span: Duration) -> Double { (span / .microseconds(1)).rounded() / 1000 }
}
