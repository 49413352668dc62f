import Testing

@testable import Backfill

@Suite struct EndpointHistoryTests {
    private func rows(_ keys: RowKey..., source: Int64 = 1) -> [RowKey: Int64] {
        Dictionary(keys.map { ($0, source) }) { $1 }
    }

    @Test("A call that nothing came of is the endpoint's fault, of one row or of many")
    func endpoint() {
        var history = EndpointHistory()
        #expect(history.judge(written: 0, left: rows("1", "2")) == .endpoint)
        #expect(history.judge(written: 0, left: rows("1")) == .endpoint)
        #expect(history.judge(written: 5, left: [:]) == .again)
        #expect(history.judge(written: 0, left: rows("1")) == .endpoint, "it wrote, but that says nothing of this row")
        #expect(history.judge(written: 0, left: [:]) == .again)
    }

    @Test("A row that is left out beside others is tried again, and then charged, be it alone")
    func leftOut() {
        var history = EndpointHistory()
        #expect(history.judge(written: 5, left: rows("1")) == .again)
        #expect(history.judge(written: 5, left: rows("1")) == .rows)
        #expect(history.judge(written: 0, left: rows("1")) == .rows)
        #expect(history.judge(written: 3, left: rows("1", "2")) == .some(["1"]))
        #expect(history.judge(written: 0, left: rows("1", "2")) == .rows)
    }

    @Test("While it writes nothing else, rows that were left out are not charged")
    func broken() {
        var history = EndpointHistory()
        #expect(history.judge(written: 5, left: rows("1", "2")) == .again)
        #expect(history.judge(written: 0, left: rows("1", "3")) == .endpoint)
        #expect(history.judge(written: 0, left: rows("1", "2")) == .endpoint)
        #expect(history.judge(written: 1, left: [:]) == .again)
        #expect(history.judge(written: 0, left: rows("1", "2")) == .rows)
    }

    @Test("Another text, or an embedding, is a clean sheet")
    func cleanSheet() {
        var history = EndpointHistory()
        #expect(history.judge(written: 5, left: rows("1", "2")) == .again)
        #expect(history.judge(written: 5, left: rows("1", source: 2)) == .again)
        history.settled(["2"])
        #expect(history.judge(written: 5, left: rows("2")) == .again)
    }

    @Test("What is remembered has a bound")
    func bound() {
        var history = EndpointHistory()
        for number in 0..<30_000 {
            _ = history.judge(written: 1, left: rows("\(number)"))
            history.misplaced(rows("\(number)"))
            #expect(history.misplaced.count <= EndpointHistory.most)
        }
    }
}
