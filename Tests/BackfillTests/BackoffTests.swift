import TestSupport
import Testing

@testable import Backfill

@Suite struct BackoffTests {
    @Test("Waits double up to the longest, each in the upper half", arguments: UInt64(1)...50)
    func bounds(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var backoff = Backoff(first: .seconds(2), longest: .seconds(30))
        for (failures, upper) in [2, 4, 8, 16, 30, 30, 30].enumerated() {
            #expect(backoff.failures == failures)
            let wait = backoff.next(using: &random)
            #expect(wait >= .seconds(upper) / 2)
            #expect(wait <= .seconds(upper))
        }
    }

    @Test("Two that failed together do not come back together")
    func jitter() {
        var waits: Set<Duration> = []
        for seed in UInt64(1)...100 {
            var random = SeededRandom(seed: seed)
            var backoff = Backoff(first: .seconds(10), longest: .seconds(300))
            waits.insert(backoff.next(using: &random))
        }
        #expect(waits.count == 100)
        #expect((waits.max() ?? .zero) - (waits.min() ?? .zero) > .seconds(4))
    }

    @Test("A success begins anew")
    func reset() {
        var random = SeededRandom(seed: 3)
        var backoff = Backoff(first: .seconds(1), longest: .seconds(100))
        for _ in 0..<5 { _ = backoff.next(using: &random) }
        backoff.reset()
        #expect(backoff.failures == 0)
        #expect(backoff.next(using: &random) <= .seconds(1))
    }

    @Test("No number of failures overflows or goes over the longest wait")
    func many() {
        #expect(Backoff.wait(after: 0, first: .seconds(5), longest: .seconds(300)) == .seconds(5))
        #expect(Backoff.wait(after: 6, first: .seconds(5), longest: .seconds(300)) == .seconds(300))
        #expect(Backoff.wait(after: .max, first: .nanoseconds(1), longest: .seconds(300)) <= .seconds(300))
        #expect(Backoff.wait(after: .max, first: .zero, longest: .seconds(300)) == .zero)
        #expect(Backoff.wait(after: 0, first: .seconds(9), longest: .seconds(3)) == .seconds(3))
    }
}
