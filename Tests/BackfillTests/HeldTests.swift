import Testing

@testable import Backfill

@Suite struct HeldTests {
    private var held = Held()

    @Test("A lock keeps the vector for the second that it waits")
    mutating func locked() {
        held.wait("a", with: EmbeddedRow("a", source: 9), at: start)
        #expect(held.entries["a"]?.vector == EmbeddedRow("a", source: 9))
        #expect(held.due == start + .seconds(1))
        #expect(held.takeDropped() == [])
    }

    @Test("A row that did not take its vector keeps it until its next attempt")
    mutating func kept() {
        held.keep(EmbeddedRow("a"), for: .seconds(7), at: start)
        held.wait("b", with: EmbeddedRow("b"), at: start + .seconds(60))
        // The first one is counted among those that fail.
        #expect(held.count == 2 && held.waiting == 1)
        #expect(held.due == start + .seconds(7))
        guard case .vectors([EmbeddedRow("a")]) = held.take(5, at: start + .seconds(7)) else {
            Issue.record("no vector")
            return
        }
    }

    @Test("A row whose text changes too fast waits a second, without its vector")
    mutating func postponed() {
        held.wait("a", with: EmbeddedRow("a"), at: start)
        held.postpone("a", at: start.ms(10))
        #expect(held.entries["a"]?.vector == nil)
        #expect(held.due == start.ms(1010))
        #expect(held.takeDropped() == ["a"])
        #expect(held.takeDropped() == [])
    }

    @Test("Rows with a vector are taken first, then those to begin anew with, oldest first")
    mutating func kinds() {
        #expect(held.take(10, at: start) == nil)
        held.postpone("k1", at: start)
        held.postpone("k2", at: start.ms(100))
        held.wait("v1", with: EmbeddedRow("v1"), at: start.ms(50))
        held.wait("v2", with: EmbeddedRow("v2"), at: start.ms(20))
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
        // They are out of turn until they are settled or held again.
        #expect(held.take(10, at: start.ms(200_000)) == nil)
        #expect(held.due == nil)
        #expect(held.count == 4)
        held.returned("k1", at: start.ms(3000))
        #expect(held.due == start.ms(3000))
    }

    @Test("A settled row is forgotten, and its vector's claim with it")
    mutating func settled() {
        held.wait("a", with: EmbeddedRow("a"), at: start)
        held.settle("a")
        held.settle("never seen")
        #expect(!held.contains("a"))
        #expect(held.count == 0)
        #expect(held.due == nil)
        #expect(held.takeDropped() == ["a"])
    }

    @Test("A vector that another takes the place of is not dropped")
    mutating func replaced() {
        held.wait("a", with: EmbeddedRow("a", source: 1), at: start)
        held.wait("a", with: EmbeddedRow("a", source: 2), at: start)
        #expect(held.takeDropped() == [])
        #expect(held.vectors == 1)
    }

    @Test("Vectors are kept for so many rows, and their places are given back")
    mutating func vectors() {
        for number in 0...Held.mostVectors { held.wait("\(number)", with: EmbeddedRow("\(number)"), at: start) }
        #expect(held.entries.values.count { $0.vector != nil } == Held.mostVectors)
        #expect(held.entries["\(Held.mostVectors)"]?.vector == nil)
        held.settle("0")
        held.postpone("1", at: start)
        held.wait("2", with: EmbeddedRow("2"), at: start)  // its own place is not counted twice
        held.wait("x", with: EmbeddedRow("x"), at: start)
        held.wait("y", with: EmbeddedRow("y"), at: start)
        held.wait("z", with: EmbeddedRow("z"), at: start)
        #expect(held.entries["x"]?.vector != nil)
        #expect(held.entries["y"]?.vector != nil)
        #expect(held.entries["z"]?.vector == nil)
    }

    @Test("Of a few rows each is tried every second, of many less and less often, and again within a heartbeat")
    mutating func waits() {
        func wait(_ key: RowKey) -> Duration? { held.entries[key].map { $0.next - start } }
        for _ in 1...8 { held.wait("a", with: nil, at: start) }
        #expect(wait("a") == .seconds(1))
        for number in 0...Held.few { held.wait("\(number)", with: EmbeddedRow("\(number)"), at: start) }
        #expect(wait("0") == .seconds(1))
        var waits: [Duration?] = []
        for _ in 1...6 {
            held.wait("0", with: nil, at: start)
            waits.append(wait("0"))
        }
        #expect(waits == [2, 4, 8, 10, 10, 10].map { .seconds($0) })
        // Once it has been free, it begins anew.
        held.settle("0")
        held.wait("0", with: nil, at: start)
        #expect(wait("0") == .seconds(1))
    }

    @Test("A row that was locked before it was embedded is looked at again, and begun with its text")
    mutating func lockedBefore() {
        held.wait("a", with: nil, at: start)
        #expect(held.due == start + .seconds(1))
        #expect(held.waiting == 1 && held.vectors == 0)
        guard case .keys(["a"]) = held.take(5, at: start + .seconds(1)) else {
            Issue.record("not the key")
            return
        }
        #expect(held.takeDropped() == [])
    }

    @Test("Only so many rows are remembered; those that are stay")
    mutating func rows() {
        for number in 0..<Held.mostRows { held.postpone("\(number)", at: start) }
        #expect(held.isFull)
        held.postpone("one more", at: start)
        #expect(!held.contains("one more"))
        #expect(held.count == Held.mostRows)
        held.settle("8")
        #expect(!held.isFull)
    }
}
