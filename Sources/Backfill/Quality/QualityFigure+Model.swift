/// What a model makes of a sample's texts now, beside the vectors that are there.
struct QualityAgreement: Sendable, Hashable {
    /// A row, and the cosine of its vector and the recomputed one; nil where one of the two has no direction.
    struct Row: Sendable, Hashable {
        let key: String
        let cosine: Double?
    }

    var rows: [Row] = []
    /// Whether all that was recomputed is of length one; nil where nothing was.
    var isNormalized: Bool?
    /// Rows that had no text: nothing was to be recomputed.
    var textless = 0
    /// Why it ended early or could not be done; nil where it was.
    var problem: String?
}

extension QualityFigure {
    /// How near the stored vectors are to what the model makes of the rows' texts.
    ///
    /// - Parameter model: For people.
    static func agreement(_ agreement: QualityAgreement, model: String) -> QualityFigure {
        let compared = agreement.rows.filter { $0.cosine != nil }
        let cosines = Distribution(compared.compactMap(\.cosine))
        guard let median = cosines.median, let least = cosines.least else {
            return unknown(.agreement, agreement.problem ?? "No row has a text and a vector to compare.")
        }
        let strangers = compared.filter { ($0.cosine ?? 1) < QualityScale.sameVector }
        let share = Double(strangers.count) / Double(compared.count)
        let verdict = Verdict.worst(QualityScale.agreement.verdict(median), QualityScale.disagreeing.verdict(share))
        let compute = "of \(compared.count.counted("row")) embedded again with \(model)"
        var says: String
        var remedy: String?
        if strangers.isEmpty {
            says = "The vectors \(compute) are those that are stored: the least cosine is \(least.fixed(4))."
            if verdict != .good {
                remedy =
                    "Another precision or another version of the model made them; vectors that are good enough stay so"
            }
        } else if median < QualityScale.sameVector {
            says =
                "Most of the stored vectors are not the model's: \(compute), \(strangers.count.grouped) have a cosine below "
                + "\(QualityScale.sameVector.fixed(2)), the median is \(median.fixed(3))."
            remedy =
                "Another model or another prompt made them: queries will not find them. Configure the one that did, or embed "
                + "all anew: backfilld reembed"
        } else {
            says =
                "\(strangers.count.grouped) \(compute) have a cosine below \(QualityScale.sameVector.fixed(2)), down to "
                + "\(least.fixed(3)): their vectors are of another model, or of another text than they have."
            remedy =
                "Embed all rows anew: backfilld reembed. Something writes vectors besides backfilld, or changes texts with the "
                + "triggers off"
        }
        if let problem = agreement.problem { says += " It ended early: \(problem)" }
        return QualityFigure(
            .agreement, least, verdict, says: says, remedy: remedy,
            detail: [
                "rows": .count(compared.count), "least": .number(rounded(least)), "median": .number(rounded(median)),
                "disagreeing": .count(strangers.count), "without_text": .count(agreement.textless),
                "examples": .texts(
                    strangers.sorted { ($0.cosine ?? 0) < ($1.cosine ?? 0) }.prefix(10).map(\.key)),
            ], series: cosines.bars(25, from: min(0, least), to: 1))
    }

    /// Whether rows are found by a part of what they say.
    static func selfRetrieval(_ found: QualityRetrieval) -> QualityFigure {
        guard found.ranks.count >= QualityScale.fewQuestions else {
            return unknown(
                .selfRetrieval,
                found.problem ?? "\(found.ranks.count.counted("row")) with a part to ask by are too few to tell.")
        }
        let asked = Double(found.ranks.count)
        let first = Double(found.ranks.count { $0.rank == 1 }) / asked
        let ten = Double(found.ranks.count { $0.rank != nil }) / asked
        let reciprocal = found.ranks.reduce(0.0) { $0 + ($1.rank.map { 1 / Double($0) } ?? 0) } / asked
        let verdict = QualityScale.selfRetrieval.verdict(first)
        let counts = Dictionary(grouping: found.kinds, by: \.self).mapValues(\.count)
        let most = counts.max { ($0.value, $0.key.rawValue) < ($1.value, $1.key.rawValue) }?.key ?? .sentence
        let part =
            switch most {
            case .title: "their title"
            case .sentence: "their first sentence"
            case .half: "the first half of their text"
            }
        var says =
            "Asked for by \(part), \(first.percent) of \(found.ranks.count.counted("row")) come first, and \(ten.percent) "
            + "among the first ten, by exact search."
        if let problem = found.problem { says += " It ended early: \(problem)" }
        return QualityFigure(
            .selfRetrieval, first, verdict, says: says,
            remedy: verdict == .good
                ? nil
                : "Look at the duplicates and at the agreement with the model; if those are good, the titles do not say what "
                    + "the rows are about, or the model is too weak for these texts, or knows no such language",
            detail: [
                "asked": .count(found.ranks.count), "first": .number(rounded(first)),
                "among_ten": .number(rounded(ten)),
                "mean_reciprocal_rank": .number(rounded(reciprocal)),
                "missed": .texts(Array(found.ranks.filter { $0.rank != 1 }.prefix(10).map(\.key))),
                "by": .object(
                    Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, QualityDetail.count($0.value)) })),
            ])
    }
}

/// At which place rows were found that were asked for by a part of theirs.
struct QualityRetrieval: Sendable, Hashable {
    /// A row, and its place among the first ten.
    struct Rank: Sendable, Hashable {
        let key: String
        let rank: Int?
    }

    var ranks: [Rank] = []
    var kinds: [QualityQuestion.Kind] = []
    /// Why it ended early or could not be done; nil where it was.
    var problem: String?
}

extension QualityFigure.Verdict {
    /// The worse of two; what is not known does not count.
    static func worst(_ one: Self, _ other: Self) -> Self {
        let order: [Self] = [.unknown, .good, .fair, .bad]
        return (order.firstIndex(of: one) ?? 0) > (order.firstIndex(of: other) ?? 0) ? one : other
    }
}
