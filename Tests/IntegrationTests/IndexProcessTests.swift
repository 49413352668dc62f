import Foundation
import TestSupport
import Testing

@Suite("backfilld index, as a user runs it")
struct IndexProcessTests {
    @Test("It looks, recommends with the SQL, builds when told to, and is then content")
    func life() async throws {
        let place = try await Workplace.make(rows: 60)
        try await place.run("backfill").expect(.code(0))
        let small = try await place.run("index").expect(.code(0))
        #expect(small.output.contains("none on the vectors") && small.output.contains("none needed yet"))
        #expect(try await place.run("index", "--create").expect(.code(0)).output.contains("none needed yet"))
        let built = try await place.run("index", "--create", "--even-so", "--memory", "64MB").expect(.code(0))
        #expect(built.output.contains("search goes through music_knowledge_embedding_hnsw"))
        #expect(built.errors.contains("index music_knowledge_embedding_hnsw"))
        let report = try await place.run("index", "--json").expect(.code(0))
        let object = try #require(try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [String: Any])
        let table = try #require((object["tables"] as? [[String: Any]])?.first)
        #expect(table["verdict"] as? String == "good")
        #expect((table["indexes"] as? [[String: Any]])?.first?["isUsed"] as? Bool == true)
        let check = try await place.run("check").expect(.code(0))
        #expect(check.output.contains("search goes through music_knowledge_embedding_hnsw"))
        #expect(try await place.run("index", "--memory", "64MB").exit == .code(64))
        #expect(try await place.run("index", "--create", "--memory", "much").exit == .code(64))
    }

    @Test("With index = auto the daemon builds an outgrown index anew, and says so; without it, only check does")
    func auto() async throws {
        let place = try await Workplace.make()
        try await place.database.psql(
            """
            INSERT INTO music_knowledge (id, topic, embedding)
            SELECT n, 'topic ' || n, ('[1,' || n % 97 || ',' || n % 89 || ',' || n % 83 || ',1,2,3,4]')::vector
            FROM generate_series(1, 24000) AS n;
            CREATE INDEX outgrown ON music_knowledge USING ivfflat (embedding vector_cosine_ops) WITH (lists = 10);
            ANALYZE music_knowledge
            """)
        let check = try await place.run("check").expect(.code(0))
        #expect(check.output.contains("outgrown has 10 lists, and for about 24,000 rows 24 would be right"))
        let daemon = try await place.startDaemon(environment: ["BACKFILLD_TABLE_INDEX": "auto"])
        try await daemon.line(within: .seconds(300)) { $0.contains("the index on the vectors is built") }
        #expect(
            try await place.database.psql("SELECT reloptions FROM pg_class WHERE relname = 'outgrown'") == "{lists=24}")
        let after = try await place.run("check").expect(.code(0))
        #expect(after.output.contains("search goes through outgrown"))
        daemon.send(SIGTERM)
        try await daemon.completed(within: .seconds(60)).expect(.code(0))
    }
}
