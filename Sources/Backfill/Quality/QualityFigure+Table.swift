extension QualityFigure {
    /// How many rows have a vector.
    static func coverage(_ status: TableStatus, history: QualityHistory) -> QualityFigure {
        let about = status.rowsAreExact && status.pendingIsExact ? "" : "about "
        guard status.rows > 0 else { return unknown(.coverage, "The table has no rows.") }
        let verdict = status.pending == 0 ? .good : QualityScale.coverage.verdict(status.coverage)
        var says =
            "\(about)\(status.embedded.grouped) of \(status.rows.grouped) rows have a vector; "
            + "\(status.pending.grouped) \(status.pending == 1 ? "is" : "are") pending"
        if status.setAside > 0 { says += ", \(status.setAside.grouped) of them set aside" }
        return QualityFigure(
            .coverage, status.coverage, verdict, says: says + ".", remedy: remedy(status),
            detail: [
                "rows": .count(status.rows), "embedded": .count(status.embedded), "pending": .count(status.pending),
                "failing": .count(status.failing), "set_aside": .count(status.setAside),
            ], series: history.series(.coverage, status.coverage), plot: .time)
    }

    /// How long the oldest pending row has waited.
    ///
    /// Whether a vector is that of its row's present text cannot be told by the table: a change clears it, and what a vector
    /// was made from is not kept. Rows that were changed around the triggers show in the agreement with the model.
    static func staleness(_ status: TableStatus) -> QualityFigure {
        let last = status.lastEmbeddedSecondsAgo.map { "a row was last embedded \(Vitals.span(.seconds($0))) ago" }
        let told = last ?? "no daemon has told of a row yet"
        var detail: [String: QualityDetail] = ["pending": .count(status.pending)]
        if let at = status.lastEmbeddedAt { detail["last_embedded_at"] = .text(at) }
        if let ago = status.lastEmbeddedSecondsAgo { detail["last_embedded_seconds_ago"] = .number(ago.rounded()) }
        guard status.pending > 0 else {
            return QualityFigure(
                .staleness, 0, .good, says: "No row is pending; \(told).", detail: detail)
        }
        guard let age = status.pendingForSeconds else {
            return QualityFigure(
                .staleness, nil, .unknown,
                says: "\(status.pending.counted("row")) pending, and no daemon has looked at them; \(told).",
                remedy: remedy(status), detail: detail)
        }
        return QualityFigure(
            .staleness, age * 1000, QualityScale.staleness.verdict(age),
            says: "Rows have been pending for \(Vitals.span(.seconds(age))), as a daemon first saw them; \(told).",
            remedy: age > QualityScale.staleness.good ? remedy(status) : nil, detail: detail)
    }

    private static func remedy(_ status: TableStatus) -> String? {
        guard status.pending > 0 else { return nil }
        if let paused = status.paused { return "It is paused (\(paused.line)): backfilld resume" }
        if status.setAside > 0, status.setAside >= status.pending {
            return "See why they failed: backfilld failures; then change their text, or backfilld failures retry"
        }
        let works = status.daemons.contains { $0.state != "gone" }
        return works
            ? "See what the daemon does: backfilld status" : "No daemon is at work: systemctl start backfilld"
    }

    /// How far the middle of the vectors has moved since the last run.
    ///
    /// - Parameters:
    ///   - centroid: The mean of this run's vectors.
    ///   - rows: The vectors that it is the mean of.
    static func drift(_ centroid: [Float], rows: Int, history: QualityHistory) -> QualityFigure {
        guard let last = history.centroids.last else {
            return unknown(
                .drift,
                "There is no former run of the same model to compare with"
                    + (history.isKept ? "; the next run will have this one." : "."),
                remedy: history.isKept
                    ? nil
                    : "This run is not kept: \(history.obstacle ?? "backfilld quality keeps its own, without --no-history")"
            )
        }
        guard rows >= QualityScale.fewVectors, let cosine = VectorSample.cosine(centroid, last.vector) else {
            return unknown(.drift, "There are too few vectors to tell.")
        }
        // The mean of n vectors of length one, whose true length is c, is off by about sqrt((1 - c²) / n), and so longer than
        // c: what is no more off than that is no drift.
        let length = VectorSample.norm(centroid)
        let count = Double(rows)
        let square = max(0, min(1, (count * length * length - 1) / (count - 1)))
        let expected = square / (square + (1 - square) / count)
        var detail: [String: QualityDetail] = [
            "expected_of_chance": .number(Self.rounded(expected)), "runs": .count(history.runs),
        ]
        if let first = history.centroids.first, history.centroids.count > 1,
            let since = VectorSample.cosine(centroid, first.vector)
        {
            detail["since_first"] = .number(Self.rounded(since))
        }
        guard expected > 0.5 else {
            return QualityFigure(
                .drift, cosine, .unknown,
                says: "The vectors point into all directions alike, and their middle says nothing.", detail: detail)
        }
        // Twice as far off as another sample of the same rows would be.
        let isChance = 1 - cosine <= 2 * (1 - expected)
        let verdict = isChance ? .good : QualityScale.drift.verdict(cosine)
        let ago = Vitals.span(.seconds(max(0, history.now - last.at)))
        return QualityFigure(
            .drift, cosine, verdict,
            says: "The middle of the vectors has a cosine of \(cosine.fixed(3)) to that of the last run, \(ago) ago; "
                + "another sample of the same rows would have about \(expected.fixed(3)).",
            remedy: verdict == .good
                ? nil
                : "Look whether other texts come in than before (backfilld explain KEY), and at the agreement with the model",
            detail: detail, series: history.series(.drift, cosine), plot: .time)
    }

    /// To five places: the rest is chance.
    static func rounded(_ value: Double) -> Double { (value * 100_000).rounded() / 100_000 }
}
