import Embedders
import ArgumentParser
import Backfill
import PostgresClient
import Systemd

/// `backfilld setup`: makes in the database what the daemon needs.
struct SetupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "setup",
        abstract: "Set tables up: triggers, an index on the pending rows, and a schema named backfilld.",
        discussion: """
            Run it as the owner of the tables; running it again changes nothing, or brings everything up to date. No \
            writer waits longer than a second for it: it takes its locks in short tries and builds the index \
            concurrently. Rows and vectors are left as they are.

            --print shows the SQL and what five rows would be embedded from, and changes nothing.
            --remove takes all of it away again, and leaves rows and vectors.
            --search makes the function backfilld.search too, by which SQL, and PostgREST, find the rows nearest to a \
            vector; run again it is kept up to date without being asked for.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(name: .customLong("print"), help: "Show the SQL and the text of five rows; change nothing.")
    var isPrinting = false

    @Flag(help: "Take away what set-up made. With --table for one table, else for all and the schema.")
    var remove = false

    @Option(help: ArgumentHelp("Give this role exactly what the daemon needs.", valueName: "name"))
    var role: String?

    @Flag(help: "Add the embedding column where it is missing.")
    var addColumn = false

    @Flag(help: "Make the SQL function backfilld.search too, or with --remove take only it away.")
    var search = false

    func validate() throws {
        if remove, search, options.table != nil {
            throw ValidationError("backfilld.search is one for all tables: --remove --search goes without --table.")
        }
        if remove, role != nil || addColumn {
            throw ValidationError("--remove goes with neither --role nor --add-column.")
        }
    }

    func run() async throws {
        let settings = try options.settings()
        try await reportingFailures {
            let assembly = try Assembly(settings)
            let connection = try await assembly.catalogSession(for: "set-up")
            if !isPrinting {
                try await Setup.enter(on: connection) {
                    print("Another set-up works in this database; waiting until it is done")
                }
            }
            if remove, search {
                try await carryOut(Setup.searchRemoval(on: connection), on: connection)
            } else if remove {
                let names = options.table == nil ? nil : assembly.tables.map(\.name)
                try await carryOut(Setup.removal(of: names, on: connection), on: connection)
            } else {
                let identity = try assembly.identity()
                // One script for all tables: nothing of it is there yet when the next table is looked at.
                var printed: [SetupPlan] = []
                for table in assembly.tables {
                    let plan = try await setUp(table, assembly, identity, after: printed, on: connection)
                    if isPrinting { printed.append(plan) }
                }
            }
            await connection.close()
        }
    }

    private func setUp(
        _ table: TableSpec, _ assembly: Assembly, _ identity: EmbedderIdentity, after printed: [SetupPlan],
        on connection: PostgresConnection
    ) async throws -> SetupPlan {
        let isChosen = assembly.settings.origins["notify"] != .builtIn
        let plan = try await Setup.plan(
            SetupOptions(
                spec: table, identity: identity,
                notify: isChosen ? NotifyMode(rawValue: assembly.settings.notify.rawValue) : nil, role: role,
                addColumn: addColumn, search: search, version: Version.text), after: printed, on: connection)
        try await carryOut(plan, on: connection)
        if isPrinting {
            let preview = TextPreview(table, textBytes: assembly.settings.textBytes)
            for row in try await preview.rows(5, on: connection) {
                print(Self.comment("The row \(row.key) would be embedded from:"))
                print(Self.comment(row.text, indent: "  "))
            }
        }
        return plan
    }

    /// A text as a comment of SQL. What stands in a row is printed into a script that somebody may run: nothing in it may end
    /// the comment.
    static func comment(_ text: String, indent: String = "") -> String {
        text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
            .map { "-- " + indent + escaped(String($0)) }.joined(separator: "\n")
    }

    private func carryOut(_ plan: SetupPlan, on connection: PostgresConnection) async throws {
        if isPrinting { return print(plan.script) }
        for warning in plan.warnings { complain("Warning: \(warning)") }
        for note in plan.notes { print(terminalText(note)) }
        guard !plan.isEmpty else {
            let found = remove ? "nothing of backfilld's is there." : "already set up, nothing to do."
            print(terminalText("\(plan.table): \(found)"))
            return
        }
        try await Setup.run(plan, on: connection) { progress in
            switch progress {
            case .step(let title, let number, let total): print(terminalText("[\(number)/\(total)] \(title)"))
            case .waiting(_, let holders, let pause):
                let who = holders.isEmpty ? "" : " (used by \(holders.joined(separator: ", ")))"
                print("The table is busy\(who); writers go first, trying again in \(Vitals.span(pause))")
            }
        }
        print(terminalText("\(plan.table): \(remove ? "taken away" : "set up")."))
    }
}
