/// What was found of the index that search goes through.
struct QualityIndex: Sendable, Hashable {
    /// All on the vectors.
    var indexes: [VectorIndex] = []
    /// The one that search can use.
    var used: VectorIndex?
    /// Whether the server goes through it by itself, as search asks.
    var isChosen = false
    /// Whether it goes through it at all.
    var isUsable = false
    /// The questions, at each setting.
    var sweeps: [QualitySweep] = []
    /// The same by comparing every row.
    var exact: QualitySweep?
    /// Rows times dimensions.
    var numbers = 0
    /// Why it ended early or could not be done; nil where it was.
    var problem: String?

    /// What the questions met at the setting that search uses.
    var usual: QualitySweep? {
        used.flatMap { index in sweeps.first { $0.setting == QualitySweep.usual(of: index) } } ?? sweeps.last
    }
}

extension QualityFigure {
    /// Of the ten nearest rows, how many the index finds.
    static func recall(_ facts: QualityIndex, norms: Distribution) -> QualityFigure {
        // An index of some of the rows is missed only where search has to do without any.
        let isServed = facts.used != nil || facts.numbers < IndexAdvice.quick
        let faults = facts.indexes.filter {
            (!$0.isPartitioned || $0.metric == nil) && !($0.isPartial && isServed)
        }.compactMap { index in
            index.obstacle.map { "\(index.name): \($0)" }
        }
        guard let index = facts.used else { return recallWithoutIndex(facts, faults) }
        var detail = detail(of: index, facts, faults)
        guard facts.isUsable else {
            return QualityFigure(
                .recall, nil, facts.problem == nil ? .bad : .unknown,
                says: facts.problem ?? "The server does not go through index \(index.name).",
                remedy: facts.problem == nil ? "Look at it: backfilld index" : nil, detail: detail)
        }
        guard let usual = facts.usual, let recall = usual.recall else {
            return unknown(.recall, facts.problem ?? "There was nothing to ask the index for.")
        }
        detail["questions"] = .count(usual.recalls.count)
        var verdict = QualityScale.recall.verdict(recall)
        // Only lengths that are alike make other distances give the order of the cosine.
        let least = norms.least ?? 1
        let isUneven = (norms.most ?? 1) > least * (1 + 2 * QualityScale.normTolerance)
        let isOther = index.metric != .cosine && isUneven
        var says =
            "With \(index.searchSetting) = \(usual.setting), as search asks, index \(index.name) finds \(recall.percent) of the ten nearest rows."
        if !facts.isChosen { says += " By itself the server compares all rows, which is as quick for so few." }
        var remedy: String?
        if isOther {
            let name = index.metric?.name ?? "another distance"
            says += " It orders by \(name), and the vectors' lengths differ: that is not the order by cosine."
            remedy = "Build one with vector_cosine_ops, and drop this one: backfilld index"
            verdict = .worst(verdict, .fair)
        } else if verdict != .good {
            remedy =
                index.lists == nil
                ? "ALTER ROLE … SET hnsw.ef_search to a setting that finds more (see the series), or build it anew with a "
                    + "larger m: backfilld index"
                : "It has become too coarse: backfilld index --create builds it anew"
        }
        if !faults.isEmpty {
            says += " Others are of no use: \(faults.joined(separator: "; "))."
            remedy = remedy ?? "Drop what search cannot use: backfilld index"
            verdict = .worst(verdict, .fair)
        }
        return QualityFigure(
            .recall, recall, verdict, says: says, remedy: remedy, detail: detail,
            series: facts.sweeps.compactMap { sweep in
                sweep.recall.map { Point(x: Double(sweep.setting), y: rounded($0)) }
            }, plot: .line)
    }

    /// Where search compares every row.
    private static func recallWithoutIndex(_ facts: QualityIndex, _ faults: [String]) -> QualityFigure {
        let names = QualityDetail.texts(facts.indexes.map(\.name))
        guard !faults.isEmpty else {
            return QualityFigure(
                .recall, 1, .good,
                says: "There is no index that search uses: every search compares all rows, and misses nothing.",
                detail: ["indexes": names])
        }
        return QualityFigure(
            .recall, 1, .bad,
            says: "Search can use no index of the table, and compares all rows. \(faults.joined(separator: ". ")).",
            remedy: "Drop it, and build one that search can use: backfilld index --create",
            detail: ["indexes": names, "faults": .texts(faults)])
    }

    private static func detail(
        of index: VectorIndex, _ facts: QualityIndex, _ faults: [String]
    ) -> [String: QualityDetail] {
        [
            "index": .text(index.name), "method": .text(index.method), "operator_class": .text(index.operatorClass),
            "setting": .text(index.searchSetting), "chosen_by_server": .text(facts.isChosen ? "yes" : "no"),
            "faults": .texts(faults),
            "sweep": .list(
                facts.sweeps.map { sweep in
                    .object([
                        "setting": .count(sweep.setting), "recall": .number(rounded(sweep.recall ?? 0)),
                        "median_ms": .number(rounded(sweep.time.median ?? 0)),
                        "p95_ms": .number(rounded(sweep.time.quantile(0.95) ?? 0)),
                    ])
                }),
        ]
    }

    /// How long a search takes.
    static func latency(_ facts: QualityIndex) -> QualityFigure {
        let goesThrough = facts.isChosen && facts.isUsable
        guard let sweep = goesThrough ? facts.usual : facts.exact, let median = sweep.time.median else {
            return unknown(.latency, facts.problem ?? "There was nothing to ask for.")
        }
        let verdict = QualityScale.latency.verdict(median)
        let slow = sweep.time.quantile(0.95) ?? median
        let way =
            goesThrough
            ? "through the index with \(facts.used?.searchSetting ?? "no setting") = \(sweep.setting)"
            : "by comparing every row"
        var remedy: String?
        if verdict != .good {
            remedy =
                goesThrough
                ? "The index may not fit into memory: compare its size (backfilld index) with shared_buffers"
                : facts.numbers >= IndexAdvice.quick
                    ? "Build an index: backfilld index --create"
                    : "It is small and should be quick: look at the server's load, and at the connection"
        }
        return QualityFigure(
            .latency, rounded(median), verdict,
            says:
                "A search for ten rows takes \(median.fixed(1)) ms \(way), one of twenty more than \(slow.fixed(1)) ms; "
                + "the connection is part of it, and embedding the query is not.",
            remedy: remedy,
            detail: [
                "median": .number(rounded(median)), "p95": .number(rounded(slow)),
                "searches": .count(sweep.times.count),
                "exact_median": .number(rounded(facts.exact?.time.median ?? -1)),
            ],
            series: facts.sweeps.compactMap { sweep in
                sweep.time.median.map { Point(x: Double(sweep.setting), y: rounded($0)) }
            }, plot: .line)
    }
}
