import TestSupport
import Testing

@testable import Backfill

@Suite struct TextRenderingTests {
    private func columns(_ names: [String], json: Set<String> = [], bytes: Int = 1000) -> TextRendering {
        TextRendering(.columns(names), jsonColumns: json, textBytes: bytes)
    }

    private func template(_ text: String, json: Set<String> = [], bytes: Int = 1000) throws -> TextRendering {
        TextRendering(.template(try Template(parsing: text)), jsonColumns: json, textBytes: bytes)
    }

    @Test("Values of columns stand on lines of their own; NULLs and empty ones leave none")
    func lines() {
        let rendering = columns(["a", "b", "c"])
        #expect(rendering.text(["x", "y", "z"]).text == "x\ny\nz")
        #expect(rendering.text(["x", nil, "z"]).text == "x\nz")
        #expect(rendering.text(["", "y", ""]).text == "y")
        #expect(rendering.text([nil, nil, nil]) == ("", false))
    }

    @Test("A column named twice has its value twice, though it is read once")
    func repeated() {
        #expect(columns(["a", "b", "a"]).text(["x", "y"]).text == "x\ny\nx")
    }

    @Test("A json column contributes its contents, a text column that looks like JSON its text")
    func json() {
        let value = #"{"title": "Cut", "n": null, "q": 1.40}"#
        #expect(columns(["t", "j"], json: ["j"]).text(["T", value]).text == "T\ntitle: Cut\nq: 1.40")
        #expect(columns(["t", "j"]).text(["T", value]).text == "T\n" + value)
        #expect(columns(["j"], json: ["j"]).text(["null"]) == ("", false))
        #expect(columns(["j"], json: ["j"]).text(["{}"]) == ("", false))
    }

    @Test("A template has values in its places, also out of json")
    func templates() throws {
        let rendering = try template("{topic}. {s.title}: {s.p.q} {{x}}", json: ["s"])
        #expect(rendering.text(["EQ", #"{"title":"Cut","p":{"q":1.4}}"#]).text == "EQ. Cut: 1.4 {x}")
        #expect(rendering.text(["EQ", #"{"title":null}"#]).text == "EQ. :  {x}")
        #expect(rendering.text(["EQ", nil]).text == "EQ. :  {x}")
        // Values are data: braces in them are no places.
        #expect(try template("{a}{b}").text(["{b}", "x"]).text == "{b}x")
    }

    @Test("A path into a column that is no json, and a template's own words alone, are no text")
    func nothing() throws {
        #expect(try template("{a.b}").text([#"{"b":"x"}"#]) == ("", false))
        #expect(try template("Topic: {a}").text([nil]) == ("", false))
        #expect(try template("Topic: {a}").text([" \n\t"]) == ("", false))
        #expect(try template("Topic: {a} {b}").text([nil, "x"]).text == "Topic:  x")
    }

    @Test("White space alone is no text", arguments: [" ", "\n\n", "\t \r\n", "\u{a0}\u{2003}\u{3000}"])
    func blank(value: String) {
        #expect(columns(["a", "b"]).text([value, value]) == ("", false))
        #expect(columns(["a", "b"]).text([value, "x"]).text == value + "\nx")
    }

    @Test("What is over the limit is cut off at a character's boundary")
    func cut() {
        #expect(columns(["a"], bytes: 5).text(["hello"]) == ("hello", false))
        #expect(columns(["a"], bytes: 4).text(["hello"]) == ("hell", true))
        #expect(columns(["a"], bytes: 4).text(["abcé"]) == ("abc", true))
        #expect(columns(["a"], bytes: 5).text(["abcé"]) == ("abcé", false))
        // One character of eight bytes: two regional indicators.
        #expect(columns(["a"], bytes: 8).text(["a🇩🇪b"]) == ("a", true))
        #expect(columns(["a"], bytes: 9).text(["a🇩🇪b"]) == ("a🇩🇪", true))
        // A letter and its accent are one character.
        #expect(columns(["a"], bytes: 2).text(["ae\u{301}"]) == ("a", true))
    }

    @Test("Of a first character longer than the limit whole scalars are kept")
    func hugeCharacter() {
        let family = "👩‍👩‍👧‍👦"  // four scalars of four bytes, three joiners of three
        #expect(family.count == 1 && family.utf8.count == 25)
        #expect(columns(["a"], bytes: 24).text([family]) == ("👩‍👩‍👧\u{200d}", true))
        #expect(columns(["a"], bytes: 4).text([family]) == ("👩", true))
        #expect(columns(["a"], bytes: 6).text([family]) == ("👩", true))
        #expect(columns(["a"], bytes: 3).text([family]) == ("", true))
    }

    @Test("A cut text fits, begins as the whole does, and is as long as it can be", arguments: UInt64(1)...10)
    func cutAnywhere(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let pieces = ["a", "é", "e\u{301}", "中", "🎛️", "🇩🇪", "👩‍👩‍👧", "\r\n", " "]
        for _ in 0..<300 {
            let text = "x" + (0..<20).map { _ in pieces.randomElement(using: &random)! }.joined()
            let limit = Int.random(in: 1...80, using: &random)
            let (cut, isCut) = TextRendering.cut(text, to: limit)
            #expect(cut.utf8.count <= limit)
            #expect(isCut == (text.utf8.count > limit))
            #expect(text.utf8.starts(with: cut.utf8))
            if isCut {
                let next = text.dropFirst(cut.count).first.map { $0.utf8.count } ?? 0
                #expect(cut.utf8.count + next > limit)
            } else {
                #expect(cut == text)
            }
        }
    }
}
