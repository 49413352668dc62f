/// How the daemon is, all tables together: fed with what happens, asked for one line a person can read.
///
/// A pure value: it is told the time.
package struct Vitals: Sendable {
    /// A point in time.
    package typealias Instant = ContinuousClock.Instant

    /// How one table is.
    package struct Table: Sendable, Hashable {
        /// Its name for people.
        package let name: String
        /// Rows embedded since the daemon started.
        package internal(set) var embedded = 0
        /// Rows that failed since the daemon started, a row each time.
        package internal(set) var failed = 0
        /// When the last row was embedded.
        package internal(set) var lastEmbedded: Instant?
        /// Rows known to be pending, in batches under way too.
        package internal(set) var pending = 0
        /// Whether there may be more pending rows than are known.
        package internal(set) var hasMore = false
        /// Rows in batches under way.
        package internal(set) var working = 0
        /// Rows that failed and wait for their next attempt.
        package internal(set) var failing = 0
        /// Rows that wait for somebody's lock.
        package internal(set) var held = 0
        /// Since when somebody has paused it.
        package internal(set) var pausedSince: Instant?
        /// Whether it is polled, and not listened to.
        package internal(set) var isPolling = false
        /// Whether another daemon has it, where there can be but one.
        package internal(set) var isStandby = false
        /// Until when its provider wants to be left alone, nil where it takes what it is sent.
        package internal(set) var limit: Limit?
        /// Rows set aside.
        package internal(set) var setAside = 0
        /// Since when there have been pending rows.
        package internal(set) var pendingSince: Instant?
        /// What everything waits after.
        package internal(set) var trouble: String?
        /// What set-up made and is not as it should be, while the table is filled all the same.
        package internal(set) var flaw: String?
        /// What is wrong with it, the gravest.
        package var complaint: String? { trouble ?? flaw }
        /// The first scan after the start came back.
        var isScanned = false
    }

    /// A wait that a provider, or a ceiling of ours, asks for.
    package struct Limit: Sendable, Hashable {
        /// When it is over.
        package var until: Instant
        /// Why, where it is more than that the provider asks for it.
        package var reason: String?
    }

    /// Whether the listener has a session, and hears what is sent.
    package enum Hearing: Sendable, Hashable {
        case connecting
        case listening
        /// Notifications do not come through this connection: only the heartbeat finds new rows.
        case deaf
        case away(since: Instant, reason: String, retryAt: Instant)
    }

    /// How it is with the listener's session.
    package private(set) var hearing = Hearing.connecting
    /// How it is with each table, by its number in `backfilld.watch`.
    package private(set) var tables: [Int32: Table] = [:]
    private var lastBatch: (rows: Int, took: Duration)?
    /// Batches of the last half minute, for the rate.
    private var recent = RecentRows()

    /// - Parameter tables: The tables' names for people, by their number in `backfilld.watch`.
    package init(tables: [Int32: String]) {
        self.tables = tables.mapValues { Table(name: $0) }
    }

    /// Rows of a table have been pending since then, as daemons before this one saw.
    mutating func adopt(pendingSince: Instant, of watch: Int32) {
        tables[watch]?.pendingSince = pendingSince
    }

    /// The first LISTEN and the first scan of each table are done: rows that are inserted from now on are found.
    package var isReady: Bool {
        switch hearing {
        case .listening, .deaf: tables.values.allSatisfy(\.isScanned)
        default: false
        }
    }

    // MARK: What happens

    /// The listener told something.
    package mutating func note(_ event: Listener.Event, at now: Instant) {
        switch event {
        case .listening(let isEcho, _): hearing = isEcho ? .listening : .deaf
        case .lost(let error, let wait):
            var since = now
            if case .away(let before, _, _) = hearing { since = before }
            hearing = .away(since: since, reason: "\(error)", retryAt: now + wait)
        case .opened, .wakeup, .pending, .changed, .probeFailed, .heartbeat, .queueFilling: break
        }
    }

    /// A table's pipeline told something; `condition` is how it is now.
    package mutating func note(_ event: PipelineEvent, _ condition: PipelineCondition, of watch: Int32, at now: Instant)
    {
        guard var table = tables[watch] else { return }
        switch event {
        case .batch(let report, let took):
            let rows = report.written
            table.embedded += rows
            table.failed += report.failures
            if rows > 0 {
                lastBatch = (rows, took)
                table.lastEmbedded = now
                recent.add(rows, at: now)
            }
        case .scanned(_, let isAll):
            table.isScanned = true
            table.hasMore = !isAll
        case .idle: table.hasMore = false
        case .trouble(let error): table.trouble = "\(error)"
        case .recovered: table.trouble = nil
        case .limited(let wait, let reason):
            table.limit = Limit(until: now + (wait ?? .zero), reason: reason)
        case .progress, .parked, .setAside, .charged, .contended, .obstructed, .table, .flaws: break
        }
        if case .batch = event { table.limit = nil }
        table.pending = condition.waiting + condition.working + condition.held + condition.failing
        (table.working, table.held, table.failing) = (condition.working, condition.held, condition.failing)
        table.flaw = condition.flaw
        table.isPolling = condition.isPolling
        table.isStandby = condition.isStandby
        // Whoever stands by has scanned as much as it is to scan.
        if condition.isStandby { table.isScanned = true }
        // The time is told as of the last scan: what matters is the first that was told.
        table.pausedSince = condition.pausedFor.map { table.pausedSince ?? now - $0 }
        table.setAside = condition.setAside
        if table.pending == 0, !table.hasMore {
            // Before the first scan nothing is known, and what was adopted holds.
            if table.isScanned { table.pendingSince = nil }
        } else if table.pendingSince == nil {
            table.pendingSince = now
        }
        tables[watch] = table
    }

    // MARK: What is to be told

    /// Rows embedded a second, over the last half minute.
    package func rate(at now: Instant) -> Double { recent.rate(at: now) }

    /// `listening on 2 tables · 12,480 embedded · 0 pending · last batch 50 rows in 38 ms`
    ///
    /// - Parameters:
    ///   - now: The time.
    ///   - timeOfDay: The wall clock's time so long ago, `14:02:11`: the line may be read long after it was made.
    package func statusLine(at now: Instant, timeOfDay: (Duration) -> String) -> String {
        var parts: [String] = []
        let names = tables.count == 1 ? tables.values.first!.name : "\(tables.count) tables"
        let troubled = tables.values.filter { $0.complaint != nil }.sorted { $0.name < $1.name }
        switch hearing {
        case .away(let since, let reason, let retryAt):
            let (away, retry) = (timeOfDay(now - since), Self.span(retryAt - now))
            parts.append("degraded: database away since \(away) (\(reason)), retrying in \(retry)")
        case .connecting: parts.append("connecting to the database")
        case .listening, .deaf:
            if let first = troubled.first {
                parts.append("degraded: \(first.name): \(first.complaint ?? "")")
            } else if let paused = pausedPart(timeOfDay: { timeOfDay(now - $0) }) {
                parts.append(paused)
            } else if let limit = tables.values.compactMap(\.limit).max(by: { $0.until < $1.until }), limit.until > now
            {
                parts.append(
                    "waiting \(Self.span(limit.until - now)) "
                        + (limit.reason.map { "(\($0))" } ?? "for the embedder, which asks for fewer requests"))
            } else if tables.values.allSatisfy(\.isStandby), !tables.isEmpty {
                parts.append("standing by: another daemon has \(names)")
            } else if case .deaf = hearing {
                parts.append("polling \(names) (notifications do not come through this connection)")
            } else {
                parts.append("listening on \(names)")
            }
        }
        let embedded = tables.values.reduce(0) { $0 + $1.embedded }
        let pending = tables.values.reduce(0) { $0 + $1.pending }
        let more = tables.values.contains(where: \.hasMore) ? "over " : ""
        parts.append("\(embedded.grouped) embedded")
        // Nobody looks for rows of a table that is paused: that none are known says nothing.
        if pending > 0 || !tables.values.contains(where: { $0.pausedSince != nil }) {
            parts.append("\(more)\(pending.grouped) pending")
        }
        let failing = tables.values.reduce(0) { $0 + $1.failing }
        if failing > 0 { parts.append("\(failing.grouped) of them failing") }
        let setAside = tables.values.reduce(0) { $0 + $1.setAside }
        if setAside > 0 { parts.append("\(setAside.grouped) set aside") }
        if pending > 0 {
            let rate = rate(at: now)
            if rate >= 1 { parts.append("\(Int(rate).grouped) rows/s") }
            if let since = tables.values.compactMap(\.pendingSince).min(), now - since >= .seconds(1) {
                parts.append("oldest \(Self.span(now - since))")
            }
        }
        if let lastBatch {
            parts.append("last batch \(lastBatch.rows.counted("row")) in \(Self.span(lastBatch.took))")
        }
        return parts.joined(separator: " · ")
    }

    /// `paused: public.notes since 14:02:11`; with several tables those that are not are named by their number.
    private func pausedPart(timeOfDay: (Instant) -> String) -> String? {
        let paused = tables.values.filter { $0.pausedSince != nil }.sorted { $0.name < $1.name }
        guard let first = paused.first, let since = first.pausedSince else { return nil }
        let names = paused.count == 1 ? first.name : "\(paused.count) tables"
        let others = tables.count - paused.count
        let rest = others == 0 ? "" : ", listening on \(others.counted("other"))"
        return "paused: \(names) since \(timeOfDay(since))\(rest)"
    }

    /// A length of time with one unit: `38 ms`, `12 s`, `3 min`, `2 h`.
    package static func span(_ duration: Duration) -> String {
        let seconds = max(duration.inSeconds, 0)
        return switch seconds {
        case ..<1: "\(Int((seconds * 1000).rounded())) ms"
        case ..<120: "\(Int(seconds)) s"
        case ..<7200: "\(Int(seconds / 60)) min"
        default: "\(Int(seconds / 3600)) h"
        }
    }
}

extension RowOutcome {
    /// Whether the row was charged for it.
    var isFailure: Bool {
        switch self {
        case .refused, .rewritten, .failed: true
        case .written, .outdated, .settled, .locked: false
        }
    }
}

extension Duration {
    /// As a number of seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }
}

extension Int {
    /// With commas between the thousands: `12,480`.
    package var grouped: String {
        var text = ""
        for (index, digit) in String(magnitude).reversed().enumerated() {
            if index > 0, index % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (self < 0 ? "-" : "") + String(text.reversed())
    }

    /// So many of something: `1 row`, `12,480 rows`.
    package func counted(_ noun: String) -> String { "\(grouped) \(noun)\(self == 1 ? "" : "s")" }
}
