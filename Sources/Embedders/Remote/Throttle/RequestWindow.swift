/// How many requests are on their way at once: twice as many with each round, until the provider first gets slow; then one
/// more for each round that goes well, and fewer when it gets slow again (additive increase, multiplicative decrease).
///
/// A pure value: it is told the time.
struct RequestWindow: Sendable {
    typealias Instant = ContinuousClock.Instant

    private let most: Double
    private(set) var size: Double
    /// Until it first gets slow, every answer makes room for one more.
    private var isClimbing = true
    /// The shortest answer to requests of a size, in seconds, by the logarithm of their tokens.
    private var shortest: [Int: Double] = [:]
    /// Answers in a row that took far longer than that.
    private var slow = 0
    private var narrowed: Instant?

    /// - Parameter most: The most at once, ever.
    init(most: Int) {
        self.most = Double(max(1, most))
        size = min(4, self.most)
    }

    /// Whether one more may go beside so many.
    func hasRoom(beside inFlight: Int) -> Bool { inFlight < Int(size) }

    /// An answer came.
    ///
    /// - Parameters:
    ///   - tokens: The size of the request.
    ///   - sentAt: When it was sent.
    ///   - inFlight: How many were on their way, with it.
    ///   - now: The time.
    mutating func answered(tokens: Int, sentAt: Instant, inFlight: Int, at now: Instant) {
        let took = (now - sentAt).inSeconds
        let size = Int.bitWidth - max(1, tokens).leadingZeroBitCount
        // It rises a little each time, so that a provider that has become slower for good is believed.
        let base = min(took, (shortest[size] ?? took) * 1.01)
        shortest[size] = base
        slow = took > base * 4 && took - base > 0.25 ? slow + 1 : 0
        if slow >= max(3, Int(self.size) / 2) {
            narrow(to: 0.75, sentAt: sentAt, at: now)
        } else if slow == 0, inFlight >= Int(self.size) {
            self.size = min(most, self.size + (isClimbing ? 1 : 1 / self.size))
        }
    }

    /// No answer came, or the provider has too much to do: half as many.
    mutating func collapsed(sentAt: Instant, at now: Instant) {
        narrow(to: 0.5, sentAt: sentAt, at: now)
    }

    private mutating func narrow(to part: Double, sentAt: Instant, at now: Instant) {
        slow = 0
        // What was under way already tells nothing of the narrower window.
        if let narrowed, sentAt <= narrowed { return }
        size = max(1, size * part)
        isClimbing = false
        narrowed = now
    }
}
