/// Which rows of a sample have a twin.
struct VectorTwins: Sendable, Hashable {
    /// Two rows that are alike.
    struct Pair: Sendable, Hashable {
        let one: String
        let other: String
        let cosine: Double
    }

    /// The rows that were compared.
    let rows: Int
    /// Those with the same vector as another.
    private(set) var same: Set<Int> = []
    /// Those with nearly the same vector as another, and no other's very own.
    private(set) var near: Set<Int> = []
    /// Some of the pairs.
    private(set) var samePairs: [Pair] = []
    private(set) var nearPairs: [Pair] = []

    init(rows: Int) {
        self.rows = rows
    }

    mutating func add(_ one: String, _ row: Int, _ other: String, _ otherRow: Int, _ cosine: Double, examples: Int) {
        if cosine >= QualityScale.twin {
            same.formUnion([row, otherRow])
            near.subtract([row, otherRow])
            if samePairs.count < examples { samePairs.append(Pair(one: other, other: one, cosine: min(1, cosine))) }
        } else {
            for row in [row, otherRow] where !same.contains(row) { near.insert(row) }
            if nearPairs.count < examples { nearPairs.append(Pair(one: other, other: one, cosine: cosine)) }
        }
    }
}

/// The nearest rows of some, looked up in the whole table.
struct QualityNeighbours: Sendable, Hashable {
    /// The rows that were looked up.
    private(set) var rows = 0
    /// Those that have a row with the same vector, and those that have one with nearly the same.
    private(set) var (same, near) = (0, 0)
    private(set) var samePairs: [VectorTwins.Pair] = []
    private(set) var nearPairs: [VectorTwins.Pair] = []

    /// Whether it tells anything.
    var isEnough: Bool { rows >= QualityScale.fewQuestions }

    init() {}

    /// Of rows that were asked for by their own vectors; nil where they are too few.
    init?(_ truths: [QualityTruth]) {
        for truth in truths { add(truth.key, nearest: truth.hits.first) }
        guard isEnough else { return nil }
    }

    /// Notes the nearest of the other rows.
    mutating func add(_ key: String, nearest: QualityHit?) {
        rows += 1
        guard let nearest, nearest.similarity >= QualityScale.nearTwin else { return }
        let pair = VectorTwins.Pair(one: key, other: nearest.key, cosine: min(1, nearest.similarity))
        if nearest.similarity >= QualityScale.twin {
            same += 1
            if samePairs.count < 20 { samePairs.append(pair) }
        } else {
            near += 1
            if nearPairs.count < 20 { nearPairs.append(pair) }
        }
    }
}
