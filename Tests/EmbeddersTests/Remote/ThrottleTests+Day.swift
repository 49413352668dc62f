import Synchronization
import Testing

@testable import Embedders

/// Ceilings that count by the day.
extension ThrottleTests {
    @Test("The day's ceiling of tokens stops it, says so, and the next day it goes on")
    func ceiling() throws {
        var settings = Throttle.Settings()
        settings.tokensPerDay = 1000
        var throttle = Throttle(settings, usage: DayUsage(text: "0 3 600") ?? DayUsage(day: 7))
        let sent = try ticket(throttle.next(estimate: 300, at: moment(0)))
        // The provider counts more than we did.
        throttle.answered(sent, charged: 390, Allowance(), at: moment(1))
        #expect(throttle.usage.text == "0 4 990\n")
        guard case .tooMuch(left: 10, _, let more) = throttle.next(estimate: 300, at: moment(50)) else {
            Issue.record("it goes on")
            return
        }
        #expect(more.contains("10 of 1000 tokens a day (remote.tokensPerDay) are left"), "\(more)")
        _ = try ticket(throttle.next(estimate: 3, at: moment(60)))
        guard case .tooMuch(left: 0, _, let never) = throttle.next(estimate: 990, at: moment(70)) else {
            Issue.record("it goes on")
            return
        }
        #expect(never.contains("more than the 1000 a day"), "\(never)")
        let last = try ticket(throttle.next(estimate: 1, at: moment(80)))
        throttle.answered(last, charged: 9, Allowance(), at: moment(90))
        guard case .stopped(let until, let reason) = throttle.next(estimate: 300, at: moment(100)) else {
            Issue.record("it goes on")
            return
        }
        // 86,000 s of the first day were over when it began.
        #expect(until - began == .seconds(400))
        #expect(reason.contains("1000 tokens a day (remote.tokensPerDay)"))
        _ = try ticket(throttle.next(estimate: 300, at: moment(400)))
        #expect(throttle.usage.day == 1)
        #expect(throttle.usage.requests == 1)
    }

    @Test("A day's ceiling holds where a few requests cost more than most did", arguments: [0.5, 0.9, 1.0])
    func unevenCeiling(usual: Double) throws {
        var settings = Throttle.Settings()
        settings.tokensPerDay = 10_000
        var throttle = Throttle(settings)
        var estimate = 100
        for number in 0... {
            guard case .send(let sent) = throttle.next(estimate: estimate, at: moment(Double(number))) else {
                // A smaller request may go, as where a batch is divided.
                if estimate == 1 { break }
                estimate /= 2
                continue
            }
            let ratio = number.isMultiple(of: 7) ? 1 : usual
            throttle.answered(
                sent, charged: max(1, Int(Double(estimate) * ratio)), Allowance(), at: moment(Double(number)))
            #expect(throttle.usage.tokens <= 10_000)
        }
        #expect(throttle.usage.tokens > 9_990)
    }

    private final class Count: SharedUsage {
        let total = Mutex(DayUsage(day: 0))
        let problem = Mutex<SharedUsageError?>(nil)

        func add(_ part: DayUsage) throws(SharedUsageError) -> DayUsage {
            if let problem = problem.withLock(\.self) { throw problem }
            return total.withLock { total in
                total = total.adding(part)
                return total
            }
        }
    }

    @Test("Two that count together have one ceiling, and where the count is not known nothing is sent")
    func sharedCeiling() throws {
        var settings = Throttle.Settings()
        settings.tokensPerDay = 1000
        let count = Count()
        var (one, two) = (Throttle(settings), Throttle(settings))
        let sent = try ticket(one.next(estimate: 700, at: moment(0)))
        one.share(count)
        two.share(count)
        guard case .tooMuch(left: 300, _, _) = two.next(estimate: 400, at: moment(1)) else {
            Issue.record("each has its own")
            return
        }
        // What was charged is less than was reckoned.
        one.answered(sent, charged: 500, Allowance(), at: moment(2))
        one.share(count)
        two.share(count)
        _ = try ticket(two.next(estimate: 400, at: moment(3)))
        two.share(count)
        #expect(count.total.withLock(\.self).tokens == 900)
        count.problem.withLock { $0 = SharedUsageError("the disk is full") }
        one.share(count)
        guard case .stopped(_, because: "the disk is full") = one.next(estimate: 1, at: moment(4)) else {
            Issue.record("it goes on uncounted")
            return
        }
        count.problem.withLock { $0 = nil }
        one.share(count)
        #expect(one.usage.tokens == 900)
        _ = try ticket(one.next(estimate: 1, at: moment(5)))
    }

    @Test(
        "A count of a day that has not come yet goes on, and where it reaches the ceiling says so",
        arguments: [30_000, 1_000_000_000_000_000])
    func futureDay(_ day: Int) throws {
        var settings = Throttle.Settings()
        settings.requestsPerDay = 2
        let count = Count()
        count.total.withLock { $0 = DayUsage(text: "\(day) 1 5") ?? DayUsage(day: day) }
        var throttle = Throttle(settings)
        throttle.share(count)
        _ = try ticket(throttle.next(estimate: 1, at: moment(0)))
        throttle.share(count)
        #expect(count.total.withLock(\.self).requests == 2)
        guard case .stopped(let until, let reason) = throttle.next(estimate: 1, at: moment(1)) else {
            Issue.record("it is sent beyond the ceiling")
            return
        }
        #expect(reason.contains("has not come yet") && reason.contains("remote-usage"))
        // Somebody may set the clock right.
        #expect(until - began <= .seconds(61))
    }

    @Test("A clock that jumps a day ahead and back stops nothing, and lets nothing go beyond a ceiling")
    func clockJumps() throws {
        var free = Throttle(Throttle.Settings())
        var settings = Throttle.Settings()
        settings.tokensPerDay = 100
        var limited = Throttle(settings)
        var sent = 0
        for second in [0, 86_400, 10, 86_500, 20, 30] {
            let now = Throttle.Moment(began + .seconds(sent), seconds: 86_400 * 5 + second)
            free.answered(try ticket(free.next(estimate: 30, at: now)), charged: 30, Allowance(), at: now)
            guard case .send(let ticket) = limited.next(estimate: 30, at: now) else { continue }
            limited.answered(ticket, charged: 30, Allowance(), at: now)
            sent += 1
        }
        // The second day has begun with the first jump, and goes on from there.
        #expect(sent == 4)
    }

    @Test("Requests a day are counted too, but for refused ones")
    func requestCeiling() throws {
        var settings = Throttle.Settings()
        settings.requestsPerDay = 2
        var throttle = Throttle(settings)
        let first = try ticket(throttle.next(estimate: 1, at: moment(0)))
        throttle.limited(first, retryAfter: .seconds(1), Allowance(), at: moment(0))
        _ = try ticket(throttle.next(estimate: 1, at: moment(2)))
        _ = try ticket(throttle.next(estimate: 1, at: moment(90)))
        guard case .stopped = throttle.next(estimate: 1, at: moment(200)) else {
            Issue.record("it goes on")
            return
        }
    }

    @Test(
        "A day's usage is read as it was written, and nothing else is",
        arguments: [
            "", "1 2", "1 2 3 4", "1 -2 3", "a b c", "1 \(Int.max) 1", "\(Int.max) 1 1", "1 1 1000000000000001",
        ])
    func usageText(text: String) {
        var usage = DayUsage(day: 20_000)
        (usage.requests, usage.tokens) = (12, 345_678)
        #expect(DayUsage(text: usage.text) == usage)
        #expect(DayUsage(text: text) == nil)
    }
}
