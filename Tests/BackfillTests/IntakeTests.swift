import Testing

@testable import Backfill

@Suite struct IntakeTests {
    private var intake = Intake.seeded()

    @Test("It waits for nothing, and asks for a scan when one is wanted")
    mutating func scans() {
        #expect(intake.isIdle)
        #expect(intake.next(at: start) == .wait(until: nil))
        intake.wantScan()
        #expect(!intake.isIdle)
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.scanBegan()
        #expect(intake.next(at: start) == .wait(until: nil))
        #expect(!intake.isIdle)
        intake.scanned([], limit: 10)
        #expect(intake.isIdle)
        #expect(intake.next(at: start) == .wait(until: nil))
    }

    @Test("A scan that is wanted while one is under way is another one")
    mutating func scanAgain() {
        intake.wantScan()
        intake.scanBegan()
        intake.wantScan()
        #expect(intake.next(at: start) == .wait(until: nil))
        intake.scanned([], limit: 10)
        #expect(intake.next(at: start) == .scan(limit: 10))
    }

    @Test("Announced rows become a batch when they are due")
    mutating func announced() {
        intake.announce(["a", "b"], at: start)
        #expect(intake.waiting == 2)
        #expect(intake.next(at: start) == .wait(until: start.ms(25)))
        #expect(intake.next(at: start.ms(25)) == .batch(["a", "b"]))
        #expect(intake.waiting == 0)
        #expect(intake.working == 2)
        #expect(!intake.isIdle)
        intake.finish(["a", "b"], .written, at: start.ms(30))
        #expect(intake.isIdle)
    }

    @Test("Announced rows go before the backlog; the backlog goes in larger batches")
    mutating func order() {
        intake.scan(["1", "2", "3", "4", "5"], limit: 10)
        intake.announce(["a", "b", "c"], at: start)
        #expect(intake.next(at: start) == .batch(["a", "b", "c"]))
        #expect(intake.next(at: start) == .batch(["1", "2", "3", "4"]))
        intake.finish(["a", "b", "c"], .written, at: start)
        #expect(intake.next(at: start) == .batch(["5"]))
    }

    @Test("A row that is in line and is announced besides comes as an announced one")
    mutating func both() {
        intake.scan(["1", "a", "2"], limit: 10)
        intake.announce(["a"], at: start)
        #expect(intake.next(at: start) == .batch(["1", "2"]))
        #expect(!intake.areAnnounced(["1", "2"]))
        #expect(intake.next(at: start) == .wait(until: start.ms(25)))
        #expect(intake.next(at: start.ms(25)) == .batch(["a"]))
        #expect(intake.areAnnounced(["a"]))
        intake.finish(["1", "a", "2"], .written, at: start.ms(30))
        intake.finish([], .written, at: start.ms(30))
        #expect(intake.isIdle)
    }

