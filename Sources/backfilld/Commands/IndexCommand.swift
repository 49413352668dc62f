import ArgumentParser
import Backfill
import FoundationEssentials
import Glibc
import PostgresClient

/// `backfilld index`: the index that search goes through.
struct IndexCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "index",
        abstract: "Look at the index on the vectors, say what would suit, and build it.",
        discussion: """
            Without options it only looks, and shows the SQL. --create builds what is recommended, concurrently: no \
            writer waits for it. An invalid left-over of a build that was cut off is dropped first, and an ivfflat index \
            that the table has outgrown is replaced. HNSW is built fast as long as it fits into memory: --memory lets it \
            take more than the server's maintenance_work_mem. Small tables need none, and --even-so builds one.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Build what is recommended.")
    var create = false

    @Option(help: ArgumentHelp("What the build may take on the server: 512MB, 4GB.", valueName: "size"))
    var memory: String?

    @Flag(help: "Build one where the table is so small that none is needed, too.")
    var evenSo = false

    @Flag(help: "Print JSON.")
    var json = false

    /// `--memory` in bytes; nil for no such size.
    static func bytes(_ text: String) -> Int64? {
        let units: [(String, Int64)] = [("KB", 1 << 10), ("MB", 1 << 20), ("GB", 1 << 30)]
        for (unit, factor) in units where text.uppercased().hasSuffix(unit) {
            guard let number = Int64(text.dropLast(2)), number > 0, number <= (1 << 50) / factor else { return nil }
            return number * factor
        }
        return nil
    }

    func validate() throws {
        if let memory, (Self.bytes(memory) ?? 0) < 1 << 20 {
            throw ValidationError("\"\(memory)\" is no size of 1MB or more: write 512MB or 4GB.")
        }
        if !create, memory != nil || evenSo { throw ValidationError("--memory and --even-so go with --create.") }
    }

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let connection = try await assembly.catalogSession(for: "an index")
            var reports: [IndexReport] = []
            for table in try await assembly.watchedTables(on: connection) {
                var facts = try await IndexFacts.load(table, on: connection)
                var advice = IndexAdvice(facts, evenIfSmall: evenSo)
                var plan = IndexBuild.plan(facts, advice, memory: memory.flatMap(Self.bytes))
                if create, !plan.isEmpty {
                    try await build(plan, facts, advice, on: connection, assembly.sessions)
                    facts = try await IndexFacts.load(table, on: connection)
                    advice = IndexAdvice(facts)
                    plan = IndexBuild.plan(facts, advice)
                }
                reports.append(IndexReport(facts, advice, plan))
            }
            await connection.close()
            if json {
                print(try printedJSON(["tables": reports]))
            } else {
                print(reports.map(\.text).joined(separator: "\n\n"))
            }
        }
    }

    private func build(
        _ plan: SetupPlan, _ facts: IndexFacts, _ advice: IndexAdvice, on connection: PostgresConnection,
        _ sessions: SessionFactory
    ) async throws {
        if let choice = advice.choice, memory.flatMap(Self.bytes) ?? facts.memory < choice.memory {
            complain(
                "Warning: \(facts.table): the build takes about \(IndexReport.size(choice.memory)), more than it may, and "
                    + "will be slow. With that much to spare on the server: --memory \(max(1, choice.memory >> 20) + 64)MB"
            )
        }
        let bar = BuildBar()
        try await IndexBuild.run(plan, for: facts, on: connection, watching: sessions) { step in
            switch step {
            case .step(let title, let number, let total): bar.line("[\(number)/\(total)] \(title)")
            case .waiting(_, let holders, let pause):
                let who = holders.isEmpty ? "" : " (used by \(holders.joined(separator: ", ")))"
                bar.line("The table is busy\(who); writers go first, trying again in \(Vitals.span(pause))")
            }
        } progress: { progress in
            bar.show(progress)
        }
        bar.clear()
    }
}

/// What a build says on standard error: steps, and on a terminal how far each is.
private struct BuildBar: Sendable {
    private let isTerminal = isatty(STDERR_FILENO) == 1

    func line(_ text: String) {
        clear()
        complain(text)
    }

    func show(_ progress: IndexBuild.Progress) {
        guard isTerminal else { return }
        let share = progress.share.map { share in
            let filled = Int(share * 24)
            return " " + String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
                + " \(Int(share * 100)) %"
        }
        write("\r\u{1b}[K\(progress.phase)\(share ?? "")")
    }

    func clear() { if isTerminal { write("\r\u{1b}[K") } }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)
        _ = Glibc.write(STDERR_FILENO, &bytes, bytes.count)
    }
}
