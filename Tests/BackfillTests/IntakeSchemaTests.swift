import Testing

@testable import Backfill

@Suite struct IntakeSchemaTests {
    private var intake = Intake.seeded()

    @Test("Of another table nothing is known: what was announced, found and held is let go, and a scan begins")
    mutating func startsOver() {
        intake.scan(["a", "b", "c", "d", "e"], limit: 10)
        guard case .batch(let first) = intake.next(at: start) else {
            Issue.record("no batch")
            return
        }
        intake.finish(first, .locked(EmbeddedRow("a")), at: start)
        intake.announce(["x"], at: start)
        #expect(intake.held.count > 0)
        #expect(Set(intake.startOver()) == Set(first))
        #expect(intake.held.count == 0)
        #expect(intake.waiting == 0)
        #expect(intake.takeDropped() == [])
        #expect(intake.next(at: start.ms(300)) == .scan(limit: 10))
    }

    @Test("Rows in flight when it starts over are begun again when they are found again")
    mutating func inFlight() {
        intake.scan(["a"], limit: 10)
        #expect(intake.next(at: start) == .batch(["a"]))
        _ = intake.startOver()
        #expect(intake.working == 1)
        intake.ended(["a"], at: start)
        intake.scan(["a"], limit: 10)
        #expect(intake.next(at: start) == .batch(["a"]))
    }

    @Test("Unpaused it waits for no pause, but for the connection")
    mutating func unpauses() {
        intake.paused(at: start)
        guard case .wait = intake.next(at: start) else {
            Issue.record("no pause")
            return
        }
        intake.unpause()
        #expect(intake.next(at: start) == .scan(limit: 10))
        intake.suspend()
        intake.unpause()
        #expect(intake.next(at: start) == .wait(until: nil))
    }
}
