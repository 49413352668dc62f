@testable import Backfill
import Testing

@Suite("Passages and words of a search")
struct SearchWordsTests {
    private func marked(_ part: SearchPart) -> [String] {
        let units = Array(part.text.utf16)
        return part.marks.map { String(decoding: units[$0], as: UTF16.self) }
    }

    @Test("Words that say nothing are not marked, nor those that are not wanted; a query of nothing else keeps them")
    func words() {
        #expect(
            SearchWords("How do I make the drums -loud \"punchy bass\" or EQ?").words == [
                "make", "drums", "punchy", "bass", "eq",
            ])
        #expect(SearchWords("to be").words == ["to", "be"])
        #expect(SearchWords(" -?! ").words == [])
    }

    @Test(
        "A query for the server has each word once, and so many at most; one that does already stays as it is",
        arguments: [
            ("How do I  make -loud \"punchy bass\" or EQ?", "How do I  make -loud \"punchy bass\" or EQ?"),
            ("jazz Jazz  modal JAZZ", "jazz modal"), ("a b or a c", "a b or a c"), ("a a or a a", "a"),
            ("x -x x -x", "x -x"), ("\"to be or not to be\" be be", "\"to be or not to be\" be"), ("-?! ", "-?! "),
            ("or or or", "or or or"), ("a a \"not closed", "a \"not closed\""), ("a a or", "a or"), ("d d - d", "d -d"),
        ])
    func bounded(_ query: String, _ bounded: String) {
        #expect(WebQuery.bounded(query) == bounded)
    }

    @Test("Of thousands of words the server gets 32, however they are written")
    func manyWords() {
        let many = (1...2_000).map { "w\($0)" }
        let first = many.prefix(32)
        #expect(WebQuery.bounded(many.joined(separator: " ")) == first.joined(separator: " "))
        #expect(WebQuery.bounded(many.joined(separator: " or ")) == first.joined(separator: " or "))
        #expect(WebQuery.bounded(many.joined(separator: ",")) == first.joined(separator: ","))
        #expect(WebQuery.bounded("\"\(many.joined(separator: " "))\"") == "\"\(first.joined(separator: " "))\"")
        #expect(WebQuery.bounded(String(repeating: "jazz ", count: 1_600)) == "jazz")
        #expect(SearchWords.tokens(of: WebQuery.bounded(String(repeating: "\"a b\" c,d ", count: 800))).count <= 32)
    }

    @Test(
        "Words are the same that differ in their ending",
        arguments: [
            ("mix", "mixing", true), ("mixing", "mix", true), ("compression", "compressor", true),
            ("compressing", "compression", true), ("harmony", "harmonic", true), ("drum", "drums", true),
            ("eq", "eq2", false), ("take1", "take10", false), ("car", "carpet", true), ("car", "carpets", false),
            ("modal", "modern", false), ("bass", "base", false), ("jazz", "jazz", true), ("übung", "übungen", true),
        ])
    func endings(_ a: String, _ b: String, _ same: Bool) {
        #expect(SearchWords.same(Array(a.utf8), Array(b.utf8)) == same)
        #expect(SearchWords.same(Array(b.utf8), Array(a.utf8)) == same)
    }

    @Test(
        "Words matched are those that the server found; where it did not, they are alike",
        arguments: [
            (true, true, ["jazz", "modal"], "close in meaning; words matched: jazz, modal"),
            (true, true, [], "close in meaning; words matched"),
            (false, true, ["jazz"], "words matched: jazz"),
            (true, false, ["compressor"], "close in meaning; words alike: compressor"),
            (true, false, [], "close in meaning"),
        ])
    func reasons(_ isNear: Bool, _ hasWords: Bool, _ matched: [String], _ why: String) {
        #expect(Search.why(isNear: isNear, hasWords: hasWords, matched) == why)
    }

    @Test("Marks are UTF-16 offsets, also behind characters of several units")
    func offsets() {
        let passages = SearchPassages([("body", "🎷🎷 Modal\n\n jazz é 👩‍👩‍👧 and modal JAZZ")], SearchWords("jazz modal"))
        #expect(passages.parts.count == 1)
        #expect(passages.parts[0].text == "🎷🎷 Modal jazz é 👩‍👩‍👧 and modal JAZZ")
        #expect(marked(passages.parts[0]) == ["Modal", "jazz", "modal", "JAZZ"])
        #expect(passages.matched == ["jazz", "modal"])
    }

    @Test("The passage is the one with most of the words, cut at words, with dots where something was left out")
    func window() {
        let filler = Array(repeating: "lorem ipsum dolor", count: 40).joined(separator: " ")
        let text = "jazz \(filler) modal jazz harmony \(filler)"
        let passages = SearchPassages([("title", "Of jazz"), ("body", text)], SearchWords("modal jazz harmony"))
        #expect(passages.parts.map(\.column) == ["body", "title"])
        let part = passages.parts[0]
        #expect(part.text.hasPrefix("… ") && part.text.hasSuffix(" …"))
        #expect(part.text.utf16.count <= SearchPassages.length + 4)
        #expect(marked(part) == ["modal", "jazz", "harmony"])
        #expect(marked(passages.parts[1]) == ["jazz"])
        #expect(
            part.text.dropFirst(2).dropLast(2).split(separator: " ").allSatisfy {
                ["lorem", "ipsum", "dolor", "modal", "jazz", "harmony"].contains($0)
            })
    }

    @Test("A row that is near and has none of the words shows how its text begins")
    func beginning() {
        let passages = SearchPassages([("a", ""), ("b", "Some text")], SearchWords("jazz"))
        #expect(passages.parts == [SearchPart(column: "b", text: "Some text", marks: [])])
        #expect(passages.matched.isEmpty)
        #expect(SearchPassages([("a", "")], SearchWords("jazz")).parts.isEmpty)
        #expect(SearchPassages([], SearchWords("jazz")).parts.isEmpty)
    }

    @Test("Of a json object the longest value is shown, without its key, and not the title again")
    func members() {
        let readable = "title: Tame: esses\nparameters: range: 5, 9\ndescription: A static cut: it lisps.\nq: 1"
        let values = SearchPassages.members(of: readable, without: "Tame: esses")
        #expect(values == ["A static cut: it lisps.", "range: 5, 9", "1"])
        #expect(SearchPassages.members(of: readable, without: nil).contains("Tame: esses"))
        #expect(SearchPassages.members(of: "", without: nil).isEmpty)
        let passages = SearchPassages(values.map { ("suggestion", $0) }, SearchWords("range"))
        #expect(passages.parts.map(\.text) == ["range: 5, 9"])
    }

    @Test("Marks always lie within their passage and on words of the query, whatever the text")
    func anything() {
        var random = SystemRandomNumberGenerator()
        let pieces = [
            "jazz", "Modal ", " ", "\n", "é", "e\u{301}", "👩‍👩‍👧", "🎷", "-", "…", "x1", "jazzy", "\u{0}", "ß", "\r\n",
        ]
        let words = SearchWords("modal jazz")
        for _ in 0..<500 {
            let text = (0..<Int.random(in: 0...300, using: &random)).map { _ in pieces.randomElement(using: &random)! }
                .joined()
            for part in SearchPassages([("c", text)], words).parts {
                var end = 0
                for mark in part.marks {
                    #expect(
                        mark.lowerBound >= end && mark.upperBound <= part.text.utf16.count, "\(text.debugDescription)")
                    end = mark.upperBound
                }
                #expect(marked(part).allSatisfy { words.number(of: $0[...]) != nil }, "\(text.debugDescription)")
            }
        }
    }
}
