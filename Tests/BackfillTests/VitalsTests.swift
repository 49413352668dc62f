import Testing

@testable import Backfill

@Suite struct VitalsTests {
    private struct Away: Error, CustomStringConvertible { let description = "connection refused" }

    private var vitals = Vitals(tables: [1: "public.notes"])

    private func condition(_ waiting: Int = 0, working: Int = 0, held: Int = 0, setAside: Int = 0) -> PipelineCondition
    {
        PipelineCondition(
            waiting: waiting, working: working, held: held, failing: 0, setAside: setAside, isPolling: false,
            isStandby: false, isIdle: waiting + working == 0, trouble: nil)
    }

    private func batch(_ rows: Int, failed: Int = 0, ms: Int = 38) -> PipelineEvent {
        var report = BatchReport()
        for row in 0..<rows { report.outcomes["w\(row)"] = .written }
        for row in 0..<failed { report.outcomes["f\(row)"] = .failed("no") }
        return .batch(report, took: .milliseconds(ms))
    }

    private func line(at now: Instant = start) -> String {
        vitals.statusLine(at: now) { "\(Int($0.inSeconds)) s ago" }
    }

    @Test("Ready is who listens, or would, and has scanned every table once")
    mutating func readiness() {
        vitals = Vitals(tables: [1: "a", 2: "b"])
        #expect(!vitals.isReady)
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        #expect(!vitals.isReady)
        vitals.note(.scanned(found: 0, isAll: true), condition(), of: 1, at: start)
        #expect(!vitals.isReady)
        vitals.note(.scanned(found: 9, isAll: false), condition(9), of: 2, at: start)
        #expect(vitals.isReady)
        vitals.note(.lost(Away(), retryIn: .seconds(1)), at: start)
        #expect(!vitals.isReady)
        vitals.note(.listening(isEcho: false, backendPID: 1), at: start)
        #expect(vitals.isReady)
    }

