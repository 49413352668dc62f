import Testing

@testable import backfilld

@Suite("Numbers of a search, for people")
struct SearchTextTests {
    @Test("Numbers have as many places as asked for, none too")
    func fixed() {
        #expect(SearchText.fixed(0.8249, 2) == "0.82" && SearchText.fixed(0.005, 2) == "0.01")
        #expect(SearchText.fixed(-0.25, 1) == "-0.3" && SearchText.fixed(-0.001, 2) == "0.00")
        #expect(
            SearchText.fixed(12.04, 2) == "12.04" && SearchText.fixed(63.7, 0) == "64" && SearchText.fixed(0, 0) == "0")
    }

    @Test("A similarity has a bar, all of one width; a row without one has a dash")
    func similarity() {
        #expect(SearchText.similarity(0.82) == " 0.82 ████████░░")
        #expect(SearchText.similarity(-0.5) == "-0.50 ░░░░░░░░░░")
        for value in [nil, -1, -0.001, 0, 0.5, 1, 1.0001] { #expect(SearchText.similarity(value).count == 16) }
    }

    @Test("Sizes are of the unit that fits")
    func sizes() {
        #expect(IndexReport.size(0) == "0 bytes" && IndexReport.size(8192) == "8.0 kB")
        #expect(IndexReport.size(64 << 20) == "64 MB" && IndexReport.size(3 << 29) == "1.5 GB")
        #expect(IndexCommand.bytes("512MB") == 512 << 20 && IndexCommand.bytes("2gb") == 2 << 30)
        for text in ["", "MB", "-1MB", "1.5GB", "much", "99999999999GB"] { #expect(IndexCommand.bytes(text) == nil) }
    }
}
