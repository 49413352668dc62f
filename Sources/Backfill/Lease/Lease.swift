/// Whose a table is, where only one daemon may work on it at a time: behind a pooler in transaction mode, which leaves no
/// session for locks to live in.
///
/// A pure value: it is told the time, and what the server answered. The server's clock decides between daemons; ours only
/// says how long an answer is good for, counted from before it was asked for, so that we never think longer than the
/// server that the table is ours.
struct Lease: Sendable, Hashable {
    typealias Instant = ContinuousClock.Instant

    /// Whose the table is, as far as we know.
    enum Holder: Sendable, Hashable {
        case unknown
        case us(until: Instant)
        case other(String, until: Instant)
    }

    /// For how long it is taken: whoever dies keeps a table from the others no longer than this.
    let length: Duration
    private let pace: Duration
    private(set) var holder = Holder.unknown
    private var asked: Instant?

    init(heartbeat: Duration) {
        length = heartbeat * 3
        pace = heartbeat / 2
    }

    /// Whether the table is ours.
    func isHeld(at now: Instant) -> Bool {
        if case .us(let until) = holder { now < until } else { false }
    }

    /// Whether the server is to be asked: after half a heartbeat, or when another daemon's time is over.
    func isDue(at now: Instant) -> Bool {
        guard let asked else { return true }
        if case .other(_, let until) = holder, now >= until { return true }
        return now >= asked + pace
    }

    /// The server was asked at `asked`, and said whose the table is and for how long.
    mutating func answered(_ daemon: String?, remaining: Duration, isUs: Bool, asked: Instant) {
        self.asked = asked
        holder =
            switch daemon {
            case nil: .unknown
            case _ where isUs: .us(until: asked + min(remaining, length))
            case let daemon?: .other(daemon, until: asked + remaining)
            }
    }

    /// The server was asked at `asked` and did not answer: what is ours stays so until its time is over.
    mutating func failed(asked: Instant) {
        self.asked = asked
    }
}
