import Testing

@testable import Backfill

@Suite struct IntakePauseTests {
    private var intake = Intake.seeded()

    /// Announces a row, waits until it is due and begins it.
    private mutating func begin(_ key: RowKey, at now: Instant = start) {
        intake.announce([key], at: now)
        #expect(intake.next(at: now.ms(25)) == .batch([key]))
    }

    @Test("A pause forgets what is known, and ends with a scan that finds it again")
    mutating func pause() throws {
        intake.scan(["1", "2", "3", "4", "5"], limit: 10)
        #expect(intake.next(at: start) == .batch(["1", "2", "3", "4"]))
        intake.announce(["a"], at: start)
        intake.ended(["1", "2", "3", "4"], at: start)
        intake.paused(at: start)
        #expect(intake.waiting == 0)
        #expect(intake.working == 0)
        #expect(!intake.isIdle)
        guard case .wait(let until?) = intake.next(at: start) else {
            Issue.record("no pause")
            return
        }
        #expect(until >= start.ms(500) && until <= start.ms(1000))
        #expect(intake.next(at: until - .nanoseconds(1)) == .wait(until: until))
        #expect(intake.next(at: until) == .scan(limit: 10))
    }

    @Test("Pauses grow while nothing succeeds and are short again after a success")
    mutating func growing() {
        var now = start
        for upper in [1000, 2000, 4000, 8000, 8000] {
            intake.paused(at: now)
            guard case .wait(let until?) = intake.next(at: now) else {
                Issue.record("no pause")
                return
            }
            #expect(until >= now.ms(upper / 2) && until <= now.ms(upper))
            now = until
        }
        intake.scan(["a"], limit: 10)
        #expect(intake.next(at: now) == .batch(["a"]))
        intake.finish(["a"], .written, at: now)
        intake.paused(at: now)
        guard case .wait(let until?) = intake.next(at: now) else {
            Issue.record("no pause")
            return
        }
        #expect(until <= now.ms(1000))
    }

    @Test("Batches that fail together are one failure")
    mutating func together() {
        for _ in 0..<8 { intake.paused(at: start) }
        guard case .wait(let until?) = intake.next(at: start) else {
            Issue.record("no pause")
            return
        }
        #expect(until <= start.ms(1000))
        intake.paused(at: until)
        guard case .wait(let later?) = intake.next(at: until) else {
            Issue.record("no pause")
            return
        }
        #expect(later >= until.ms(1000))
    }

    @Test(
        "A batch of which a part was done before all else failed is followed by the shortest pause, and has none beside it"
    )
    mutating func partly() {
        var now = start
        for _ in 0..<3 {
            intake.paused(at: now)
            guard case .wait(let until?) = intake.next(at: now) else {
                Issue.record("no pause")
                return
            }
            now = until
        }
        for _ in 0..<3 {
            intake.scan(["a", "b"], limit: 10)
            #expect(intake.next(at: now) == .batch(["a", "b"]))
            intake.finished(["a": .written], leaving: ["b"], isWell: false, at: now)
            intake.paused(at: now)
            guard case .wait(let until?) = intake.next(at: now) else {
                Issue.record("no pause")
                return
            }
            #expect(until >= now.ms(500) && until <= now.ms(1000))
            now = until
            #expect(intake.next(at: now) == .scan(limit: 10))
        }
        intake.scan(["a", "b", "c", "d", "e"], limit: 10)
        #expect(intake.next(at: now) == .batch(["a", "b", "c", "d"]))
        intake.finished(["a": .written], leaving: ["b", "c", "d"], isWell: false, at: now)
        guard case .batch = intake.next(at: now) else {
            Issue.record("the probe goes on")
            return
        }
        if case .batch = intake.next(at: now) { Issue.record("two batches at once find out") }
    }

    @Test("A batch under way beside one that failed leaves the pause to be ended by a heartbeat")
    mutating func beside() {
        begin("a")
        begin("b", at: start.ms(100))
        intake.ended(["a"], at: start.ms(200))
        intake.paused(for: .seconds(300), at: start.ms(200))
        intake.finish(["b"], .settled, at: start.ms(300))
        intake.probe()
        #expect(intake.next(at: start.ms(300)) == .scan(limit: 10))
    }

    @Test("A batch that its provider wants later stays, and goes to it again when it may, without a scan")
    mutating func putBack() {
        begin("a")
        intake.putBack(["a"], at: start.ms(30))
        intake.limited(for: .seconds(2), at: start.ms(30))
        #expect(intake.waiting == 1 && intake.working == 0 && !intake.isIdle)
        #expect(intake.next(at: start.ms(100)) == .wait(until: start.ms(2030)))
        #expect(intake.next(at: start.ms(2030)) == .batch(["a"]))
        intake.finish(["a"], .written, at: start.ms(2040))
        #expect(intake.isIdle)
    }

