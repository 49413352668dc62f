import ArgumentParser
import Backfill
import Embedders
import FoundationEssentials
import Glibc
import PostgresClient
import Systemd

/// `backfilld search`: asks a table, as the console does.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find rows by meaning, by words, or by both.",
        discussion: """
            The query is embedded with the configured embedder, which must be the one that filled the table. Modes: \
            vector finds rows near in meaning; text finds rows with all of its words ("a phrase", or, -not); hybrid, the \
            default, takes both and puts first what both find.

            --filter column=value, !=, >= or <=, may be repeated; of an array = means that it has the value in it. An \
            index on the vectors is used where the server finds it worth it, and the first line says so; --exact compares \
            every row. --columns shows what can be filtered by.
            """)

    @OptionGroup var options: SettingOptions

    @Argument(help: ArgumentHelp("What to look for.", valueName: "query"))
    var words: [String] = []

    @Option(help: ArgumentHelp("vector, text or hybrid.", valueName: "mode"))
    var mode = SearchQuery.Mode.hybrid

    @Option(name: [.customShort("k"), .customLong("limit")], help: ArgumentHelp("Rows, at most.", valueName: "n"))
    var limit = 10

    @Option(
        help: ArgumentHelp("Only rows with this: category=jazz, stars>=3. May be repeated.", valueName: "condition"))
    var filter: [String] = []

    @Flag(help: "Compare every row, whatever index there is.")
    var exact = false

    @Flag(help: "Show the table's columns and what can be filtered by; search nothing.")
    var columns = false

    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        let text = words.joined(separator: " ")
        if !columns, text.allSatisfy(\.isWhitespace) { throw ValidationError("Give some words to look for.") }
        guard (1...SearchQuery.mostRows).contains(limit) else {
            throw ValidationError("-k takes 1 to \(SearchQuery.mostRows).")
        }
        if let bad = filter.first(where: { SearchQuery.Filter(parsing: $0) == nil }) {
            throw ValidationError("\"\(bad)\" is no condition: write column=value, or with !=, >=, <= instead of =.")
        }
    }

    /// What is printed as JSON.
    private struct Report: Encodable {
        let answer: SearchAnswer
        let embedding: Double

        private enum Key: String, CodingKey { case embedding = "embed_ms" }

        func encode(to encoder: any Encoder) throws {
            try answer.encode(to: encoder)
            var object = encoder.container(keyedBy: Key.self)
            try object.encode(embedding, forKey: .embedding)
        }
    }

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            guard assembly.tables.count == 1, let spec = assembly.tables.first else {
                complain("backfilld: several tables are configured; say which one to search: --table NAME")
                throw Failure.usage
            }
            let connection = try await assembly.sessions.open(deadline: settings.listen.deadline)
            // Words need no model, and whatever made the vectors does not matter to them.
            let needsVector = mode != .text && !columns
            let table = try await WatchedTable.load(
                spec, identity: needsVector ? try assembly.identity() : nil, on: connection)
            let search = try await Search(table, on: connection)
            if columns {
                await connection.close()
                return print(json ? try printedJSON(search.table) : Self.text(search.table))
            }
            var query = SearchQuery(
                words.joined(separator: " "), mode: mode, limit: limit,
                filters: filter.compactMap(SearchQuery.Filter.init(parsing:)), isExact: exact)
            var embedding = Duration.zero
            if needsVector {
                let embedder = try assembly.embedder()
                let began = ContinuousClock.now
                query.vector = try await embedder.embedQueries([query.text]).first
                embedding = .now - began
            }
            let answer = try await search.answer(query, on: connection)
            await connection.close()
            if json {
                print(try printedJSON(Report(answer: answer, embedding: SearchAnswer.milliseconds(embedding))))
            } else {
                print(
                    SearchText(answer, embedding: needsVector ? embedding : nil, isColored: hasColours(STDOUT_FILENO))
                        .text)
            }
        }
    }

    private static func text(_ table: SearchTable) -> String {
        var lines = [
            table.name, "  key        \(table.key)",
            "  embedding  \(table.embedding), \(table.dimension) dimensions, \(table.embedder)",
            "  title      \(table.title)", "  category   \(table.category ?? "none")",
            "  text       \(table.columns.joined(separator: ", "))", "  filters",
        ]
        for filter in table.filters {
            let values = filter.values.map { ": " + $0.joined(separator: ", ") } ?? ""
            lines.append("    \(filter.column) (\(filter.type))\(values)")
        }
        return terminalText(lines)
    }
}

extension SearchQuery.Mode: ExpressibleByArgument {}
