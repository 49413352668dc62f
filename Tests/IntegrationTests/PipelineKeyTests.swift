import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Keys and names of every kind", .inLanes)
struct PipelineKeyTests {
    struct KeyCase: Sendable, CustomTestStringConvertible {
        let type: String
        let keys: [String]
        var before: String?
        var testDescription: String { type }
    }

    static let evil = [
        "a:b::c", "it's", "say \"hi\"", "back\\slash", "", " ", "tab\tnew\nline", "'); DROP TABLE notes; --", "{a,b}",
        "[1,\"2\"]", "ключ 🔑", "NULL", "\\N", "1 [\"x\"]", "$1", "{key}", String(repeating: "long ", count: 300),
    ]

    static let cases = [
        KeyCase(
            type: "uuid",
            keys: ["00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"]),
        KeyCase(type: "bigint", keys: ["-9223372036854775808", "0", "9223372036854775807"]),
        KeyCase(type: "smallint", keys: ["-1", "32767"]),
        KeyCase(type: "text", keys: evil),
        KeyCase(type: "varchar(20)", keys: ["a:b", "it's"]),
        KeyCase(type: "char(6)", keys: ["ab", "it's"]),
        KeyCase(type: "name", keys: ["ab", "it's"]),
        KeyCase(type: "numeric", keys: ["1.50", "-0.000000000000000000001", "1e40", "NaN"]),
        KeyCase(type: "double precision", keys: ["0.1", "1e300", "-1.7976931348623157e308", "Infinity"]),
        KeyCase(
            type: "timestamptz", keys: ["2024-02-03 04:05:06.789012+05:30", "infinity", "0044-03-15 12:00+00 BC"]),
        KeyCase(type: "date", keys: ["2024-02-03", "2024-12-11"]),
        KeyCase(type: "interval", keys: ["1 mon 2 days 03:04:05.6", "-1 years"]),
        KeyCase(type: "inet", keys: ["10.0.0.1/8", "::1"]),
        KeyCase(type: "bytea", keys: ["\\x00ff27", "\\x"]),
        KeyCase(type: "boolean", keys: ["t", "f"]),
        KeyCase(type: "int4range", keys: ["[1,5)", "empty"]),
        KeyCase(
            type: "\"My Mood\"", keys: ["it's", "so so"], before: "CREATE TYPE \"My Mood\" AS ENUM ('it''s', 'so so')"),
        KeyCase(
            type: "\"Slug'y\"", keys: ["ab-c", "x:y"],
            before: "CREATE DOMAIN \"Slug'y\" AS text CHECK (VALUE ~ '^[a-z:-]+$')"),
        KeyCase(
            type: "outer_id", keys: ["5", "77"],
            before: "CREATE DOMAIN inner_id AS bigint CHECK (VALUE > 0); CREATE DOMAIN outer_id AS inner_id"),
        KeyCase(type: "citext", keys: ["Abc", "x:Y"], before: "CREATE EXTENSION citext"),
        KeyCase(
            type: "text COLLATE anycase", keys: ["Abc", "x:Y"],
            before: "CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"),
        KeyCase(type: "ltree", keys: ["a.b", "a.c"], before: "CREATE EXTENSION ltree"),
        KeyCase(type: "integer[]", keys: ["{1,2}", "{}"]),
    ]

    /// The writer's own idea of how values look must not matter.
    static let oddWriter =
        "SET TimeZone = 'Asia/Kathmandu'; SET DateStyle = 'SQL, DMY'; SET IntervalStyle = 'sql_standard'; "
        + "SET bytea_output = 'escape'; SET extra_float_digits = 1"

    @Test("rows are found by their key, announced and scanned, whatever its type", arguments: cases)
    func keys(_ test: KeyCase) async throws {
        // Collations that call different texts equal need ICU, which this build of 18 comes without.
        for flavour in PostgresServer.Flavour.allCases where !test.type.contains("anycase") || flavour == .debian {
            let lab = try await Lab.make(flavour, [LabTable(keyType: test.type)], before: test.before)
            let half = test.keys.count / 2
            try await insert(test.keys[..<half], lab)
            try await lab.run(Self.oddWriter)
            try await lab.withDaemon { _ in
                try await insert(test.keys[half...], lab)
                try await lab.allRight()
                try await lab.run("UPDATE notes SET topic = topic || ' anew'")
                try await lab.allRight()
            }
            #expect(try await lab.number("SELECT count(*) FROM notes") == test.keys.count)
        }
    }

    @Test("an announced row is embedded long before the heartbeat", arguments: cases)
    func announced(_ test: KeyCase) async throws {
        let lab = try await Lab.make(.debian, [LabTable(keyType: test.type)], before: test.before)
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            let scans = try await daemon.listens()
            try await insert(test.keys[...], lab)
            try await lab.allRight()
            #expect(daemon.told.scans == scans)
            #expect(daemon.told.troubles == [])
        }
    }

    private func insert(_ keys: ArraySlice<String>, _ lab: Lab) async throws {
        for key in keys {
            try await lab.run(
                "INSERT INTO notes (id, topic) VALUES (\(quoteLiteral(key)), \(quoteLiteral("about " + key)))")
        }
    }

    @Test("two keys that Unicode calls equivalent are two rows", arguments: PostgresServer.Flavour.allCases)
    func canonicallyEquivalent(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [LabTable(keyType: "text")], notify: .wake)
        try await lab.run("ALTER TABLE notes ADD CHECK (topic <> 'bad' OR embedding IS NULL)")
        let longPause = RetrySettings(first: .seconds(60), longest: .seconds(60), attempts: 1)
        try await lab.withDaemon(LabSettings(retry: longPause)) { daemon in
            // One é is one scalar, the other two: equal to Swift, different to PostgreSQL.
            try await lab.run("INSERT INTO notes VALUES (U&'caf\\00e9', 'bad')")
            try await daemon.tells("the bad row set aside") { $0.setAside.count == 1 }
            try await lab.run("INSERT INTO notes VALUES (U&'cafe\\0301', 'good')")
            try await eventually("the good row embedded") { try await lab.pending() == 1 }
            #expect(try await lab.wrongRows() == [])
            #expect(try await lab.values("SELECT topic FROM notes WHERE embedding IS NULL") == ["bad"])
        }
    }

    static let odd = LabTable(
        name: QualifiedName(schema: "My Schema", name: "Odd \"Table\" ; DROP"), key: "the 'key' \"k\"",
        keyType: "text", embedding: "em:bed $1 {key}", recipe: .columns(["to{pic}", "Größe \"ü\""]),
        create: #"""
            CREATE SCHEMA "My Schema";
            CREATE TABLE "My Schema"."Odd ""Table"" ; DROP" (
                "the 'key' ""k""" text PRIMARY KEY, "to{pic}" text, "Größe ""ü""" integer,
                "em:bed $1 {key}" {embedding})
            """#,
        expected: #""to{pic}" || E'\n' || "Größe ""ü""""#)

    @Test("names that need quoting are quoted everywhere", arguments: PostgresServer.Flavour.allCases)
    func names(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, [Self.odd])
        let table = Self.odd.name.quoted
        try await lab.run("INSERT INTO \(table) VALUES ('a', 'down', 1)")
        try await lab.withDaemon { _ in
            try await lab.run("INSERT INTO \(table) VALUES ('b', 'up', 2), ('c:''\"', 'up again', 3)")
            try await lab.allRight()
            try await lab.run("UPDATE \(table) SET \"to{pic}\" = 'changed'")
            try await lab.allRight()
        }
    }
}
