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
        #expect(intake.finish(["a"], .locked(row), at: start).isEmpty)
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

    @Test("A row is charged with its own failures and set aside by the last of its attempts, once")
    mutating func setAside() {
        var now = start
        begin("a")
        var reported: [String] = []
        for _ in 0..<5 {
            reported += intake.finish(["a"], .failed("CHECK"), at: now).map(\.reason)
            guard case .wait(let until?) = intake.next(at: now) else {
                Issue.record("no wait")
                return
            }
            now = until
            #expect(intake.next(at: now) == .batch(["a"]))
        }
        #expect(reported == ["CHECK"])
        #expect(intake.held.setAside == 1)
        // A change of its text is a clean sheet.
        intake.finish(["a"], .failed("CHECK"), at: now)
        intake.announce(["a"], at: now)
        #expect(intake.held.count == 0)
        #expect(intake.next(at: now.ms(25)) == .batch(["a"]))
    }

    @Test("A refused row keeps its vector, a rewritten one does not")
    mutating func refused() {
        begin("a")
        intake.finish(["a"], .refused(EmbeddedRow("a"), reason: "policy"), at: start)
        #expect(intake.next(at: start.ms(1000)) == .write([EmbeddedRow("a")]))
        intake.finish(["a"], .rewritten, at: start.ms(1000))
        #expect(intake.held.entries["a"]?.attempts == 2)
        #expect(intake.held.entries["a"]?.reason.contains("trigger") == true)
        #expect(intake.next(at: start.ms(60_000)) == .batch(["a"]))
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
        #expect(intake.held.entries["a"]?.attempts == 0)
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

    @Test(
        "Of a table that refuses everybody no more rows are held than there is room for, and the rest is not asked for at once"
    )
    mutating func full() {
        intake = .seeded(.small { $0.backlogRows = Held.mostRows })
        intake.scan((0..<Held.mostRows).map { RowKey("\($0)") }, limit: Held.mostRows + 1)
        guard case .batch(let keys) = intake.next(at: start) else {
            Issue.record("no batch")
            return
        }
        intake.finish(keys, .failed("no"), at: start)
        #expect(intake.held.isFull)
        guard case .wait(let until?) = intake.next(at: start) else {
            Issue.record("no pause")
            return
        }
        #expect(until > start)
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
