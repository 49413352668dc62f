import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("setup --role, on servers", .serialized)
struct SetupPrivilegeTests {
    /// The SQLSTATE that a statement of a role fails with; nil when it does not.
    private func failure(_ sql: String, _ connection: PostgresConnection) async throws -> String? {
        do {
            try await connection.script(sql, name: "what a role tries")
            return nil
        } catch let error as PostgresError {
            return error.sqlState
        }
    }

    private func role(_ place: SetupPlace, _ kind: String) async throws -> String {
        let name = "\(kind)_\(place.database.server.flavour)_\(place.database.name)".lowercased()
        try await place.run("CREATE ROLE \(name) LOGIN")
        return name
    }

    @Test("The role may do what the daemon needs and nothing else", arguments: PostgresServer.Flavour.allCases)
    func exactly(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(
            flavour, SetupPlace.notes + ";INSERT INTO notes VALUES ('a', 't', 'b', 1), ('b', 't', 'b', 1)")
        let role = try await role(place, "Daemon")
        try await place.setUp(SetupPlace.options(role: role))
        let connection = try await place.connect(as: role)
        let allowed = [
            "SELECT id, title, body, embedding FROM notes", "UPDATE notes SET embedding = '{1}' WHERE id = 'a'",
            "SELECT id FROM notes FOR NO KEY UPDATE SKIP LOCKED", "LISTEN backfilld", "SELECT * FROM backfilld.watch",
        ]
        for sql in allowed { #expect(try await failure(sql, connection) == nil, "\(sql)") }
        let forbidden = [
            "SELECT stars FROM notes", "UPDATE notes SET title = 'x'", "UPDATE notes SET id = 'x'",
            "DELETE FROM notes", "TRUNCATE notes", "INSERT INTO notes (id) VALUES ('c')",
            "UPDATE backfilld.watch SET model = 'x'", "DROP TRIGGER backfilld_inserted_1 ON notes",
            "CREATE TABLE backfilld.mine ()", "INSERT INTO backfilld.migration VALUES (2)",
        ]
        for sql in forbidden { #expect(try await failure(sql, connection) == "42501", "\(sql)") }
        _ = try await WatchedTable.load(SetupPlace.options().spec, identity: SetupPlace.hash, on: connection)
        #expect(try await Setup.problems(with: SetupPlace.options(), on: connection) == [])
        try await place.remove([QualifiedName(name: "notes")])
        #expect(try await failure("SELECT id FROM notes", connection) == "42501")
        #expect(try await failure("UPDATE notes SET embedding = NULL", connection) == "42501")
    }

    @Test("What the owner had granted to the role stays when set-up is removed")
    func ownersGrants() async throws {
        let place = try await SetupPlace.make(.debian)
        let role = try await role(place, "kept")
        try await place.run("GRANT SELECT (stars, id), UPDATE (stars) ON notes TO \(role)")
        let before = try await place.dump()
        try await place.setUp(SetupPlace.options(role: role))
        try await place.remove()
        #expect(try await place.dump() == before)
    }

    @Test("Row level security with a policy for reading only, forced or not", arguments: ["ENABLE", "FORCE"])
    func policies(_ mode: String) async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            SetupPlace.notes + """
                ;ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                ALTER TABLE notes \(mode) ROW LEVEL SECURITY;
                CREATE POLICY readers ON notes FOR SELECT USING (true);
                INSERT INTO notes VALUES ('a', 't', 'b', 1)
                """)
        let role = try await role(place, "policy")
        try await place.setUp(SetupPlace.options(role: role))
        let connection = try await place.connect(as: role)
        try await connection.script("UPDATE notes SET embedding = '{1}'", name: "as the daemon does")
        #expect(try await place.cleared() == [])
        try await place.remove()
        #expect(try await place.texts("SELECT polname::text FROM pg_policy") == ["readers"])
    }

    @Test("The owner of a table with forced row level security, who is no superuser, sets it up")
    func forcedOwner() async throws {
        let place = try await SetupPlace.make(.debian, "")
        let owner = try await role(place, "owner")
        try await place.run(
            "GRANT CREATE ON DATABASE \(place.database.name) TO \(owner); GRANT ALL ON SCHEMA public TO \(owner)")
        let connection = try await place.connect(as: owner)
        try await connection.script(
            SetupPlace.notes + """
                ;ALTER TABLE notes ENABLE ROW LEVEL SECURITY; ALTER TABLE notes FORCE ROW LEVEL SECURITY;
                CREATE POLICY readers ON notes FOR SELECT USING (true);
                """, name: "the table")
        try await place.setUp(as: connection)
        try await place.setUp(SetupPlace.options(role: owner), as: connection)
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1)")
        try await connection.script("UPDATE notes SET embedding = '{1}'", name: "as the daemon does")
        #expect(try await place.cleared() == [])
    }

    @Test("Restrictive policies are warned of by name")
    func restrictive() async throws {
        let place = try await SetupPlace.make(
            .debian,
            SetupPlace.notes + """
                ;ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
                CREATE POLICY "only mine" ON notes AS RESTRICTIVE USING (stars > 1)
                """)
        let role = try await role(place, "restricted")
        let plan = try await place.setUp(SetupPlace.options(role: role))
        #expect(plan.warnings.contains { $0.contains("only mine") && $0.contains(role) })
    }

    @Test("Roles whose long names begin alike each get their policies")
    func longNames() async throws {
        let place = try await SetupPlace.make(
            .debian, SetupPlace.notes + "; ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        let start = place.database.name + String(repeating: "x", count: 50)
        for role in [start + "1", start + "2"] {
            try await place.run("CREATE ROLE \(role) LOGIN")
            try await place.setUp(SetupPlace.options(role: role))
        }
        #expect(try await place.texts("SELECT count(*)::text FROM pg_policy") == ["4"])
    }

    @Test("Odd names of roles are no SQL")
    func oddNames() async throws {
        let place = try await SetupPlace.make(
            .debian, SetupPlace.notes + "; ALTER TABLE notes ENABLE ROW LEVEL SECURITY")
        for odd in ["\"; DROP TABLE notes; --", "'\\ {key}", "Großer Dämon", "\"\u{301}'\u{301}"] {
            let role = place.database.name + odd
            let quoted = role.utf8.flatMap { $0 == UInt8(ascii: "\"") ? [$0, $0] : [$0] }
            try await place.run("CREATE ROLE \"\(String(decoding: quoted, as: UTF8.self))\"")
            try await place.setUp(SetupPlace.options(role: role))
        }
        try await place.remove()
        #expect(try await place.texts("SELECT count(*)::text FROM pg_policy") == ["0"])
    }
}
