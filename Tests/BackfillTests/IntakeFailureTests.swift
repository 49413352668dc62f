import Testing

@testable import Backfill

@Suite struct IntakeFailureTests {
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

    @Test("A locked row's vector is written a second later, without embedding it again")
    mutating func locked() {
        begin("a")
        let row = EmbeddedRow("a", source: 7)
        #expect(intake.finish(["a"], .locked(row), at: start) == [])
        #expect(intake.isIdle)
        #expect(intake.next(at: start) == .wait(until: start.ms(1000)))
        #expect(intake.next(at: start.ms(1000)) == .write([row]))
        #expect(intake.working == 1)
        intake.finish(["a"], .written, at: start.ms(1000))
        #expect(intake.held.count == 0)
        #expect(intake.next(at: start.ms(100_000)) == .wait(until: nil))
    }

    @Test("Vectors whose write broke off with the connection are tried again when it is back")
    mutating func lockedAndLost() {
        begin("a")
        intake.finish(["a"], .locked(EmbeddedRow("a")), at: start)
        #expect(intake.next(at: start.ms(1000)) == .write([EmbeddedRow("a")]))
        intake.ended(["a"], at: start.ms(1000))
        intake.paused(at: start.ms(1000))
        intake.resume()
        let now = start.ms(2100)
        var action = intake.next(at: now)
        if case .scan(let limit) = action {
            intake.scan(["a"], limit: limit)
            action = intake.next(at: now)
        }
        // The scan leaves out what is held, so nothing else would come back to it before the longest interval.
        switch action {
        case .write([EmbeddedRow("a")]), .batch(["a"]): break
        case let other: Issue.record("\(other)")
        }
    }

    @Test("A row is charged with its own failure, and the ledger says when a scan finds it again")
    mutating func charged() {
        begin("a")
        let charges = intake.finish(["a"], .failed("CHECK"), retry: .seconds(3), at: start)
        #expect(charges.map(\.reason) == ["CHECK"])
        #expect(intake.held.count == 0)
        #expect(intake.isIdle)
        #expect(intake.next(at: start) == .wait(until: start + .seconds(3)))
        #expect(intake.next(at: start + .seconds(3)) == .scan(limit: 10))
    }

    @Test("A row that is set aside is not asked for again")
    mutating func setAside() {
        begin("a")
        intake.finish(["a"], .failed("CHECK"), retry: nil, at: start)
        #expect(intake.next(at: start + .seconds(1_000_000)) == .wait(until: nil))
    }

    @Test("A refused row keeps its vector until its next attempt, a rewritten one does not")
    mutating func refused() {
        begin("a")
        intake.finish(["a"], .refused(EmbeddedRow("a", source: 3), reason: "policy"), at: start)
        // The retry's time wants a look, too.
        #expect(intake.next(at: start.ms(1000)) == .scan(limit: 11))
        intake.scanBegan()
        #expect(intake.next(at: start.ms(1000)) == .write([EmbeddedRow("a", source: 3)]))
        intake.scanned([], limit: 11)
        let charges = intake.finish(["a"], .rewritten(standing: 8), at: start.ms(1000))
        #expect(charges.map(\.standing) == [8])
        #expect(charges.first?.reason.contains("trigger") == true)
        #expect(intake.held.count == 0)
        #expect(intake.next(at: start.ms(60_000)) == .scan(limit: 10))
    }

    @Test("A row that is written again and again within a minute is charged, whatever its text is")
    mutating func writtenAgain() {
        var charges: [FailureLedger.Charge] = []
        for time in 0..<100 {
            begin("a", at: start.ms(time * 100))
            charges += intake.finish(["a"], .written, at: start.ms(time * 100 + 30))
        }
        #expect(charges.map(\.source) == [nil])
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

    @Test("A peer's rows are let go of, and those without room for a claim are in line again")
    mutating func unclaimed() {
        intake.scan(["1", "2", "3", "4", "5"], limit: 10)
        #expect(intake.next(at: start) == .batch(["1", "2", "3", "4"]))
        intake.unclaimed(taken: ["1"], left: ["2"], isNone: false, at: start)
        #expect(intake.working == 2)
        #expect(intake.next(at: start) == .batch(["5", "2"]))
        intake.unclaimed(taken: [], left: ["5", "2"], isNone: true, at: start)
        intake.finish(["3", "4"], .written, at: start)
        // Room takes a moment to come.
        #expect(intake.next(at: start) == .wait(until: start.ms(20)))
        #expect(intake.next(at: start.ms(20)) == .batch(["5", "2"]))
    }

    @Test("A peer's row that is announced again while it is tried for is tried for again")
    mutating func takenAndAnnounced() {
        begin("a")
        intake.announce(["a"], at: start.ms(30))
        intake.unclaimed(taken: ["a"], left: [], isNone: true, at: start.ms(40))
        #expect(intake.next(at: start.ms(70)) == .batch(["a"]))
    }

    @Test("A locked row whose vector went has its claim dropped, once it is not tried any more")
    mutating func dropped() {
        begin("a")
        intake.finish(["a"], .locked(EmbeddedRow("a")), at: start)
        #expect(intake.takeDropped() == [])
        #expect(intake.next(at: start.ms(1000)) == .write([EmbeddedRow("a")]))
        intake.finish(["a"], .written, at: start.ms(1000))
        #expect(intake.takeDropped() == ["a"])
    }

    @Test("A row whose text changed comes again at once, and after twenty times in a row a second later")
    mutating func outdated() {
        var now = start
        begin("a")
        for _ in 1..<20 {
            intake.finish(["a"], .outdated, at: now)
            #expect(intake.next(at: now.ms(25)) == .batch(["a"]))
            now = now.ms(30)
        }
        intake.finish(["a"], .outdated, at: now)
        #expect(intake.next(at: now) == .wait(until: now.ms(1000)))
        #expect(intake.next(at: now.ms(1000)) == .batch(["a"]))
        // A success in between begins the count anew.
        intake.finish(["a"], .written, at: now.ms(1000))
        begin("a", at: now.ms(2000))
        intake.finish(["a"], .outdated, at: now.ms(2100))
        #expect(intake.next(at: now.ms(2125)) == .batch(["a"]))
    }

    @Test("Too many announcements are let go of for a scan")
    mutating func mostAnnounced() {
        intake = .seeded(.small { $0.mostAnnounced = 4 })
        intake.announce(["a", "b", "c", "d"], at: start)
        #expect(intake.waiting == 4)
        intake.announce(["e"], at: start)
        #expect(intake.waiting == 0)
        #expect(intake.next(at: start) == .scan(limit: 10))
    }

    @Test("A one-shot run begins no more rows than it may, and is idle then")
    mutating func mostRows() {
        intake = .seeded(.small { $0.mostRows = 6 })
        intake.wantScan()
        intake.scan((0..<10).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: start) == .batch(["4", "5"]))
        intake.finish(["0", "1", "2", "3"], .written, at: start)
        #expect(intake.next(at: start) == .wait(until: nil))
        #expect(!intake.isIdle)
        intake.finish(["4", "5"], .failed("no"), at: start)
        #expect(intake.next(at: start.ms(100_000)) == .wait(until: nil))
        #expect(intake.isIdle)
    }

    @Test("Other settings hold from the next batch on")
    mutating func apply() {
        intake.scan((0..<9).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        intake.apply(.small { ($0.backlogRows, $0.inFlight) = (2, 1) })
        #expect(intake.next(at: start) == .wait(until: nil))
        intake.finish(["0", "1", "2", "3"], .written, at: start)
        #expect(intake.next(at: start) == .batch(["4", "5"]))
    }
}
