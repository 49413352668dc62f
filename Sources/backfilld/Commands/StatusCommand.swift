import PostgresClient
import ArgumentParser
import Backfill
import FoundationEssentials

/// `backfilld status`.
struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show how full each table is, and what the daemons do.",
        discussion: """
            Up to 10,000 pending rows are counted; beyond that, and for large tables, figures with ≈ are estimates of \
            the server's. The age of the oldest pending row counts from when a daemon first saw that rows were pending.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            var statuses: [TableStatus] = []
            var problems: [TableProblem] = []
            for table in assembly.tables {
                do {
                    let watched = try await WatchedTable.load(table, identity: nil, on: connection)
                    let silence = max(settings.listen.heartbeat * 3, .seconds(30))
                    statuses.append(try await TableStatus.load(watched, silence: silence, on: connection))
                } catch let problem as TableProblem {
                    // The others are to be seen all the same.
                    problems.append(problem)
                }
            }
            await connection.close()
            if json {
                print(try printedJSON(["tables": statuses]))
            } else {
                print(statuses.map(Self.text).joined(separator: "\n\n"), terminator: statuses.isEmpty ? "" : "\n")
            }
            for problem in problems.dropLast() { complain("backfilld: \(problem)") }
            if let problem = problems.last { throw problem }
        }
    }

    static func text(_ status: TableStatus) -> String {
        let about = { (exact: Bool) in exact ? "" : "≈ " }
        let percent = status.pending > 0 ? min(Int(status.coverage * 1000), 999) : 1000
        var lines = [
            status.table,
            "  rows       \(about(status.rowsAreExact))\(status.rows.grouped)",
            "  embedded   \(about(status.rowsAreExact && status.pendingIsExact))\(status.embedded.grouped)"
                + " (\(percent / 10).\(percent % 10) %)",
            "  pending    \(about(status.pendingIsExact))\(status.pending.grouped)"
                + (status.pendingForSeconds.map { ", for \(Vitals.span(.seconds($0)))" } ?? ""),
            "  failing    \(status.failing.grouped)"
                + (status.nextTryInSeconds.map { seconds in
                    seconds > 0 ? ", the next is tried again in \(Vitals.span(.seconds(seconds)))" : ", due"
                } ?? ""),
            "  set aside  \(status.setAside.grouped)" + (status.setAside > 0 ? ": see backfilld failures" : ""),
            "  last       "
                + (status.lastEmbeddedAt.map { at in
                    "\(at) (\(Vitals.span(.seconds(status.lastEmbeddedSecondsAgo ?? 0))) ago)"
                } ?? "not known: no daemon has told yet"),
            "  rate       \(Int(status.rowsPerSecond).grouped) rows/s",
            "  notify     \(status.notify.rawValue)" + (status.notify == .off ? ": rows are found by looking" : ""),
        ]
        if let paused = status.paused { lines.append("  paused     \(paused.line); to go on: backfilld resume") }
        if let reembed = status.reembed { lines.append("  reembed    \(reembed.line)") }
        if status.daemons.isEmpty {
            lines.append("  daemons    none has told of itself; start one: systemctl start backfilld")
        }
        for (index, daemon) in status.daemons.enumerated() {
            var line = (index == 0 ? "  daemons    " : "             ") + "\(daemon.host), process \(daemon.pid): "
            line += daemon.state
            if daemon.state == "silent", let seconds = daemon.silentForSeconds {
                line += " for \(Vitals.span(.seconds(seconds))): resume or end it"
            }
            if let mode = daemon.mode, mode != daemon.state, daemon.state != "gone" { line += " (\(mode))" }
            line += ", \(daemon.embedded.grouped) embedded"
            // What it says of itself may be some seconds old; its claims are not.
            if daemon.working > 0, daemon.claimed > 0, daemon.state != "gone" {
                line += ", at work on \(daemon.working.grouped)"
            }
            if daemon.held > 0, daemon.state != "gone" { line += ", \(daemon.held.grouped) held" }
            if daemon.claimed > 0 { line += ", \(daemon.claimed.grouped) of 1,024 buckets claimed" }
            if daemon.failed > 0 { line += ", \(daemon.failed.counted("failure"))" }
            if let seconds = daemon.notedSecondsAgo, daemon.state != "gone" {
                line += ", told \(Vitals.span(.seconds(seconds))) ago"
            }
            if let error = daemon.lastError { line += "; \(error)" }
            lines.append(line)
        }
        return terminalText(lines)
    }
}