    @Test("A row that changed while its batch was put back is begun once")
    mutating func putBackAndChanged() {
        begin("a")
        intake.announce(["a"], at: start.ms(30))
        intake.putBack(["a"], at: start.ms(40))
        #expect(intake.next(at: start.ms(100)) == .batch(["a"]))
        if case .batch = intake.next(at: start.ms(100)) { Issue.record("begun twice at once") }
    }

    @Test("Rows that were put back are not counted as begun", arguments: [false, true])
    mutating func putBackInRun(isPartly: Bool) {
        intake = Intake.seeded(.small { $0.mostRows = 4 })
        intake.scan(["1", "2", "3", "4", "5"], limit: 10)
        #expect(intake.next(at: start) == .batch(["1", "2", "3", "4"]))
        if isPartly {
            intake.finished(["1": .written, "2": .written], leaving: ["3", "4"], at: start)
        } else {
            intake.putBack(["1", "2", "3", "4"], at: start)
        }
        guard case .batch(let keys) = intake.next(at: start) else {
            Issue.record("nothing is begun again")
            return
        }
        #expect(keys.count == (isPartly ? 2 : 4))
    }

    @Test("A connection that is back ends the pause")
    mutating func resume() {
        for _ in 0..<5 { intake.paused(at: start) }
        intake.resume()
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.paused(at: start)
        guard case .wait(let until?) = intake.next(at: start) else {
            Issue.record("no pause")
            return
        }
        #expect(until <= start.ms(1000))
    }

    @Test("What is announced during a pause waits for its end")
    mutating func announcedInPause() {
        intake.paused(at: start)
        intake.announce(["a"], at: start)
        if case .batch = intake.next(at: start.ms(100)) { Issue.record("begun in the pause") }
        #expect(intake.next(at: start.ms(1000)) == .batch(["a"]))
    }

    @Test("After a pause one batch finds out whether it goes again, and then there are as many as before")
    mutating func halfOpen() {
        intake.paused(at: start)
        let now = start.ms(1000)
        intake.scan((0..<9).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: now) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: now) == .wait(until: nil))
        intake.finish(["0", "1", "2", "3"], .written, at: now)
        #expect(intake.next(at: now) == .batch(["4", "5", "6", "7"]))
        #expect(intake.next(at: now) == .batch(["8"]))
    }

    @Test("A limit of the provider's is waited for as long as it says, and what is known stays")
    mutating func limited() {
        intake.scan((0..<9).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        intake.finished([:], leaving: ["0", "1", "2", "3"], at: start)
        intake.limited(for: .seconds(7), at: start)
        #expect(intake.waiting == 9)
        #expect(intake.next(at: start) == .wait(until: start + .seconds(7)))
        #expect(intake.next(at: start + .seconds(7)) == .batch(["4", "5", "6", "7"]))
        // Two at once: it was no failure.
        #expect(intake.next(at: start + .seconds(7)) == .batch(["8", "0", "1", "2"]))
    }

    @Test("Without a connection nothing begins")
    mutating func suspended() {
        intake.wantScan()
        intake.announce(["a"], at: start)
        intake.suspend()
        #expect(intake.next(at: start.ms(1000)) == .wait(until: nil))
        #expect(!intake.isIdle)
        intake.resume()
        #expect(intake.next(at: start.ms(1000)) == .batch(["a"]))
    }

    @Test(
        "A batch for which nobody was asked says nothing of a provider that failed: one batch at a time goes on finding out"
    )
    mutating func untried() {
        var now = start
        for wait in [500, 1000] {
            intake.paused(at: now)
            guard case .wait(let until?) = intake.next(at: now) else {
                Issue.record("no pause")
                return
            }
            #expect(until >= now.ms(wait))
            now = until
            intake.scan(["a", "b", "c", "d", "e", "f"], limit: 10)
            #expect(intake.next(at: now) == .batch(["a", "b", "c", "d"]))
            intake.finished(["a": .settled, "b": .outdated, "c": .outdated, "d": .settled], at: now)
            guard case .batch(let keys) = intake.next(at: now) else {
                Issue.record("no probe")
                return
            }
            if case .batch = intake.next(at: now) { Issue.record("two batches at once find out") }
            intake.ended(keys, at: now)
        }
    }
}
