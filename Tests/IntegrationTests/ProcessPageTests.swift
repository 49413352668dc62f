import Foundation
import TestSupport
import Testing

/// The page in a real browser, served by the daemon, with the real model and a table in a real server.
@Suite(.serialized) struct ProcessPageTests {
    private static let token = "correct-horse-battery-staple"

    /// The checks of Tests/Page that are asked of the daemon, by words of their sentences; last the one whose row is nearer
    /// to the question than the one that was first.
    private static let checks = [
        [
            "the right row is first", "one request of under 100 kb", "landmarks", "done from the keyboard",
            "the map can be walked", "names, roles, contrast",
        ],
        ["a row that is inserted meanwhile"],
    ]

    /// The demonstration's table, with rows like its own.
    private static func place(rows: Int) async throws -> Workplace {
        var place = try await Workplace.make(isSetUp: false)
        place.environment = ["BACKFILLD_EMBEDDER": "", "BACKFILLD_LOCAL_MODEL": TestModel.miniLM]
        let schema = try String(contentsOfFile: "\(repositoryRoot)/demo/schema.sql", encoding: .utf8)
        try await place.database.psql("DROP TABLE music_knowledge; \(schema)")
        let made = try await RunningProcess.run("python3", ["\(repositoryRoot)/Tests/Page/music.py", "\(rows)"])
        made.expect(.code(0))
        let records = "AS r (id uuid, topic text, category text, suggestion jsonb, confidence float8)"
        try place.write(
            """
            INSERT INTO music_knowledge (id, topic, category, suggestion, confidence)
            SELECT r.* FROM jsonb_to_recordset($rows$\(made.output)$rows$) \(records);
            CREATE INDEX music_knowledge_embedding_hnsw ON music_knowledge USING hnsw (embedding vector_cosine_ops);
            """, to: "rows.sql")
        let filled = try await RunningProcess.run(
            "psql",
            ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", place.database.conninfo, "-f", "\(place.folder)/rows.sql"])
        filled.expect(.code(0))
        try await place.run("setup").expect(.code(0))
        return place
    }

    @Test(
        "The page of the daemon does what it is for, in a browser: searching, rows as they come, the map, for everybody"
    )
    func page() async throws {
        let place = try await Self.place(rows: 300)
        let daemon = try await place.startDaemon(
            "--set", "console.listen=127.0.0.1:0", environment: ["BACKFILLD_CONSOLE_TOKEN": Self.token])
        let line = try #require(daemon.lines.first { $0.contains("the console listens on") })
        let address = line.components(separatedBy: "listens on ").last?.prefix { $0 != ";" } ?? ""
        try await place.allEmbedded(within: .seconds(300))
        try place.write(
            """
            INSERT INTO music_knowledge (topic, category, suggestion) VALUES ('Sibilance', 'dynamics',
                jsonb_build_object('title', :'title', 'description', 'Soften harsh esses with a de-esser.'))
            """, to: "insert.sql")
        for checks in Self.checks {
            let done = try await RunningProcess.run(
                "python3", ["-B", "\(repositoryRoot)/Tests/Page/page_test.py"] + checks,
                environment: [
                    "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "BASE": "http://\(address)", "TOKEN": Self.token,
                    "QUERY": "how can I soften harsh esses?",
                    "EXPECT": "Tame sibilance with a band that only acts when it must",
                    "INSERT": """
                    psql -X -q -v ON_ERROR_STOP=1 -v title="$TITLE" -d '\(place.database.conninfo)' \
                        -f '\(place.folder)/insert.sql'
                    """,
                ], within: .seconds(900))
            done.expect(.code(0), "\(checks.count) of \(checks.count) checks hold")
        }
        try await daemon.stop()
    }
}
