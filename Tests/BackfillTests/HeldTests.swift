import TestSupport
import Testing

@testable import Backfill

@Suite struct HeldTests {
    private var random = SeededRandom(seed: 11)
    private let retry = RetrySettings(first: .seconds(4), longest: .seconds(60), attempts: 4)

    @Test("A row waits longer after each failure and is set aside by the last of its attempts")
    mutating func attempts() {
        var held = Held(retry: retry)
        for (attempt, upper) in [4, 8, 16].enumerated() {
            #expect(!held.fail("a", reason: "no", at: start, using: &random))
            #expect(held.entries["a"]?.attempts == attempt + 1)
            let next = held.entries["a"]?.next ?? start
            #expect(next - start >= .seconds(upper) / 2 && next - start <= .seconds(upper))
            #expect(held.setAside == 0)
        }
        #expect(held.fail("a", reason: "still no", at: start, using: &random))
        #expect(held.setAside == 1)
        #expect(held.entries["a"]?.reason == "still no")
        #expect(held.due == start + .seconds(60))
        // It is reported once, and tried for ever.
        #expect(!held.fail("a", reason: "no", at: start, using: &random))
        #expect(held.due == start + .seconds(60))
        #expect(held.setAside == 1)
    }

    @Test("A lock is no failure, and keeps the vector and the attempts there were")
    mutating func locked() {
        var held = Held(retry: retry)
        _ = held.fail("a", reason: "no", at: start, using: &random)
        held.wait(for: EmbeddedRow("a", source: 9), at: start)
        #expect(held.entries["a"]?.attempts == 1)
        #expect(held.entries["a"]?.vector == EmbeddedRow("a", source: 9))
        #expect(held.due == start + .seconds(1))
        #expect(held.setAside == 0)
    }

    @Test("A row whose text changes too fast waits a second, uncharged and without its vector")
    func postponed() {
        var held = Held(retry: retry)
        held.wait(for: EmbeddedRow("a"), at: start)
        held.postpone("a", reason: "it changed 20 times", at: start.ms(10))
        #expect(held.entries["a"]?.attempts == 0)
        #expect(held.entries["a"]?.vector == nil)
        #expect(held.due == start.ms(1010))
    }

    @Test("Rows with a vector are taken first, then those to begin anew with, oldest first")
    mutating func kinds() {
        var held = Held(retry: retry)
        #expect(held.take(10, at: start) == nil)
        held.postpone("k1", reason: "", at: start)
        held.postpone("k2", reason: "", at: start.ms(100))
        held.wait(for: EmbeddedRow("v1"), at: start.ms(50))
        held.wait(for: EmbeddedRow("v2"), at: start.ms(20))
        #expect(held.take(10, at: start.ms(999)) == nil)
        guard case .vectors(let rows) = held.take(10, at: start.ms(2000)) else {
            Issue.record("no vectors")
            return
        }
        #expect(rows.map(\.key) == ["v2", "v1"])
        guard case .keys(let keys) = held.take(1, at: start.ms(2000)) else {
            Issue.record("no keys")
            return
        }
        #expect(keys == ["k1"])
        guard case .keys(["k2"]) = held.take(1, at: start.ms(2000)) else {
            Issue.record("not the second key")
            return
        }
        // They are out of turn until they are settled or fail again, and their attempts are kept.
        #expect(held.take(10, at: start.ms(2000)) == nil)
        #expect(held.count == 4)
    }

    @Test("A settled row starts with a clean sheet")
    mutating func settled() {
        var held = Held(retry: retry)
        for _ in 0..<4 { _ = held.fail("a", reason: "no", at: start, using: &random) }
        held.settle("a")
        held.settle("never seen")
        #expect(!held.contains("a"))
        #expect(held.count == 0)
        #expect(held.due == nil)
        #expect(!held.fail("a", reason: "no", at: start, using: &random))
        #expect(held.entries["a"]?.attempts == 1)
    }

    @Test("Other settings hold for rows that are held already")
    mutating func apply() {
        var held = Held(retry: retry)
        _ = held.fail("a", reason: "no", at: start, using: &random)
        held.apply(RetrySettings(first: .seconds(4), longest: .seconds(60), attempts: 1))
        #expect(held.setAside == 1)
        #expect(held.fail("b", reason: "no", at: start, using: &random))
    }

    @Test("Vectors are kept for so many rows, and their places are given back")
    func vectors() {
        var held = Held(retry: retry)
        for number in 0...Held.mostVectors { held.wait(for: EmbeddedRow("\(number)"), at: start) }
        #expect(held.entries.values.count { $0.vector != nil } == Held.mostVectors)
        #expect(held.entries["\(Held.mostVectors)"]?.vector == nil)
        held.settle("0")
        held.postpone("1", reason: "", at: start)
        held.wait(for: EmbeddedRow("2"), at: start)  // its own place is not counted twice
        held.wait(for: EmbeddedRow("x"), at: start)
        held.wait(for: EmbeddedRow("y"), at: start)
        held.wait(for: EmbeddedRow("z"), at: start)
        #expect(held.entries["x"]?.vector != nil)
        #expect(held.entries["y"]?.vector != nil)
        #expect(held.entries["z"]?.vector == nil)
    }

    @Test("Only so many rows are remembered; those that are stay")
    mutating func rows() {
        var held = Held(retry: retry)
        for number in 0..<Held.mostRows { held.postpone("\(number)", reason: "", at: start) }
        #expect(held.isFull)
        _ = held.fail("one more", reason: "no", at: start, using: &random)
        #expect(!held.contains("one more"))
        #expect(held.count == Held.mostRows)
        _ = held.fail("7", reason: "no", at: start, using: &random)
        #expect(held.entries["7"]?.attempts == 1)
        held.settle("8")
        #expect(!held.isFull)
    }
}
