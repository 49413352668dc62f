import Testing

@testable import Backfill

@Suite struct IntakeFailureTests {
    private var intake = Intake.seeded()

    /// Announces a row, waits until it is due and begins it.
    private mutating func begin(_ key: RowKey, at now: Instant = start) {
        intake.announce([key], at: now)
        #expect(intake.next(at: now.ms(25)) == .batch([key]))
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
