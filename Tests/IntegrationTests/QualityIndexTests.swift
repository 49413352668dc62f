@testable import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("The quality of the index, and the history of figures")
struct QualityIndexTests {
    @Test("Recall and latency of an index are told by its settings", arguments: ["hnsw", "ivfflat"])
    func measured(_ method: String) async throws {
        let place = try await QualityPlace.make(rows: 1_500)
        let options = method == "hnsw" ? "" : " WITH (lists = 16)"
        try await place.place.run(
            "CREATE INDEX near ON notes USING \(method) (embedding vector_cosine_ops)\(options); ANALYZE notes")
        let report = try await place.report()
        let recall = try #require(report[.recall])
        #expect(recall.detail["index"] == .text("near") && recall.detail["method"] == .text(method))
        #expect(recall.series.map(\.x) == (method == "hnsw" ? [20, 40, 80, 150, 300] : [1, 2, 4, 8]))
        #expect(recall.series.map(\.y).allSatisfy { $0 > 0 && $0 <= 1 })
        // The more is looked at, the more is found.
        #expect((recall.series.last?.y ?? 0) >= (recall.series.first?.y ?? 1))
        if method == "hnsw" { #expect(recall.verdict == .good && (recall.value ?? 0) > 0.95) }
        #expect(report[.latency]?.series.count == recall.series.count)
    }

    @Test("An index by another distance, one that search cannot use, and one that is coarse are told from a good one")
    func badIndexes() async throws {
        let place = try await QualityPlace.make(rows: 1_000)
        try await place.place.run(
            "CREATE INDEX bits ON notes USING hnsw ((binary_quantize(embedding)::bit(32)) bit_hamming_ops)")
        let bits = try await place.report()
        #expect(
            bits.verdict(.recall) == .bad
                && bits[.recall]?.says.contains("bits: its operator class bit_hamming_ops") ?? false)
        #expect(bits[.recall]?.remedy?.contains("backfilld index --create") ?? false)
        // Lengths from 1 to 40: the largest product is not the least angle.
        try await place.place.run(
            """
            DROP INDEX bits;
            UPDATE notes SET embedding = (
                SELECT array_agg(v * (1 + id % 40) ORDER BY i) FROM unnest(embedding::real[]) WITH ORDINALITY AS u (v, i))::vector;
            CREATE INDEX product ON notes USING hnsw (embedding vector_ip_ops);
            ANALYZE notes
            """)
        let product = try await place.report()
        #expect(product.verdict(.recall) == .bad && (product[.recall]?.value ?? 1) < 0.9)
        #expect(product[.recall]?.says.contains("negative inner product") ?? false)
        #expect(product[.recall]?.remedy?.contains("vector_cosine_ops") ?? false)
        // Exact search is by cosine all the same, and the model's vectors have the directions of those stored.
        #expect(product.verdict(.selfRetrieval) == .good && product.verdict(.agreement) == .good)
        try await place.place.run(
            "DROP INDEX product; CREATE INDEX near ON notes USING hnsw (embedding vector_cosine_ops); ANALYZE notes")
        #expect(try await place.report().verdict(.recall) == .good)
    }

    @Test("The history keeps 400 runs, and the centroids of the first and the last")
    func history() async throws {
        let place = try await QualityPlace.make(rows: 60)
        try await place.report()
        try await place.place.run(
            """
            INSERT INTO backfilld.quality (watch, generation, figures, centroid)
            SELECT 1, 1, '{"coverage": 0.5}', centroid FROM backfilld.quality, generate_series(1, 450)
            """)
        let report = try await place.report()
        let kept = "SELECT count(*) || ' ' || count(centroid) FROM backfilld.quality"
        #expect(try await place.place.texts(kept) == ["400 2"])
        #expect(report.verdict(.drift) == .good && report[.drift]?.detail["runs"] == .number(451))
        #expect(report.history["coverage"]?.count == 452)
        // Vectors of another generation are compared with none of these.
        try await place.place.run("UPDATE backfilld.watch SET generation = 2")
        #expect(try await place.report().verdict(.drift) == .unknown)
        #expect(
            try await place.place.texts("SELECT count(*)::text FROM backfilld.quality WHERE centroid IS NOT NULL") == [
                "1"
            ])
    }

    @Test(
        "A role that may only look gets all figures, and is told that they are not kept; the daemon's role keeps them")
    func roles() async throws {
        let place = try await QualityPlace.make(rows: 60)
        let (daemon, reader) = ("daemon_\(place.place.database.name)", "reader_\(place.place.database.name)")
        try await place.place.run(
            """
            CREATE ROLE \(daemon) LOGIN;
            CREATE ROLE \(reader) LOGIN;
            GRANT USAGE ON SCHEMA backfilld TO \(reader);
            GRANT SELECT ON ALL TABLES IN SCHEMA backfilld TO \(reader);
            GRANT SELECT ON notes TO \(reader)
            """)
        try await place.place.setUp(
            SetupOptions(spec: QualityPlace.spec, identity: QualityPlace.identity, role: daemon, version: "test"))
        let looked = try await place.report(as: reader)
        #expect(looked.notKept?.contains("may not write") ?? false)
        #expect(looked.verdict(.agreement) == .good)
        #expect(try await place.place.texts("SELECT count(*)::text FROM backfilld.quality") == ["0"])
        let kept = try await place.report(as: daemon)
        #expect(kept.notKept == nil && kept.verdict(.selfRetrieval) == .good)
        #expect(try await place.place.texts("SELECT count(*)::text FROM backfilld.quality") == ["1"])
    }

    @Test("Writers at work are neither waited for nor kept waiting")
    func writers() async throws {
        let place = try await QualityPlace.make(rows: 200)
        let writer = try await place.place.connect()
        try await writer.transaction { transaction in
            try await transaction.script(
                "LOCK TABLE notes IN SHARE ROW EXCLUSIVE MODE; UPDATE notes SET body = body || ' more' WHERE id < 50",
                name: "a writer")
            // Its rows are as they were before it.
            let report = try await withDeadline(.seconds(120), "the report") { try await place.report() }
            #expect(report.verdict(.agreement) == .good && report[.coverage]?.value == 1)
        }
        await writer.close()
        #expect(try await place.report()[.coverage]?.detail["pending"] == .number(49))
    }
}
