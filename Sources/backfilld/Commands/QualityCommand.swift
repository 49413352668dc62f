import ArgumentParser
import Backfill
import Embedders
import FoundationEssentials
import Glibc
import PostgresClient
import Systemd

/// `backfilld quality`: how good the vectors are, and the search among them.
struct QualityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "quality",
        abstract: "Measure how good the vectors are, and the search among them, and say what to do.",
        discussion: """
            Looks at a sample of the rows: coverage, lengths, duplicates, how the vectors are spread, whether they are \
            those of the configured model, whether rows are found by their own titles, what the index misses and how \
            long a search takes, and how all of it changes from run to run. Some hundred texts are embedded for it, which \
            costs money where a provider does it: --no-embed leaves that out. Nothing is changed but \
            backfilld.quality, where the figures of the last 400 runs are kept. Ends with 0 whatever the figures are; \
            with --strict it ends with 1 where one of them is bad.
            """)

    @OptionGroup var options: SettingOptions
    @OptionGroup var table: TableArgument

    @Option(help: ArgumentHelp("Vectors to look at.", valueName: "n"))
    var sample = 1000

    @Option(help: ArgumentHelp("Which rows are drawn: the same rows for the same number.", valueName: "n"))
    var seed: UInt64 = 1

    @Flag(help: "Embed nothing: without agreement and self-retrieval.")
    var noEmbed = false

    @Flag(help: "Do not keep the figures in backfilld.quality.")
    var noHistory = false

    @Flag(help: "End with 1 where a figure is bad.")
    var strict = false

    @Flag(help: "Print JSON.")
    var json = false

    @Option(help: ArgumentHelp("Write a page with plots to this file, too.", valueName: "file"))
    var html: String?

    func validate() throws {
        guard (50...100_000).contains(sample) else { throw ValidationError("--sample takes 50 to 100,000.") }
    }

    func run() async throws {
        let settings = try table.settings(options)
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let (embedding, absence) = try await embedding(assembly)
            let identity = embedding == nil ? nil : try assembly.identity()
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            var reports: [QualityReport] = []
            for spec in assembly.tables {
                // Vectors of another model than the configured one can't be compared with what it makes.
                let table = try await WatchedTable.load(spec, identity: identity, on: connection)
                let quality = Quality(
                    table, embedding: embedding, withoutEmbedding: absence,
                    with(settings.textBytes))
                reports.append(try await quality.report(on: connection))
            }
            await connection.close()
            if let html { try write(QualityPage(reports).text, to: html) }
            if json {
                print(try printedJSON(["tables": reports]))
            } else {
                print(
                    reports.map { QualityText($0, isColored: hasColours(STDOUT_FILENO)).text }.joined(separator: "\n\n")
                )
            }
            for report in reports {
                if let why = report.notKept { complain("Warning: \(report.table): the figures are not kept: \(why)") }
            }
            if strict, reports.contains(where: { $0.verdict == .bad }) { throw ExitCode(1) }
        }
    }

    private func with(_ textBytes: Int) -> QualityOptions {
        var options = QualityOptions()
        options.sample = sample
        options.seed = seed
        options.textBytes = textBytes
        options.isKept = !noHistory
        return options
    }

    /// What embeds texts for it, or why nothing does.
    private func embedding(_ assembly: Assembly) async throws -> (QualityEmbedding?, String) {
        if noEmbed { return (nil, "Nothing was embedded for it: --no-embed was given.") }
        let embedder = try assembly.embedder(endsAtCeiling: true)
        if embedder is any WritingEmbedder {
            return (nil, "\(embedder.identity.embedder) writes rows itself, and embeds nothing else.")
        }
        return (QualityEmbedding(of: embedder), "")
    }

    private func write(_ text: String, to path: String) throws {
        let file = fopen(path, "w")
        var isWritten = false
        if let file {
            isWritten = fputs(text, file) >= 0
            isWritten = fclose(file) == 0 && isWritten
        }
        guard isWritten else {
            complain("backfilld: \(path) cannot be written: \(String(cString: strerror(errno)))")
            throw Failure.inputOutput
        }
    }
}

extension QualityEmbedding {
    /// By an embedder that writes no rows itself.
    init(of embedder: any Embedder) {
        self.init(
            passages: { try await embedder.embed($0).vectors },
            queries: { try await embedder.embedQueries($0) },
            explain: { Failure.message(for: $0) })
    }
}
