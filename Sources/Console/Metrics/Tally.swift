import Backfill
import Embedders
import Synchronization

/// What happened since the start, counted: fed with the daemon's events and with calls of the embedder.
package final class Tally: Sendable {
    /// What is counted of a table.
    struct Table: Sendable {
        var name: String
        var batches = 0
        var written = 0
        var outcomes: [String: Int] = [:]
        var empty = 0
        var cut = 0
        var long = 0
        var troubles: [String: Int] = [:]
        var setAside = 0
        var batchSeconds = Histogram()
        /// The last batch that wrote something.
        var last: (rows: Int, took: Duration, at: ContinuousClock.Instant)?
        /// Batches of the last half minute, for the rate.
        var recent = RecentRows()
    }

    /// Everything that is counted.
    struct Counts: Sendable {
        var tables: [Int32: Table]
        var connects = 0
        var losses = 0
        var heartbeats = 0
        var wakeups = 0
        var queueUsage: Double?
        var daemons = 1
        /// Calls of the embedder, by who made them.
        var calls: [String: Histogram] = [:]
        var texts: [String: Int] = [:]
        var tokens: [String: Int] = [:]
        var callFailures: [String: Int] = [:]
        /// When a lane began its item, and how long it has been at work.
        var lanes: [Int: (begun: ContinuousClock.Instant?, busy: Duration)] = [:]
        var requests: [RequestKind: Int] = [:]
        var requestSeconds: [String: Histogram] = [:]
        var refused: [String: Int] = [:]
        var connections = 0
    }

    struct RequestKind: Hashable, Sendable {
        var endpoint: String
        var status: Int
    }

    let began: ContinuousClock.Instant
    private let now: @Sendable () -> ContinuousClock.Instant
    private let state: Mutex<Counts>
    private let listener = Mutex<(@Sendable (Int32, [RowKey]) -> Void)?>(nil)

    /// - Parameters:
    ///   - tables: Their names for people, by the numbers that they have when the daemon begins.
    ///   - now: Reads the clock.
    package init(
        tables: [Int32: String], now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        state = Mutex(Counts(tables: tables.mapValues { Table(name: $0) }))
        self.now = now
        began = now()
    }

    var counts: Counts { state.withLock(\.self) }

    /// Something happened; called from any task, returns at once.
    package func hear(_ event: Daemon.Event) {
        switch event {
        case .listener(let event): hear(event)
        case .table(let table, let event, _): hear(event, of: table.watch)
        case .stage: break
        }
    }

    /// Who is told that something changed, with the rows that were written.
    func whenChanged(_ tell: (@Sendable (Int32, [RowKey]) -> Void)?) { listener.withLock { $0 = tell } }

    func hear(_ event: Listener.Event) {
        state.withLock { state in
            switch event {
            case .listening: state.connects += 1
            case .lost: state.losses += 1
            case .wakeup: state.wakeups += 1
            case .heartbeat(let daemons, let usage):
                state.heartbeats += 1
                (state.daemons, state.queueUsage) = (daemons, usage)
            default: break
            }
        }
        listener.withLock(\.self)?(0, [])
    }

    func hear(_ event: PipelineEvent, of watch: Int32) {
        var written: [RowKey] = []
        let now = now()
        let isNews = state.withLock { state in
            guard var table = state.tables[watch] else { return false }
            defer { state.tables[watch] = table }
            switch event {
            case .batch(let report, let took):
                table.add(report, took, at: now)
                for (key, outcome) in report.outcomes {
                    if case .written = outcome { written.append(key) }
                }
            case .setAside: table.setAside += 1
            case .trouble(let error): table.troubles[Self.kind(of: error), default: 0] += 1
            case .limited: table.troubles["limited", default: 0] += 1
            case .progress, .parked: return false
            default: break
            }
            return true
        }
        if isNews { listener.withLock(\.self)?(watch, written) }
    }

    /// What a failure is charged to, in the words of the metrics.
    static func kind(of error: any Error) -> String {
        switch error {
        case EmbedderError.refused: "refused"
        case EmbedderError.unavailable: "unavailable"
        case EmbedderError.denied: "denied"
        case EmbedderError.limited: "limited"
        case is TableProblem: "schema"
        case is EmbeddingError: "answer"
        case is CancellationError: "cancelled"
        default: "database"
        }
    }

    /// The embedder was called, by the `pipeline` or the `console`.
    package func called(by caller: String, texts: Int, tokens: Int?, took: Duration, failed error: (any Error)?) {
        state.withLock { state in
            state.calls[caller, default: Histogram()].add(took.inSeconds)
            if let error {
                if !(error is CancellationError) { state.callFailures[Self.kind(of: error), default: 0] += 1 }
                return
            }
            state.texts[caller, default: 0] += texts
            if let tokens { state.tokens[caller, default: 0] += tokens }
        }
    }

    /// A lane of the encoder has begun an item, or has ended one.
    @Sendable package func observe(lane: Int, isAtWork: Bool) {
        let now = now()
        state.withLock { state in
            var entry = state.lanes[lane] ?? (nil, .zero)
            if let begun = entry.begun { entry.busy += now - begun }
            entry.begun = isAtWork ? now : nil
            state.lanes[lane] = entry
        }
    }

    func answered(_ kind: RequestKind, took: Duration) {
        state.withLock { state in
            state.requests[kind, default: 0] += 1
            state.requestSeconds[kind.endpoint, default: Histogram()].add(took.inSeconds)
        }
    }

    func refused(_ reason: String) { state.withLock { $0.refused[reason, default: 0] += 1 } }

    func connected(_ change: Int) { state.withLock { $0.connections += change } }
}

extension Tally.Table {
    mutating func add(_ report: BatchReport, _ took: Duration, at now: ContinuousClock.Instant) {
        batches += 1
        written += report.written
        empty += report.empty
        cut += report.cut
        long += report.long
        for outcome in report.outcomes.values { outcomes[outcome.metricName, default: 0] += 1 }
        batchSeconds.add(took.inSeconds)
        guard report.written > 0 else { return }
        last = (report.written, took, now)
        recent.add(report.written, at: now)
    }

    /// Rows a second, over the last half minute.
    func rate(at now: ContinuousClock.Instant) -> Double { recent.rate(at: now) }
}

extension RowOutcome {
    /// Its name in the metrics.
    fileprivate var metricName: String {
        switch self {
        case .written: "written"
        case .outdated: "outdated"
        case .settled: "settled"
        case .locked: "locked"
        case .refused: "refused"
        case .rewritten: "rewritten"
        case .failed: "failed"
        }
    }
}
