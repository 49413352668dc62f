/// From where on a value is good, and from where on it is fair.
struct QualityScale: Sendable, Hashable {
    let good: Double
    let fair: Double

    /// More is better where `good` is the larger one of the two.
    func verdict(_ value: Double) -> QualityFigure.Verdict {
        guard value.isFinite else { return .unknown }
        let isBetterHigh = good > fair
        if isBetterHigh ? value >= good : value <= good { return .good }
        return (isBetterHigh ? value >= fair : value <= fair) ? .fair : .bad
    }

    // Where each comes from is said here and in docs/quality.md. Those without a source are rules of thumb: they were set
    // by what tables that are in order measure, and by what a search of ten rows notices.

    /// A daemon at work embeds a row within seconds; of a hundred rows one may just have changed.
    static let coverage = QualityScale(good: 0.99, fair: 0.95)
    /// Seconds. Within a minute a batch, a retry and a heartbeat have come and gone; ten minutes no ordinary trouble takes.
    static let staleness = QualityScale(good: 60, fair: 600)
    /// The share of vectors whose length is more than ``normTolerance`` off one, where the model makes them of length one.
    static let offOne = QualityScale(good: 0, fair: 0.01)
    /// Half precision rounds each component by 2⁻¹¹ at most, so a length by less than that: this is twenty times as much.
    static let normTolerance = 0.01
    /// The share of vectors without a direction.
    static let directionless = QualityScale(good: 0, fair: 0.01)
    /// The share of rows that have a twin: with one in a hundred, a list of ten shows two of a kind now and then; with one
    /// in twenty, often.
    static let twins = QualityScale(good: 0.01, fair: 0.05)
    /// From here on two vectors are as good as one: |a-b| is a tenth of their length, and no change of a word is that small.
    static let nearTwin = 0.995
    /// From here on they are the same but for rounding to half precision.
    static let twin = 0.99995
    /// The mean cosine of two rows (Ethayarajh 2019 calls a space isotropic where it is about 0). Models trained with a low
    /// temperature put all texts between 0.7 and 1 (the model card of e5-base-v2), which is well for ranking.
    static let anisotropy = QualityScale(good: 0.5, fair: 0.9)
    /// Directions that the vectors make use of (participation ratio; Gao et al. 2017). Sentences about one trade use some
    /// dozens; vectors that collapsed use a handful.
    static let effectiveDimension = QualityScale(good: 15, fair: 5)
    /// A recomputed vector is that near to the stored one, even by another precision: int8 gives 0.98 and more, bf16 and a
    /// provider's own 0.999 and more. Other models, and other texts, are far below.
    static let sameVector = 0.98
    /// The median cosine of stored vectors and recomputed ones.
    static let agreement = QualityScale(good: 0.999, fair: 0.98)
    /// The share of rows whose vector is not that of their text.
    static let disagreeing = QualityScale(good: 0, fair: 0.01)
    /// The share of rows that their own title finds first. Titles are part of what is embedded in most tables, so that with a
    /// model that fits hardly a row is missed; a tenth of the rows with other vectors costs a tenth here.
    static let selfRetrieval = QualityScale(good: 0.9, fair: 0.7)
    /// Of the ten nearest rows so many are found: 0.95 is what approximate indexes are compared at (ann-benchmarks), and
    /// below 0.9 each list of ten lacks one.
    static let recall = QualityScale(good: 0.95, fair: 0.9)
    /// Milliseconds: what this project holds a search to; 100 ms are the limit of what seems instant (Nielsen 1993).
    static let latency = QualityScale(good: 15, fair: 100)
    /// The cosine of two runs' mean vectors.
    static let drift = QualityScale(good: 0.98, fair: 0.9)
    /// Fewer vectors than this tell nothing of their distribution.
    static let fewVectors = 30
    /// Fewer questions than this tell nothing of search.
    static let fewQuestions = 5
}

/// The figures, in the order in which they are shown.
package enum QualityMeasure: String, Sendable, Hashable, CaseIterable {
    case coverage, staleness, norms, directionless, duplicates
    case nearDuplicates = "near_duplicates"
    case anisotropy
    case effectiveDimension = "effective_dimension"
    case agreement
    case selfRetrieval = "self_retrieval"
    case recall, latency, drift

    /// Its name for people.
    package var title: String {
        switch self {
        case .coverage: "Coverage"
        case .staleness: "Oldest pending row"
        case .norms: "Length of vectors"
        case .directionless: "Vectors without direction"
        case .duplicates: "Duplicates"
        case .nearDuplicates: "Near-duplicates"
        case .anisotropy: "Mean cosine of two rows"
        case .effectiveDimension: "Effective dimension"
        case .agreement: "Agreement with the model"
        case .selfRetrieval: "Self-retrieval at 1"
        case .recall: "Recall at 10"
        case .latency: "Search latency"
        case .drift: "Drift"
        }
    }

    /// What its value is counted in.
    package var unit: QualityFigure.Unit {
        switch self {
        case .coverage, .directionless, .duplicates, .nearDuplicates, .selfRetrieval, .recall: .share
        case .staleness, .latency: .ms
        case .norms: .norm
        case .anisotropy, .agreement, .drift: .cosine
        case .effectiveDimension: .count
        }
    }

    /// What is good, in a few words.
    package var good: String {
        switch self {
        case .coverage: "at least 99 %"
        case .staleness: "none, or under a minute"
        case .norms: "1, of every row, where the model makes vectors of length one"
        case .directionless: "none"
        case .duplicates, .nearDuplicates: "at most 1 %"
        case .anisotropy: "at most 0.5"
        case .effectiveDimension: "at least 15"
        case .agreement: "no row below 0.98, and a median of at least 0.999"
        case .selfRetrieval: "at least 90 %"
        case .recall: "at least 95 %"
        case .latency: "a median of at most 15 ms"
        case .drift: "at least 0.98"
        }
    }
}
