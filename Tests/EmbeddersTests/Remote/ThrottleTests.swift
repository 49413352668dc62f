import Testing

@testable import Embedders

@Suite struct ThrottleTests {
    private static let countings: [VirtualProvider.Counting] = [
        .windows(endingAt: 0), .windows(endingAt: 2), .windows(endingAt: 30), .sliding, .bucket(60), .bucket(10),
    ]

    @Test(
        "Of 60 requests a minute that nobody told of, over 95 % are used, and under 2 % refused after the first minute",
        arguments: countings, [(0.1, true), (0.1, false), (0.8, true), (0.8, false)])
    func learnedRate(counting: VirtualProvider.Counting, network: (latency: Double, isWhole: Bool)) {
        let provider = VirtualProvider(limit: 60, counting, isWhole: network.isWhole)
        var sending = VirtualSending(Throttle(Throttle.Settings()), to: provider, latency: network.latency)
        // Ten whole windows of the provider's, the first of which begins within the second minute.
        sending.run(until: 700)
        let period = 90.0..<690.0
        let taken = sending.provider.taken.count { period.contains($0) }
        let refused = sending.provider.refused.count { $0 >= 60 }
        #expect(Double(taken) / 600 >= 0.95, "\(taken) of 600")
        #expect(Double(refused) / Double(taken + refused) < 0.02, "\(refused) refused beside \(taken)")
    }

    @Test("Of 500 requests a minute over 95 % are used where eight at once can use them")
    func fasterRate() {
        var sending = VirtualSending(
            Throttle(Throttle.Settings()), to: VirtualProvider(limit: 500, .sliding, isWhole: true), latency: 0.2)
        sending.run(until: 700)
        let taken = sending.provider.taken.count { (90.0..<690.0).contains($0) }
        #expect(Double(taken) / 5000 >= 0.95, "\(taken) of 5000")
    }

    @Test(
        "A provider that refuses without a word is not asked in vain for ever: its rate is learned too",
        arguments: [VirtualProvider.Counting.windows(endingAt: 7), .sliding, .bucket(60), .bucket(10)])
    func muteRate(counting: VirtualProvider.Counting) {
        var provider = VirtualProvider(limit: 60, counting, isWhole: true)
        provider.isMute = true
        var sending = VirtualSending(Throttle(Throttle.Settings()), to: provider, latency: 0.2)
        sending.run(until: 1260)
        let taken = sending.provider.taken.count { (240.0..<1260.0).contains($0) }
        let refused = sending.provider.refused.count { $0 >= 240 }
        #expect(Double(taken) / 1020 >= 0.85, "\(taken) of 1020")
        #expect(Double(refused) / Double(taken + refused) < 0.03, "\(refused) refused beside \(taken)")
    }

    @Test(
        "A provider that took nothing for a while is soon sent as much as before",
        arguments: [0.0, 100.0], [false, true])
    func storm(begins: Double, isMute: Bool) {
        var provider = VirtualProvider(limit: 6_000, .sliding, isWhole: true)
        provider.isMute = isMute
        provider.storm = begins..<(begins + 60)
        var sending = VirtualSending(Throttle(Throttle.Settings()), to: provider, latency: 0.2)
        sending.run(until: 400)
        let taken = sending.provider.taken
        // Eight at once, each a fifth of a second: 40 a second. A minute is the longest that is waited without a word.
        #expect(taken.count { (begins + 180..<begins + 210).contains($0) } >= 1_000)
        #expect(sending.provider.refused.count < 200)
    }

    @Test("Who says \"at once\" with each refusal is asked at longer and longer intervals")
    func atOnce() throws {
        var throttle = Throttle(Throttle.Settings())
        var time = 0.0
        var waits: [Double] = []
        for _ in 0..<9 {
            let sent = try ticket(throttle.next(estimate: 1, at: moment(time)))
            throttle.limited(sent, retryAfter: .zero, Allowance(), at: moment(time + 0.01))
            guard case .wait(let until, _) = throttle.next(estimate: 1, at: moment(time + 0.01)) else {
                Issue.record("it goes on at once")
                return
            }
            waits.append((until - began).inSeconds - time)
            time = (until - began).inSeconds + 0.001
        }
        #expect(waits[1] >= 1 && waits[2] >= 2 && waits[8] >= 60, "\(waits)")
        // One that is taken ends it.
        let sent = try ticket(throttle.next(estimate: 1, at: moment(time)))
        throttle.answered(sent, charged: nil, Allowance(), at: moment(time + 0.1))
        let later = try ticket(throttle.next(estimate: 1, at: moment(time + 100)))
        throttle.limited(later, retryAfter: .seconds(1), Allowance(), at: moment(time + 100))
        guard case .wait(let until, _) = throttle.next(estimate: 1, at: moment(time + 100)) else {
            Issue.record("it goes on at once")
            return
        }
        #expect((until - began).inSeconds - time < 103)
    }