    @Test("No more batches than allowed are under way")
    mutating func bounded() {
        intake.scan((0..<9).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: start) == .batch(["4", "5", "6", "7"]))
        intake.wantScan()
        intake.announce(["x", "y", "z"], at: start)
        #expect(intake.next(at: start.ms(999)) == .wait(until: nil))
        intake.finish(["0", "1", "2", "3"], .written, at: start)
        #expect(intake.next(at: start) == .batch(["x", "y", "z"]))
    }

    @Test("A row announced while it is in flight comes again afterwards, whatever became of it")
    mutating func announcedWhileInFlight() {
        for outcome in [RowOutcome.written, .settled, .outdated, .failed("no"), .locked(EmbeddedRow("a"))] {
            var intake = Intake.seeded()
            intake.announce(["a"], at: start)
            #expect(intake.next(at: start.ms(25)) == .batch(["a"]))
            intake.announce(["a"], at: start.ms(30))
            #expect(intake.next(at: start.ms(100)) == .wait(until: nil))
            intake.finish(["a"], outcome, at: start.ms(200))
            let action = intake.next(at: start.ms(225))
            switch outcome {
            // The ledger knows whether the text is another than the one that failed.
            case .failed: #expect(action == .scan(limit: 10))
            // The write finds out.
            case .locked(let row?): #expect(action == .write([row]))
            default: #expect(action == .batch(["a"]))
            }
            // What was held of it is out of date: it must not be begun a second time beside this batch.
            for second in 1...10 {
                switch intake.next(at: start.ms(225 + second * 1000)) {
                case .wait, .scan: continue
                case .batch, .write: Issue.record("begun twice after \(outcome)")
                }
            }
        }
    }

    @Test("A row that failed on its own is not begun out of turn by what an earlier scan brought")
    mutating func heldAndInTheBacklog() {
        intake.announce(["a", "b", "c"], at: start)
        intake.scan(["a", "x"], limit: 10)
        #expect(intake.next(at: start) == .batch(["a", "b", "c"]))
        intake.finish(["a", "b", "c"], .failed("no"), at: start)
        #expect(intake.next(at: start) == .batch(["x"]))
        intake.finish(["x"], .written, at: start)
        guard case .wait(let until?) = intake.next(at: start) else {
            Issue.record("no wait")
            return
        }
        #expect(until > start)
    }

    @Test("A scan that met rows in flight is followed by another when they are done")
    mutating func doubtful() {
        intake.announce(["a"], at: start)
        #expect(intake.next(at: start.ms(25)) == .batch(["a"]))
        intake.scan(["a"], limit: 11)
        #expect(intake.waiting == 0)
        #expect(intake.next(at: start.ms(30)) == .wait(until: nil))
        intake.finish(["a"], .written, at: start.ms(40))
        #expect(!intake.isIdle)
        #expect(intake.next(at: start.ms(40)) == .scan(limit: 10))
        intake.scan([], limit: 10)
        #expect(intake.isIdle)
    }

    @Test("A full page is followed by another, one with room or with nothing new is not")
    mutating func pages() {
        intake.scan((0..<10).map { RowKey("\($0)") }, limit: 10)
        for batch in [["0", "1", "2", "3"], ["4", "5", "6", "7"]] as [[RowKey]] {
            #expect(intake.next(at: start) == .batch(batch))
            intake.finish(batch, .written, at: start)
        }
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.scan(["8", "9", "10"], limit: 10)
        #expect(intake.next(at: start) == .batch(["8", "9", "10"]))
        intake.finish(["8", "9", "10"], .failed("no"), at: start)
        #expect(intake.isIdle)
        // One row is held: there is room for it beside a page.
        intake.announce(["11"], at: start)
        #expect(intake.next(at: start.ms(25)) == .batch(["11"]))
        intake.finish(["11"], .locked(EmbeddedRow("11")), at: start)
        intake.wantScan()
        #expect(intake.next(at: start) == .scan(limit: 11))
        intake.scan(["11"], limit: 1)
        if case .scan = intake.next(at: start) { Issue.record("the same page again") }
    }

    @Test("A page that others have done is given up for another scan, by a batch of this page only")
    mutating func othersAreAtIt() {
        intake.scan((0..<10).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: start) == .batch(["4", "5", "6", "7"]))
        intake.finish(["0", "1", "2", "3"], .settled, at: start)
        #expect(intake.waiting == 0)
        #expect(intake.next(at: start) == .scan(limit: 14))
        intake.scan(["8", "9", "a", "b", "c"], limit: 14)
        // What an older page has to say is known already.
        intake.finish(["4", "5", "6", "7"], .settled, at: start)
        #expect(intake.waiting == 5)
        #expect(intake.next(at: start) == .batch(["8", "9", "a", "b"]))
    }

    @Test("With the last fifth of a full page the next is looked for; of one that was not full, nothing is")
    mutating func ahead() {
        intake.scan((0..<10).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: start) == .batch(["4", "5", "6", "7"]))
        // As many batches are under way as may be, and a scan is none.
        #expect(intake.next(at: start) == .scan(limit: 18))
        intake.scanBegan()
        #expect(intake.next(at: start) == .wait(until: nil))
        intake.finish(["0", "1", "2", "3"], .written, at: start)
        #expect(intake.next(at: start) == .batch(["8", "9"]))
        // What was done or begun meanwhile is not begun again, though the scan has seen it pending.
        #expect(intake.scanned((0..<12).map { RowKey("\($0)") }, limit: 18) == 2)
        intake.finish(["4", "5", "6", "7"], .written, at: start)
        #expect(intake.next(at: start) == .batch(["10", "11"]))
        #expect(intake.next(at: start) == .wait(until: nil))
        intake.finish(["8", "9"], .written, at: start)
        intake.finish(["10", "11"], .written, at: start)
        // They may be pending again: that is looked into when nothing is under way.
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.scan([], limit: 10)
        #expect(intake.isIdle)
    }

    @Test("A scan that comes back with nothing but rows done meanwhile is worth another, at once")
    mutating func doneMeanwhile() {
        intake.announce(["a", "b", "c"], at: start)
        #expect(intake.next(at: start) == .batch(["a", "b", "c"]))
        intake.wantScan()
        intake.scanBegan()
        intake.finish(["a", "b", "c"], .written, at: start)
        #expect(intake.scanned(["a", "b", "c"], limit: 10) == 0)
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.scan([], limit: 10)
        #expect(intake.isIdle)
    }

    @Test("Where what is in line is all that may be begun, nothing is looked for ahead")
    mutating func aheadOfLimit() {
        intake = .seeded(.small { $0.mostRows = 10 })
        intake.scan((0..<10).map { RowKey("\($0)") }, limit: 10)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        #expect(intake.next(at: start) == .batch(["4", "5", "6", "7"]))
        #expect(intake.next(at: start) == .wait(until: nil))
    }

    @Test("A row that was done meanwhile is looked for again, also when no more rows can be held")
    mutating func doneWhileFull() {
        for number in 0..<Held.mostRows {
            intake.announce([RowKey("\(number)")], at: start)
            _ = intake.next(at: start.ms(25))
            intake.finish([RowKey("\(number)")], .locked(nil), at: start)
        }
        intake.announce(["a", "b", "c"], at: start)
        #expect(intake.next(at: start) == .batch(["a", "b", "c"]))
        intake.wantScan()
        intake.scanBegan()
        intake.finish(["a", "b", "c"], .written, at: start)
        #expect(intake.scanned(["a"], limit: 10) == 0)
        #expect(intake.next(at: start) == .scan(limit: 10 + Held.mostRows))
    }

    @Test("Held rows that are due do not keep a scan from beginning")
    mutating func scanBeforeHeld() {
        intake.announce(["a"], at: start)
        #expect(intake.next(at: start.ms(25)) == .batch(["a"]))
        intake.finish(["a"], .locked(EmbeddedRow("a")), at: start)
        intake.wantScan()
        #expect(intake.next(at: start.ms(1000)) == .scan(limit: 11))
        intake.scanBegan()
        #expect(!intake.scans.skipsLocked)
        #expect(intake.next(at: start.ms(1000)) == .write([EmbeddedRow("a")]))
    }

    @Test("When no more rows can be held, a scan leaves out those that may be locked, and goes on with the others")
    mutating func scanBehindLocked() {
        let rows = (0..<Held.mostRows).map { RowKey("\($0)") }
        for key in rows {
            intake.announce([key], at: start)
            _ = intake.next(at: start.ms(25))
            intake.finish([key], .locked(nil), at: start)
        }
        #expect(intake.held.isFull)
        intake.wantScan()
        intake.scanBegan()
        #expect(intake.scans.skipsLocked)
        intake.scanned(["x", "y"], limit: 2)
        while case .batch(let keys) = intake.next(at: start.ms(30)) { intake.finish(keys, .written, at: start) }
        #expect(intake.next(at: start.ms(30)) == .scan(limit: 10 + Held.mostRows))
    }

    @Test("Rows that were announced, or half a batch, say nothing of the page")
    mutating func pageStays() {
        intake.scan((0..<8).map { RowKey("\($0)") }, limit: 10)
        intake.announce(["x", "y", "z"], at: start)
        #expect(intake.next(at: start) == .batch(["x", "y", "z"]))
        intake.finish(["x", "y", "z"], .settled, at: start)
        #expect(intake.next(at: start) == .batch(["0", "1", "2", "3"]))
        intake.finished(["0": .settled, "1": .settled, "2": .written, "3": .written], at: start)
        #expect(intake.next(at: start) == .batch(["4", "5", "6", "7"]))
    }
}
