import Embedders
import PostgresClient

/// One thing that `backfilld check` looked at.
package struct Finding: Sendable, Hashable, Encodable {
    /// How it is.
    package enum Level: String, Sendable, Hashable, Encodable {
        /// As it should be.
        case ok
        /// It works, but not as well as it could, or not in every case.
        case warning
        /// Rows are not embedded because of it.
        case failure
    }

    /// How it is.
    package let level: Level
    /// What was looked at: `connection`, `table public.notes`, `embedder`, …
    package let subject: String
    /// What was found.
    package let found: String
    /// What to do about it; nil where nothing has to be done.
    package let remedy: String?

    /// A finding.
    package init(_ level: Level, _ subject: String, _ found: String, remedy: String? = nil) {
        self.level = level
        self.subject = subject
        self.found = found
        self.remedy = remedy
    }
}

/// Looks at everything that has to be right for rows to be embedded, and says of each what to do.
package struct Checkup: Sendable {
    private let connection: PostgresConnection
    private let embedder: any Embedder
    private let version: String

    /// - Parameters:
    ///   - connection: A connection that is free.
    ///   - embedder: The embedder that is configured.
    ///   - version: This program's version.
    package init(_ connection: PostgresConnection, embedder: any Embedder, version: String) {
        self.connection = connection
        self.embedder = embedder
        self.version = version
    }

    /// The server, and whether notifications come through to this connection.
    package func server() async throws -> [Finding] {
        let row = try await connection.execute(Statement("look at the server", SQLFile.checkServer))[0]
        let (version, number) = (try row.decode("version", as: String.self), try row.decode("number", as: Int.self))
        var findings = [
            Finding(
                .ok, "connection",
                "database \(try row.decode("database", as: String.self)) as role \(try row.decode("role", as: String.self))"
            )
        ]
        findings.append(Self.support(of: number, version))
        if try row.decode("in_recovery") {
            findings.append(
                Finding(
                    .failure, "server", "it is a standby, which takes no writes",
                    remedy: "Connect to the primary: list all hosts and add target_session_attrs=read-write"))
        }
        if try row.decode("prepared_transactions", as: Int.self) > 0 {
            findings.append(
                Finding(
                    .warning, "server",
                    "max_prepared_transactions is over 0, and a transaction that notified can't be prepared",
                    remedy: "Without two-phase commit, set it to 0; with it, leave notify = \"off\""))
        }
        if try row.decode("queue_usage", as: Double.self) > 0.25 {
            findings.append(
                Finding(
                    .warning, "server",
                    "the notification queue is over a quarter full: a session that LISTENs does not read",
                    remedy: "Find a session with an old transaction in pg_stat_activity and end it"))
        }
        findings.append(try await listening())
        return findings
    }

    /// The function for search in SQL, where somebody asked for it.
    package func search() async throws -> [Finding] {
        guard let facts = try? await DatabaseFacts.load(on: connection), facts.schemaVersion > 0 else { return [] }
        let found = try await SearchFunction.load(on: connection)
        if found.isEmpty { return [] }
        if SearchFunction(vectorSchema: facts.vectorSchema).isThere(found) {
            return [Finding(.ok, "search", "the function backfilld.search is there")]
        }
        return [
            Finding(
                .warning, "search", "the function backfilld.search is not as this release makes it",
                remedy: "As the owner of the schema: backfilld setup")
        ]
    }

    /// The room for claims; nil where none are made, since no lock of a session can be relied on.
    package func locks() async throws -> LockRoom? {
        connection.isPooled ? nil : try await LockRoom.load(on: connection)
    }

    private static func support(of number: Int, _ version: String) -> Finding {
        switch number / 10_000 {
        case ..<13:
            Finding(
                .failure, "server", "PostgreSQL \(version) is too old",
                remedy: "backfilld works with PostgreSQL 13 and later: upgrade the server")
        case 13...18: Finding(.ok, "server", "PostgreSQL \(version)")
        default:
            Finding(
                .warning, "server", "PostgreSQL \(version) is newer than what this release was tested with",
                remedy: "See whether a newer backfilld is there")
        }
    }

    private func listening() async throws -> Finding {
        guard !connection.isPooled else { return Self.pooled }
        try await connection.script("LISTEN \(quoteIdentifier(Wakeup.channel))", name: "LISTEN")
        let inbox = Inbox(connection.notifications)
        let isEcho = try await Listener.echo(on: connection, inbox, deadline: .seconds(5))
        return isEcho
            ? Finding(.ok, "LISTEN", "a notification sent to ourselves came back")
            : Self.pooled
    }

    private static let pooled = Finding(
        .warning, "LISTEN",
        "notifications don't come through: a pooler in transaction mode is in between, and rows are found by looking",
        remedy: "Connect to the server itself, or to the pooler's session mode (port 5432 at Supabase)")

    /// One table: what set-up made, and what this role may do.
    package func table(_ spec: TableSpec) async throws -> [Finding] {
        let subject = "table \(spec.name)"
        let options = SetupOptions(spec: spec, identity: embedder.identity, version: version)
        var findings = try await Setup.problems(with: options, on: connection).map { problem in
            var level = Finding.Level.failure
            // Without the others rows come later; without the clearing one a changed text keeps its old vector.
            if case .triggerMissing(_, let trigger, _) = problem, !trigger.contains("cleared") { level = .warning }
            if case .indexMissing = problem { level = .warning }
            return Finding(level, subject, problem.summary, remedy: problem.remedy)
        }
        guard let table = try? await WatchedTable.load(spec, identity: nil, on: connection) else { return findings }
        if findings.isEmpty {
            findings.append(
                Finding(
                    .ok, subject,
                    "set up: columns, triggers and index are there, \(table.identity.dimension) dimensions"))
        }
        if let reembed = try await ReembedStatus.load(table, on: connection) {
            findings.append(
                Finding(
                    .warning, subject, "it is being embedded anew: \(reembed.line)",
                    remedy: "Where \"backfilld reembed\" does not run any more, run it again: it goes on where it was"))
        }
        findings += try await access(to: table, subject)
        findings += try await standing(of: table, subject)
        let facts = try await IndexFacts.load(table, on: connection)
        findings += index(facts, subject)
        if let words = try await words(of: table, facts).finding(subject) { findings.append(words) }
        return findings
    }

    /// Whether search goes through an index, where it would pay.
    private func index(_ facts: IndexFacts, _ subject: String) -> [Finding] {
        let advice = IndexAdvice(facts)
        var findings = advice.faults.map { fault in
            Finding(
                .warning, subject, "search can't use index \(fault)",
                remedy:
                    "See what would suit: backfilld index. It drops what is invalid and builds the right one with --create"
            )
        }
        switch advice.verdict {
        case .good: findings.append(Finding(.ok, subject, advice.reason))
        case .notNeeded, .underWay:
            findings.append(Finding(.ok, subject, "no index on the vectors is used: \(advice.reason)"))
        case .build:
            findings.append(
                Finding(
                    .warning, subject, "no index on the vectors is there to search by: \(advice.reason)",
                    remedy: "As the table's owner: backfilld index --create"))
        case .rebuild:
            findings.append(
                Finding(.warning, subject, advice.reason, remedy: "As the table's owner: backfilld index --create"))
        case .impossible: findings.append(Finding(.ok, subject, "search compares every row: \(advice.reason)"))
        }
        return findings
    }

    /// What search by words depends on.
    private func words(of table: WatchedTable, _ facts: IndexFacts) async throws -> WordAdvice {
        var advice = WordAdvice(shape: facts.shape, recipe: table.spec.recipe, rows: facts.rows)
        if let column = advice.column {
            let row = try await connection.execute(
                Statement(
                    "look at privileges", SQLFile.checkAccess,
                    [.int8(table.relation), .textArray([column]), .text(table.spec.embedding)]))[0]
            advice.isReadable = try row.decode("unreadable", as: [String].self).isEmpty
        } else {
            let row = try await connection.execute(
                Statement("what search depends on", SQLFile.searchServer, [.int8(table.relation)]))[0]
            advice.configuration = try row.decode("configuration")
        }
        return advice
    }

    /// Why rows wait though everything is right.
    private func standing(of table: WatchedTable, _ subject: String) async throws -> [Finding] {
        guard let standing = try? await LedgerStanding.load(table, on: connection) else { return [] }
        var findings: [Finding] = []
        if let pause = standing.pause {
            findings.append(
                Finding(.warning, subject, "it is paused \(pause.line)", remedy: "To go on: backfilld resume"))
        }
        if standing.setAside > 0 {
            findings.append(
                Finding(
                    .warning, subject, "\(standing.setAside.counted("row")) set aside after too many attempts",
                    remedy: "See why with backfilld failures; once that is mended: backfilld failures retry --all"))
        }
        if standing.failing > 0 {
            findings.append(
                Finding(
                    .warning, subject, "\(standing.failing.counted("row")) failed and will be tried again",
                    remedy: "See why with backfilld failures"))
        }
        return findings
    }

    private func access(to table: WatchedTable, _ subject: String) async throws -> [Finding] {
        let row = try await connection.execute(
            Statement(
                "look at privileges", SQLFile.checkAccess,
                [.int8(table.relation), .textArray(table.readColumns), .text(table.spec.embedding)]))[0]
        var findings: [Finding] = []
        let grant = "As the table's owner: backfilld setup --role NAME, with the role of this connection"
        let unreadable: [String] = try row.decode("unreadable")
        if !unreadable.isEmpty {
            let names = Set(unreadable).sorted().joined(separator: ", ")
            findings.append(Finding(.failure, subject, "this role may not read \(names)", remedy: grant))
        }
        if try !row.decode("may_write", as: Bool.self) {
            findings.append(
                Finding(.failure, subject, "this role may not update \(table.spec.embedding)", remedy: grant))
        }
        if try row.decode("row_security") {
            if try !row.decode("read_policy", as: Bool.self) {
                findings.append(
                    Finding(.failure, subject, "row level security hides every row from this role", remedy: grant))
            } else if try !row.decode("write_policy", as: Bool.self) {
                findings.append(
                    Finding(.failure, subject, "row level security swallows every write of this role", remedy: grant))
            } else if try row.decode("restrictive") {
                findings.append(
                    Finding(
                        .warning, subject, "a restrictive policy may hide rows from this role, or swallow writes",
                        remedy: "See that it lets the role of this connection read and update every row"))
            }
        }
        if findings.isEmpty { findings.append(Finding(.ok, subject, "this role may read and write what it must")) }
        return findings
    }

    /// Whether the embedder answers.
    package func answers() async -> Finding {
        let began = ContinuousClock.now
        let identity = embedder.identity
        do {
            // A trial with a text would be a row that it writes.
            if let endpoint = embedder as? FirstVersionEmbedder {
                return Finding(.ok, "embedder", "\(identity.embedder): \(try await endpoint.tryOut())")
            }
            guard !(embedder is any WritingEmbedder) else {
                return Finding(
                    .ok, "embedder", "\(identity.embedder) writes rows of the table itself, so it was not tried")
            }
            let vectors = try await embedder.embed(["The quick brown fox jumps over the lazy dog."]).vectors
            try EmbeddingError.check(vectors, count: 1, dimension: identity.dimension)
            let took = Vitals.span(.now - began)
            return Finding(
                .ok, "embedder",
                "\(identity.embedder) (\(identity.model)) made \(identity.dimension) dimensions in \(took)")
        } catch EmbedderError.limited(let wait, let reason) {
            let span = wait.map { " for \(Vitals.span($0))" } ?? ""
            return Finding(
                .warning, "embedder",
                "\(identity.embedder) is there, and limited\(span)" + (reason.map { ": \($0)" } ?? ""),
                remedy: "Nothing has to be done: that is waited for")
        } catch {
            return Finding(
                .failure, "embedder", "\(error)", remedy: "See the settings of embedder \(identity.embedder)")
        }
    }
}