    @Test("A configured rate is used from the start and hardly anything is refused")
    func configuredRate() {
        var settings = Throttle.Settings()
        settings.requestsPerMinute = 60
        var sending = VirtualSending(
            Throttle(settings), to: VirtualProvider(limit: 60, .sliding, isWhole: true), latency: 0.3)
        sending.run(until: 660)
        #expect(sending.provider.taken.count >= 627, "\(sending.provider.taken.count)")
        #expect(sending.provider.refused.count <= 12, "\(sending.provider.refused.count)")
    }

    let began = ContinuousClock.now

    func moment(_ seconds: Double) -> Throttle.Moment {
        Throttle.Moment(began + .seconds(seconds), seconds: 86_000 + Int(seconds))
    }

    func ticket(_ verdict: Throttle.Verdict) throws -> Throttle.Ticket {
        guard case .send(let ticket) = verdict else {
            Issue.record("\(verdict)")
            throw CancellationError()
        }
        return ticket
    }

    @Test("Every round that goes well makes room for more, up to the most, and no answer in time halves it")
    func window() throws {
        var settings = Throttle.Settings()
        settings.requestsInFlight = 6
        var throttle = Throttle(settings)
        var time = 0.0
        for _ in 0..<10 {
            var tickets: [Throttle.Ticket] = []
            while case .send(let ticket) = throttle.next(estimate: 10, at: moment(time)) { tickets.append(ticket) }
            #expect(throttle.next(estimate: 10, at: moment(time)) == .full)
            time += 0.1
            for ticket in tickets { throttle.answered(ticket, charged: nil, Allowance(), at: moment(time)) }
        }
        #expect(throttle.room == 6)
        let one = try ticket(throttle.next(estimate: 10, at: moment(time)))
        let two = try ticket(throttle.next(estimate: 10, at: moment(time)))
        throttle.failed(one, isCharged: true, isOverload: true, at: moment(time + 30))
        throttle.failed(two, isCharged: true, isOverload: true, at: moment(time + 30))
        #expect(throttle.room == 3)
    }

    @Test("Answers that get slow with the number of requests make it fewer, and it is found again")
    func slowness() {
        var throttle = Throttle(Throttle.Settings())
        var rooms: [Int] = []
        var underWay: [(ends: Double, ticket: Throttle.Ticket)] = []
        var time = 0.0
        // A provider that gets far too slow beyond four at once.
        for _ in 0..<2000 {
            while case .send(let ticket) = throttle.next(estimate: 10, at: moment(time)) {
                let latency = throttle.inFlight > 4 ? 2.0 : 0.1
                underWay.append((time + latency, ticket))
                underWay.sort { $0.ends < $1.ends }
            }
            let first = underWay.removeFirst()
            time = first.ends
            throttle.answered(first.ticket, charged: nil, Allowance(), at: moment(time))
            rooms.append(throttle.room)
        }
        let late = rooms.suffix(1000)
        #expect(late.max() ?? 0 <= 7)
        #expect(late.min() ?? 0 >= 2)
        #expect(rooms.max() == 8)
    }

    @Test("Too many at once, without a word on how long to wait, makes them fewer")
    func tooManyAtOnce() throws {
        var throttle = Throttle(Throttle.Settings())
        for second in 0..<10 {
            var tickets: [Throttle.Ticket] = []
            while case .send(let ticket) = throttle.next(estimate: 1, at: moment(Double(second))) {
                tickets.append(ticket)
            }
            for ticket in tickets {
                throttle.answered(ticket, charged: nil, Allowance(), at: moment(Double(second) + 0.1))
            }
        }
        #expect(throttle.room == 8)
        let refused = try ticket(throttle.next(estimate: 1, at: moment(20)))
        throttle.limited(refused, retryAfter: nil, Allowance(), at: moment(20.1))
        #expect(throttle.room == 4)
        guard case .wait(let until, _) = throttle.next(estimate: 1, at: moment(20.1)) else {
            Issue.record("it goes on at once")
            return
        }
        #expect(until > moment(20.5).instant)
        #expect(throttle.requestsPerMinute == nil)
    }

