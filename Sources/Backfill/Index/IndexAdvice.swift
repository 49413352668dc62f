/// An index that would suit a table.
package struct IndexChoice: Sendable, Hashable {
    /// `hnsw` or `ivfflat`.
    package var method: String
    /// `vector_cosine_ops` or `halfvec_cosine_ops`.
    package var operatorClass: String
    /// Whether it is on the column cast to `halfvec`, for dimensions that `vector` has no index for.
    var isHalved: Bool
    /// Its parameters, in the order in which they are written.
    package var options: [Option]
    /// What building it takes at once, in bytes, as far as can be told before.
    package var memory: Int64

    /// A parameter.
    package struct Option: Sendable, Hashable {
        /// `m`, `ef_construction` or `lists`.
        package var name: String
        /// Its value.
        package var value: Int
    }
}

/// What to do about the index on a table's vectors: decided from ``IndexFacts``, before anything is done.
package struct IndexAdvice: Sendable, Hashable {
    /// What is to be done.
    package enum Verdict: String, Sendable, Hashable, Codable {
        /// Search goes through an index that suits.
        case good
        /// The table is small: comparing every row is quick, and misses nothing.
        case notNeeded
        /// One is to be built.
        case build
        /// The one that is there has become too coarse, and is to be built anew.
        case rebuild
        /// One is being built just now.
        case underWay
        /// There is none to be had.
        case impossible
    }

    /// What is to be done.
    package let verdict: Verdict
    /// Why, in a sentence.
    package let reason: String
    /// The index that is to be built; where none is needed, what it would be.
    package let choice: IndexChoice?
    /// What is wrong with indexes that are there, each with its name.
    let faults: [String]
    /// Whether building fits into `maintenance_work_mem`; nil where nothing is built.
    package let fits: Bool?

    /// Below so many numbers, rows times dimensions, comparing all of them takes some ten milliseconds.
    static let quick = 5_000_000

    /// Decides.
    ///
    /// - Parameters:
    ///   - facts: What is known of the table, its indexes and the server.
    ///   - evenIfSmall: Whether a table that needs none is to have one.
    package init(_ facts: IndexFacts, evenIfSmall: Bool = false) {
        let choice = Self.choice(facts)
        let used = facts.used
        // An index of some of the rows is missed only where search has to do without any.
        let isSmall = facts.rows * facts.dimension < Self.quick
        let isServed = used != nil || isSmall
        // Vectors of length one are in the same order by the others as by cosine.
        let foreign = used.flatMap { index in
            index.metric == .taxicab
                ? "\(index.name) on \(index.table): it orders by taxicab distance, by which other rows are near than by cosine; "
                    + "its operator class is to be vector_cosine_ops" : nil
        }
        let faults =
            facts.indexes.filter {
                (!$0.isPartitioned || $0.metric == nil) && !($0.isPartial && isServed)
            }.compactMap { index in
                index.obstacle.map { "\(index.name) on \(index.table): \($0)" }
            } + [foreign].compactMap(\.self)
        let name = used?.name ?? ""
        let lists = IndexChoice.lists(rows: facts.rows)
        if case .real = facts.kind {
            self.init(
                .impossible, "column \(facts.column) is real[], which has no index by distance", nil, faults, facts)
        } else if let builder = facts.indexes.compactMap(\.builder).first {
            self.init(.underWay, "an index is being built by server process \(builder)", nil, faults, facts)
        } else if let used, used.method == "ivfflat", let has = used.lists, lists >= has * 2, facts.rows > 2000 {
            self.init(
                .rebuild,
                "\(name) has \(has) lists, and for about \(facts.rows.grouped) rows \(lists) would be right: searches look "
                    + "at more rows than they need to",
                // Of the kind that its owner chose.
                .ivfflat(
                    rows: facts.rows, dimension: facts.dimension, used.operatorClass,
                    isHalved: used.expression != nil), faults, facts)
        } else if let first = facts.bare.first, choice != nil, !isSmall || evenIfSmall {
            let others = facts.bare.count - 1
            self.init(
                .build,
                others == 0
                    ? "partition \(first) has no index, and every search reads all of it"
                    : "\(first) and \(others.counted("other partition")) have no index, and every search reads all of them",
                choice, faults, facts)
        } else if used != nil {
            self.init(.good, "search goes through \(name) where the server finds it worth it", nil, faults, facts)
        } else if choice == nil {
            self.init(
                .impossible,
                "pgvector has no index for \(facts.dimension.grouped) dimensions\(facts.has([0, 7]) ? "" : " before 0.7"); "
                    + "a model of fewer dimensions has, or one that can shorten its vectors", nil, faults, facts)
        } else if isSmall, !evenIfSmall {
            self.init(
                .notNeeded,
                "about \(facts.rows.counted("row")) of \(facts.dimension) dimensions are compared in some milliseconds, and "
                    + "nothing is missed", choice, faults, facts)
        } else {
            self.init(
                .build, "every search compares about \(facts.rows.counted("row")) of \(facts.dimension) dimensions",
                choice,
                faults, facts)
        }
    }

    private init(_ verdict: Verdict, _ reason: String, _ choice: IndexChoice?, _ faults: [String], _ facts: IndexFacts)
    {
        self.verdict = verdict
        self.reason = reason
        self.choice = choice
        self.faults = faults
        fits = choice.map { $0.memory <= facts.memory }
    }

    /// The index that suits a table; nil where none can be had.
    static func choice(_ facts: IndexFacts) -> IndexChoice? {
        var isHalf = false
        if case .halfvec = facts.kind { isHalf = true }
        let isHalved = !isHalf && facts.dimension > 2000
        guard facts.kind != .real, facts.dimension <= (isHalf || isHalved ? 4000 : 2000),
            !(isHalf || isHalved) || facts.has([0, 7])
        else { return nil }
        let operators = isHalf || isHalved ? "halfvec_cosine_ops" : "vector_cosine_ops"
        let bytes = facts.dimension * (isHalf || isHalved ? 2 : 4)
        let hnsw = IndexChoice.hnsw(rows: facts.rows, bytes: bytes, operators, isHalved: isHalved)
        // A graph that does not fit is built on disk, many times slower; lists are built in passes over the table.
        let isTooLarge = hnsw.memory > max(facts.memory, 1 << 30) * 8
        if facts.has([0, 5]), !isTooLarge { return hnsw }
        return IndexChoice.ivfflat(
            rows: facts.rows, dimension: facts.dimension, operators, isHalved: isHalved)
    }
}

