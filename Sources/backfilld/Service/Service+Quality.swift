import Backfill
import Console
import Embedders
import FoundationEssentials
import PostgresClient
import SentenceEncoder

/// Figures about the vectors of a table, as the console gives them.
extension Service {
    /// How long searches that compare every row may take of it: somebody waits.
    private static let qualityPatience = Duration.seconds(20)

    /// What measures a table, as `backfilld quality` does, but keeps no figures: those who look at a page often would push
    /// older ones out. Texts are embedded in the queue of callers, and only where nobody is paid for it.
    static func quality(
        _ assembly: Assembly, _ embedder: QueryEmbedder?
    ) -> @Sendable (WatchedTable, PostgresConnection) async throws -> [UInt8] {
        let settings = assembly.settings
        var options = QualityOptions()
        options.isKept = false
        options.searching = qualityPatience
        options.textBytes = settings.textBytes
        let isFree = settings.usesLocalModel || settings.embedder == "hash"
        let embedding = isFree ? embedder.map(QualityEmbedding.init(callers:)) : nil
        return { [options] table, connection in
            let quality = Quality(
                table, embedding: embedding,
                withoutEmbedding: "The page embeds nothing where a provider is paid for it: run backfilld quality.",
                options)
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return Array(try encoder.encode(try await quality.report(on: connection)))
        }
    }
}

extension QualityEmbedding {
    /// By the queue of those who ask from outside.
    init(callers embedder: QueryEmbedder) {
        let embed = { @Sendable (texts: [String], role: TextRole) async throws -> [[Float]] in
            var vectors: [[Float]] = []
            for start in stride(from: 0, to: texts.count, by: embedder.rows) {
                let page = Array(texts[start..<min(start + embedder.rows, texts.count)])
                vectors += try await embedder.embed(page, role).vectors
            }
            return vectors
        }
        self.init(
            passages: { try await embed($0, .passage) }, queries: { try await embed($0, .query) },
            explain: { Failure.message(for: $0) })
    }
}
