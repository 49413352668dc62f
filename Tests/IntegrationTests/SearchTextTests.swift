@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Search by words, and by both")
struct SearchTextTests {
    private static let generated = """
        , fts tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce(title, '') || ' ' || coalesce(body, ''))) STORED
        """

    /// The keys by a query written by hand.
    private static func byHand(_ place: SearchPlace, _ words: String, _ limit: Int) async throws -> [String] {
        try await place.place.texts(
            """
            SELECT id::text FROM songs WHERE fts @@ websearch_to_tsquery('english', '\(words)')
            ORDER BY ts_rank_cd(fts, websearch_to_tsquery('english', '\(words)'), 1) DESC, id::text COLLATE "C"
            LIMIT \(limit)
            """
        ).compactMap { $0 }
    }

    @Test(
        "An existing tsvector column is used, in the language that it was made in",
        arguments: PostgresServer.Flavour.allCases)
    func column(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, columns: Self.generated)
        let answer = try await place.answer(SearchQuery("compress drum", mode: .text, limit: 15))
        #expect(answer.hits.count == 15)
        #expect(answer.keys == (try await Self.byHand(place, "compress drum", 15)))
        #expect(answer.way == .exact && answer.index == nil)
        let hit = try #require(answer.hits.first)
        #expect(hit.textRank == 1 && hit.vectorRank == nil && hit.similarity == nil && hit.distance == nil)
        #expect(hit.why == "words matched: compress, drum")
        let part = try #require(hit.parts.first)
        let units = Array(part.text.utf16)
        #expect(part.marks.map { String(decoding: units[$0], as: UTF16.self) } == ["Compressing", "drums"])
        let without = try await place.answer(SearchQuery("jazz -modal", mode: .text, limit: 50))
        #expect(without.hits.count == 40 && without.hits.allSatisfy { $0.columns["body"]!.hasPrefix("The modes") })
        #expect(try await place.answer(SearchQuery("trombone", mode: .text)).hits.isEmpty)
    }

    @Test("A tsvector that a trigger fills has its language from there")
    func trigger() async throws {
        let place = try await SearchPlace.make(.debian, rows: 0, columns: ", tsv tsvector")
        try await place.place.run(
            """
            CREATE TRIGGER words BEFORE INSERT OR UPDATE ON songs FOR EACH ROW
                EXECUTE FUNCTION tsvector_update_trigger(tsv, 'pg_catalog.german', title, body);
            INSERT INTO songs (id, title, body) VALUES (1, 'Die Häuser', 'am See'), (2, 'Der Baum', 'im Wald')
            """)
        #expect(try await place.answer(SearchQuery("Haus", mode: .text)).keys == ["1"])
    }

    @Test("Without one the words are made from the text's columns", arguments: PostgresServer.Flavour.allCases)
    func expression(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour)
        try await place.place.run(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_text_search_config = english', current_database()); END $$"
        )
        let answer = try await place.answer(SearchQuery("\"modal jazz\" basses", mode: .text, limit: 100))
        #expect(answer.hits.count == 40 && answer.hits.allSatisfy { $0.columns["body"]!.hasPrefix("Modal jazz") })
    }

    @Test("A word that is repeated for eight kilobytes is one word", arguments: PostgresServer.Flavour.allCases)
    func repeated(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, columns: Self.generated)
        let once = try await place.answer(SearchQuery("jazz -modal", mode: .text, limit: 50))
        let often = try await place.answer(
            SearchQuery(String(repeating: "jazz ", count: 1_600) + "-modal", mode: .text, limit: 50))
        #expect(often.hits.map(\.score) == once.hits.map(\.score) && often.keys == once.keys && once.hits.count == 40)
    }

    @Test("Both lists are fused by their ranks", arguments: PostgresServer.Flavour.allCases)
    func hybrid(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, columns: Self.generated)
        let vector = SearchPlace.vector(11)
        let answer = try await place.answer(SearchQuery("jazz harmony", vector: vector, limit: 20))
        let near = try await place.nearest(vector, 80)
        let words = try await Self.byHand(place, "jazz harmony", 80)
        var scores: [String: Double] = [:]
        for list in [near, words] {
            for (rank, key) in list.enumerated() { scores[key, default: 0] += 1 / Double(61 + rank) }
        }
        #expect(answer.hits.count == 20)
        for (hit, best) in zip(answer.hits, scores.values.sorted(by: >)) {
            #expect(abs(hit.score - best) < 1e-12)
            #expect(abs(hit.score - (scores[hit.key] ?? 0)) < 1e-12)
            #expect(hit.vectorRank == near.firstIndex(of: hit.key).map { $0 + 1 })
            #expect(hit.textRank == words.firstIndex(of: hit.key).map { $0 + 1 })
            #expect(abs(hit.score - ReciprocalRankFusion.score([hit.vectorRank, hit.textRank])) < 1e-12)
        }
        // Rows that only the words found are as similar as they are, or have no vector.
        let all = try await place.answer(SearchQuery("jazz harmony", vector: vector, limit: 200))
        #expect(all.hits.contains { $0.vectorRank == nil || $0.textRank == nil })
        let missing = Set(
            try await place.place.texts("SELECT id::text FROM songs WHERE embedding IS NULL").compactMap { $0 })
        #expect(all.hits.allSatisfy { ($0.similarity == nil) == missing.contains($0.key) })
    }

    @Test(
        "Filters compare as the column's type does; what cannot be asked is said",
        arguments: PostgresServer.Flavour.allCases)
    func filters(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, columns: ", cost numeric, shape point")
        try await place.place.run(
            "UPDATE songs SET category = NULL WHERE id % 9 = 0; UPDATE songs SET cost = id / 10.0")
        let (search, connection) = try await place.search()
        let vector = SearchPlace.vector(12)
        for (filters, condition) in [
            (["category=jazz"], "category = 'jazz'"), (["category!=jazz"], "category IS DISTINCT FROM 'jazz'"),
            (["stars>=2", "stars<=4"], "stars BETWEEN 2 AND 4"), (["added>=2026-03-01"], "added >= '2026-03-01'"),
            (["cost<=9.95"], "cost <= 9.95"), (["tags=t2"], "'t2' = ANY (tags)"), (["tags!=t2"], "'t2' <> ALL (tags)"),
            (["id>=150"], "id >= 150"), (["title=Song 31"], "title = 'Song 31'"),
            (["title=' OR true --"], "false"),
        ] {
            let query = SearchQuery(
                "x", vector: vector, mode: .vector, limit: 7,
                filters: filters.compactMap(SearchQuery.Filter.init(parsing:)))
            #expect(query.filters.count == filters.count)
            #expect(
                try await search.answer(query, on: connection).keys
                    == (try await place.nearest(vector, 7, where: condition)), "\(condition)")
        }
        for (filter, problem) in [
            ("stars=many", SearchProblem.badValue(column: "stars", type: "integer", value: "many")),
            ("added>=someday", .badValue(column: "added", type: "date", value: "someday")),
            ("shape=(1,2)", .notComparable(column: "shape", type: "point", comparison: "eq")),
            (
                "categry=jazz",
                .noColumn(table: "public.songs", column: "categry", similar: ["category"], mayNotRead: false)
            ),
            ("embedding=1", .noColumn(table: "public.songs", column: "embedding", similar: [], mayNotRead: false)),
        ] {
            for mode in SearchQuery.Mode.allCases {
                await #expect(throws: problem, "\(filter)") {
                    try await search.answer(
                        SearchQuery(
                            "jazz", vector: vector, mode: mode, filters: [SearchQuery.Filter(parsing: filter)!]),
                        on: connection)
                }
            }
        }
        await #expect(throws: SearchProblem.otherDimension(table: "public.songs", has: 16, query: 3)) {
            try await search.answer(SearchQuery("x", vector: [1, 2, 3]), on: connection)
        }
        await #expect(throws: SearchProblem.noVector) { try await search.answer(SearchQuery("x"), on: connection) }
        await #expect(throws: SearchProblem.nothingAsked) {
            try await search.answer(SearchQuery(" ", vector: vector), on: connection)
        }
        await #expect(throws: SearchProblem.badLimit(1001)) {
            try await search.answer(SearchQuery("x", vector: vector, limit: 1001), on: connection)
        }
        await connection.close()
    }

    @Test("A page learns what to call rows by, and what to filter by", arguments: PostgresServer.Flavour.allCases)
    func description(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, columns: ", done boolean DEFAULT true" + Self.generated)
        let (search, connection) = try await place.search()
        let table = search.table
        #expect(
            table.name == "public.songs" && table.key == "id" && table.embedding == "embedding" && table.dimension == 16
        )
        #expect(table.embedder == "hash:sha256-sincos" && table.title == "title" && table.category == "category")
        #expect(table.columns == ["title", "category", "body"])
        #expect(table.filters.map(\.column) == ["title", "body", "category", "stars", "added", "tags", "done"])
        #expect(table.filters.first { $0.column == "category" }?.values == ["blues", "jazz", "mixing"])
        #expect(table.filters.first { $0.column == "done" }?.values == ["true"])
        #expect(table.filters.first { $0.column == "title" }?.values == nil)
        await connection.close()
    }

    @Test("A search leaves the session as it was, also behind its errors")
    func session() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 20)
        let (search, connection) = try await place.search()
        let settings = ["enable_seqscan", "enable_indexscan", "plan_cache_mode", "transaction_read_only"]
        let shown = {
            var values: [String] = []
            for setting in settings {
                values += try await SetupPlace.texts("SELECT current_setting('\(setting)')", on: connection).compactMap
                { $0 }
            }
            return values
        }
        let before = try await shown()
        _ = try await search.answer(SearchQuery("jazz", vector: SearchPlace.vector(1), isExact: true), on: connection)
        #expect(try await shown() == before)
        _ = try? await search.answer(
            SearchQuery("jazz", vector: SearchPlace.vector(1), filters: [.init("stars", .eq, "x")]), on: connection)
        #expect(try await shown() == before)
        await connection.close()
    }
}
