import Synchronization
import Systemd

/// Tells the watchdog of the encoder's lanes: each is a loop of its own, watched from its first item on.
final class LaneWatch: Sendable {
    private let watchdog: Watchdog
    private let limit: Duration
    private let lanes = Mutex<[Int: WatchedLoop]>([:])

    /// - Parameter limit: How long an item may take, a few sequences.
    init(_ watchdog: Watchdog, limit: Duration) {
        self.watchdog = watchdog
        self.limit = limit
    }

    /// A lane has begun an item, or has ended one.
    @Sendable func observe(lane: Int, isAtWork: Bool) {
        let loop = lanes.withLock { lanes in
            if let loop = lanes[lane] { return loop }
            let loop = watchdog.watch("encoder lane \(lane)", limit: limit)
            lanes[lane] = loop
            return loop
        }
        if isAtWork {
            loop.progress("embedding")
            Standstill.here("encoder")
        } else {
            loop.waits("for something to embed")
        }
    }
}
