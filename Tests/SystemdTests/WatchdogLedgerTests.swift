import Testing

@testable import Systemd

struct WatchdogLedgerTests {
    let start = SuspendingClock().now
    var ledger = WatchdogLedger()

    private func at(_ seconds: Double) -> WatchdogLedger.Instant { start + .seconds(seconds) }

    private func stuck(_ name: String, _ doing: String, since: Double, at now: Double, allowed: Double)
        -> WatchdogLedger.StuckLoop
    {
        WatchdogLedger.StuckLoop(
            name: name, doing: doing, since: at(since), silence: .seconds(now - since), allowance: .seconds(allowed))
    }

    @Test func nobodyWatchedIsAllGood() {
        #expect(ledger.verdict(at: at(1000)) == .allGood)
    }

    @Test mutating func aLoopIsStuckAfterItsLimitAndNotAtIt() {
        ledger.watch("listener", limit: .seconds(10), doing: "connecting", at: at(0))
        #expect(ledger.verdict(at: at(10)) == .allGood)
        let late = stuck("listener", "connecting", since: 0, at: 10.5, allowed: 10)
        #expect(ledger.verdict(at: at(10.5)) == .stuck([late]))
        #expect("\(late)" == "listener has made no progress for 10 s (allowed: 10 s) while connecting")
    }

    @Test mutating func progressStartsTheLimitAnew() {
        ledger.watch("listener", limit: .seconds(10), doing: "connecting", at: at(0))
        ledger.progress("listener", doing: "listening", at: at(9))
        #expect(ledger.verdict(at: at(19)) == .allGood)
        #expect(
            ledger.verdict(at: at(20)) == .stuck([stuck("listener", "listening", since: 9, at: 20, allowed: 10)]))
        ledger.progress("listener", doing: "listening", at: at(21))
        #expect(ledger.verdict(at: at(22)) == .allGood)
    }

    @Test mutating func waitingForEverIsNotBeingStuck() {
        ledger.watch("listener", limit: .seconds(10), doing: "connecting", at: at(0))
        ledger.waits("listener", for: "waiting for the database", heartbeat: nil, at: at(5))
        #expect(ledger.verdict(at: at(1_000_000)) == .allGood)
    }

    @Test mutating func waitingWithAHeartbeatHasToKeepIt() {
        ledger.watch("listener", limit: .seconds(10), doing: "connecting", at: at(0))
        ledger.waits("listener", for: "waiting for a notification", heartbeat: .seconds(60), at: at(5))
        #expect(ledger.verdict(at: at(75)) == .allGood)
        #expect(
            ledger.verdict(at: at(76))
                == .stuck([stuck("listener", "waiting for a notification", since: 5, at: 76, allowed: 70)]))
    }

    @Test mutating func afterWaitingTheLimitHoldsAgain() {
        ledger.watch("listener", limit: .seconds(10), doing: "connecting", at: at(0))
        ledger.waits("listener", for: "waiting", heartbeat: nil, at: at(0))
        ledger.progress("listener", doing: "reading", at: at(500))
        #expect(ledger.verdict(at: at(510)) == .allGood)
        #expect(ledger.verdict(at: at(511)) == .stuck([stuck("listener", "reading", since: 500, at: 511, allowed: 10)]))
    }

    @Test mutating func eachLoopHasItsOwnLimitAndTheWorstIsFirst() {
        ledger.watch("executor", limit: .seconds(5), doing: "running", at: at(0))
        ledger.watch("listener", limit: .seconds(10), doing: "listening", at: at(0))
        ledger.watch("pipeline", limit: .seconds(100), doing: "embedding", at: at(0))
        #expect(ledger.verdict(at: at(7)) == .stuck([stuck("executor", "running", since: 0, at: 7, allowed: 5)]))
        guard case .stuck(let loops) = ledger.verdict(at: at(20)) else { return #expect(Bool(false)) }
        #expect(loops.map(\.name) == ["executor", "listener"])
    }

    @Test mutating func equallyLateLoopsComeByName() {
        for name in ["b", "a", "c"] { ledger.watch(name, limit: .seconds(1), doing: "x", at: at(0)) }
        guard case .stuck(let loops) = ledger.verdict(at: at(2)) else { return #expect(Bool(false)) }
        #expect(loops.map(\.name) == ["a", "b", "c"])
    }

    @Test mutating func aForgottenLoopIsNotWatchedAndItsLateReportsDoNothing() {
        ledger.watch("pipeline", limit: .seconds(1), doing: "x", at: at(0))
        ledger.forget("pipeline")
        #expect(ledger.verdict(at: at(5)) == .allGood)
        ledger.progress("pipeline", doing: "x", at: at(6))
        #expect(ledger.verdict(at: at(60)) == .allGood)
    }

    @Test mutating func watchingAgainStartsAnew() {
        ledger.watch("pipeline", limit: .seconds(1), doing: "x", at: at(0))
        ledger.watch("pipeline", limit: .seconds(20), doing: "y", at: at(5))
        #expect(ledger.verdict(at: at(25)) == .allGood)
    }

    @Test mutating func anOlderReportChangesNothing() {
        ledger.watch("pipeline", limit: .seconds(10), doing: "starting", at: at(0))
        ledger.progress("pipeline", doing: "writing", at: at(8))
        ledger.progress("pipeline", doing: "embedding", at: at(3))
        #expect(ledger.verdict(at: at(18)) == .allGood)
        #expect(ledger.verdict(at: at(19)) == .stuck([stuck("pipeline", "writing", since: 8, at: 19, allowed: 10)]))
    }

    @Test mutating func timeTheProcessDidNotRunIsForgiven() {
        ledger.watch("pipeline", limit: .seconds(10), doing: "embedding", at: at(0))
        ledger.forgive(.seconds(100), at: at(105))
        #expect(ledger.verdict(at: at(110)) == .allGood)
        let late = stuck("pipeline", "embedding", since: 100, at: 111, allowed: 10)
        #expect(ledger.verdict(at: at(111)) == .stuck([late]))
        ledger.forgive(.seconds(100), at: at(112))
        #expect(ledger.verdict(at: at(122)) == .allGood, "nobody reports in the future")
        #expect(ledger.verdict(at: at(123)) != .allGood)
    }
}
