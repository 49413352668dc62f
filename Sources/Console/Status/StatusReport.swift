import Backfill

/// `GET /api/status`: pure, made of how the daemon is, what was counted since the start, and what was counted in the tables.
struct StatusReport {
    var vitals: Vitals
    var counts: Tally.Counts
    var standing: [Int32: TableDirectory.Standing]
    var statusLine: String
    var version: String
    var now: ContinuousClock.Instant
    /// The wall clock's time now, in seconds since 1970.
    var seconds: Double

    /// As the contract has it.
    var tree: JSONTree {
        let tables = vitals.tables.sorted { $0.value.name < $1.value.name }
        return [
            "state": .string(state), "status": .string(statusLine), "version": .string(version),
            "tables": .array(tables.map { table($0.key, $0.value) }),
        ]
    }

    /// The daemon in a word: the gravest of what is so.
    var state: String {
        let tables = vitals.tables.values
        switch vitals.hearing {
        case .away, .connecting: return "degraded"
        case .listening, .deaf: break
        }
        if tables.contains(where: { $0.complaint != nil }) { return "degraded" }
        if !tables.isEmpty, tables.allSatisfy({ $0.pausedSince != nil }) { return "paused" }
        if !tables.isEmpty, tables.allSatisfy(\.isStandby) { return "standby" }
        return tables.contains { $0.pending > $0.failing || $0.hasMore } ? "filling" : "idle"
    }

    private func state(of table: Vitals.Table) -> String {
        if table.complaint != nil { return "degraded" }
        if table.pausedSince != nil { return "paused" }
        if table.isStandby { return "standby" }
        return table.pending > table.failing || table.hasMore ? "filling" : "idle"
    }

    /// Rows of each table, as they are told.
    var totals: [Int32: Int] {
        Dictionary(uniqueKeysWithValues: vitals.tables.map { ($0.key, rows($0.key, $0.value).all) })
    }

    /// Rows of a table, and those that wait. What came since they were counted is seen by what was embedded and what waits; so
    /// they do not become fewer, whatever happens, until they are counted again.
    private func rows(_ slot: Int32, _ table: Vitals.Table) -> (all: Int, pending: Int) {
        let known = standing[slot]
        // What was embedded since the rows were counted is embedded now.
        let since = max(0, (counts.tables[slot]?.written ?? 0) - (known?.tally ?? 0))
        let pending = table.hasMore ? max(table.pending, (known?.pending ?? 0) - since) : table.pending + table.setAside
        let embedded = known.map { $0.embedded + min(since, max($0.pending, 0)) } ?? 0
        return (max(known?.rows ?? 0, known?.told ?? 0, embedded + pending), pending)
    }

    private func table(_ slot: Int32, _ table: Vitals.Table) -> JSONTree {
        let tally = counts.tables[slot]
        let (rows, pending) = rows(slot, table)
        return [
            "name": .string(table.name), "rows": .integer(rows), "embedded": .integer(max(0, rows - pending)),
            "pending": .integer(pending), "failing": .integer(table.failing), "set_aside": .integer(table.setAside),
            "rate": .number(((tally?.rate(at: now) ?? 0) * 10).rounded() / 10),
            "last_batch": tally?.last.map { last in
                [
                    "rows": .integer(last.rows), "ms": .number(last.took.inMillisecondsRounded),
                    "at": .string(UTCTime.text(seconds - (now - last.at).inSeconds)),
                ]
            } ?? .null,
            "state": .string(state(of: table)), "trouble": .optional(table.complaint),
        ]
    }
}
