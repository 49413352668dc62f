import Foundation
import TestSupport
import Testing

/// The daemon with the local encoder.
@Suite(.serialized) struct ProcessModelDaemonTests {
    /// A database whose embedding column has so many dimensions, and the embedder that is the default.
    private static func place(dimension: Int, model: String, rows: Int = 0) async throws -> Workplace {
        var place = try await Workplace.make(isSetUp: false)
        place.environment = ["BACKFILLD_EMBEDDER": "", "BACKFILLD_LOCAL_MODEL": model]
        try await place.database.psql("ALTER TABLE music_knowledge ALTER COLUMN embedding TYPE vector(\(dimension))")
        if rows > 0 { try await place.insert(1...rows) }
        try await place.run("setup").expect(.code(0))
        return place
    }

    @Test("It loads the model, says how, and finds by meaning what shares no word with the question")
    func meaning() async throws {
        let place = try await Self.place(dimension: 384, model: TestModel.miniLM)
        let texts = [
            "A cat sleeps on the sofa", "The stock exchange fell sharply", "Turn down the treble of the singer",
        ]
        for (number, text) in texts.enumerated() {
            try await place.database.psql(
                "INSERT INTO music_knowledge (id, topic) VALUES (\(number), '\(text)')")
        }
        let daemon = try await place.startDaemon()
        #expect(daemon.count("with embedder local (all-MiniLM-L6-v2, 384 dimensions)") == 1, "\(daemon.lines)")
        let loaded = try #require(daemon.lines.first { $0.contains("model all-MiniLM-L6-v2 (384 dimensions, ") })
        #expect(loaded.contains(" loaded in ") && loaded.contains("lane"))
        try await place.allEmbedded()
        let question = #"{"id": 1, "text": "less high frequencies in vocals"}"#
        let answer = try await place.run("embed", "--prompt", "query", input: question).expect(.code(0)).json()
        let vector = try #require(answer["embedding"] as? [Double])
        let nearest = try await place.database.psql(
            "SELECT id FROM music_knowledge ORDER BY embedding <=> '\(vector)' LIMIT 1")
        #expect(nearest == "2")
        try await place.run("check").expect(.code(0), "local (all-MiniLM-L6-v2) made 384 dimensions")
        try await daemon.stop()
    }

    @Test("A model whose dimension is not the column's, another model, and none at all are refused with 78")
    func refusals() async throws {
        let place = try await Self.place(dimension: 32, model: TestModel.tiny, rows: 3)
        try await place.run("backfill").expect(.code(0), "3 embedded")
        let other = ["BACKFILLD_LOCAL_MODEL": TestModel.miniLM]
        try await place.run("run", environment: other).expect(
            .code(78), "holds vectors of 32 components", "local with all-MiniLM-L6-v2 makes vectors of 384")
        try await place.run("run", environment: ["BACKFILLD_LOCAL_PASSAGE_PROMPT": "x: "]).expect(
            .code(78), "x: ", "backfilld reembed")
        let none = ["BACKFILLD_LOCAL_MODEL": "none"]
        for command in ["run", "setup", "backfill", "check", "reembed"] {
            try await place.run([command], environment: none).expect(.code(78), "there is no model \"none\"")
        }
        // These look at the table only.
        try await place.run("status", environment: none).expect(.code(0), "embedded   3")
        try await place.run("explain", "1", environment: none).expect(.code(0), "pending    no")
        try await place.run("wait", environment: none).expect(.code(0))
        try await place.run("backfill", "--dry-run").expect(.code(0), "0 rows are pending")
    }
}
