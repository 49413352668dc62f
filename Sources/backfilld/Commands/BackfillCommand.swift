import ArgumentParser
import Backfill
import Embedders
import FoundationEssentials
import Glibc
import PostgresClient

/// `backfilld backfill`: works off the backlog once.
struct BackfillCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backfill",
        abstract: "Embed all pending rows once, and end.",
        discussion: """
            For the first filling of a large table, or where no service is to run. It may run beside the service: no \
            row is overwritten, and none is embedded twice. Ends with 0 when every row it began is embedded, \
            with 1 when some failed (their keys are printed), and otherwise with the code of what stopped it: 75 where a \
            ceiling of the day is reached (remote.tokensPerDay), which it does not wait for. What was written stays written.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Only say how many rows are pending, and show the texts of five.")
    var dryRun = false

    @Flag(help: "Only say how many tokens a provider would be sent, and what they cost; sends nothing.")
    var estimate = false

    @Option(help: ArgumentHelp("Begin at most so many rows of each table.", valueName: "rows"))
    var limit: Int?

    @Flag(help: "Print the summary as JSON on standard output, progress on standard error.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be at least 1.") }
        if estimate, dryRun || limit != nil {
            throw ValidationError("--estimate is of the whole backlog, and not with --dry-run or --limit.")
        }
    }

    func run() async throws {
        let settings = try options.settings()
        if estimate { return try await tellEstimate(settings) }
        var summaries: [Summary] = []
        try await reportingFailures {
            let assembly = try Assembly(settings)
            // A rehearsal embeds nothing.
            let embedder = dryRun ? nil : try assembly.embedder(endsAtCeiling: true)
            let identity = try embedder?.identity ?? assembly.identity()
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            let tables = try await assembly.watchedTables(of: identity, on: connection)
            let pool = assembly.pool()
            for table in tables {
                if let pause = try await pool.withConnection({ try await LedgerStanding.load(table, on: $0) }).pause {
                    complain("backfilld: \(table.displayName) is paused \(pause.line); to go on: backfilld resume")
                    if embedder != nil { throw Failure.temporary }
                }
                if let embedder {
                    summaries.append(try await fill(table, assembly, embedder, pool))
                } else {
                    try await rehearse(table, assembly, on: connection)
                }
            }
            await pool.discardIdle()
            await connection.close()
        }
        if json, !dryRun { print(try printedJSON(["tables": summaries])) }
        if summaries.contains(where: { !$0.failed.isEmpty }) { throw ExitCode(1) }
    }

    private func tellEstimate(_ settings: Settings) async throws {
        var estimates: [Estimate] = []
        try await reportingFailures {
            guard let remote = settings.remote, settings.usesProvider else {
                complain("backfilld: --estimate is for a provider, and the embedder \(settings.embedder) is none.")
                throw Failure.usage
            }
            let assembly = try Assembly(settings)
            let count = try assembly.tokenCount(remote)
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            for table in try await assembly.watchedTables(of: assembly.identity(), on: connection) {
                var estimate = Estimate(
                    table: table.displayName, limits: remote.limits, count: count, pricePerMillionTokens: remote.price)
                try await BacklogTexts(table, textBytes: settings.textBytes).read(on: connection) { estimate.add($0) }
                if !json { print(estimate.line) }
                estimates.append(estimate)
            }
            await connection.close()
        }
        guard json else { return }
        print(try printedJSON(["tables": estimates]))
    }

    private func rehearse(_ table: WatchedTable, _ assembly: Assembly, on connection: PostgresConnection) async throws {
        let pending = try await BacklogCount.of(table, on: connection)
        let begun = min(pending, limit ?? pending)
        print(
            terminalText(
                "\(table.displayName): \(pending.grouped) rows are pending, \(begun.grouped) would be embedded."))
        for row in try await TextPreview(table.spec, textBytes: assembly.settings.textBytes).rows(5, on: connection) {
            let lines = row.text.split(separator: "\n", omittingEmptySubsequences: false)
            print(terminalText(["\(row.key):"] + lines.map { "    \($0)" }))
        }
    }

    /// The pool's sessions: one that is older may have gone with its server meanwhile.
    private func fill(
        _ table: WatchedTable, _ assembly: Assembly, _ embedder: any Embedder, _ pool: ConnectionPool
    ) async throws -> Summary {
        let pending = try await pool.withConnection { try await BacklogCount.of(table, on: $0) }
        var pipeline = assembly.settings.pipelineSettings
        pipeline.mostRows = limit
        let bar = ProgressBar(
            title: table.displayName, total: min(pending, limit ?? pending), to: json ? STDERR_FILENO : STDOUT_FILENO)
        let began = ContinuousClock.now
        let drain = Drain(
            table: table, embedder: embedder, sessions: assembly.sessions, pool: pool, settings: pipeline,
            pending: pending)
        var result = try await drain.run(waits: { Self.tell($0, of: table.displayName) }) { bar.show($0.processed) }
        // Those that failed earlier and are not due are without a vector as well.
        let failures = try await pool.withConnection { try await FailedRow.load(table, limit: 10_000, on: $0) }
        for row in failures where result.failed[RowKey(row.key)] == nil {
            result.failed[RowKey(row.key)] = "\(row.reason) (\(row.prospect))"
        }
        let summary = Summary(table: table.displayName, result: result, took: .now - began)
        bar.finish(summary.line)
        if result.hasMore {
            complain(
                "\(table.displayName): rows come as fast as they are embedded, and some are pending: let the service go on"
            )
        }
        if !result.failed.isEmpty, limit == nil, !result.hasMore {
            // Of rows that are locked only so many are remembered.
            let left = try await pool.withConnection { try await BacklogCount.of(table, on: $0) } - result.failed.count
            if left > 0 {
                complain("\(table.displayName): \(left.counted("more row")) pending: locked by others, or just come")
            }
        }
        for failed in summary.failed.prefix(1000) { complain("failed: \(failed.key): \(failed.reason)") }
        if summary.failed.count > 1000 { complain("and \((summary.failed.count - 1000).grouped) more") }
        return summary
    }

    /// Tells on standard error what is waited for.
    static func tell(_ pause: Drain.Pause, of table: String) {
        switch pause {
        case .asked(let wait?, let reason) where wait >= .seconds(5):
            let why = reason ?? "the provider asks for fewer requests"
            complain("\(table): waiting for \(Vitals.span(wait)): \(why)")
        case .asked: break
        case .outage(let error, let longest):
            complain(
                "\(table): waiting for the database, for \(Vitals.span(longest)) at most, with what is "
                    + "embedded: \(Failure.message(for: error))")
        }
    }

    /// What became of one table, in a form for programs too.
    struct Summary: Encodable {
        struct Failed: Encodable {
            let key: String
            let reason: String
        }

        let table: String
        let processed: Int
        let embedded: Int
        let withoutText: Int
        let cut: Int
        let overModelLimit: Int
        let failed: [Failed]
        let seconds: Double

        init(table: String, result: Drain.Result, took: Duration) {
            self.table = table
            processed = result.processed
            embedded = result.embedded
            withoutText = result.empty
            cut = result.cut
            overModelLimit = result.long
            failed = result.failed.map { Failed(key: $0.key.text, reason: $0.value) }.sorted { $0.key < $1.key }
            seconds = took.inSeconds
        }

        var line: String {
            let span = Vitals.span(.seconds(seconds))
            var line = "\(table): \(processed.grouped) processed, \(embedded.grouped) embedded, "
            line += "\(failed.count.grouped) failed in \(span)"
            if seconds >= 1 { line += ", \(Int(Double(processed) / seconds).grouped) rows/s" }
            if withoutText > 0 { line += "; \(withoutText.grouped) without text" }
            if cut > 0 { line += "; \(cut.grouped) cut to the text limit" }
            if overModelLimit > 0 { line += "; \(overModelLimit.grouped) over the model's limit" }
            return line
        }
    }
}
