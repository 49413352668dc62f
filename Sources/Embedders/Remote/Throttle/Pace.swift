/// How many requests, or tokens, are sent a minute: as evenly as clocks allow, at the most that is allowed.
///
/// What is allowed is configured, or learned: where the provider refuses, what it took within the minute before is what it
/// takes. After a while without a refusal a little more is tried, and each time more, so that a greater allowance is
/// found too. A pure value: it is told the time.
struct Pace: Sendable {
    typealias Instant = ContinuousClock.Instant

    /// The most a minute, where that is configured.
    let ceiling: Double?
    /// The most a minute that was learned of refusals.
    private(set) var learned: Double?
    /// The most a minute that the provider's last answer lets us have.
    private(set) var said: Double?
    /// What is sent a minute at most; nil while nothing limits it.
    var rate: Double? { [ceiling, learned, said].compactMap { $0 }.min() }

    /// When the next may be sent, by the rate alone.
    private var next: Instant?
    /// Until when nothing is sent, since the provider said so.
    private(set) var heldUntil: Instant?
    /// What was sent lately and not refused, 20 milliseconds to each.
    private var sent: [(at: Instant, amount: Double)] = []
    private var began: Instant?
    /// When the rate was last lowered, and how it was before.
    private var lowered: Instant?
    private var rateBefore: Double?
    private var wasSure = false
    /// When was gone on after refusals of the last minute.
    private var dry: [Instant] = []
    /// When the rate was last changed, and what was sent since while the rate was what held it back.
    private var changed: Instant?
    private var sentAtRate = 0.0
    private var step = 0.0
    private var settling = Self.minute
    /// Whether what was learned was learned of enough.
    private var isSure = false

    private static let minute = Duration.seconds(60)
    /// No rate is more than this, whatever somebody says: it is a number that can be told and reckoned with.
    private static let most = 1e12

    /// - Parameter ceiling: The most a minute; nil for what can be learned.
    init(ceiling: Int? = nil) {
        self.ceiling = ceiling.map { min(Double($0), Self.most) }
    }

    /// From when on something may be sent.
    func opens(at now: Instant) -> Instant {
        let paced = rate == nil ? now : next ?? now
        return max(now, paced, heldUntil ?? now)
    }

    /// Something is sent now.
    mutating func spend(_ amount: Double, at now: Instant) {
        began = began ?? now
        note(amount, at: now)
        guard let rate else { return next = nil }
        let interval = Duration.seconds(60 * amount / rate)
        // A timer that is late must not lower the rate.
        let slack = Duration.milliseconds(learned == nil ? 250 : 20)
        if let next, now - next < slack + .milliseconds(50) { sentAtRate += amount }
        next = max(next ?? now, now - slack) + interval
        grow(at: now)
    }

    /// What was spent was more than it turned out to be, or less where negative.
    mutating func giveBack(_ amount: Double, sentAt: Instant) {
        if let index = sent.lastIndex(where: { $0.at <= sentAt }) {
            sent[index].amount = max(0, sent[index].amount - amount)
        }
        if let rate, let next { self.next = next - .seconds(60 * amount / rate) }
    }

    /// Nothing is sent until then.
    mutating func hold(until time: Instant) {
        heldUntil = max(heldUntil ?? time, time)
    }

