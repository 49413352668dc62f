import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("The daemon as a role of its own, under row level security", .inLanes)
struct PipelineRoleTests {
    private func settings(_ lab: Lab, _ role: String) -> LabSettings {
        var settings = LabSettings(
            retry: RetrySettings(first: .milliseconds(100), longest: .seconds(60), attempts: 3))
        settings.conninfo = lab.database.conninfo(user: role)
        return settings
    }

    /// A name of its own, since roles belong to the whole server.
    private func role(_ purpose: String) -> String { "it's \(purpose) \(UInt32.random(in: 0 ... .max))" }

    static let security = """
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY everybody_reads ON notes FOR SELECT USING (true);
        """

    @Test("what setup --role gives is enough", arguments: PostgresServer.Flavour.allCases)
    func enough(_ flavour: PostgresServer.Flavour) async throws {
        let role = role("daemon")
        let schema = flavour == .debian ? nil : "extensions"
        let lab = try await Lab.make(
            flavour, before: "CREATE ROLE \(quoteIdentifier(role)) LOGIN",
            after: Self.security + "REVOKE ALL ON SCHEMA public FROM PUBLIC", role: role, vectorSchema: schema)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 30) AS i")
        try await lab.withDaemon(settings(lab, role)) { daemon in
            try await lab.run("INSERT INTO notes VALUES (100, 'new')")
            try await lab.allRight()
            try await lab.run("UPDATE notes SET topic = 'changed' WHERE id < 5")
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
            try await eventually("the daemon has noted what it does") {
                try await lab.number("SELECT count(*) FROM backfilld.activity") == 1
            }
        }
    }

    @Test(
        "row level security that hides the rows is told, and heals with a policy",
        arguments: PostgresServer.Flavour.allCases)
    func hidden(_ flavour: PostgresServer.Flavour) async throws {
        let role = role("unseeing")
        let lab = try await Lab.make(
            flavour, before: "CREATE ROLE \(quoteIdentifier(role)) LOGIN", role: role,
            vectorSchema: flavour == .debian ? nil : "extensions")
        try await lab.withDaemon(settings(lab, role)) { daemon in
            try await lab.run("ALTER TABLE notes ENABLE ROW LEVEL SECURITY; INSERT INTO notes VALUES (1, 'unseen')")
            try await daemon.tells("what hides the rows") {
                $0.troubles.contains { $0.contains("row level security is on") }
            }
            try await lab.run("CREATE POLICY seen ON notes USING (true)")
            try await lab.allRight()
        }
    }

    @Test(
        "rows that somebody has locked are not embedded before they are free",
        arguments: PostgresServer.Flavour.allCases)
    func locked(_ flavour: PostgresServer.Flavour) async throws {
        let role = role("waiting")
        let lab = try await Lab.make(
            flavour, before: "CREATE ROLE \(quoteIdentifier(role)) LOGIN", after: Self.security, role: role)
        let other = try await lab.connect()
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 300) AS i")
        try await other.script("BEGIN; SELECT FROM notes FOR UPDATE", name: "lock all rows")
        try await lab.withDaemon(settings(lab, role)) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1000, 'free')")
            try await eventually("the free row embedded") { lab.embedder.count(of: "free") == 1 }
            try await daemon.heartbeats(2)
            #expect(lab.embedder.texts == ["free"])
            try await other.script("COMMIT", name: "release them")
            try await lab.allRight()
        }
    }

    @Test("a writer who may only insert is not failed by the triggers", arguments: [0, 1])
    func writers(_ flavour: Int) async throws {
        let role = role("writer")
        let lab = try await Lab.make(
            PostgresServer.Flavour.allCases[flavour], before: "CREATE ROLE \(quoteIdentifier(role)) LOGIN",
            after: "GRANT INSERT ON notes TO \(quoteIdentifier(role))")
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { _ in
            try await lab.database.psql("INSERT INTO notes (id, topic) VALUES (1, 'a'), (2, 'b')", user: role)
            try await lab.allRight()
        }
    }

    private func refused(_ flavour: PostgresServer.Flavour, _ policies: String, refused: [String]) async throws {
        let role = role("daemon")
        let quoted = quoteIdentifier(role)
        let lab = try await Lab.make(
            flavour, before: "CREATE ROLE \(quoted) LOGIN", role: role)
        try await lab.run(Self.security + policies)
        try await lab.run("INSERT INTO notes VALUES (1, 'one', 1), (2, 'two', 2), (3, 'three', 1)")
        try await lab.withDaemon(settings(lab, role)) { daemon in
            try await daemon.tells("the rows set aside") { $0.setAside.count == refused.count }
            try await daemon.heartbeats(3)
            #expect(daemon.told.setAside.map(\.key.text).sorted() == refused)
            #expect(
                daemon.told.setAside.allSatisfy {
                    $0.reason.contains("row level security") || $0.reason.contains("row-level")
                })
            #expect(try await lab.values("SELECT id FROM notes WHERE embedding IS NULL ORDER BY 1") == refused)
            #expect(lab.embedder.texts.count <= 3 + 2 * refused.count)
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("without a policy for UPDATE rows are refused, once", arguments: PostgresServer.Flavour.allCases)
    func noUpdatePolicy(_ flavour: PostgresServer.Flavour) async throws {
        try await refused(flavour, "", refused: ["1", "2", "3"])
    }

    @Test("a policy that hides one row from updates keeps only that one back", arguments: [0, 1])
    func hidden(_ flavour: Int) async throws {
        try await refused(
            PostgresServer.Flavour.allCases[flavour], "CREATE POLICY u ON notes FOR UPDATE USING (other = 1)",
            refused: ["2"])
    }

    @Test("a policy whose check refuses one row keeps only that one back", arguments: [0, 1])
    func checked(_ flavour: Int) async throws {
        try await refused(
            PostgresServer.Flavour.allCases[flavour],
            "CREATE POLICY u ON notes FOR UPDATE USING (true) WITH CHECK (other = 1)", refused: ["2"])
    }
}
