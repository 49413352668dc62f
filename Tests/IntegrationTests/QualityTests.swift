@testable import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("The quality of a table")
struct QualityTests {
    @Test("A table in order is good by every figure, and is left as it was", arguments: PostgresServer.Flavour.allCases)
    func good(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await QualityPlace.make(flavour)
        let contents = "SELECT md5(string_agg(n::text || n.xmin || n.ctid, ',' ORDER BY id)) FROM notes AS n"
        let before = try await place.place.texts(contents)
        let report = try await place.report()
        #expect(report.figures.map(\.name) == QualityMeasure.allCases)
        for figure in report.figures where figure.name != .drift && figure.name != .latency {
            #expect(figure.verdict == .good, "\(figure)")
        }
        #expect(report[.latency]?.value != nil && report.verdict(.drift) == .unknown && report.notKept == nil)
        #expect(report.sampled == 300 && report[.coverage]?.value == 1)
        #expect(report[.agreement]?.detail["rows"] == .number(200))
        #expect(report[.selfRetrieval]?.detail["asked"] == .number(100))
        // Again: the same rows, and their middle where it was.
        let again = try await place.report()
        for name in [QualityMeasure.anisotropy, .effectiveDimension, .norms, .selfRetrieval] {
            #expect(again[name] == report[name])
        }
        #expect(abs((again[.drift]?.value ?? 0) - 1) < 1e-4)
        #expect(again.history["coverage"]?.map(\.y) == [1, 1])
        #expect(try await place.place.texts(contents) == before)
        #expect(try await place.place.texts("SELECT count(*)::text FROM backfilld.quality") == ["2"])
    }

    @Test("Vectors of another model, duplicates, and zero vectors are found among good rows, by their keys")
    func bad() async throws {
        let place = try await QualityPlace.make()
        // A tenth by another model, whose vectors are not even of length one.
        for key in stride(from: 10, through: 300, by: 10) {
            let vector = SearchPlace.vector(UInt64(key)) + SearchPlace.vector(UInt64(1000 + key))
            try await place.place.run("UPDATE notes SET embedding = \(place.literal(vector)) WHERE id = \(key)")
        }
        // Four rows with the vector and the text of others; three of zero, of which one has no text.
        try await place.place.run(
            """
            INSERT INTO notes SELECT id + 1000, title, body, embedding FROM notes WHERE id IN (1, 2, 3, 4);
            INSERT INTO notes SELECT 2000 + n, CASE n WHEN 3 THEN '' ELSE 'Text ' || n END, '',
                array_fill(0, ARRAY[32])::vector FROM generate_series(1, 3) AS n;
            INSERT INTO notes SELECT 3000 + n, 'pending ' || n, '' FROM generate_series(1, 30) AS n;
            ANALYZE notes
            """)
        let report = try await place.report()
        #expect(report.verdict == .bad)
        #expect(report.verdict(.coverage) == .bad && report[.coverage]?.detail["pending"] == .number(30))
        // Nobody has looked at them: since when they are pending is not known.
        #expect(report.verdict(.staleness) == .unknown && report[.staleness]?.remedy != nil)
        #expect(report.verdict(.agreement) == .bad && report[.agreement]?.says.contains("another model") ?? false)
        let strangers = report.examples(.agreement).compactMap { Int($0) }
        #expect(!strangers.isEmpty && strangers.allSatisfy { $0 % 10 == 0 && $0 <= 300 })
        #expect(report.verdict(.norms) == .bad)
        #expect(report.verdict(.directionless) == .fair && report[.directionless]?.detail["zero"] == .number(3))
        #expect(report[.directionless]?.detail["zero_without_text"] == .number(1))
        #expect(report[.duplicates]?.detail["found"] == .number(8))
        #expect(Set(report.examples(.duplicates)) == ["1", "2", "3", "4", "1001", "1002", "1003", "1004"])
        #expect(report.verdict(.nearDuplicates) == .good)
        #expect((report[.selfRetrieval]?.value ?? 1) < 0.95)
    }

