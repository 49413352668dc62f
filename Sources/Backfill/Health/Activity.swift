import PostgresClient

/// Tells the database what this daemon is doing, for `backfilld status`: when something changed, and not more often
/// than it is worth.
struct Activity: Sendable {
    /// Who writes.
    let daemon: DaemonName
    let pool: ConnectionPool

    private static let deadline = Duration.seconds(10)

    /// Since when rows of these tables were pending, from what daemons left that are gone; clears that away.
    func adopt(_ watches: [Int32]) async throws -> [Int32: Duration] {
        let ids = PostgresValue.array(watches.map { .int4($0) }, of: .int4, as: .init(rawValue: 1007))
        let rows = try await pool.withConnection {
            try await $0.execute(
                Statement("adopt activity", SQLFile.activityAdopt, [ids]), deadline: Self.deadline)
        }
        var pending: [Int32: Duration] = [:]
        for row in rows {
            guard let seconds = try row.decode("pending_for", as: Double?.self) else { continue }
            let watch: Int32 = try row.decode("watch")
            pending[watch] = max(pending[watch] ?? .zero, .seconds(seconds))
        }
        return pending
    }

    /// Writes down how tables are.
    func note(
        _ tables: [(watch: Int32, Vitals.Table)], vitals: Vitals, backendPID: Int32, at now: ContinuousClock.Instant
    )
        async throws
    {
        let statements = tables.map { watch, table in
            Statement(
                "note activity", SQLFile.activityNote,
                [
                    .int4(watch), .text(daemon.description), .text(daemon.host), .int4(daemon.pid), .int4(backendPID),
                    .text(state(of: table, vitals, at: now)), .int4(Int32(clamping: table.pending)),
                    .int8(Int64(table.embedded)),
                    .int8(Int64(table.failed)), .float8(table.pending == 0 ? 0 : vitals.rate(at: now)),
                    seconds(since: table.pendingSince, now), seconds(since: table.lastEmbedded, now),
                    table.complaint.map { .text($0) } ?? .init(type: .text, bytes: nil),
                    .int4(Int32(clamping: table.working)), .int4(Int32(clamping: table.held)),
                    .text(vitals.hearing == .listening && !table.isPolling ? "listening" : "polling"),
                ])
        }
        _ = try await pool.withConnection { try await $0.pipeline(statements, deadline: Self.deadline) }
    }

    private func state(of table: Vitals.Table, _ vitals: Vitals, at now: ContinuousClock.Instant) -> String {
        if table.complaint != nil { return "degraded" }
        if table.pausedSince != nil { return "paused" }
        if table.isStandby { return "standby" }
        if let limit = table.limit, limit.until > now { return "waiting" }
        if table.pending > 0 || table.hasMore { return "working" }
        return vitals.hearing == .listening && !table.isPolling ? "listening" : "polling"
    }

    private func seconds(since: ContinuousClock.Instant?, _ now: ContinuousClock.Instant) -> PostgresValue {
        since.map { .float8((now - $0).inSeconds) } ?? .init(type: .float8, bytes: nil)
    }
}

/// What tells this process from others that watch the same tables.
package struct DaemonName: Sendable, Hashable, CustomStringConvertible {
    /// The host's name.
    package let host: String
    /// The process.
    package let pid: Int32
    /// Process numbers come back; this does not.
    private let start: UInt32

    /// Names this process.
    package init(host: String, pid: Int32) {
        self.host = host
        self.pid = pid
        start = .random(in: .min ... .max)
    }

    /// `host:process:start`, as `backfilld.activity` has it.
    package var description: String { "\(host):\(pid):\(String(start, radix: 36))" }
}
