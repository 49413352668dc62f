import ArgumentParser
import Backfill
import Embedders
import Glibc
import PostgresClient
import Synchronization

/// `backfilld reembed`: another model for a table that is filled.
struct ReembedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reembed",
        abstract: "Embed all rows anew with the configured model, while search goes on with the old vectors.",
        discussion: """
            Run it as the owner of the table, with the new model configured (or named by --embedder and --set). It \
            fills a column of its own, builds the indexes that the old one has, and then lets the two change places in \
            one short transaction. The daemon goes on with the old model meanwhile; with its next batch after the \
            change it ends, and starts again with the configuration as it is by then. Whatever was inserted or changed \
            until then is filled by it.

            Interrupted, it goes on where it was when it is run again. The old column stays as <embedding>_previous; \
            --drop-old drops it, in the same run or later. --abandon takes a run away that has not ended.

            Building the indexes takes the server's maintenance_work_mem; a large hnsw index wants more of it: \
            PGOPTIONS='-c maintenance_work_mem=4GB' backfilld reembed

            --in-place puts the new vectors in the place of the old ones, row by row: no second column, but search finds \
            vectors of both models until it is through. The dimension has to be the same.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Drop the old column after the change, or that of an earlier run.")
    var dropOld = false

    @Flag(help: "Keep the old column as <embedding>_previous (the default).")
    var keepOld = false

    @Flag(help: "Put new vectors in the place of old ones, row by row.")
    var inPlace = false

    @Flag(help: "Take a run away that has not ended.")
    var abandon = false

    @Flag(name: .customLong("print"), help: "Show the SQL; change nothing.")
    var isPrinting = false

    func validate() throws {
        if dropOld, keepOld || inPlace || abandon {
            throw ValidationError("--drop-old goes with none of --keep-old, --in-place and --abandon.")
        }
        if abandon, inPlace || isPrinting {
            throw ValidationError("--abandon goes with neither --in-place nor --print.")
        }
    }

    func run() async throws {
        let settings = try options.settings()
        var hasFailed = false
        try await reportingFailures {
            let assembly = try Assembly(settings)
            // What is only taken away needs no model.
            let embedder = abandon ? nil : try assembly.embedder()
            let pool = assembly.pool()
            for table in assembly.tables {
                // A session of its own for each table: it holds the lock that says whose the table is.
                let connection = try await assembly.catalogSession(for: "reembed")
                if let embedder {
                    let work = try await Reembed(
                        table, embedder: embedder, on: connection, pool: pool, settings: settings.pipelineSettings)
                    let failed = try await reembed(table, work, embedder.identity)
                    hasFailed = hasFailed || failed
                } else {
                    try await giveUp(table, on: connection)
                }
                await connection.close()
            }
            await pool.discardIdle()
        }
        if hasFailed { throw ExitCode(1) }
    }

    private func giveUp(_ table: TableSpec, on connection: PostgresConnection) async throws {
        let column = try await Reembed.abandon(table, on: connection, progress: Teller(table).tell)
        say("\(table.name): " + (column.map { "taken away, with column \($0)." } ?? "no reembed is under way."))
    }

    /// - Returns: Whether some rows keep the vector of the old model.
    private func reembed(_ table: TableSpec, _ work: Reembed, _ identity: EmbedderIdentity) async throws -> Bool {
        if isPrinting {
            say(try await work.script(inPlace: inPlace, dropsOld: dropOld), end: "")
            return false
        }
        let began = ContinuousClock.now
        let teller = Teller(table)
        let result = try await work.run(inPlace: inPlace, dropsOld: dropOld, progress: teller.tell)
        teller.end()
        for (key, reason) in result.failed.sorted(by: { $0.key < $1.key }).prefix(1000) {
            complain("failed: \(key): \(reason)")
        }
        say(line(table, result, identity, took: .now - began))
        return !result.failed.isEmpty
    }

    private func line(
        _ table: TableSpec, _ result: Reembed.Result, _ identity: EmbedderIdentity, took: Duration
    ) -> String {
        let drop = "backfilld reembed --drop-old"
        if result.isNothing {
            return "\(table.name): its vectors are of \(identity.summary) already, nothing to do."
                + (result.kept.map { " Column \($0) of an earlier run is kept; \"\(drop)\" drops it." } ?? "")
        }
        if let dropped = result.dropped { return "\(table.name): column \(dropped) dropped." }
        var line =
            "\(table.name): \(rows(result.embedded)) embedded by \(identity.summary) in \(Vitals.span(took))."
        if let kept = result.kept { line += " The old vectors are in column \(kept); \"\(drop)\" drops it." }
        let failed = result.failed.count
        if failed > 0 {
            line +=
                " \(rows(failed)) \(failed == 1 ? "keeps the vector it" : "keep the vectors they") had: mend what is said "
                + "above and run it again."
        }
        return line
    }
}

/// Tells a person how far a reembed is.
private final class Teller: Sendable {
    private let title: String
    private let bar = Mutex<(bar: ProgressBar, done: Int)?>(nil)

    init(_ table: TableSpec) {
        title = table.name.description
    }

    /// Puts a last line in the bar's place, also where some rows took no vector and it never came to its end.
    func end() {
        bar.withLock { bar in
            if let bar, bar.done > 0 { bar.bar.finish("\(title): \(rows(bar.done)) embedded") }
            bar = nil
        }
    }

    private static func locked(_ count: Int) -> String { rows(count) + (count == 1 ? " is" : " are") }

    @Sendable func tell(_ progress: Reembed.Progress) {
        switch progress {
        case .warning(let text): complain("Warning: \(text)")
        case .schema(.step(let title, let number, let total)):
            end()
            say("[\(number)/\(total)] \(title)")
        case .schema(.waiting(_, let holders, let pause)):
            let who = holders.isEmpty ? "" : " (used by \(holders.joined(separator: ", ")))"
            say("The table is busy\(who); writers go first, trying again in \(Vitals.span(pause))")
        case .rows(let done, let total):
            bar.withLock { bar in
                let shown = bar?.bar ?? ProgressBar(title: title, total: total, to: STDOUT_FILENO)
                shown.show(done)
                bar = (shown, done)
            }
            if done >= total { end() }
        case .paused(let pause): BackfillCommand.tell(pause, of: title)
        case .locked(let rows): complain("\(title): \(Self.locked(rows)) locked by others and waited for")
        }
    }
}

/// `1 row`, `1,200 rows`
private func rows(_ count: Int) -> String { count.counted("row") }

/// Writes a line at once, between those of the progress bar: what `print` writes waits in a buffer outside a terminal.
private func say(_ text: String, end: String = "\n") {
    var bytes = Array((text + end).utf8)[...]
    while !bytes.isEmpty {
        let count = bytes.withUnsafeBytes { write(STDOUT_FILENO, $0.baseAddress, $0.count) }
        if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { return }
    }
}
