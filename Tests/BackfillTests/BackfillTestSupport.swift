import Embedders
import TestSupport

@testable import Backfill

typealias Instant = ContinuousClock.Instant

/// A beginning of time for values that are told the time.
let start = Instant.now

extension Instant {
    /// So many milliseconds later.
    func ms(_ milliseconds: Int) -> Instant { self + .milliseconds(milliseconds) }
}

extension EmbeddedRow {
    /// A row whose vector does not matter.
    init(_ key: RowKey, source: Int64 = 1) {
        self.init(key: key, source: source, vector: [1, 0])
    }
}

extension PipelineSettings {
    /// Small numbers, so that limits are near.
    static func small(_ change: (inout PipelineSettings) -> Void = { _ in }) -> PipelineSettings {
        var settings = PipelineSettings()
        settings.rows = 3
        settings.quiet = .milliseconds(25)
        settings.longest = .milliseconds(250)
        settings.backlogRows = 4
        settings.page = 10
        settings.inFlight = 2
        settings.retry = RetrySettings(first: .seconds(1), longest: .seconds(8), attempts: 3)
        change(&settings)
        return settings
    }
}

extension Intake {
    /// An intake whose waits are the same in every run.
    static func seeded(_ settings: PipelineSettings = .small(), seed: UInt64 = 1) -> Intake {
        Intake(settings: settings, random: SeededRandom(seed: seed))
    }

    /// Every key of these with the same outcome; those that are charged for it wait so long, nil for ever.
    ///
    /// - Returns: Who was charged, and why.
    @discardableResult
    mutating func finish(
        _ keys: [RowKey], _ outcome: RowOutcome, retry: Duration? = .seconds(1), at now: Instant
    ) -> [FailureLedger.Charge] {
        var report = BatchReport()
        for key in keys { report.outcomes[key] = outcome }
        let charged = charges(for: report, at: now)
        let retries = retry.map { retry in Dictionary(charged.map { ($0.key, retry) }) { $1 } } ?? [:]
        finished(report.outcomes, retries: retries, at: now)
        return charged
    }

    /// A scan that brought these, with as much room as `next` asked for.
    mutating func scan(_ keys: [RowKey], limit: Int) {
        scanBegan()
        scanned(keys, limit: limit)
    }
}
