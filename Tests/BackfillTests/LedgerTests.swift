import Testing

@testable import Backfill

@Suite("The failure ledger's pure parts")
struct LedgerTests {
    @Test("A key's bucket is ten bits of the FNV-1a of its bytes, and neighbours are spread over all of them")
    func buckets() {
        // FNV-1a of nothing is cbf29ce484222325, of "a" af63dc4c8601ec8c, of "foobar" 85944171f73967e8.
        #expect(RowKey("").bucket == (0x8422_2325 ^ 0xcbf2_9ce4) & 1023)
        #expect(RowKey("a").bucket == (0x8601_ec8c ^ 0xaf63_dc4c) & 1023)
        #expect(RowKey("foobar").bucket == (0xf739_67e8 ^ 0x8594_4171) & 1023)
        #expect(RowKey("é").bucket != RowKey("e\u{301}").bucket)
        #expect(Set((0..<20_000).map { RowKey("\($0)").bucket }) == Set(0..<1024))
    }

    @Test("A reason that goes on for pages is cut")
    func reasons() {
        #expect(FailureLedger.limited("short") == "short")
        let cut = FailureLedger.limited(String(repeating: "é", count: 900))
        #expect(cut.count == 500)
        #expect(cut.hasSuffix("…"))
    }

    @Test("A failed row says when it is tried again")
    func prospects() {
        func row(_ next: Double?) -> FailedRow {
            FailedRow(
                table: "public.notes", key: "1", attempts: 2, reason: "r", firstAt: "a", lastAt: "b",
                isSetAside: next == nil, nextTry: next.map { _ in "c" }, nextTryInSeconds: next, daemon: "d")
        }
        #expect(row(nil).prospect == "set aside")
        #expect(row(0).prospect == "due")
        #expect(row(45).prospect == "next try in 45 s")
    }
}
