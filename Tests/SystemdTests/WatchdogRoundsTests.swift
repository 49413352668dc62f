import Testing

@testable import Systemd

struct WatchdogRoundsTests {
    let start = SuspendingClock().now
    var rounds = WatchdogRounds(timeout: .seconds(40))
    var ledger = WatchdogLedger()

    private func at(_ seconds: Double) -> WatchdogLedger.Instant { start + .seconds(seconds) }

    @Test mutating func aHealthyProcessIsPingedForEveryHalfInterval() {
        let first = rounds.round(at: at(0), in: &ledger)
        #expect(first == WatchdogRounds.Round(ping: true, next: .seconds(20)))
        #expect(rounds.round(at: at(20), in: &ledger) == first)
    }

    @Test mutating func aStuckLoopIsNewsOnceAndLookedAtMoreOften() {
        ledger.watch("a", limit: .seconds(10), doing: "x", at: at(0))
        #expect(rounds.round(at: at(0), in: &ledger).ping)
        let found = rounds.round(at: at(20), in: &ledger)
        #expect(!found.ping)
        #expect(found.newlyStuck.map(\.name) == ["a"])
        #expect(found.next == .seconds(2.5))
        let again = rounds.round(at: at(22.5), in: &ledger)
        #expect(!again.ping)
        #expect(again.newlyStuck.isEmpty)
        #expect(again.shown?.name == "a")
    }

    @Test mutating func anotherStuckLoopIsNewsToo() {
        ledger.watch("a", limit: .seconds(10), doing: "x", at: at(0))
        ledger.watch("b", limit: .seconds(21), doing: "y", at: at(0))
        _ = rounds.round(at: at(0), in: &ledger)
        #expect(rounds.round(at: at(20), in: &ledger).newlyStuck.map(\.name) == ["a"])
        #expect(rounds.round(at: at(22.5), in: &ledger).newlyStuck.map(\.name) == ["b"])
    }

    @Test mutating func recoveryIsSaidOnceAndPingedForAtOnce() {
        ledger.watch("a", limit: .seconds(10), doing: "x", at: at(0))
        _ = rounds.round(at: at(0), in: &ledger)
        _ = rounds.round(at: at(20), in: &ledger)
        ledger.progress("a", doing: "x", at: at(21))
        let recovered = rounds.round(at: at(22.5), in: &ledger)
        #expect(recovered == WatchdogRounds.Round(ping: true, recovered: true, next: .seconds(20)))
        ledger.progress("a", doing: "x", at: at(42))
        #expect(!rounds.round(at: at(42.5), in: &ledger).recovered)
        #expect(rounds.round(at: at(62.5), in: &ledger).newlyStuck.map(\.name) == ["a"], "stuck again is news again")
    }

    @Test mutating func aProcessThatWasStoppedAsAWholeIsNotStuck() {
        ledger.watch("a", limit: .seconds(10), doing: "x", at: at(0))
        _ = rounds.round(at: at(0), in: &ledger)
        ledger.progress("a", doing: "x", at: at(15))
        #expect(rounds.round(at: at(35), in: &ledger).ping, "15 s late: 20 s of silence count as 5")
        #expect(!rounds.round(at: at(55), in: &ledger).ping, "in time: silence counts again")
    }

    @Test mutating func aLittleLateIsNotStopped() {
        ledger.watch("a", limit: .seconds(22), doing: "x", at: at(0))
        _ = rounds.round(at: at(0), in: &ledger)
        #expect(!rounds.round(at: at(24), in: &ledger).ping)
    }
}
