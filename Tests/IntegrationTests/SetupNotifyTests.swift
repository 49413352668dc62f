import Backfill
import Foundation
import PostgresClient
import TestSupport
import Testing

@Suite("What the triggers send", .serialized)
struct SetupNotifyTests {
    @Test("Inserted rows without an embedding are named", arguments: PostgresServer.Flavour.allCases)
    func inserts(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        let filled = "INSERT INTO notes (id, embedding) VALUES ('f', '{1}')"
        for (sql, expected) in [
            ("INSERT INTO notes VALUES ('a', 't', 'b')", ["1 [\"a\"]"]),
            ("INSERT INTO notes (id) VALUES ('b'), ('c')", ["1 [\"b\",\"c\"]"]),
            ("INSERT INTO notes (id, embedding) VALUES ('d', '{1}'), ('e', NULL)", ["1 [\"e\"]"]),
            (filled, []),
            ("INSERT INTO notes (id) VALUES ('a') ON CONFLICT DO NOTHING", []),
            ("BEGIN; INSERT INTO notes (id) VALUES ('x'); ROLLBACK", []),
            (
                """
                BEGIN; INSERT INTO notes (id) VALUES ('g'); SAVEPOINT s; INSERT INTO notes (id) VALUES ('x');
                ROLLBACK TO s; INSERT INTO notes (id) VALUES ('h'); COMMIT
                """, ["1 [\"g\"]", "1 [\"h\"]"]
            ),
            ("INSERT INTO notes (id) SELECT 'many' || n FROM generate_series(1, 600) AS n", ["1"]),
            (
                "SET search_path = ''; INSERT INTO public.notes (id) VALUES ('path'); RESET search_path",
                ["1 [\"path\"]"]
            ),
            // The inserted one by name; of the updated ones only that there are some.
            (
                """
                INSERT INTO notes (id, title) VALUES ('a', 'new'), ('i', 'new')
                ON CONFLICT (id) DO UPDATE SET title = EXCLUDED.title
                """, ["1", "1 [\"i\"]"]
            ),
            (
                """
                MERGE INTO notes USING (VALUES ('a', 'newer'), ('j', 'new')) AS v (id, title) ON notes.id = v.id
                WHEN MATCHED THEN UPDATE SET title = v.title WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)
                """, ["1", "1 [\"j\"]"]
            ),
            ("UPDATE notes SET title = 'other' WHERE id = 'a'", ["1"]),
            ("UPDATE notes SET stars = 2, embedding = '{1}'", []),
            ("DELETE FROM notes", []),
        ] as [(String, [String])] {
            #expect(try await ear.payloads(of: sql).sorted() == expected, "\(sql)")
        }
    }

    @Test("COPY names its rows, however it is fed", arguments: PostgresServer.Flavour.allCases)
    func copy(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        let payloads = try await ear.payloads {
            try await place.database.psql("COPY notes (id, title) FROM STDIN;\na\ttitle\nb\ttitle\n\\.\n")
        }
        #expect(payloads == ["1 [\"a\",\"b\"]"])
    }

    @Test("Keys come through as they are, whatever is in them", arguments: PostgresServer.Flavour.allCases)
    func keys(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        let ear = try await SetupEar(place)
        let keys = [
            "", " ", "'", "\"", "\\", "\\u0041", "a:b", "'; DROP TABLE notes; --", "{watch} {key}", "]", "1 [\"a\"]",
            "line\nline\r\n", "tab\t", "\u{1}\u{8}\u{c}\u{1b}\u{7f}", "é e\u{301}", "日本 🎛 \u{200d}\u{fffd}\u{feff}",
            "%s %I",
        ]
        let payloads = try await ear.payloads {
            for key in keys {
                try await ear.writing.execute(Statement("insert", "INSERT INTO notes (id) VALUES ($1)", [.text(key)]))
            }
        }
        let found = try payloads.map { payload -> [String] in
            #expect(payload.hasPrefix("1 "))
            return try JSONDecoder().decode([String].self, from: Data(payload.dropFirst(2).utf8))
        }
        #expect(found.flatMap { $0 }.map { Array($0.utf8) } == keys.map { Array($0.utf8) })
    }

