import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Columns of every kind", .inLanes)
struct PipelineColumnTests {
    @Test(
        "every type of embedding column takes the vector",
        arguments: [
            ("vector(8)", nil), ("vector", nil), ("halfvec(8)", nil), ("halfvec", nil), ("real[]", nil),
            ("extensions.vector(8)", "extensions"), ("extensions.halfvec(8)", "extensions"),
            ("\"Ext \"\"x\"\" \".vector(8)", "\"Ext \"\"x\"\" \""), ("float4[8]", nil),
        ] as [(String, String?)])
    func embeddingTypes(_ type: String, _ schema: String?) async throws {
        let lab = try await Lab.make(
            .pg18WithPgvector, [LabTable(embeddingType: type)], vectorSchema: schema)
        try await lab.run("INSERT INTO notes VALUES (1, 'before'), (2, '')")
        try await lab.withDaemon { _ in
            // As Supabase has it: nothing is found through the writer's search_path.
            try await lab.run("SET search_path = ''")
            try await lab.run("INSERT INTO public.notes VALUES (3, 'while')")
            try await lab.allRight()
            try await lab.run("UPDATE public.notes SET topic = 'changed' WHERE id = 1")
            try await lab.allRight()
        }
    }

    @Test("the writer's own embedding stays, in a database without a search_path")
    func searchPath() async throws {
        let lab = try await Lab.make(.pg18WithPgvector, vectorSchema: "extensions")
        try await lab.run("ALTER DATABASE \(lab.database.name) SET search_path = ''")
        try await lab.run("SET search_path = ''")
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO public.notes VALUES (1, 'own', 0, '[1,2,3,4,5,6,7,8]')")
            try await lab.run("INSERT INTO public.notes VALUES (2, 'ours')")
            try await eventually { try await lab.pending() == 0 }
            #expect(try await lab.wrongRows() == ["1"])
            try await lab.run("UPDATE public.notes SET topic = 'ours too' WHERE id = 1")
            try await lab.allRight()
        }
        #expect(lab.embedder.count(of: "own") == 0)
    }

    static let texts: [(type: String, first: String, second: String)] = [
        ("text", "'a'", "'A'"), ("varchar(9)", "'a'", "'A'"), ("char(9)", "'a'", "'A'"),
        ("citext", "'same'", "'SAME'"), ("text COLLATE anycase", "'same'", "'SAME'"),
        ("json", "'{\"a\":1}'", "'{\"a\":2}'"), ("jsonb", "'{\"a\":1.0}'", "'{\"a\":1.00}'"),
        ("tsvector", "'a b'", "'a c'"), ("point", "'(1,2)'", "'(1,3)'"),
        ("timestamptz", "'2024-01-01'", "'2024-01-02'"), ("integer[]", "'{1}'", "'{1,2}'"),
    ]

    @Test("a change is seen in every type of text column", arguments: 0..<texts.count)
    func textTypes(_ index: Int) async throws {
        let (type, first, second) = Self.texts[index]
        let before =
            type.contains("anycase")
            ? "CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
            : "CREATE EXTENSION citext"
        // Collations that call different texts equal need ICU, which this build of 18 comes without.
        for flavour in PostgresServer.Flavour.allCases where !type.contains("anycase") || flavour == .debian {
            let table = LabTable(
                create: "CREATE TABLE notes (id bigint PRIMARY KEY, topic \(type), embedding {embedding})")
            let lab = try await Lab.make(flavour, [table], before: before)
            try await lab.withDaemon { _ in
                try await lab.run("INSERT INTO notes VALUES (1, \(first)), (2, NULL)")
                try await eventually { try await lab.pending() == 0 }
                let texts = lab.embedder.texts
                try await lab.run("UPDATE notes SET topic = \(second) WHERE id = 1")
                try await eventually("read again") { lab.embedder.texts.count > texts.count }
                try await eventually { try await lab.pending() == 0 }
                // The same value again is no change.
                try await lab.run("UPDATE notes SET topic = \(second) WHERE id = 1")
                #expect(try await lab.pending() == 0)
            }
        }
    }

    @Test("a generated column is as good as the columns it is made from", arguments: PostgresServer.Flavour.allCases)
    func generated(_ flavour: PostgresServer.Flavour) async throws {
        // PostgreSQL 18 has generated columns that are worked out when they are read.
        let kinds = flavour == .debian ? ["STORED"] : ["STORED", "VIRTUAL"]
        for kind in kinds {
            let table = LabTable(
                create: """
                    CREATE TABLE notes (
                        id bigint PRIMARY KEY, title text, body text,
                        topic text GENERATED ALWAYS AS (title || ': ' || body) \(kind), embedding {embedding})
                    """)
            let lab = try await Lab.make(flavour, [table])
            try await lab.withDaemon { _ in
                try await lab.run("INSERT INTO notes (id, title, body) VALUES (1, 'EQ', 'cut'), (2, 'Comp', 'press')")
                try await lab.allRight()
                try await lab.run("UPDATE notes SET body = 'boost' WHERE id = 1")
                try await lab.allRight()
            }
            #expect(lab.embedder.count(of: "EQ: boost") == 1)
        }
    }

    @Test("a template reaches into json, and only what it names", arguments: ["json", "jsonb"])
    func templates(_ type: String) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let table = LabTable(
                recipe: .template(try Template(parsing: "{topic}. {suggestion.title}: {suggestion.\"a b\".deep}")),
                create: """
                    CREATE TABLE notes (
                        id bigint PRIMARY KEY, topic text, suggestion \(type) NOT NULL, embedding {embedding})
                    """, expected: "topic || '. ' || (suggestion->>'title') || ': ' || (suggestion#>>'{a b,deep}')")
            let lab = try await Lab.make(flavour, [table])
            try await lab.withDaemon { _ in
                try await lab.run(
                    """
                    INSERT INTO notes VALUES
                        (1, 'EQ', '{"title":"Cut \\"mud\\"","a b":{"deep":"250 Hz \\u00e4"},"x":[1,2]}'),
                        (2, 'Comp', '{"title":"Press","a b":{"deep":"4:1","other":true}}')
                    """)
                try await lab.allRight()
                try await lab.run(
                    """
                    UPDATE notes SET suggestion = '{"title":"Press harder","a b":{"deep":"8:1"}}' WHERE id = 2
                    """)
                try await lab.allRight()
            }
        }
    }

    @Test("a row that cannot be read keeps only itself from being embedded", arguments: PostgresServer.Flavour.allCases)
    func unreadable(_ flavour: PostgresServer.Flavour) async throws {
        // A type whose text form fails for one value: the daemon asks for it, whoever inserts does not.
        let lab = try await Lab.make(
            flavour,
            [
                LabTable(
                    create: """
                        CREATE TYPE odd AS (v integer);
                        CREATE FUNCTION odd_text(odd) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
                            $$BEGIN RETURN 'text ' || 100 / (($1).v - 13); END$$;
                        CREATE CAST (odd AS text) WITH FUNCTION odd_text(odd);
                        CREATE TABLE notes (id bigint PRIMARY KEY, topic odd, embedding {embedding})
                        """, expected: "topic::text")
            ])
        let patience = RetrySettings(first: .milliseconds(100), longest: .seconds(60), attempts: 2)
        try await lab.withDaemon(LabSettings(retry: patience)) { daemon in
            try await lab.run("INSERT INTO notes SELECT i, ROW(i)::odd FROM generate_series(1, 20) AS i")
            try await lab.allRight(but: 1)
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["13"] }
            #expect(daemon.told.setAside[0].reason.contains("cannot be read"))
        }
    }

    @Test("a row without text is settled, once, and takes a text later", arguments: PostgresServer.Flavour.allCases)
    func empty(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes VALUES (1, NULL), (2, ''), (3, E' \\t\\n'), (4, U&'\\00a0\\2003')")
        try await lab.withDaemon { daemon in
            try await lab.allRight()
            // The rows are right before the batch that made them so is told of.
            try await daemon.heartbeats(2)
            let batches = daemon.told.batches
            try await daemon.heartbeats(3)
            #expect(daemon.told.batches == batches)
            #expect(lab.embedder.calls == 0)
            try await lab.run("UPDATE notes SET topic = 'text ' || id")
            try await lab.allRight()
            try await lab.run("UPDATE notes SET topic = NULL WHERE id > 2")
            try await lab.allRight()
        }
        #expect(lab.embedder.texts.count == 4)
    }
}