    @Test("The line says what it is doing: connecting, listening, polling")
    mutating func hearing() {
        #expect(line() == "connecting to the database · 0 embedded · 0 pending")
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        #expect(line() == "listening on public.notes · 0 embedded · 0 pending")
        vitals.note(.listening(isEcho: false, backendPID: 1), at: start)
        #expect(
            line()
                == "polling public.notes (notifications do not come through this connection) · 0 embedded · 0 pending")
        vitals = Vitals(tables: [1: "a", 2: "b"])
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        #expect(line().hasPrefix("listening on 2 tables · "))
    }

    @Test("The database is away since the first loss, until a session listens again")
    mutating func away() {
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        vitals.note(.lost(Away(), retryIn: .milliseconds(500)), at: start)
        vitals.note(.lost(Away(), retryIn: .seconds(4)), at: start.ms(10_000))
        #expect(vitals.hearing == .away(since: start, reason: "connection refused", retryAt: start.ms(14_000)))
        #expect(
            line(at: start.ms(12_000)) == "degraded: database away since 12 s ago (connection refused), retrying in 2 s"
                + " · 0 embedded · 0 pending")
        // A wait that is over already.
        #expect(line(at: start.ms(20_000)).contains("retrying in 0 ms"))
        for event in [
            Listener.Event.heartbeat(daemons: 1), .pending(watch: 1), .wakeup(Wakeup(watch: 1)),
            .probeFailed(watch: 1, Away()),
        ] {
            vitals.note(event, at: start.ms(20_000))
        }
        #expect(line(at: start.ms(20_000)).hasPrefix("degraded"))
        vitals.note(.listening(isEcho: true, backendPID: 2), at: start.ms(21_000))
        #expect(line(at: start.ms(21_000)).hasPrefix("listening"))
        vitals.note(.lost(Away(), retryIn: .seconds(1)), at: start.ms(30_000))
        #expect(
            vitals.hearing == .away(since: start.ms(30_000), reason: "connection refused", retryAt: start.ms(31_000)))
    }

    @Test("Work shows: rows embedded and pending, rate, age of the oldest, the last batch")
    mutating func working() {
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        vitals.note(.scanned(found: 20_000, isAll: false), condition(20_000), of: 1, at: start)
        #expect(line() == "listening on public.notes · 0 embedded · over 20,000 pending")
        vitals.note(batch(1_250), condition(18_700, working: 50), of: 1, at: start.ms(5_000))
        #expect(
            line(at: start.ms(5_000)) == "listening on public.notes · 1,250 embedded · over 18,750 pending"
                + " · 1,250 rows/s · oldest 5 s · last batch 1,250 rows in 38 ms")
        vitals.note(.scanned(found: 3, isAll: true), condition(3, held: 2, setAside: 1), of: 1, at: start.ms(5_000))
        #expect(line(at: start.ms(5_000)).contains(" · 5 pending · 1 set aside · "))
        vitals.note(batch(0, failed: 2), condition(), of: 1, at: start.ms(6_000))
        #expect(vitals.tables[1]?.failed == 2)
        #expect(vitals.tables[1]?.lastEmbedded == start.ms(5_000))
        #expect(vitals.tables[1]?.pendingSince == nil)
        #expect(
            line(at: start.ms(6_000))
                == "listening on public.notes · 1,250 embedded · 0 pending · last batch 1,250 rows in 38 ms")
    }

    @Test("The trouble of a table shows until it recovers; of several, the first by name")
    mutating func trouble() {
        vitals = Vitals(tables: [1: "b", 2: "a", 3: "c"])
        vitals.note(.listening(isEcho: true, backendPID: 1), at: start)
        vitals.note(.trouble(Away()), condition(7), of: 1, at: start)
        #expect(line().hasPrefix("degraded: b: connection refused · "))
        vitals.note(.trouble(Away()), condition(), of: 2, at: start)
        #expect(line().hasPrefix("degraded: a: "))
        vitals.note(.recovered, condition(), of: 2, at: start)
        vitals.note(.recovered, condition(7), of: 1, at: start)
        #expect(line().hasPrefix("listening on 3 tables"))
        #expect(vitals.tables[1]?.trouble == nil)
    }

    @Test("A table is pending from its first pending row until it has none")
    mutating func pendingSince() {
        vitals.note(.progress, condition(2), of: 1, at: start.ms(100))
        vitals.note(.progress, condition(9), of: 1, at: start.ms(200))
        #expect(vitals.tables[1]?.pendingSince == start.ms(100))
        vitals.note(.scanned(found: 9, isAll: false), condition(), of: 1, at: start.ms(300))
        #expect(vitals.tables[1]?.pendingSince == start.ms(100))
        vitals.note(.idle, condition(), of: 1, at: start.ms(400))
        #expect(vitals.tables[1]?.pendingSince == nil)
        vitals.note(.parked, condition(held: 1), of: 1, at: start.ms(500))
        #expect(vitals.tables[1]?.pendingSince == start.ms(500))
        vitals.note(.progress, condition(5), of: 99, at: start)
        #expect(vitals.tables.count == 1)
    }

    @Test("What daemons before this one saw pending is believed until a scan says that nothing is")
    mutating func adopt() {
        vitals.adopt(pendingSince: start - .seconds(3_600), of: 1)
        vitals.adopt(pendingSince: start, of: 99)
        // The pipeline goes round before its first scan comes back, and knows of nothing then.
        vitals.note(.progress, condition(), of: 1, at: start)
        vitals.note(.parked, condition(), of: 1, at: start)
        vitals.note(.scanned(found: 5, isAll: true), condition(5), of: 1, at: start.ms(10))
        #expect(vitals.tables[1]?.pendingSince == start - .seconds(3_600))
        vitals.note(batch(5), condition(), of: 1, at: start.ms(20))
        #expect(vitals.tables[1]?.pendingSince == nil)
        vitals.adopt(pendingSince: start - .seconds(60), of: 1)
        vitals.note(.scanned(found: 0, isAll: true), condition(), of: 1, at: start.ms(30))
        #expect(vitals.tables[1]?.pendingSince == nil)
    }

    @Test("The rate is that of the last half minute")
    mutating func rate() {
        #expect(vitals.rate(at: start) == 0)
        vitals.note(batch(100), condition(1), of: 1, at: start)
        #expect(vitals.rate(at: start.ms(10)) == 100)
        vitals.note(batch(300), condition(1), of: 1, at: start.ms(10_000))
        #expect(vitals.rate(at: start.ms(10_000)) == 40)
        #expect(vitals.rate(at: start.ms(35_000)) == 12)
        #expect(vitals.rate(at: start.ms(50_000)) == 0)
        vitals.note(batch(0, failed: 9), condition(1), of: 1, at: start.ms(50_000))
        #expect(vitals.rate(at: start.ms(50_000)) == 0)
    }

    @Test(
        "A length of time has one unit",
        arguments: [
            (Duration.zero, "0 ms"), (.seconds(-5), "0 ms"), (.microseconds(38_400), "38 ms"), (.seconds(1), "1 s"),
            (.milliseconds(119_900), "119 s"), (.seconds(120), "2 min"), (.seconds(7_199), "119 min"),
            (.seconds(7_200), "2 h"), (.seconds(360_000), "100 h"),
        ])
    func spans(duration: Duration, expected: String) {
        #expect(Vitals.span(duration) == expected)
    }

    @Test(
        "Thousands are grouped",
        arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (-12_480, "-12,480"), (1_234_567, "1,234,567")])
    func grouped(number: Int, expected: String) {
        #expect(number.grouped == expected)
    }

    @Test("what set-up made and is gone is told, while rows are embedded")
    func flawed() {
        var vitals = Vitals(tables: [1: "public.notes"])
        vitals.note(.listening(isEcho: true, backendPID: 7), at: start)
        var condition = condition()
        condition.flaw = "trigger x is not there"
        vitals.note(.flaws([]), condition, of: 1, at: start)
        let line = vitals.statusLine(at: start) { _ in "" }
        #expect(line.hasPrefix("degraded: public.notes: trigger x is not there · "))
        condition.flaw = nil
        vitals.note(.flaws([]), condition, of: 1, at: start)
        #expect(vitals.statusLine(at: start) { _ in "" }.hasPrefix("listening on public.notes · "))
    }
}