    @Test(
        "A payload of 7,999 bytes is sent, one of 8,000 becomes a bare wake-up",
        arguments: PostgresServer.Flavour.allCases)
    func longest(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(
            flavour, "CREATE TABLE notes (id text NOT NULL, title text, body text, embedding real[])")
        try await place.setUp()
        let ear = try await SetupEar(place)
        // `1 ["…"]`, in characters of two bytes.
        let longest = "x" + String(repeating: "é", count: (7_999 - 6 - 1) / 2)
        let payloads = try await ear.payloads {
            for key in [longest, longest + "x"] {
                try await ear.writing.execute(Statement("insert", "INSERT INTO notes (id) VALUES ($1)", [.text(key)]))
            }
        }
        #expect(payloads == ["1 [\"\(longest)\"]", "1"])
        #expect(payloads[0].utf8.count == 7_999)
        let many = try await ear.payloads(of: "INSERT INTO notes SELECT n FROM generate_series(1, 500) AS n")
        #expect(many[0].hasPrefix("1 [\"1\",") && many[0].hasSuffix("\"500\"]"))
        #expect(try await ear.payloads(of: "INSERT INTO notes SELECT n FROM generate_series(1, 501) AS n") == ["1"])
    }

    @Test("Keys of other types are sent in their text form", arguments: PostgresServer.Flavour.allCases)
    func types(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(
            flavour,
            """
            CREATE TYPE mood AS ENUM ('sad', 'very happy');
            CREATE DOMAIN positive AS int CHECK (VALUE > 0)
            """)
        for (type, value) in [
            ("uuid", "6c84fb90-12c4-11e1-840d-7b25c5ee775a"), ("bigint", "-9223372036854775808"),
            ("numeric", "1.50"), ("char(5)", "ab   "), ("text[]", "{a,\"b c\"}"), ("date", "2026-01-31"),
            ("bytea", "\\x00ff"), ("mood", "very happy"), ("positive", "7"),
        ] {
            try await place.run("CREATE TABLE notes (id \(type) PRIMARY KEY, title text, body text, embedding real[])")
            try await place.setUp()
            let ear = try await SetupEar(place)
            let payload = try await ear.payloads(of: "INSERT INTO notes (id) VALUES (\(quoteLiteral(value)))")
            let keys = try JSONDecoder().decode(
                [String].self, from: Data(try #require(payload.first).dropFirst(2).utf8))
            // char(n) loses its padding when it becomes text.
            #expect(keys == [type == "char(5)" ? "ab" : value], "\(type)")
            let found = try await place.texts("SELECT id::text FROM notes WHERE id = \(quoteLiteral(keys[0]))::\(type)")
            #expect(found.count == 1, "\(type)")
            try await place.remove()
            try await place.run("DROP TABLE notes")
        }
    }

    @Test("A writer with INSERT and nothing else, and pgvector where it cannot see it, wakes the daemon")
    func insertOnly() async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            """
            CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions;
            CREATE TABLE notes (id text PRIMARY KEY, title text, body text, embedding extensions.vector(3))
            """)
        let writer = "writer_\(place.database.name)"
        try await place.run(
            "CREATE ROLE \(writer) LOGIN; GRANT INSERT, UPDATE (title) ON notes TO \(writer); ALTER ROLE \(writer) SET search_path = ''"
        )
        try await place.setUp()
        let ear = try await SetupEar(place, writer: writer)
        #expect(try await ear.payloads(of: "INSERT INTO public.notes (id, title) VALUES ('a', 'x')") == ["1 [\"a\"]"])
        try await place.run("UPDATE notes SET embedding = '[1,2,3]'")
        #expect(try await ear.payloads(of: "UPDATE public.notes SET title = 'y'") == ["1"])
        #expect(try await place.cleared() == ["a"])
    }

    @Test("The modes wake and off send no keys, and nothing")
    func modes() async throws {
        let place = try await SetupPlace.make(.debian)
        try await place.setUp(SetupPlace.options(notify: .wake))
        let ear = try await SetupEar(place)
        #expect(try await ear.payloads(of: "INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1}')") == ["1"])
        try await place.setUp(SetupPlace.options(notify: .off))
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('b'); UPDATE notes SET title = 'x'") == [])
        #expect(try await place.cleared() == ["a", "b"])
        try await place.setUp(SetupPlace.options(notify: .ids))
        #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('c')") == ["1 [\"c\"]"])
    }

    @Test("An owner who renames the key column may go on inserting")
    func renamedKey() async throws {
        let place = try await SetupPlace.make(.debian)
        try await place.setUp()
        let ear = try await SetupEar(place)
        #expect(
            try await ear.payloads(of: "ALTER TABLE notes RENAME id TO key; INSERT INTO notes VALUES ('a')") == ["1"])
    }
}
