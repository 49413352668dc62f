extension QualityFigure {
    /// The vectors' lengths.
    ///
    /// - Parameter isNormalized: Whether the model makes them of length one; nil where that is not known, and is told by
    ///   the vectors themselves.
    static func norms(_ sample: VectorSample, isNormalized: Bool?) -> QualityFigure {
        let norms = Distribution(sample.norms.filter { $0 > 0 })
        guard let median = norms.median, let least = norms.least, let most = norms.most else {
            return unknown(.norms, "There is no vector to look at.")
        }
        let off = norms.share { abs($0 - 1) > QualityScale.normTolerance }
        let shouldBeOne = isNormalized ?? (abs(median - 1) <= QualityScale.normTolerance)
        let offRows = norms.count - Int(((1 - off) * Double(norms.count)).rounded())
        let span = "from \(least.fixed(3)) to \(most.fixed(3)), the median is \(median.fixed(3))"
        let verdict: Verdict = shouldBeOne ? QualityScale.offOne.verdict(off) : .good
        // Where they should be one, the one that is least so.
        let farthest = abs(most - 1) > abs(least - 1) ? most : least
        let says =
            shouldBeOne
            ? off > 0
                ? "\(offRows.grouped) of \(norms.count.counted("vector")) are not of length one, as the model makes them: \(span)."
                : "All \(norms.count.grouped) vectors are of length one."
            : "The model does not make vectors of length one: \(span). Cosine distance does not mind."
        return QualityFigure(
            .norms, shouldBeOne ? farthest : median, verdict, says: says,
            remedy: verdict == .good
                ? nil
                : "Something else wrote them, or another model did: see the agreement with the model; backfilld reembed",
            detail: [
                "least": .number(rounded(least)), "median": .number(rounded(median)), "most": .number(rounded(most)),
                "off_one": .number(rounded(off)), "normalized": .text(shouldBeOne ? "yes" : "no"),
                "vectors": .count(norms.count),
            ],
            // Bars of lengths that are all the same would show nothing but their last digits.
            series: most - least <= QualityScale.normTolerance * median ? [] : norms.bars(24))
    }

    /// Vectors that are zero, of another dimension, or hold what is no number.
    ///
    /// - Parameter textless: Of the zero vectors that were looked at closer, so many are of rows without text, for which
    ///   the zero vector is right.
    static func directionless(_ sample: VectorSample, textless: Int, lookedCloser: Int) -> QualityFigure {
        guard sample.looked > 0 else { return unknown(.directionless, "There is no vector to look at.") }
        let bad = sample.zeros.count + sample.broken.count
        let share = Double(bad) / Double(sample.looked)
        let withText = lookedCloser - textless
        let detail: [String: QualityDetail] = [
            "zero": .count(sample.zeros.count), "broken": .count(sample.broken.count),
            "zero_without_text": .count(textless), "looked_closer": .count(lookedCloser),
            "rows": .count(sample.looked), "examples": .texts(Array((sample.broken + sample.zeros).prefix(10))),
        ]
        guard bad > 0 else {
            return QualityFigure(
                .directionless, 0, .good, says: "None of \(sample.looked.counted("vector")).", detail: detail)
        }
        var says =
            "\(sample.zeros.count.counted("vector")) of \(sample.looked.grouped) \(sample.zeros.count == 1 ? "is" : "are") zero"
        if lookedCloser > 0 {
            says += ": of \(lookedCloser.grouped) looked at, \(textless.grouped) belong to rows without text"
        }
        if !sample.broken.isEmpty {
            says += "; \(sample.broken.count.grouped) have another dimension, or something in them that is no number"
        }
        // A row without text has the zero vector by rights, and search leaves it out.
        guard !sample.broken.isEmpty || withText > 0 else {
            return QualityFigure(
                .directionless, share, share <= 0.05 ? .good : .fair, says: says + ". Search leaves them out.",
                remedy: share <= 0.05 ? nil : "Give them text, or choose other columns for it: table.columns",
                detail: detail)
        }
        return QualityFigure(
            .directionless, share, QualityScale.directionless.verdict(share), says: says + ". No search finds them.",
            remedy: "Have them made anew: UPDATE … SET the embedding = NULL for these rows", detail: detail)
    }

    /// Rows with the vector of another row.
    ///
    /// - Parameter isWhole: Whether every row with a vector was compared with every other.
    static func duplicates(_ twins: VectorTwins, isWhole: Bool, neighbours: QualityNeighbours?) -> QualityFigure {
        figure(
            .duplicates, own: twins.same.count, pairs: twins.samePairs, of: twins, isWhole: isWhole,
            neighbours.map { ($0.rows, $0.same, $0.samePairs) }, kind: "the same vector as",
            remedy:
                "Look whether their texts are the same (backfilld explain KEY); leave one of each out of the table, or "
                + "have the text made of more columns: table.columns")
    }

    /// Rows with nearly the vector of another row.
    static func nearDuplicates(_ twins: VectorTwins, isWhole: Bool, neighbours: QualityNeighbours?) -> QualityFigure {
        figure(
            .nearDuplicates, own: twins.near.count, pairs: twins.nearPairs, of: twins, isWhole: isWhole,
            neighbours.map { ($0.rows, $0.near, $0.nearPairs) },
            kind: "nearly the same vector (cosine \(QualityScale.nearTwin.fixed(3)) or more) as",
            remedy:
                "Look at the examples: versions of one text are better kept as one row; boilerplate that all texts begin "
                + "with is better left out of table.columns")
    }

    private static func figure(
        _ name: QualityMeasure, own: Int, pairs: [VectorTwins.Pair], of twins: VectorTwins, isWhole: Bool,
        _ neighbours: (rows: Int, found: Int, pairs: [VectorTwins.Pair])?, kind: String, remedy: String
    ) -> QualityFigure {
        guard twins.rows > 1 else { return unknown(name, "There are too few vectors to compare.") }
        // In a sample of a large table hardly any row meets its twin: the nearest rows of some tell how many have one.
        let (rows, found, others) = neighbours ?? (twins.rows, own, [])
        // What the sample has of them in itself is the least that there can be.
        let share = max(Double(found) / Double(rows), Double(own) / Double(twins.rows))
        let verdict = QualityScale.twins.verdict(share)
        var shown: [VectorTwins.Pair] = []
        for pair in others + pairs
        where shown.count < 10 && !shown.contains(where: { $0.one == pair.one && $0.other == pair.other }) {
            shown.append(pair)
        }
        let among =
            own > 0 ? " Of \(twins.rows.grouped) that were compared with each other, \(own.grouped) have one." : ""
        let says =
            neighbours != nil
            ? "\(found.grouped) of \(rows.counted("row")) looked at have \(kind) another row of the table.\(among)"
            : "\(found.grouped) of \(rows.counted("row")) have \(kind) another"
                + (isWhole ? "." : " among them: the table has more rows, and of those nothing is known.")
        return QualityFigure(
            name, share, verdict, says: says, remedy: verdict == .good ? nil : remedy,
            detail: [
                "rows": .count(rows), "found": .count(found), "compared": .count(twins.rows),
                "found_among_compared": .count(own),
                "examples": .list(
                    shown.map { pair in
                        .object([
                            "keys": .texts([pair.one, pair.other]), "cosine": .number(rounded(pair.cosine)),
                        ])
                    }),
            ])
    }

    /// How alike two rows are on average.
    static func anisotropy(_ sample: VectorSample, cosines: [Double]) -> QualityFigure {
        guard sample.count >= QualityScale.fewVectors, let mean = sample.meanCosine else {
            return unknown(.anisotropy, "\(sample.count.counted("vector")) are too few to tell.")
        }
        let spread = Distribution(cosines)
        let verdict = QualityScale.anisotropy.verdict(mean)
        let low = spread.quantile(0.05) ?? mean
        let high = spread.quantile(0.95) ?? mean
        let says =
            "Two rows have a cosine of \(mean.fixed(2)) on average; nine pairs of ten lie between \(low.fixed(2)) and "
            + "\(high.fixed(2))."
        return QualityFigure(
            .anisotropy, mean, verdict, says: says,
            remedy: verdict == .good
                ? nil
                : verdict == .fair
                    ? "Use no fixed threshold of similarity; ranking is not harmed. Models trained so (e5, gte) are like "
                        + "this; with another, look for words that all texts share"
                    : "All texts look alike to search: look what they share (backfilld explain KEY), such as a template's own "
                        + "words, and whether the model is the right one",
            detail: [
                "rows": .count(sample.count), "pairs": .count(cosines.count), "p05": .number(rounded(low)),
                "p95": .number(rounded(high)),
            ], series: spread.bars(32, from: min(0, low - 0.1), to: 1))
    }

    /// How many directions the vectors use.
    static func effectiveDimension(_ sample: VectorSample, _ ratio: Double?) -> QualityFigure {
        guard sample.count >= QualityScale.fewVectors, let ratio else {
            return unknown(.effectiveDimension, "\(sample.count.counted("vector")) are too few to tell.")
        }
        // Of short vectors not more can be asked than they have.
        let most = Double(sample.dimension)
        let scale = QualityScale(
            good: min(QualityScale.effectiveDimension.good, most / 3),
            fair: min(QualityScale.effectiveDimension.fair, most / 8))
        let verdict = scale.verdict(ratio)
        return QualityFigure(
            .effectiveDimension, (ratio * 10).rounded() / 10, verdict,
            says:
                "The vectors vary in about \(ratio.fixed(ratio < 10 ? 1 : 0)) of \(sample.dimension.grouped) dimensions.",
            remedy: verdict == .good
                ? nil
                : "The texts are very much alike, or the vectors have collapsed: see the mean cosine, the duplicates, and the "
                    + "agreement with the model",
            detail: ["dimension": .count(sample.dimension), "rows": .count(sample.count)])
    }
}
