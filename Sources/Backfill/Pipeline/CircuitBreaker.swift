/// Whether a table's pipeline may begin anything, after something failed that is no row's own: closed; open until a time; then
/// half open, where one batch finds out.
///
/// A pure value: it is told of failures and successes, and the time.
struct CircuitBreaker: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// Until when nothing is tried.
    private(set) var until: Instant?
    /// After a pause one batch finds out whether things go well again.
    private(set) var isProbing = false
    private var backoff: Backoff
    private var random: any RandomNumberGenerator & Sendable

    init(_ retry: RetrySettings, random: any RandomNumberGenerator & Sendable) {
        backoff = Backoff(first: retry.first, longest: retry.longest)
        self.random = random
    }

    /// From now on other waits hold.
    mutating func apply(_ retry: RetrySettings) { backoff = Backoff(first: retry.first, longest: retry.longest) }

    /// Something failed.
    ///
    /// - Parameter wait: How long nothing is tried; nil for longer with each time.
    mutating func failed(for wait: Duration?, at now: Instant) {
        // Batches that were under way together fail of the same: that is one failure, and not as many as there were.
        let isKnown = isProbing && until.map { $0 > now } ?? false
        if wait != nil || !isKnown { until = now + (wait ?? backoff.next(using: &random)) }
        isProbing = true
    }

    /// The provider asks for fewer calls, which is no failure.
    mutating func limited(for wait: Duration?, at now: Instant) {
        until = now + (wait ?? backoff.next(using: &random))
    }

    /// A batch fared well.
    mutating func succeeded() {
        // A pause that began meanwhile is another batch's, and one batch at a time finds out about that.
        if until == nil { isProbing = false }
        backoff.reset()
    }

    /// A batch got some of its rows done before it failed: things are not as they were when the waits grew.
    mutating func progressed() { backoff.reset() }

    /// What kept everything waiting may be over: one batch finds out.
    mutating func probe() {
        if isProbing { until = nil }
    }

    /// What kept everything waiting is over, for all that is known.
    mutating func end() {
        until = nil
        isProbing = false
        backoff.reset()
    }

    /// Until when nothing is to begin; nil where something may.
    mutating func opens(at now: Instant) -> Instant? {
        if let until, now >= until { self.until = nil }
        return until
    }
}
