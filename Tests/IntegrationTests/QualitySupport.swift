@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

/// A table of notes with vectors of a simple model that knows words, to be measured.
struct QualityPlace: Sendable {
    let place: SetupPlace
    let type: String

    static let dimension = 32
    static let identity = EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: dimension)
    static var spec: TableSpec {
        TableSpec(
            name: QualifiedName(name: "notes"), key: "id", embedding: "embedding", recipe: .columns(["title", "body"]))
    }

    /// A text's vector: the sum of its words', each drawn at random for its word, brought to length one.
    static func vector(_ text: String) -> [Float] {
        var sum = [Float](repeating: 0, count: dimension)
        for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
            var random = SeededRandom(
                seed: word.utf8.reduce(14_695_981_039_346_656_037) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 })
            for at in sum.indices { sum[at] += Float.random(in: -1...1, using: &random) }
        }
        let length = VectorSample.norm(sum)
        return length > 0 ? sum.map { $0 / Float(length) } : sum
    }

    static let model = QualityEmbedding(
        passages: { $0.map(vector) }, queries: { $0.map(vector) }, explain: { "\($0)" })

    static func make(
        _ flavour: PostgresServer.Flavour = .pg18WithPgvector, rows: Int = 300, type: String? = nil
    ) async throws -> QualityPlace {
        let hasVectors = flavour == .pg18WithPgvector
        let type = type ?? (hasVectors ? "vector(\(dimension))" : "real[]")
        let place = try await SetupPlace.make(
            flavour,
            (hasVectors ? "CREATE EXTENSION vector;" : "")
                + "CREATE TABLE notes (id bigint PRIMARY KEY, title text, body text, embedding \(type))")
        try await place.setUp(SetupOptions(spec: spec, identity: identity, version: "test"))
        let quality = QualityPlace(place: place, type: type)
        var random = SeededRandom(seed: 5)
        let texts = (1...rows).map { number in
            let words = { (count: Int) in (0..<count).map { _ in "w\(random.below(2_000))" }.joined(separator: " ") }
            return (number, "About \(words(7))", words(2))
        }
        for start in stride(from: 0, to: rows, by: 500) {
            let values = texts[start..<min(start + 500, rows)].map { number, title, body in
                "(\(number), '\(title)', '\(body)', \(quality.literal(vector(title + "\n" + body))))"
            }
            try await place.run("INSERT INTO notes VALUES \(values.joined(separator: ", "))")
        }
        try await place.run("ANALYZE notes")
        return quality
    }

    /// A vector as SQL.
    func literal(_ vector: [Float]) -> String {
        let text = vector.map { "\($0)" }.joined(separator: ",")
        return type == "real[]" ? "'{\(text)}'::real[]" : "'[\(text)]'::\(type)"
    }

    @discardableResult
    func report(
        _ options: QualityOptions = QualityOptions(), embedding: QualityEmbedding? = model, as user: String = "postgres"
    ) async throws -> QualityReport {
        let sessions = SessionFactory(ConnectionOptions(conninfo: place.database.conninfo(user: user)))
        let connection = try await sessions.open()
        let result: Result<QualityReport, any Error>
        do {
            let table = try await WatchedTable.load(Self.spec, identity: Self.identity, on: connection)
            result = .success(try await Quality(table, embedding: embedding, options).report(on: connection))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        return try result.get()
    }
}

extension QualityReport {
    func verdict(_ name: QualityMeasure) -> QualityFigure.Verdict? { self[name]?.verdict }

    /// The keys that a figure has for examples.
    func examples(_ name: QualityMeasure) -> [String] {
        guard case .list(let list)? = self[name]?.detail["examples"] else { return [] }
        return list.flatMap { example -> [String] in
            if case .text(let key) = example { return [key] }
            guard case .object(let pair) = example, case .list(let keys)? = pair["keys"] else { return [] }
            return keys.compactMap { if case .text(let key) = $0 { key } else { nil } }
        }
    }
}
