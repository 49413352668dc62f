import Backfill
import Embedders
import SentenceEncoder

/// A model ready to embed, and what there is to tell about it.
struct LoadedModel: Sendable {
    let embedder: LocalEmbedder
    let took: Duration

    /// Loads a folder.
    ///
    /// - Parameter observe: Hears what the encoder's lanes do.
    /// - Throws: `ModelError` for a folder that is damaged or cannot be run exactly.
    init(path: String, _ options: LocalEmbedder.Options, observe: LaneObserver? = nil) throws(ModelError) {
        let began = ContinuousClock.now
        embedder = try LocalEmbedder(ModelFolder(path: path), options, observe: observe)
        took = .now - began
    }

    /// `model all-MiniLM-L6-v2 (384 dimensions, bf16, 2 lanes) loaded in 210 ms`.
    var line: String {
        let count = embedder.encoder.laneCount
        let lanes = count.counted("lane")
        let milliseconds = Int((took / .milliseconds(1)).rounded())
        return "model \(embedder.identity.model) (\(embedder.identity.dimension) dimensions, "
            + "\(embedder.encoder.precision.rawValue), \(lanes)) loaded in \(milliseconds) ms"
    }
}
