import NIOCore
import Testing

@testable import Backfill
@testable import Console

/// What is asked of tables, as far as it is decided without a database.
@Suite struct ConsoleTableTests {
    @Test("A search is read with all of its parameters")
    func search() throws {
        let request = try SearchRequest([
            ("q", "modal jazz"), ("k", "7"), ("table", "public.notes"), ("mode", "vector"), ("exact", "true"),
            ("filter.category", "jazz"), ("filter.confidence.gte", "0.5"), ("filter.a.b", "x"),
            ("filter.category", "blues"),
        ])
        #expect(
            request.query
                == SearchQuery(
                    "modal jazz", mode: .vector, limit: 7,
                    filters: [
                        .init("category", .eq, "jazz"), .init("confidence", .gte, "0.5"), .init("a.b", .eq, "x"),
                        .init("category", .eq, "blues"),
                    ], isExact: true))
        #expect(request.table == "public.notes")
    }

    @Test(
        "What can't be asked is refused",
        arguments: [
            [("k", "5")], [("q", "  ")], [("q", "a"), ("k", "0")], [("q", "a"), ("k", "1001")],
            [("q", "a"), ("k", "x")],
            [("q", "a"), ("mode", "magic")], [("q", "a"), ("exact", "perhaps")], [("q", "a"), ("q", "b")],
            [("q", "a\u{0}b")], [("q", "a"), ("filter.category", "\u{0}")], [("q", "a"), ("filter.\u{0}", "x")],
            [("q", "a"), ("limit", "5")], [("q", String(repeating: "x", count: 9000))],
        ] as [[(String, String)]])
    func refusals(pairs: [(String, String)]) {
        #expect(throws: Refused.self) { try SearchRequest(pairs.map { (name: $0.0, value: $0.1) }) }
    }

    @Test("The first version's body is read; an empty or malformed one is refused")
    func upsert() throws {
        let body = #"{"rows":[{"id":"a","text":"t"},{"id":7,"text":""},{"id":"a","text":"u"}]}"#
        let request = try UpsertRequest(Array(body.utf8))
        #expect(request.keys == ["a", "7"] && request.processed == 3 && request.table == nil)
        for wrong in [
            "", "[]", "{}", #"{"rows":[]}"#, #"{"rows":{}}"#, #"{"rows":[{}]}"#, #"{"rows":[{"id":"a"}]}"#,
            #"{"rows":[{"id":"","text":"t"}]}"#, #"{"rows":[{"id":1.5,"text":"t"}]}"#, #"{"rows":["a"]}"#,
            #"{"rows":[{"id":"a","text":"t"}],"table":7}"#,
        ] {
            #expect(throws: Refused.self, "\(wrong)") { try UpsertRequest(Array(wrong.utf8)) }
        }
    }

    @Test("What was updated is in the table; what is missing or waits is in the message only")
    func outcome() throws {
        let request = try UpsertRequest(
            Array(#"{"rows":[{"id":"a","text":"t"},{"id":"b","text":"t"},{"id":"c","text":"t"}]}"#.utf8))
        func row(_ key: RowKey, _ isEmbedded: Bool = true) -> EmbeddedRows.Row {
            .init(key: key, isEmbedded: isEmbedded)
        }
        let all = UpsertRequest.Outcome([row("a"), row("b"), row("c")], why: "x")
        #expect(
            request.answer(all).text
                == #"{"success":true,"processed":3,"updated":3,"message":"Successfully processed 3 embeddings"}"#)
        let some = request.answer(.init([row("a"), row("b", false), nil], why: "the table is paused")).text
        #expect(some.contains(#""updated":1"#) && some.contains("1 of the rows do not exist"))
        #expect(some.contains("1 rows are not embedded yet: the table is paused"))
        // The same row twice, by two ways of writing its key.
        #expect(UpsertRequest.Outcome([row("7"), row("7"), nil]).updated == 1)
    }

    @Test("The status counts what was embedded since the rows were counted")
    func status() {
        let now = ContinuousClock.now
        var vitals = Vitals(tables: [1: "public.notes"])
        let tally = Tally(tables: [1: "public.notes"], now: { now })
        func report(_ standing: TableDirectory.Standing?) -> String {
            StatusReport(
                vitals: vitals, counts: tally.counts, standing: standing.map { [1: $0] } ?? [:], statusLine: "line",
                version: "1", now: now, seconds: 1_795_399_200
            ).tree.text
        }
        #expect(
            report(nil).hasPrefix(
                #"{"state":"degraded","status":"line","version":"1","tables":[{"name":"public.notes","rows":0"#))
        vitals.note(.listening(isEcho: true, backendPID: 1), at: now)
        var condition = PipelineCondition(
            waiting: 6, working: 0, held: 0, failing: 1, setAside: 2, isPolling: false, isStandby: false, isIdle: false)
        var batch = BatchReport()
        batch.outcomes = ["1": .written, "2": .written, "3": .written]
        vitals.note(.batch(batch, took: .milliseconds(31)), condition, of: 1, at: now)
        tally.hear(.batch(batch, took: .milliseconds(31)), of: 1)
        let filling = report(.init(rows: 100, embedded: 88, pending: 12, tally: 0))
        #expect(filling.contains(#""rows":100,"embedded":91,"pending":9,"failing":1,"set_aside":2"#), "\(filling)")
        #expect(filling.contains(#""last_batch":{"rows":3,"ms":31.0,"at":"2026-11-23T02:00:00Z"}"#))
        #expect(filling.hasPrefix(#"{"state":"filling""#) && filling.contains(#""trouble":null"#))
        condition.waiting = 0
        condition.failing = 0
        condition.isIdle = true
        vitals.note(.idle, condition, of: 1, at: now)
        #expect(report(.init(rows: 100, embedded: 98, pending: 2, tally: 3)).hasPrefix(#"{"state":"idle""#))
    }

    @Test("The rows of a table do not become fewer between two counts")
    func totals() {
        let now = ContinuousClock.now
        var vitals = Vitals(tables: [1: "public.notes"])
        let tally = Tally(tables: [1: "public.notes"], now: { now })
        var standing = TableDirectory.Standing(rows: 100, embedded: 100, pending: 0, tally: 0)
        func rows() -> Int? {
            StatusReport(
                vitals: vitals, counts: tally.counts, standing: [1: standing], statusLine: "", version: "1", now: now,
                seconds: 0
            ).totals[1]
        }
        var condition = PipelineCondition(
            waiting: 3, working: 0, held: 0, failing: 0, setAside: 0, isPolling: false, isStandby: false, isIdle: false)
        vitals.note(.idle, condition, of: 1, at: now)
        let waiting = rows()
        #expect(waiting == 103)
        standing.told = waiting ?? 0
        var batch = BatchReport()
        batch.outcomes = ["1": .written, "2": .written, "3": .written]
        condition.waiting = 0
        vitals.note(.batch(batch, took: .milliseconds(31)), condition, of: 1, at: now)
        tally.hear(.batch(batch, took: .milliseconds(31)), of: 1)
        #expect(rows() == 103)
        standing = TableDirectory.Standing(rows: 90, embedded: 90, pending: 0, tally: 3)
        #expect(rows() == 90)
    }

    @Test("Whoever watches is dismissed, and may come again")
    func dismissal() async {
        let feed = EventFeed(Tally(tables: [:]), executor: nil) {
            "state"
        } rows: { _, _ in
            nil
        }
        for _ in 0..<2 {
            var events = await feed.watch().makeAsyncIterator()
            #expect(await events.next() != nil)
            await feed.dismiss()
            while await events.next() != nil {}
        }
        await feed.end()
    }

    @Test(
        "Times are written as UTC",
        arguments: [
            (0.0, "1970-01-01T00:00:00Z"), (951_782_399.9, "2000-02-28T23:59:59Z"),
            (951_868_799, "2000-02-29T23:59:59Z"),
            (1_795_399_200, "2026-11-23T02:00:00Z"), (4_102_444_800, "2100-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
        ])
    func times(seconds: Double, text: String) {
        #expect(UTCTime.text(seconds) == text)
    }

    @Test("Whoever watches is told the state first, then changes and rows; an end ends it")
    func feed() async throws {
        let tally = Tally(tables: [1: "public.notes"])
        let feed = EventFeed(tally, executor: nil) {
            ["embedded": .integer(tally.counts.tables[1]?.written ?? 0)]
        } rows: { _, keys in
            ["rows": .array(keys.map { .string($0.text) })]
        }
        var events = await feed.watch().makeAsyncIterator()
        let first = await events.next().map { String(buffer: $0) }
        #expect(first == "event: status\ndata: {\"embedded\":0}\n\n")
        var batch = BatchReport()
        batch.outcomes = ["21": .written]
        tally.hear(.batch(batch, took: .zero), of: 1)
        var seen: [String] = []
        while !(seen.contains { $0.hasPrefix("event: rows") }), let event = await events.next() {
            seen.append(String(buffer: event))
        }
        #expect(seen.contains("event: status\ndata: {\"embedded\":1}\n\n"))
        #expect(seen.last == "event: rows\ndata: {\"rows\":[\"21\"]}\n\n")
        await feed.end()
        while await events.next() != nil {}
        var late = await feed.watch().makeAsyncIterator()
        #expect(await late.next() == nil)
    }
}