    @Test("Whatever a provider says of its limits, a rate is a number that can be told")
    func absurdRates() throws {
        var settings = Throttle.Settings()
        settings.requestsPerMinute = .max
        var throttle = Throttle(settings)
        for (number, reset) in [Duration(secondsComponent: 0, attosecondsComponent: 1), .nanoseconds(1), .seconds(1)]
            .enumerated()
        {
            let sent = try ticket(throttle.next(estimate: 1, at: moment(Double(number * 100))))
            var allowance = Allowance()
            (allowance.requests, allowance.requestsLeft, allowance.requestsReset) = (
                1_000_000_000_000, 400_000_000_000, reset
            )
            (allowance.tokens, allowance.tokensLeft, allowance.tokensReset) = (1_000_000_000_000, 1, reset)
            throttle.answered(sent, charged: 1, allowance, at: moment(Double(number * 100)))
            _ = throttle.next(estimate: 1, at: moment(Double(number * 100)))
            #expect((throttle.requestsPerMinute ?? 0) <= 1e12)
        }
        // Until the pace holds one back, and its reason has the rate in it.
        for _ in 0..<10 {
            guard case .send(let ticket) = throttle.next(estimate: 1_000_000_000, at: moment(1_000)) else { return }
            throttle.answered(ticket, charged: nil, Allowance(), at: moment(1_000))
        }
    }

    @Test("Tokens a minute hold back what requests a minute would not")
    func tokens() throws {
        var settings = Throttle.Settings()
        settings.tokensPerMinute = 6000
        var throttle = Throttle(settings)
        var sent = 0
        var time = 0.0
        while time < 600 {
            switch throttle.next(estimate: 500, at: moment(time)) {
            case .send(let ticket):
                sent += 1
                throttle.answered(ticket, charged: 500, Allowance(), at: moment(time))
            case .wait(let until, let reason):
                #expect(reason == "the provider is sent 6000 tokens a minute, and no more")
                time = (until - began).inSeconds
            default: Issue.record("neither sent nor paced")
            }
        }
        #expect((118...122).contains(sent), "\(sent)")
    }

    @Test("What the provider charges for corrects how tokens are reckoned")
    func scale() throws {
        var throttle = Throttle(Throttle.Settings())
        for second in 0..<40 {
            let sent = try ticket(throttle.next(estimate: 100, at: moment(Double(second))))
            throttle.answered(sent, charged: 130, Allowance(), at: moment(Double(second) + 0.1))
        }
        #expect(abs(throttle.scale - 1.3) < 0.01)
        #expect(throttle.usage.tokens == 40 * 130)
    }

    @Test("What no request can cost is not believed, however often it is said")
    func absurd() throws {
        var throttle = Throttle(Throttle.Settings())
        for second in 0..<20 {
            let sent = try ticket(throttle.next(estimate: 100, at: moment(Double(second))))
            throttle.answered(sent, charged: 999_999_999_999_999_999, Allowance(), at: moment(Double(second) + 0.1))
        }
        #expect(throttle.usage.tokens == 20 * 100)
    }

    @Test("An allowance that runs out is spread until it is renewed")
    func allowance() throws {
        var throttle = Throttle(Throttle.Settings())
        var allowance = Allowance()
        (allowance.requests, allowance.requestsLeft, allowance.requestsReset) = (500, 20, .seconds(480))
        let sent = try ticket(throttle.next(estimate: 1, at: moment(0)))
        throttle.answered(sent, charged: nil, allowance, at: moment(1))
        #expect(throttle.requestsPerMinute == 60)
        allowance.requestsLeft = 499
        let next = try ticket(throttle.next(estimate: 1, at: moment(10)))
        throttle.answered(next, charged: nil, allowance, at: moment(11))
        #expect(throttle.requestsPerMinute == nil)
    }
}