extension IndexChoice {
    /// pgvector's own advice: rows / 1000 up to a million, then the square root.
    static func lists(rows: Int) -> Int {
        rows <= 1_000_000 ? max(10, rows / 1000) : min(32_768, Int(Double(rows).squareRoot()))
    }

    static func ivfflat(rows: Int, dimension: Int, _ operators: String, isHalved: Bool) -> IndexChoice {
        let lists = lists(rows: rows)
        // Fifty samples a list, and several tables of lists by lists (Elkan's k-means).
        let samples = max(10_000, lists * 50)
        let memory =
            Int64(samples + lists * 2) * Int64(dimension * 4) + Int64(lists) * Int64(lists) * 4
            + Int64(samples) * Int64(lists) * 4
        return IndexChoice(
            method: "ivfflat", operatorClass: operators, isHalved: isHalved,
            options: [Option(name: "lists", value: lists)], memory: memory)
    }

    static func hnsw(rows: Int, bytes: Int, _ operators: String, isHalved: Bool) -> IndexChoice {
        // Larger graphs are wandered through for longer: each step has to be a better one.
        let isLarge = rows > 500_000
        // pgvector's own 64 leaves rows that are much alike hard to reach: of 100,000 of them search found 92 % of the ten nearest,
        // and finds 97 % with twice as many, for half as much time again to build.
        let (m, construction) = (isLarge ? 24 : 16, 128)
        // The vector, the element, and its neighbours: with pgvector 0.8, 384 dimensions and m = 16, 40 MB were full after
        // 18,629 rows, which is 2,251 bytes each.
        let each = bytes + 8 + 168 + (m * 2 + 2) * 16
        return IndexChoice(
            method: "hnsw", operatorClass: operators, isHalved: isHalved,
            options: [Option(name: "m", value: m), Option(name: "ef_construction", value: construction)],
            memory: Int64(rows) * Int64(each))
    }
}