    @Test("Of rows with the same title in a json column one is as good as another")
    func titlesInJSON() async throws {
        let spec = TableSpec(
            name: QualifiedName(name: "notes"), key: "id", embedding: "embedding", recipe: .columns(["data"]))
        let place = try await SetupPlace.make(
            .pg18WithPgvector,
            "CREATE EXTENSION vector; CREATE TABLE notes (id bigint PRIMARY KEY, data jsonb, embedding vector(32))")
        try await place.setUp(SetupOptions(spec: spec, identity: QualityPlace.identity, version: "test"))
        // Of each two the second is nearer to their title than the first.
        for number in 1...60 {
            let title = "Title number\((number + 1) / 2) of\((number + 1) / 2)"
            let vector = QualityPlace.vector(number % 2 == 0 ? title : title + " besides\(number)")
            let text = vector.map { "\($0)" }.joined(separator: ",")
            try await place.run(
                "INSERT INTO notes VALUES (\(number), '{\"title\": \"\(title)\", \"n\": \(number)}', '[\(text)]')")
        }
        try await place.run("ANALYZE notes")
        let connection = try await SessionFactory(ConnectionOptions(conninfo: place.database.conninfo)).open()
        let table = try await WatchedTable.load(spec, identity: QualityPlace.identity, on: connection)
        let report = try await Quality(table, embedding: QualityPlace.model, QualityOptions()).report(on: connection)
        await connection.close()
        #expect(report[.selfRetrieval]?.says.contains("their title") ?? false)
        #expect(report[.selfRetrieval]?.value == 1, "\(report[.selfRetrieval]?.says ?? "")")
    }

    @Test("Vectors that are all alike are bad, and so is a model that is not the one that filled the table")
    func collapsed() async throws {
        let place = try await QualityPlace.make()
        var other = QualityPlace.model
        other.passages = { texts in texts.map { QualityPlace.vector(String($0.reversed())) } }
        #expect(try await place.report(embedding: other)[.agreement]?.says.hasPrefix("Most") ?? false)
        // All in one direction, but for a little.
        try await place.place.run(
            """
            UPDATE notes SET embedding = (
                SELECT array_agg((1 + 0.0001 * ((id * i) % 7))::real) FROM generate_series(1, 32) AS i)::vector
            """)
        let report = try await place.report()
        for name in [
            QualityMeasure.anisotropy, .effectiveDimension, .agreement, .duplicates, .selfRetrieval, .norms,
        ] {
            #expect(report.verdict(name) == .bad, "\(String(describing: report[name]))")
        }
        #expect((report[.anisotropy]?.value ?? 0) > 0.99)
    }

    @Test("An embedder that does not answer costs only the figures that need it, and so does having none")
    func noEmbedder() async throws {
        let place = try await QualityPlace.make(rows: 60)
        struct Refusal: Error {}
        var broken = QualityPlace.model
        broken.passages = { _ in throw Refusal() }
        broken.explain = { _ in "it is away" }
        let report = try await place.report(embedding: broken)
        #expect(report.verdict(.agreement) == .unknown && report.verdict(.selfRetrieval) == .unknown)
        #expect(report[.agreement]?.says == "The texts could not be embedded: it is away")
        #expect(report.verdict(.recall) == .good && report[.latency]?.value != nil)
        var options = QualityOptions()
        options.isKept = false
        let none = try await place.report(options, embedding: nil)
        #expect(none.verdict(.agreement) == .unknown && none.notKept == nil)
        #expect(try await place.place.texts("SELECT count(*)::text FROM backfilld.quality") == ["1"])
    }

    @Test("A table without rows, and one with a handful, have figures that are not known, and no others")
    func empty() async throws {
        let place = try await QualityPlace.make(rows: 3)
        let few = try await place.report()
        #expect(few.verdict(.coverage) == .good && few.verdict(.anisotropy) == .unknown)
        try await place.place.run(
            "DELETE FROM notes; CREATE INDEX near ON notes USING hnsw (embedding vector_cosine_ops)")
        let report = try await place.report()
        #expect(report.figures.allSatisfy { $0.verdict == .unknown || $0.verdict == .good })
        #expect(report.sampled == 0 && report.verdict(.recall) == .unknown)
    }

    @Test(
        "Of many rows a sample is taken, which stays; their twins are found in the whole table",
        arguments: ["vector(32)", "halfvec(32)"])
    func sample(_ type: String) async throws {
        let place = try await QualityPlace.make(rows: 1_500, type: type)
        var options = QualityOptions()
        options.sample = 100
        let report = try await place.report(options)
        #expect(report.sampled == 100 && report[.duplicates]?.value == 0 && report.verdict(.agreement) == .good)
        #expect(report.verdict(.norms) == .good && report.verdict(.selfRetrieval) == .good)
        // Every row a second time: hardly a pair of them is in the sample, and all of them are found.
        try await place.place.run(
            "INSERT INTO notes SELECT id + 10000, title, body, embedding FROM notes; ANALYZE notes")
        let doubled = try await place.report(options)
        #expect(doubled[.duplicates]?.value == 1 && doubled.verdict(.duplicates) == .bad)
        #expect(doubled[.duplicates]?.detail["compared"] == .number(100))
        let pair = Array(doubled.examples(.duplicates).prefix(2)).compactMap { Int($0) }
        #expect(pair.count == 2 && abs(pair[0] - pair[1]) == 10_000)
        // Other rows for another seed.
        options.seed = 2
        #expect(try await place.report(options)[.anisotropy]?.value != doubled[.anisotropy]?.value)
    }
}