    /// What was sent was refused for being too much.
    ///
    /// - Parameters:
    ///   - amount: What was sent.
    ///   - sentAt: When.
    ///   - wait: How long nothing is to be sent.
    ///   - isSaid: Whether the provider said so.
    ///   - now: The time.
    mutating func refused(_ amount: Double, sentAt: Instant, wait: Duration, isSaid: Bool, at now: Instant) {
        giveBack(amount, sentAt: sentAt)
        hold(until: now + wait)
        // Where nothing was taken, there is nothing to tell by how much is.
        guard self.amount(since: now - Self.minute) >= 1 else { return }
        // What was under way when the rate was lowered belongs to the same refusal, and says of it how much was taken.
        if lowered.map({ sentAt > $0 }) ?? true {
            (lowered, rateBefore, wasSure) = (now, rate, isSure)
            dry.append(now + wait)
            step = isSure ? 0.005 : 0.1
        }
        learn(wait: wait, isWindow: isSaid && wait >= .seconds(3), way: now - sentAt, at: now)
        (changed, sentAtRate) = (now + wait, 0)
        // Who makes us wait long for one too many is tempted less often.
        let often = min(Self.minute, .seconds(3_600 / (learned ?? 60)))
        settling = wasSure ? max(wait * 20, often, .seconds(10)) : isSure ? Self.minute : max(.seconds(1), wait * 4)
        next = max(next ?? now, now + wait)
    }

    /// What the last answer says of how much more is taken.
    ///
    /// Whether it means a bucket that fills up again by the reset or a window that ends then, it is no more than this. Only
    /// looked at where half of it is used up: what it counts, a minute's or a day's, is not said.
    mutating func told(limit: Int?, left: Int?, reset: Duration?, at now: Instant) {
        guard let limit, let left, let reset, limit > 0, reset > .zero else { return }
        guard left * 2 < limit else { return said = nil }
        said = min(max(1, Double(max(left, limit - left)) / reset.inSeconds * 60), Self.most)
        if left <= 0 { hold(until: now + min(reset, .seconds(10))) }
    }

    /// What a minute the provider takes, by what was sent until the refusal and not refused.
    private mutating func learn(wait: Duration, isWindow: Bool, way: Duration, at now: Instant) {
        let end = now + min(wait, Self.minute)
        dry.removeAll { end - $0 > Self.minute }
        // A window of the provider's ends when it takes more again, so this is the window, wherever it began; what was sent
        // arrived a little later, and waits are told in whole seconds.
        let start = end - Self.minute - way - (isWindow ? .seconds(1) : .zero)
        var taken = rate(of: amount(since: start), from: began, until: end)
        var least = rateBefore.map { $0 / 2 } ?? 0
        if isWindow {
            if !wasSure { least = 0 }
            // A few may be all that was asked for.
            isSure = wasSure || amount(since: start) >= 10
        } else if let first = dry.first, first < now {
            // A bucket that has run dry tells by what it let through since it first did; of a few, by the most that they
            // may stand for.
            let through = amount(since: first)
            isSure = wasSure || through >= 10
            let most = through >= 10 ? through : through + 2 * through.squareRoot() + 2
            taken = min(taken, rate(of: most, from: first, until: end))
        }
        learned = max(1, rateBefore.map { min(max(taken, least), $0 * 0.98) } ?? taken)
    }

    private func amount(since start: Instant) -> Double {
        sent.reduce(0) { $1.at >= start ? $0 + $1.amount : $0 }
    }

    private func rate(of amount: Double, from start: Instant?, until end: Instant) -> Double {
        let span = min(Self.minute, end - (start ?? end))
        return amount * 60 / max(span.inSeconds, 1)
    }

    private mutating func grow(at now: Instant) {
        guard let learned, let changed, now - changed >= settling, sentAtRate >= learned * settling.inSeconds / 120
        else { return }
        self.learned = learned * (1 + step)
        if let ceiling, learned * (1 + step) >= ceiling { self.learned = nil }
        (self.changed, sentAtRate, step) = (now, 0, min(step * 2, isSure ? 0.25 : 1))
    }

    private mutating func note(_ amount: Double, at now: Instant) {
        sent.removeFirst(sent.prefix { now - $0.at > Self.minute * 2 }.count)
        if let last = sent.last, now - last.at < .milliseconds(20) {
            sent[sent.count - 1].amount += amount
        } else {
            sent.append((now, amount))
        }
    }
}

extension Duration {
    /// This as a number of seconds.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
