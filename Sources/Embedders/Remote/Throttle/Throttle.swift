/// Decides when a request may go to a provider: how many are on their way at once, how many go a minute, and whether the
/// day's ceiling is reached.
///
/// A pure value: it is told the time, and sends nothing itself.
package struct Throttle: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// What limits it.
    package struct Settings: Sendable, Hashable {
        /// Requests on their way at once, at most.
        package var requestsInFlight = 8
        /// Requests a minute, at most; nil for what the provider takes.
        package var requestsPerMinute: Int?
        /// Tokens a minute, at most; nil for what the provider takes.
        package var tokensPerMinute: Int?
        /// Requests on a day of UTC, at most.
        package var requestsPerDay: Int?
        /// Tokens on a day of UTC, at most.
        package var tokensPerDay: Int?
        /// How long is waited at most after refusals that do not say how long.
        package var longestWait = Duration.seconds(60)

        package init() {}
    }

    /// A time on both clocks.
    package struct Moment: Sendable, Hashable {
        package var instant: Instant
        /// Seconds since 1970.
        package var seconds: Int

        package init(_ instant: Instant, seconds: Int) {
            self.instant = instant
            self.seconds = seconds
        }
    }

    /// A request that may go, and counts as on its way until it is settled.
    package struct Ticket: Sendable, Hashable {
        let sentAt: Instant
        let estimate: Int
        let tokens: Int
        /// Tokens that are held back of the day's until it is known what it was charged.
        let reserve: Int
        let day: Int
    }

    /// What to do with the next request.
    package enum Verdict: Sendable, Hashable {
        /// Send it.
        case send(Ticket)
        /// Wait until one of those on their way is settled.
        case full
        /// Wait until then.
        case wait(until: Instant, because: String)
        /// It has more tokens than are left of the day's; a smaller one may go. `left` is 0 where it has more than a day has.
        case tooMuch(left: Int, until: Instant, because: String)
        /// Nothing more goes until then: a ceiling is reached, or nobody knows whether it is.
        case stopped(until: Instant, because: String)
    }

    private let settings: Settings
    private var window: RequestWindow
    private var requests: Pace
    private var tokens: Pace
    /// What was sent today, as far as is known by others too.
    package private(set) var usage: DayUsage
    /// What of it was sent from here since it was told to others.
    private var untold: DayUsage
    /// What was sent from here in all.
    package private(set) var own = DayUsage(day: 0)
    /// Why the day's count is not known.
    private var fault: String?
    /// Requests on their way.
    package private(set) var inFlight = 0
    /// Refusals in a row, those of requests that were on their way together as one, and when the last came.
    private var strikes = 0
    private var struck: Instant?
    /// When refusals came that said nothing, neither of how long to wait nor of how much is taken.
    private var mute: [Instant] = []
    /// What the provider charges for a token as it is reckoned here.
    package private(set) var scale = 1.0
    /// How many tokens more than were reckoned it has charged for a request lately: none is to go beyond a day's ceiling.
    private var slack = 0

    /// - Parameters:
    ///   - settings: The limits.
    ///   - usage: What was sent earlier today.
    package init(_ settings: Settings, usage: DayUsage = DayUsage(day: 0)) {
        self.settings = settings
        self.usage = usage
        untold = DayUsage(day: usage.day)
        window = RequestWindow(most: settings.requestsInFlight)
        requests = Pace(ceiling: settings.requestsPerMinute)
        tokens = Pace(ceiling: settings.tokensPerMinute)
    }

    /// How many requests may be on their way now.
    package var room: Int { Int(window.size) }
    /// Requests that are sent a minute at most; nil while nothing limits it.
    package var requestsPerMinute: Double? { requests.rate }

    /// Whether a request of so many tokens, as they are reckoned, may go now. One that may counts as on its way.
    package mutating func next(estimate: Int, at now: Moment) -> Verdict {
        usage.turn(at: now.seconds)
        if untold.day != usage.day { untold = DayUsage(day: usage.day) }
        let charge = max(1, Int(Double(estimate) * scale))
        if let fault { return .stopped(until: now.instant + .seconds(60), because: fault) }
        let reserve = reserve(max(estimate, charge))
        if let stop = ceiling(reserve, at: now) { return stop }
        guard window.hasRoom(beside: inFlight) else { return .full }
        let opens = max(requests.opens(at: now.instant), tokens.opens(at: now.instant))
        guard opens <= now.instant else { return .wait(until: opens, because: reason(for: opens, at: now.instant)) }
        requests.spend(1, at: now.instant)
        tokens.spend(Double(charge), at: now.instant)
        count(requests: 1, tokens: reserve)
        inFlight += 1
        return .send(
            Ticket(sentAt: now.instant, estimate: estimate, tokens: charge, reserve: reserve, day: usage.day))
    }

    /// An answer came.
    ///
    /// - Parameters:
    ///   - ticket: The request's.
    ///   - charged: Tokens that the provider says it has charged for.
    ///   - allowance: What it says is left.
    ///   - now: The time.
    package mutating func answered(_ ticket: Ticket, charged: Int?, _ allowance: Allowance, at now: Moment) {
        window.answered(tokens: ticket.tokens, sentAt: ticket.sentAt, inFlight: inFlight, at: now.instant)
        inFlight -= 1
        if struck.map({ ticket.sentAt > $0 }) ?? true { strikes = 0 }
        if let charged, 1...Self.mostCharged ~= charged {
            slack = max(charged - max(ticket.estimate, ticket.tokens), slack * 4 / 5)
            correct(ticket, to: charged)
            if ticket.estimate > 0 {
                let ratio = Double(charged) / Double(ticket.estimate)
                scale = min(max(scale * 0.8 + ratio * 0.2, 0.1), 10)
            }
        }
        heed(allowance, at: now.instant)
    }

    /// No request has so many tokens: who says that it has is not believed.
    private static let mostCharged = 1_000_000_000

    /// The provider asks for fewer requests.
    package mutating func limited(
        _ ticket: Ticket, retryAfter: Duration?, _ allowance: Allowance, at now: Moment
    ) {
        inFlight -= 1
        if ticket.day == usage.day { count(requests: -1, tokens: 0) }
        correct(ticket, to: 0, isPaced: false)
        heed(allowance, at: now.instant)
        let isOfTokens = (allowance.tokensLeft ?? .max) < ticket.tokens && (allowance.requestsLeft ?? 0) > 0
        let reset = isOfTokens ? allowance.tokensReset : allowance.requestsLeft == 0 ? allowance.requestsReset : nil
        let said = retryAfter ?? reset
        // Who has refused many times in a row is waited for longer than he says: "at once" may be wrong.
        if struck.map({ ticket.sentAt > $0 }) ?? true { (strikes, struck) = (strikes + 1, now.instant) }
        let least = strikes < 2 ? Duration.milliseconds(10) : patience(after: strikes - 1)
        let wait = max(said ?? patience(after: strikes), least)
        // Without a word on how long, it may be that too many are on their way at once. Where fewer are refused too, it is
        // how many are sent a minute.
        if said == nil { window.collapsed(sentAt: ticket.sentAt, at: now.instant) }
        // One that takes nothing at all says nothing of how much it takes: what was learned of its first refusals stays.
        guard strikes <= Self.tellingStrikes, said != nil || isOfRate(ticket, at: now.instant) else {
            requests.giveBack(1, sentAt: ticket.sentAt)
            tokens.giveBack(Double(ticket.tokens), sentAt: ticket.sentAt)
            return requests.hold(until: now.instant + wait)
        }
        if isOfTokens {
            tokens.refused(
                Double(ticket.tokens), sentAt: ticket.sentAt, wait: wait, isSaid: said != nil, at: now.instant)
            requests.giveBack(1, sentAt: ticket.sentAt)
        } else {
            requests.refused(1, sentAt: ticket.sentAt, wait: wait, isSaid: said != nil, at: now.instant)
            tokens.giveBack(Double(ticket.tokens), sentAt: ticket.sentAt)
        }
    }

    /// How long is waited after so many refusals in a row, where none said.
    private func patience(after strikes: Int) -> Duration {
        min(settings.longestWait, .seconds(1 << min(strikes - 1, 6)))
    }

    /// Of so many refusals in a row something is learned.
    private static let tellingStrikes = 2

    /// No usable answer came.
    ///
    /// - Parameters:
    ///   - ticket: The request's.
    ///   - isCharged: Whether the provider may have charged for it.
    ///   - isOverload: Whether it may have been too much for the provider.
    ///   - now: The time.
    package mutating func failed(_ ticket: Ticket, isCharged: Bool, isOverload: Bool, at now: Moment) {
        inFlight -= 1
        if isOverload { window.collapsed(sentAt: ticket.sentAt, at: now.instant) }
        if !isCharged { correct(ticket, to: 0) }
    }

    /// Tells others what was sent from here, and hears of them.
    package mutating func share(_ shared: any SharedUsage) {
        do throws(SharedUsageError) {
            let sum = try shared.add(untold)
            untold = DayUsage(day: untold.day)
            fault = nil
            if sum.day >= usage.day { usage = sum }
        } catch {
            fault = error.description
        }
    }

    private mutating func count(requests: Int, tokens: Int) {
        usage.requests = max(0, usage.requests + requests)
        usage.tokens = max(0, usage.tokens + tokens)
        own.requests += requests
        own.tokens += tokens
        untold.requests += requests
        untold.tokens += tokens
    }

    /// Whether a refusal without a word is for how many were sent a minute: there was another within five minutes before, of
    /// requests that were not on their way with this one.
    private mutating func isOfRate(_ ticket: Ticket, at now: Instant) -> Bool {
        mute.removeAll { now - $0 > .seconds(300) }
        let isSecond = mute.contains { ticket.sentAt > $0 }
        if mute.last.map({ ticket.sentAt > $0 }) ?? true { mute.append(now) }
        return isSecond || window.size <= 1
    }

    private mutating func correct(_ ticket: Ticket, to charged: Int, isPaced: Bool = true) {
        if ticket.day == usage.day { count(requests: 0, tokens: charged - ticket.reserve) }
        if isPaced { tokens.giveBack(Double(ticket.tokens - charged), sentAt: ticket.sentAt) }
    }

    private mutating func heed(_ allowance: Allowance, at now: Instant) {
        requests.told(
            limit: allowance.requests, left: allowance.requestsLeft, reset: allowance.requestsReset, at: now)
        tokens.told(limit: allowance.tokens, left: allowance.tokensLeft, reset: allowance.tokensReset, at: now)
    }

    /// What is held back of the day's for a request that likely has so many tokens: up to twice as many, as the last ones had
    /// more than was likely, but no more than a day has where it may fit.
    private func reserve(_ likely: Int) -> Int {
        max(likely, min(likely + min(slack, likely), settings.tokensPerDay ?? .max))
    }

    private func ceiling(_ charge: Int, at now: Moment) -> Verdict? {
        let isToday = usage.day <= DayUsage.day(of: now.seconds)
        let midnight = now.instant + .seconds(isToday ? (usage.day + 1) * 86_400 - now.seconds : 60)
        let then =
            isToday
            ? "it goes on at 00:00 UTC"
            : "counted for a day that has not come yet: the clock was wrong then, or is now; to count anew remove the file "
                + "remote-usage in the state directory and start again"
        if let most = settings.requestsPerDay, usage.requests >= most {
            let reason = "the ceiling of \(most) requests a day (remote.requestsPerDay) is reached, \(then)"
            return .stopped(until: midnight, because: reason)
        }
        guard let most = settings.tokensPerDay, usage.tokens + charge > most else { return nil }
        let left = most - usage.tokens
        guard left > 0 else {
            let reason = "the ceiling of \(most) tokens a day (remote.tokensPerDay) is reached, \(then)"
            return .stopped(until: midnight, because: reason)
        }
        let reason =
            charge > most
            ? "it has some \(charge) tokens, more than the \(most) a day that may be sent (remote.tokensPerDay)"
            : "\(left) of \(most) tokens a day (remote.tokensPerDay) are left, the next text has some \(charge), \(then)"
        return .tooMuch(left: charge > most ? 0 : left, until: midnight, because: reason)
    }

    private func reason(for opens: Instant, at now: Instant) -> String {
        if requests.heldUntil == opens || tokens.heldUntil == opens { return "the provider asks for fewer requests" }
        if requests.opens(at: now) == opens, let rate = requests.rate {
            return "the provider is sent \(Int(rate)) requests a minute, and no more"
        }
        return "the provider is sent \(Int(tokens.rate ?? 0)) tokens a minute, and no more"
    }
}
