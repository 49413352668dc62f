import TestSupport
import Testing

@testable import Backfill

@Suite struct DebouncerTests {
    private func debouncer(rows: Int = 3) -> Debouncer {
        Debouncer(quiet: .milliseconds(25), longest: .milliseconds(250), rows: rows)
    }

    @Test("Nothing is due while nothing waits")
    func empty() {
        var debouncer = debouncer()
        #expect(debouncer.due == nil)
        #expect(debouncer.take(at: start.ms(10_000)) == nil)
        #expect(debouncer.count == 0)
    }

    @Test("A batch is due when nothing new came for the quiet period, and not a moment before")
    func quiet() {
        var debouncer = debouncer()
        debouncer.add("a", at: start)
        debouncer.add("b", at: start.ms(20))
        #expect(debouncer.due == start.ms(45))
        #expect(debouncer.take(at: start.ms(45) - .nanoseconds(1)) == nil)
        #expect(debouncer.take(at: start.ms(45)) == ["a", "b"])
        #expect(debouncer.due == nil)
    }

    @Test("No key waits longer than the longest wait, however many follow it")
    func longest() {
        var debouncer = debouncer(rows: 1000)
        for millisecond in stride(from: 0, to: 300, by: 20) {
            debouncer.add("\(millisecond)", at: start.ms(millisecond))
        }
        #expect(debouncer.due == start.ms(250))
        #expect(debouncer.take(at: start.ms(280))?.first == "0")
    }

    @Test("A full batch is due at once and takes no more than it holds, oldest first")
    func full() {
        var debouncer = debouncer()
        for key in ["a", "b", "c", "d"] as [RowKey] { debouncer.add(key, at: start.ms(7)) }
        #expect(debouncer.due == start.ms(7))
        #expect(debouncer.take(at: start.ms(7)) == ["a", "b", "c"])
        #expect(debouncer.count == 1)
        #expect(debouncer.take(at: start.ms(8)) == nil)
        #expect(debouncer.due == start.ms(32))
        #expect(debouncer.take(at: start.ms(32)) == ["d"])
    }

    @Test("A key that waits already keeps its place and is there once; the quiet period begins anew")
    func duplicates() {
        var debouncer = debouncer()
        debouncer.add("a", at: start)
        debouncer.add("b", at: start.ms(5))
        debouncer.add("a", at: start.ms(20))
        #expect(debouncer.count == 2)
        #expect(debouncer.due == start.ms(45))
        #expect(debouncer.take(at: start.ms(45)) == ["a", "b"])
        debouncer.add("a", at: start.ms(50))
        #expect(debouncer.take(at: start.ms(75)) == ["a"])
    }

    @Test("Other settings hold for what waits already")
    func apply() {
        var debouncer = debouncer()
        debouncer.add("a", at: start)
        debouncer.apply(quiet: .seconds(1), longest: .seconds(2), rows: 3)
        #expect(debouncer.due == start.ms(1000))
        debouncer.add("b", at: start)
        debouncer.apply(quiet: .seconds(1), longest: .seconds(2), rows: 2)
        #expect(debouncer.take(at: start) == ["a", "b"])
    }

    @Test("Removing everything leaves it as new")
    func removeAll() {
        var debouncer = debouncer()
        debouncer.add("a", at: start)
        debouncer.removeAll()
        #expect(debouncer.count == 0)
        #expect(debouncer.due == nil)
        debouncer.add("a", at: start.ms(500))
        #expect(debouncer.due == start.ms(525))
    }

    /// The rules once more, as plainly as they can be said: a list of keys with the times at which they came.
    private struct Model {
        var keys: [(name: RowKey, waitsSince: Instant)] = []
        var last = start

        func due(_ rows: Int) -> Instant? {
            guard let first = keys.first else { return nil }
            return keys.count >= rows ? first.waitsSince : min(last.ms(25), first.waitsSince.ms(250))
        }
    }

    @Test("It does what a naive model of it does", arguments: UInt64(1)...40)
    func model(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let rows = Int.random(in: 1...6, using: &random)
        var debouncer = debouncer(rows: rows)
        var model = Model()
        var now = start
        for _ in 0..<2_000 {
            now = now.ms(Int.random(in: 0...40, using: &random))
            if random.chance(0.7) {
                let key = RowKey("\(Int.random(in: 0..<12, using: &random))")
                debouncer.add(key, at: now)
                model.last = now
                if !model.keys.contains(where: { $0.name == key }) { model.keys.append((key, now)) }
            } else {
                let isDue = model.due(rows).map { $0 <= now } ?? false
                let expected = isDue ? Array(model.keys.prefix(rows).map(\.name)) : nil
                #expect(debouncer.take(at: now) == expected)
                if let expected {
                    model.keys.removeFirst(expected.count)
                    // What is left over begins a batch of its own.
                    for index in model.keys.indices { model.keys[index].waitsSince = model.last }
                }
            }
            #expect(debouncer.count == model.keys.count)
            #expect(debouncer.due == model.due(rows))
        }
    }

    @Test("Taken whenever it is due, no key waits over the longest wait and none is lost", arguments: UInt64(1)...20)
    func bounded(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var debouncer = debouncer(rows: 4)
        var arrivals: [RowKey: Instant] = [:]
        var now = start
        var next = 0
        for round in 0..<1_000 {
            let event = now.ms(Int.random(in: 1...30, using: &random))
            while let due = debouncer.due, due <= event || round == 999 {
                now = max(now, due)
                guard let batch = debouncer.take(at: now) else {
                    Issue.record("due, but nothing to take")
                    return
                }
                #expect(!batch.isEmpty && batch.count <= 4)
                for key in batch {
                    guard let arrival = arrivals.removeValue(forKey: key) else {
                        Issue.record("\(key) was taken twice")
                        continue
                    }
                    #expect(now - arrival <= .milliseconds(250))
                }
            }
            now = event
            // Several at once, as one notification names them.
            for _ in 0..<Int.random(in: 1...9, using: &random) where round < 999 {
                debouncer.add("\(next)", at: now)
                arrivals["\(next)"] = now
                next += 1
            }
        }
        #expect(arrivals.isEmpty)
    }
}
