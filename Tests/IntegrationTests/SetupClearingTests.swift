import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("A change of the text clears the embedding, and nothing else does", .serialized)
struct SetupClearingTests {
    /// Runs an update on one row with an embedding; whether that is gone afterwards.
    private func clears(_ update: String, _ place: SetupPlace, embedding: String = "{1,2,3}") async throws -> Bool {
        try await place.run("UPDATE notes SET embedding = '\(embedding)'; \(update)")
        return try await !place.cleared().isEmpty
    }

    @Test("Plain updates", arguments: PostgresServer.Flavour.allCases)
    func plain(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1)")
        for (set, expected) in [
            ("stars = 2", false), ("title = 'x'", true), ("title = title, body = 'b'", false), ("body = NULL", true),
            ("body = ''", true), ("title = 'y', embedding = '{3,2,1}'", false), ("embedding = '{4}'", false),
            ("embedding = NULL", true), ("id = 'z'", false), ("title = repeat('long', 100000)", true),
            ("title = repeat('long', 100000)", false), ("title = title || ' '", true),
        ] {
            #expect(try await clears("UPDATE notes SET \(set)", place) == expected, "\(set)")
        }
        try await place.run("SET search_path = ''; SET session_replication_role = replica")
        try await place.run("UPDATE public.notes SET embedding = '{1}'; UPDATE public.notes SET title = 'replica'")
        #expect(try await place.cleared("public.notes") == ["z"])
    }

    @Test("An owner's trigger that rewrites the text", arguments: PostgresServer.Flavour.allCases)
    func ownersTrigger(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(
            flavour,
            SetupPlace.notes + """
                ;CREATE FUNCTION rewrite() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN NEW.title := NEW.stars; RETURN NEW; END';
                CREATE TRIGGER zz_rewrite BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION rewrite();
                INSERT INTO notes VALUES ('a', '1', 'b', 1)
                """)
        try await place.setUp()
        #expect(try await clears("UPDATE notes SET stars = 2", place))
        #expect(try await !clears("UPDATE notes SET stars = 2", place))
        try await place.run("ALTER TRIGGER zz_rewrite ON notes RENAME TO zzzzz")
        let warnings = try await Setup.plan(SetupPlace.options(), on: place.connection).warnings
        #expect(warnings.contains { $0.contains("zzzzz") && $0.contains("zzzz_backfilld_cleared_1") })
    }

    /// A column's type, what is in it, what leaves it as it is, and changes.
    private struct Case: Sendable {
        let type: String
        let value: String
        let same: [String]
        let others: [String]
    }

    private static let cases = [
        Case(type: "json", value: "'{\"a\": 1}'", same: ["'{\"a\": 1}'"], others: ["'{\"a\":1}'", "NULL"]),
        Case(
            type: "jsonb", value: "'{\"a\": 1.0}'", same: ["'{ \"a\":1.0 }'"],
            others: ["'{\"a\": 1.00}'", "'{\"a\": 1}'"]),
        Case(type: "citext", value: "'Text'", same: ["'Text'"], others: ["'text'", "'TEXT'"]),
        Case(type: "varchar(20)", value: "'Text'", same: ["'Text'"], others: ["'Text '", "'text'"]),
        Case(type: "text COLLATE anycase", value: "'Text'", same: ["'Text'"], others: ["'text'", "'TÉXT'"]),
        Case(type: "numeric", value: "1.0", same: ["1.0"], others: ["1.00", "1"]),
        Case(type: "text[]", value: "'{a,b}'", same: ["'{a,b}'"], others: ["'{a}'", "'{\"a,b\"}'", "'{a,NULL}'"]),
        Case(type: "point", value: "'(1,2)'", same: ["'(1,2)'"], others: ["'(1,2.0000000000000004)'"]),
        Case(type: "tsvector", value: "'a b'", same: ["'b a'"], others: ["'a b:1'"]),
        Case(type: "interval", value: "'1 day'", same: ["'1 day'"], others: ["'24 hours'"]),
        Case(type: "float8", value: "0", same: ["0"], others: ["'-0'", "'NaN'"]),
        Case(type: "pair", value: "'(1,a)'", same: ["'(1,a)'"], others: ["'(1,A)'", "'(,a)'"]),
    ]

    @Test("Columns of every kind", arguments: PostgresServer.Flavour.allCases)
    func types(_ flavour: PostgresServer.Flavour) async throws {
        // PostgreSQL from the wheel has no ICU, and so no collation that calls different texts equal.
        let collation =
            flavour == .debian
            ? "provider = icu, locale = 'und-u-ks-level2', deterministic = false" : "provider = libc, locale = 'C'"
        let place = try await SetupPlace.make(
            flavour,
            """
            CREATE EXTENSION citext; CREATE TYPE pair AS (n int, t text);
            CREATE COLLATION anycase (\(collation))
            """)
        for example in Self.cases { try await check(example, place) }
    }

    private func check(_ example: Case, _ place: SetupPlace) async throws {
        try await place.run("CREATE TABLE notes (id int PRIMARY KEY, title \(example.type), embedding real[])")
        try await place.setUp(SetupPlace.options(text: ["title"]))
        try await place.run("INSERT INTO notes VALUES (1, \(example.value))")
        for value in example.same {
            #expect(try await !clears("UPDATE notes SET title = \(value)", place), "\(example.type) \(value)")
        }
        for value in example.others {
            let update = "UPDATE notes SET title = \(example.value); UPDATE notes SET embedding = '{1}', title = title"
            #expect(try await clears("\(update); UPDATE notes SET title = \(value)", place), "\(example.type) \(value)")
        }
        try await place.remove()
        try await place.run("DROP TABLE notes")
    }

    @Test("Generated columns are followed to what they are made from", arguments: PostgresServer.Flavour.allCases)
    func generated(_ flavour: PostgresServer.Flavour) async throws {
        for kind in flavour == .pg18WithPgvector ? ["STORED", "VIRTUAL"] : ["STORED"] {
            let place = try await SetupPlace.make(
                flavour,
                """
                CREATE TABLE notes (id int PRIMARY KEY, first text, last text, stars int,
                    title text GENERATED ALWAYS AS (first || ' ' || last) \(kind), embedding real[])
                """)
            let options = SetupPlace.options(text: ["title"])
            try await place.setUp(options)
            let table = try await WatchedTable.load(options.spec, identity: SetupPlace.hash, on: place.connection)
            #expect(table.baseColumns == ["first", "last"])
            let ear = try await SetupEar(place)
            try await place.run("INSERT INTO notes VALUES (1, 'a', 'b', 1)")
            #expect(try await ear.payloads(of: "UPDATE notes SET last = 'b'") == ["1 [\"1\"]", "1"])
            #expect(try await clears("UPDATE notes SET last = 'c'", place), "\(kind)")
            #expect(try await !clears("UPDATE notes SET stars = 3, first = 'a'", place), "\(kind)")
        }
    }

    @Test(
        "Embedding columns of every type, with pgvector in a schema of its own",
        arguments: ["vector(3)", "vector", "halfvec(3)"])
    func vectors(_ type: String) async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            """
            CREATE SCHEMA "odd ext"; CREATE EXTENSION vector SCHEMA "odd ext";
            CREATE TABLE notes (id int PRIMARY KEY, title text, body text, embedding "odd ext".\(type));
            INSERT INTO notes VALUES (1, 't', 'b')
            """)
        try await place.setUp()
        let table = try await WatchedTable.load(
            SetupPlace.options().spec, identity: SetupPlace.hash, on: place.connection)
        #expect(table.embeddingKind.castType == "\"odd ext\".\(type.prefix { $0 != "(" })")
        #expect(table.dimension == (type.contains("(") ? 3 : nil))
        try await place.run("SET search_path = ''")
        for (set, expected) in [
            ("title = 'x'", true), ("title = title", false), ("title = 'y', embedding = '[3,2,1]'", false),
        ] {
            try await place.run("UPDATE public.notes SET embedding = '[1,2,3]'; UPDATE public.notes SET \(set)")
            #expect(try await !place.cleared("public.notes").isEmpty == expected, "\(set)")
        }
    }
}
