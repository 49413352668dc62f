@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("Search by nearness")
struct SearchVectorTests {
    @Test(
        "Without an index the answer is the exact one, with similarities and distances",
        arguments: PostgresServer.Flavour.allCases)
    func exact(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour)
        let vector = SearchPlace.vector(1)
        let answer = try await place.answer(SearchQuery("x", vector: vector, mode: .vector, limit: 12))
        #expect(answer.keys == (try await place.nearest(vector, 12)))
        #expect(answer.way == .exact && answer.index == nil && answer.mode == .vector)
        for (number, hit) in answer.hits.enumerated() {
            #expect(hit.vectorRank == number + 1 && hit.textRank == nil)
            let (similarity, distance) = (try #require(hit.similarity), try #require(hit.distance))
            #expect(abs(similarity + distance - 1) < 1e-5)
            #expect(hit.title == "Song \(hit.key)" && hit.columns["title"] == hit.title && hit.category != nil)
            #expect(hit.why.hasPrefix("close in meaning"))
        }
    }

    @Test("Through hnsw it finds at least 95 of 100 of the exact answer's rows, and says which index it went through")
    func hnsw() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 4000)
        try await place.place.run("CREATE INDEX \"The Index\" ON songs USING hnsw (embedding vector_cosine_ops)")
        let (search, connection) = try await place.search()
        var found = 0
        for seed in 1...20 {
            let vector = SearchPlace.vector(UInt64(seed))
            let answer = try await search.answer(
                SearchQuery("x", vector: vector, mode: .vector, limit: 10), on: connection)
            #expect(answer.way == .index && answer.index == "The Index" && answer.hits.count == 10)
            let exact = try await search.answer(
                SearchQuery("x", vector: vector, mode: .vector, limit: 10, isExact: true), on: connection)
            #expect(exact.way == .exact && exact.index == nil)
            #expect(exact.keys == (try await place.nearest(vector, 10)))
            found += Set(exact.keys).intersection(answer.keys).count
        }
        #expect(found >= 190, "\(found) of 200")
        await connection.close()
    }

    @Test("A filter that leaves few rows still fills the answer from the index")
    func filtered() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 4000)
        try await place.place.run("CREATE INDEX ON songs USING hnsw (embedding vector_cosine_ops)")
        let vector = SearchPlace.vector(3)
        let filters = [SearchQuery.Filter("stars", .eq, "3"), SearchQuery.Filter("category", .eq, "jazz")]
        let answer = try await place.answer(
            SearchQuery("x", vector: vector, mode: .vector, limit: 10, filters: filters))
        let exact = try await place.nearest(vector, 10, where: "stars = 3 AND category = 'jazz'")
        #expect(answer.hits.count == 10)
        #expect(Set(answer.keys).intersection(exact).count >= 9)
        // Several values of one column are alternatives, as chips of a page are.
        let either = try await place.answer(
            SearchQuery(
                "x", vector: vector, mode: .vector, limit: 10, filters: filters + [.init("category", .eq, "blues")],
                isExact: true))
        #expect(
            either.keys == (try await place.nearest(vector, 10, where: "stars = 3 AND category IN ('jazz', 'blues')")))
    }

    @Test(
        "The operator is that of the index, whatever its class and type",
        arguments: [
            "hnsw (embedding vector_l2_ops)", "hnsw (embedding vector_ip_ops)",
            "ivfflat (embedding vector_cosine_ops) WITH (lists = 1)",
            "hnsw ((embedding::halfvec(16)) halfvec_cosine_ops)",
        ])
    func operators(_ definition: String) async throws {
        // One list: how rows fall into several is chance, and so is what one of them has.
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 6000)
        // All of length one, so that every distance gives one order.
        try await place.place.run(
            """
            UPDATE songs SET embedding = l2_normalize(embedding) WHERE embedding IS NOT NULL;
            CREATE INDEX of_songs ON songs USING \(definition)
            """)
        let vector = SearchPlace.vector(4)
        let answer = try await place.answer(SearchQuery("x", vector: vector, mode: .vector, limit: 10))
        #expect(answer.way == .index && answer.index == "of_songs")
        let exact = try await place.nearest(vector, 10)
        #expect(Set(answer.keys).intersection(exact).count >= 6)
    }

    @Test("Indexes that search can't use are left alone, and the answer is exact")
    func unusable() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 300)
        try await place.place.run(
            """
            CREATE INDEX ON songs USING hnsw (embedding vector_cosine_ops) WHERE stars > 3;
            CREATE INDEX ON songs USING hnsw ((binary_quantize(embedding)::bit(16)) bit_hamming_ops)
            """)
        let (search, connection) = try await place.search()
        #expect(search.shape.indexes.count == 2 && search.shape.indexes.allSatisfy { $0.obstacle != nil })
        let vector = SearchPlace.vector(5)
        let answer = try await search.answer(SearchQuery("x", vector: vector, mode: .vector), on: connection)
        #expect(answer.way == .exact)
        #expect(answer.keys == (try await place.nearest(vector, 10)))
        await connection.close()
    }

    @Test("halfvec columns, pgvector in another schema, quoted names and text keys make no difference")
    func names() async throws {
        let place = try await SearchPlace.make(
            .pg18WithPgvector, rows: 120, table: "public.\"My \"\"Songs\"\" {x}\"", key: "Key %s",
            type: "extensions.halfvec(16)",
            create: """
                CREATE TABLE public."My ""Songs"" {x}" ("Key %s" text PRIMARY KEY, title varchar(200), body text,
                category text, stars int, added date, tags text[], notes jsonb, embedding {embedding})
                """, schema: "extensions")
        let vector = SearchPlace.vector(6)
        let answer = try await place.answer(
            SearchQuery("jazz", vector: vector, mode: .vector, filters: [.init("Key %s", .ne, "17")]))
        #expect(answer.keys == (try await place.nearest(vector, 10, where: "\"Key %s\" <> '17'")))
        let hybrid = try await place.answer(SearchQuery("jazz", vector: vector))
        #expect(hybrid.hits.count == 10)
    }

    @Test("A partitioned table is searched as a whole, and through the indexes of its partitions")
    func partitioned() async throws {
        let place = try await SearchPlace.make(
            .pg18WithPgvector, rows: 12000,
            create: """
                CREATE TABLE songs (id bigint, title text, body text, category text, stars int, added date, tags text[],
                    notes jsonb, embedding {embedding}, PRIMARY KEY (id, category)) PARTITION BY LIST (category);
                CREATE TABLE songs_jazz PARTITION OF songs FOR VALUES IN ('jazz');
                CREATE TABLE songs_rest PARTITION OF songs DEFAULT
                """)
        let vector = SearchPlace.vector(7)
        let exact = try await place.nearest(vector, 10)
        #expect(try await place.answer(SearchQuery("x", vector: vector, mode: .vector)).keys == exact)
        try await place.place.run("CREATE INDEX ON songs USING hnsw (embedding vector_cosine_ops)")
        let answer = try await place.answer(SearchQuery("x", vector: vector, mode: .vector))
        #expect(answer.way == .index && answer.index?.hasPrefix("songs_") ?? false)
        #expect(Set(answer.keys).intersection(exact).count >= 9)
        let hybrid = try await place.answer(SearchQuery("harmony", vector: vector))
        #expect(Set(hybrid.keys).count == 10)
    }

    @Test("Row level security hides from search what it hides from the role")
    func rowSecurity() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector)
        let role = place.place.database.name + "_reader"
        try await place.place.run(
            """
            CREATE ROLE \(role) LOGIN;
            GRANT USAGE ON SCHEMA backfilld TO \(role);
            GRANT SELECT ON ALL TABLES IN SCHEMA backfilld TO \(role);
            GRANT SELECT (id, title, body, stars, embedding, ctid) ON songs TO \(role);
            ALTER TABLE songs ENABLE ROW LEVEL SECURITY;
            CREATE POLICY seen ON songs FOR SELECT TO \(role) USING (stars < 3)
            """)
        let vector = SearchPlace.vector(8)
        let answer = try await place.answer(SearchQuery("x", vector: vector, mode: .vector), as: role)
        #expect(answer.keys == (try await place.nearest(vector, 10, where: "stars < 3")))
        // Columns that the role may not read are not asked for.
        #expect(answer.hits.allSatisfy { $0.category == nil && $0.columns.keys.sorted() == ["body", "title"] })
        await #expect(
            throws: SearchProblem.noColumn(
                table: "public.songs", column: "category", similar: [], mayNotRead: true)
        ) {
            try await place.answer(
                SearchQuery("x", vector: vector, mode: .vector, filters: [.init("category", .eq, "jazz")]), as: role)
        }
    }

    @Test("A zero vector, of a row without text, is near to nothing", arguments: PostgresServer.Flavour.allCases)
    func zero(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SearchPlace.make(flavour, rows: 5)
        let zeros = Array(repeating: "0", count: 16).joined(separator: ",")
        try await place.place.run(
            "UPDATE songs SET embedding = \(flavour == .debian ? "'{\(zeros)}'" : "'[\(zeros)]'") WHERE id = 2")
        let answer = try await place.answer(SearchQuery("x", vector: SearchPlace.vector(9), mode: .vector))
        #expect(answer.keys.sorted() == ["1", "3", "4", "5"])
        let nothing = try await place.answer(
            SearchQuery("x", vector: [Float](repeating: 0, count: 16), mode: .vector))
        #expect(nothing.hits.isEmpty)
    }
}
