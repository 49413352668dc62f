import Embedders
import SentenceEncoder
import Synchronization
import Systemd

/// Tells the watchdog of the encoder: each lane is a loop of its own, watched from its first item on, and so are the calls
/// of all batches together, which get on whenever a lane does.
final class LaneWatch: Sendable {
    private struct State {
        var lanes: [Int: WatchedLoop] = [:]
        var calls = 0
    }

    private let watchdog: Watchdog
    private let limit: Duration
    private let encoder: WatchedLoop
    private let state = Mutex(State())
    private let meter = Mutex<LaneObserver?>(nil)

    /// - Parameters:
    ///   - limit: How long an item may take, a few sequences.
    ///   - between: How long calls may be under way without any lane beginning or ending an item.
    init(_ watchdog: Watchdog, limit: Duration, between: Duration) {
        self.watchdog = watchdog
        self.limit = limit
        encoder = watchdog.watch("encoder", limit: between)
        encoder.waits("waiting for something to embed")
    }

    /// Somebody else hears of the lanes from now on, too.
    func measure(_ observe: @escaping LaneObserver) { meter.withLock { $0 = observe } }

    /// A lane has begun an item, or has ended one.
    @Sendable func observe(lane: Int, isAtWork: Bool) {
        meter.withLock(\.self)?(lane, isAtWork)
        let loop = state.withLock { state in
            if state.calls > 0 { encoder.progress("embedding") }
            if let loop = state.lanes[lane] { return loop }
            let loop = watchdog.watch("encoder lane \(lane)", limit: limit)
            state.lanes[lane] = loop
            return loop
        }
        if isAtWork {
            loop.progress("embedding")
            Standstill.here("encoder")
        } else {
            loop.waits("waiting for something to embed")
        }
    }

    /// A call of the encoder has begun, or has ended.
    func observe(callIsUnderWay: Bool) {
        state.withLock { state in
            state.calls += callIsUnderWay ? 1 : -1
            if state.calls > 0 {
                encoder.progress("embedding")
            } else {
                encoder.waits("waiting for something to embed")
            }
        }
    }
}

/// The local embedder, with calls that the watchdog knows. A remote one needs none: its requests have deadlines.
struct WatchedEmbedder: Embedder {
    let embedder: LocalEmbedder
    let watch: LaneWatch

    var identity: EmbedderIdentity { embedder.identity }
    var limits: EmbedderLimits { embedder.limits }

    func embed(_ texts: [String]) async throws -> Embeddings {
        let encoded = try await encode(texts, for: .passage)
        return Embeddings(encoded.vectors, long: encoded.long)
    }

    /// The vectors of texts of a role, with what the encoder counted.
    func encode(
        _ texts: [String], for role: TextRole, in queue: EncoderQueue = .rows
    ) async throws -> SentenceEncoder.Encoded {
        watch.observe(callIsUnderWay: true)
        defer { watch.observe(callIsUnderWay: false) }
        return try await embedder.encode(texts, for: role, in: queue)
    }
}
