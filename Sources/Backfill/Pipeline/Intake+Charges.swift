/// Which rows are charged with a failure.
extension Intake {
    /// The rows of a batch that are to be charged with a failure of their own, before it is ``finished(_:retries:leaving:isWell:at:)``.
    mutating func charges(for report: BatchReport, at now: Instant) -> [FailureLedger.Charge] {
        report.outcomes.compactMap { key, outcome in
            switch outcome {
            case .written: charge(forWriting: key, at: now)
            case .refused(let row, let reason):
                FailureLedger.Charge(key: key, source: row.source, standing: nil, reason: reason)
            case .failed(let reason):
                FailureLedger.Charge(key: key, source: report.sources[key], standing: nil, reason: reason)
            case .rewritten(let standing):
                FailureLedger.Charge(
                    key: key, source: report.sources[key], standing: standing, reason: outcome.problem ?? "")
            case .settled, .outdated, .locked: nil
            }
        }
    }

    /// A row that is written again and again within a minute has a trigger that takes its vector away after the write, and
    /// gives it another text with each; or it has an owner who changes it all the time. It waits, whatever its text is, and
    /// not for ever.
    private mutating func charge(forWriting key: RowKey, at now: Instant) -> FailureLedger.Charge? {
        if now - (writesSince ?? now) > .seconds(60) || writes.count >= 2_000 { writes = [:] }
        if writes.isEmpty { writesSince = now }
        writes[key, default: 0] += 1
        guard writes[key]! >= Self.mostWrites else { return nil }
        return FailureLedger.Charge(
            key: key, source: nil, standing: nil, reason: "it was written \(Self.mostWrites) times within a minute",
            isSuspicion: true)
    }

    /// After so many writes within a minute a row is charged with each.
    private static let mostWrites = 100
}
