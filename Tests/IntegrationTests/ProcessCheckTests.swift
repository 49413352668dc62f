import Foundation
import TestSupport
import Testing

/// `backfilld check`: what is broken is found, named, and has a remedy that works.
@Suite(.serialized) struct ProcessCheckTests {
    private static let remedied = "backfilld setup"

    @Test("A healthy database passes, every finding being ok")
    func healthy() async throws {
        let place = try await Workplace.make(rows: 1)
        let result = try await place.run("check").expect(.code(0), "ok ", "PostgreSQL 18", "came back", "8 dimensions")
        #expect(!result.output.contains("WARNING") && !result.output.contains("FAILED"), "\(result)")
        let json = try await place.run("check", "--json").expect(.code(0)).json()
        let findings = try #require(json["findings"] as? [[String: Any]])
        #expect(findings.allSatisfy { $0["level"] as? String == "ok" }, "\(json)")
    }

    @Test("The room for claims is told, with the daemons that share it")
    func locks() async throws {
        let place = try await Workplace.make(rows: 1)
        let room = try await place.database.psql(
            """
            SELECT current_setting('max_locks_per_transaction')::int * (current_setting('max_connections')::int
            + current_setting('max_prepared_transactions')::int)
            """)
        let daemon = try await place.startDaemon()
        try await place.run("check").expect(
            .code(0), "locks: the server has room for ", " connected and may hold ", "(10 %)")
        let json = try await place.run("check", "--json").expect(.code(0)).json()
        let locks = try #require(json["locks"] as? [String: Int])
        #expect(locks["room"] == Int(room) && locks["budget"] == Int(room).map { $0 / 10 })
        // Other tests' daemons are on the server too.
        let daemons = try #require(locks["daemons"])
        #expect(daemons >= 1)
        #expect(locks["together"] == daemons * (locks["perDaemon"] ?? 0))
        try await daemon.stop()
    }

    /// What an owner may do to a table by mistake; what `check` then names.
    struct Breakage: Sendable, CustomTestStringConvertible {
        let sql: String
        let words: [String]
        var isFailure = false
        var testDescription: String { sql }
    }

    @Test(
        "What was broken is named, and setup mends it",
        arguments: [
            Breakage(sql: "DROP TRIGGER backfilld_inserted ON music_knowledge", words: ["backfilld_inserted"]),
            Breakage(
                sql: "ALTER TABLE music_knowledge DISABLE TRIGGER zzz_backfilld_cleared",
                words: ["backfilld_cleared", "disabled"], isFailure: true),
            Breakage(sql: "ALTER TABLE music_knowledge DISABLE TRIGGER ALL", words: ["disabled"], isFailure: true),
            Breakage(sql: "DROP INDEX backfilld_pending_1", words: ["index backfilld_pending_1"]),
            Breakage(
                sql: "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'backfilld_pending_1'::regclass",
                words: ["index backfilld_pending_1", "valid"]),
        ])
    func broken(_ breakage: Breakage) async throws {
        let place = try await Workplace.make(rows: 1)
        // Names that carry a number or a prefix are looked up, so that this says what is broken and not how it is called.
        let triggers = try await place.database.psql(
            "SELECT tgname FROM pg_trigger WHERE tgrelid = 'music_knowledge'::regclass AND NOT tgisinternal"
        ).split(separator: "\n").map(String.init)
        var sql = breakage.sql
        for name in ["backfilld_inserted", "zzz_backfilld_cleared"] {
            let kind = name.hasSuffix("cleared") ? "cleared" : "insert"
            let found = try #require(triggers.first { $0.contains(kind) }, "\(triggers)")
            sql = sql.replacingOccurrences(of: name, with: found)
        }
        try await place.database.psql(sql)
        let result = try await place.run("check").expect(.code(breakage.isFailure ? 1 : 0), Self.remedied)
        #expect(result.output.contains(breakage.isFailure ? "FAILED" : "WARNING"), "\(result)")
        for word in breakage.words where word != "backfilld_inserted" && word != "backfilld_cleared" {
            #expect(result.output.contains(word), "no \(word): \(result)")
        }
        try await place.run("setup").expect(.code(0))
        let mended = try await place.run("check").expect(.code(0))
        #expect(!mended.output.contains("WARNING"), "\(mended)")
    }

    @Test("A role that lacks something: what it lacks is named, and setup --role gives it")
    func privileges() async throws {
        let place = try await Workplace.make(rows: 2)
        let role = "filler_of_\(place.database.name)"
        try await place.database.psql("CREATE ROLE \(role) LOGIN")
        try await place.run("setup", "--role", role).expect(.code(0))
        let environment = ["DATABASE_URL": place.database.conninfo(user: role)]
        try await place.run("check", environment: environment).expect(.code(0))

        try await place.database.psql("REVOKE UPDATE (embedding) ON music_knowledge FROM \(role)")
        try await place.run("check", environment: environment)
            .expect(.code(1), "FAILED", "may not update embedding", "setup --role")
        try await place.database.psql("REVOKE ALL ON music_knowledge FROM \(role)")
        try await place.database.psql("REVOKE SELECT (topic) ON music_knowledge FROM \(role)")
        try await place.run("check", environment: environment).expect(.code(1), "FAILED", "topic")
        try await place.run("setup", "--role", role).expect(.code(0))
        try await place.run("check", environment: environment).expect(.code(0))
    }

    @Test("Row level security without a policy for the role is named, and setup --role makes the policies")
    func rowSecurity() async throws {
        let place = try await Workplace.make(rows: 2)
        let role = "filler_of_\(place.database.name)"
        try await place.database.psql("CREATE ROLE \(role) LOGIN")
        try await place.run("setup", "--role", role).expect(.code(0))
        let environment = ["DATABASE_URL": place.database.conninfo(user: role)]
        try await place.database.psql("ALTER TABLE music_knowledge ENABLE ROW LEVEL SECURITY")
        try await place.run("check", environment: environment)
            .expect(.code(1), "FAILED", "row level security hides every row")
        try await place.database.psql("CREATE POLICY everybody_reads ON music_knowledge FOR SELECT USING (true)")
        try await place.run("check", environment: environment)
            .expect(.code(1), "FAILED", "swallows every write", "setup --role")
        try await place.run("setup", "--role", role).expect(.code(0))
        try await place.run("check", environment: environment).expect(.code(0))
        try await place.run("backfill", environment: environment).expect(.code(0), "2 embedded, 0 failed")
    }
}
