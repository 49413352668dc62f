@testable import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("Building the index on the vectors")
struct IndexBuildTests {
    private static func facts(_ place: SearchPlace) async throws -> IndexFacts {
        let (_, connection) = try await place.search()
        try await connection.script("RESET enable_seqscan; RESET enable_bitmapscan", name: "planner settings")
        let watched = try await WatchedTable.load(try place.spec, identity: nil, on: connection)
        let facts = try await IndexFacts.load(watched, on: connection)
        await connection.close()
        return facts
    }

    /// Builds what is advised; the titles of the steps.
    @discardableResult
    private static func build(_ place: SearchPlace) async throws -> [String] {
        let facts = try await facts(place)
        let plan = IndexBuild.plan(facts, IndexAdvice(facts, evenIfSmall: true))
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.place.database.conninfo))
        let connection = try await sessions.open()
        try await IndexBuild.run(plan, for: facts, on: connection, watching: sessions) { _ in
        } progress: { _ in
        }
        await connection.close()
        return plan.steps.map(\.title)
    }

    private static let partitioned = """
        CREATE TABLE songs (id bigint, title text, body text, category text, stars int, added date, tags text[],
            notes jsonb, embedding {embedding}, PRIMARY KEY (id, category)) PARTITION BY LIST (category);
        CREATE TABLE songs_jazz PARTITION OF songs FOR VALUES IN ('jazz');
        CREATE TABLE songs_rest PARTITION OF songs DEFAULT
        """

    @Test("What is built is valid, used by search, and leaves nothing to do", arguments: [nil, partitioned])
    func builds(_ create: String?) async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 12_000, create: create)
        #expect(!(try await Self.build(place)).isEmpty)
        let facts = try await Self.facts(place)
        #expect(facts.indexes.allSatisfy { $0.isValid && $0.obstacle == nil })
        #expect(facts.indexes.count == (create == nil ? 1 : 3))
        #expect(IndexAdvice(facts, evenIfSmall: true).verdict == .good)
        #expect(try await Self.build(place) == [])
        let vector = SearchPlace.vector(31)
        let answer = try await place.answer(SearchQuery("x", vector: vector, mode: .vector))
        #expect(answer.way == .index)
        #expect(Set(answer.keys).intersection(try await place.nearest(vector, 10)).count >= 9)
    }

    @Test("Where one partition has an index, the others get theirs, and all are made one of the table")
    func onePartition() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 500, create: Self.partitioned)
        try await place.place.run("CREATE INDEX jazz ON songs_jazz USING hnsw (embedding vector_cosine_ops)")
        let before = try await Self.facts(place)
        #expect(before.used?.name == "jazz" && before.bare.map(\.name) == ["songs_rest"])
        // So few rows are read in no time.
        #expect(IndexAdvice(before).verdict == .good)
        let advice = IndexAdvice(before, evenIfSmall: true)
        #expect(advice.verdict == .build && advice.reason.hasPrefix("partition public.songs_rest has no index"))
        try await Self.build(place)
        let facts = try await Self.facts(place)
        #expect(facts.indexes.count == 3 && facts.indexes.allSatisfy { $0.isValid })
        #expect(facts.indexes.contains { $0.name == "jazz" && $0.parent != nil })
        #expect(facts.bare.isEmpty && IndexAdvice(facts, evenIfSmall: true).verdict == .good)
    }

    @Test("Indexes of partitions that have become too coarse are built anew on each of them")
    func coarsePartitions() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 21_000, create: Self.partitioned)
        try await place.place.run(
            """
            CREATE INDEX c1 ON songs_jazz USING ivfflat (embedding vector_cosine_ops) WITH (lists = 3);
            CREATE INDEX c2 ON songs_rest USING ivfflat (embedding vector_cosine_ops) WITH (lists = 3)
            """)
        let before = try await Self.facts(place)
        #expect(IndexAdvice(before, evenIfSmall: true).verdict == .rebuild)
        try await Self.build(place)
        let facts = try await Self.facts(place)
        let lists = facts.indexes.filter { !$0.isPartitioned && $0.parent != nil }.compactMap(\.lists)
        #expect(lists == [21, 21], "\(facts.indexes)")
        #expect(IndexAdvice(facts, evenIfSmall: true).verdict == .good)
    }

    @Test("An invalid left-over is found, said by check, dropped, and the index is built")
    func leftover() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 500)
        try await place.place.run(
            """
            CREATE INDEX left_over ON songs USING hnsw (embedding vector_cosine_ops);
            UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'left_over'::regclass
            """)
        let checkup = Checkup(place.place.connection, embedder: HashEmbedder(dimension: 16), version: "test")
        #expect(
            try await checkup.table(try place.spec).contains { $0.level == .warning && $0.found.contains("left_over") })
        let titles = try await Self.build(place)
        #expect(titles.count == 2 && titles[0].hasPrefix("drop index left_over"))
        let facts = try await Self.facts(place)
        #expect(facts.indexes.map(\.name) == ["songs_embedding_hnsw"] && facts.indexes[0].isValid)
        #expect(!(try await checkup.table(try place.spec)).contains { $0.level == .warning })
    }

    @Test("Over 2,000 dimensions search goes through an index of half precision, and orders by the vectors themselves")
    func halved() async throws {
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            "CREATE EXTENSION vector; CREATE TABLE songs (id bigint PRIMARY KEY, title text, embedding vector(2100))")
        let identity = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: 2100)
        let spec = TableSpec(
            name: QualifiedName(name: "songs"), key: "id", embedding: "embedding", recipe: .columns(["title"]))
        try await place.setUp(SetupOptions(spec: spec, identity: identity, version: "test"))
        try await place.run(
            """
            SELECT setseed(0.1);
            INSERT INTO songs SELECT n, 'song ' || n, (
                SELECT array_agg((random() - 0.5)::real) FROM generate_series(1, 2100) AS i WHERE n > 0)::vector
            FROM generate_series(1, 400) AS n;
            ANALYZE songs;
            -- Vectors as long as these are stored apart, which the server does not count: for so few it would compare all.
            DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET cpu_operator_cost = 10', current_database()); END $$
            """)
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.database.conninfo))
        let connection = try await sessions.open()
        let watched = try await WatchedTable.load(spec, identity: identity, on: connection)
        let facts = try await IndexFacts.load(watched, on: connection)
        let plan = IndexBuild.plan(facts, IndexAdvice(facts, evenIfSmall: true))
        try await IndexBuild.run(plan, for: facts, on: connection, watching: sessions) { _ in
        } progress: { _ in
        }
        let search = try await Search(watched, on: connection)
        #expect(search.shape.indexes.map(\.obstacle) == [nil])
        var random = SeededRandom(seed: 5)
        let vector = (0..<2100).map { _ in Float.random(in: -0.5...0.5, using: &random) }
        let answer = try await search.answer(SearchQuery("x", vector: vector, mode: .vector), on: connection)
        let exact = try await search.answer(
            SearchQuery("x", vector: vector, mode: .vector, isExact: true), on: connection)
        #expect(answer.way == .index && exact.way == .exact)
        #expect(Set(answer.keys).intersection(exact.keys).count >= 8)
        await connection.close()
    }

    @Test("The daemon's keeper builds an outgrown ivfflat index anew, by its name and class, once, and tells of it")
    func keeper() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 24_000)
        try await place.place.run(
            "CREATE INDEX \"Old\" ON songs USING ivfflat (embedding vector_l2_ops) WITH (lists = 10)")
        let events = Mutex<[IndexKeeper.Event]>([])
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.place.database.conninfo))
        let spec = try place.spec
        let keeper = IndexKeeper(sessions, tables: [spec]) { event in events.withLock { $0.append(event) } }
        let isFilled = Mutex(false)
        let asked = Tally()
        let isBuilt = { (event: IndexKeeper.Event) in if case .built = event { true } else { false } }
        let running = Task {
            await keeper.run(first: .milliseconds(10), every: .milliseconds(10)) { _ in
                asked.next()
                return isFilled.withLock { $0 }
            }
        }
        try await eventually("it was asked several times", within: .seconds(60)) { asked.count > 3 }
        #expect(events.withLock { $0.isEmpty })
        isFilled.withLock { $0 = true }
        try await eventually("the index is built", within: .seconds(120)) {
            events.withLock { $0.contains(where: isBuilt) }
        }
        let before = asked.count
        try await eventually("it has looked again", within: .seconds(60)) { asked.count > before + 2 }
        running.cancel()
        await running.value
        #expect(events.withLock { $0.count(where: isBuilt) } == 1)
        let facts = try await Self.facts(place)
        #expect(facts.indexes.map(\.name) == ["Old"] && facts.indexes[0].options == ["lists": "24"])
        #expect(facts.indexes[0].operatorClass == "vector_l2_ops" && facts.indexes[0].isValid)
        #expect(await keeper.look(after: spec) == .nothing)
    }

    @Test("A role that is not the owner only looks")
    func owner() async throws {
        let place = try await SearchPlace.make(.pg18WithPgvector, rows: 10)
        var facts = try await Self.facts(place)
        facts.isOwner = false
        facts.owner = "somebody"
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.place.database.conninfo))
        let plan = IndexBuild.plan(facts, IndexAdvice(facts, evenIfSmall: true))
        await #expect(throws: TableProblem.self) {
            try await IndexBuild.run(
                plan, for: facts, on: place.place.connection, watching: sessions, step: { _ in }, progress: { _ in })
        }
    }
}
