import TestSupport
import Testing

@testable import Backfill

@Suite struct JSONTextTests {
    private func readable(_ json: String) -> String { JSONText.readable(Array(json.utf8)) }

    @Test(
        "A value alone is itself",
        arguments: [
            (#""text""#, "text"), ("12", "12"), ("true", "true"), ("false", "false"), ("null", ""), ("", ""),
            (#""""#, ""),
            ("  \"padded\" ", "padded"), ("{}", ""), ("[]", ""), ("[[],{}]", ""),
        ])
    func alone(json: String, expected: String) {
        #expect(readable(json) == expected)
    }

    @Test(
        "Members of the outermost object are lines; what is further in is separated by commas",
        arguments: [
            (
                #"{"title": "Cut the mud", "parameters": {"frequency": 300, "q": 1.4}}"#,
                "title: Cut the mud\nparameters: frequency: 300, q: 1.4"
            ),
            (#"{"tags": ["a", "b"], "n": 1}"#, "tags: a, b\nn: 1"),
            (#"["a","b",3]"#, "a\nb\n3"),
            (#"{"a":{"b":{"c":1},"d":2},"e":3}"#, "a: b: c: 1, d: 2\ne: 3"),
            (#"{"a":[{"x":1,"y":2},{"x":3}]}"#, "a: x: 1, y: 2, x: 3"),
            (#"{"a":[[1,2],[3]]}"#, "a: 1, 2, 3"),
        ])
    func lines(json: String, expected: String) {
        #expect(readable(json) == expected)
    }

    @Test(
        "Members that are null or have nothing in them leave no trace",
        arguments: [
            (#"{"a":null,"b":1}"#, "b: 1"),
            (#"{"a":{"b":null,"c":1}}"#, "a: c: 1"),
            (#"{"a":{"b":null},"c":1}"#, "c: 1"),
            (#"{"a":{},"b":[],"c":"","d":{"e":[{}]},"f":1}"#, "f: 1"),
            (#"{"a":[null,"b"]}"#, "a: b"),
            (#"{"a":["",{"x":null},"b"]}"#, "a: b"),
            (#"{"a":[{"x":""},"leaf"]}"#, "a: leaf"),
            (#"[null,null]"#, ""),
        ])
    func empty(json: String, expected: String) {
        #expect(readable(json) == expected)
    }

    @Test(
        "Escapes and surrogate pairs are resolved; halves of pairs become the replacement character",
        arguments: [
            (#""a\"b\\c\/d""#, "a\"b\\c/d"), (#""a\nb\tc""#, "a\nb\tc"), (#""\u00e9\u4e2d""#, "é中"),
            (#""\ud83c\udf9b""#, "🎛"), (#""\ud83c""#, "\u{fffd}"), (#""\udf9b""#, "\u{fffd}"),
            (#""\ud83cx""#, "\u{fffd}x"), (#""\uZZZZ""#, "\u{fffd}"), (#"{"\u00e9":1}"#, "é: 1"),
            (#""a\bb\fc""#, "a b c"), (#""{\"a\":[1,2]}""#, #"{"a":[1,2]}"#), (#"["a:b","c,d"]"#, "a:b\nc,d"),
        ])
    func escapes(json: String, expected: String) {
        #expect(readable(json) == expected)
    }

    @Test(
        "Numbers keep the digits they have",
        arguments: ["1.10", "1e400", "-0", "0.1234567890123456789012345", "123456789012345678901234567890", "1.40E+2"])
    func digits(number: String) {
        #expect(readable(number) == number)
        #expect(readable("{\"n\":\(number)}") == "n: \(number)")
    }

    @Test(
        "Of input that was cut short whatever is there is used",
        arguments: [
            (#"{"a":"some te"#, "a: some te"), (#"{"a":"x","b"#, "a: x\nb"), (#"{"a":"x","b":"#, "a: x"),
            (#"["a","b\"#, "a\nb\\"), (#"["\ud83c\u"#, "\u{fffd}"), (#"{"a":{"b":12"#, "a: b: 12"),
            (#"["x\u00"#, "x\0"),
        ])
    func cut(json: String, expected: String) {
        #expect(readable(json) == expected)
    }

    @Test(
        "A path leads to the member's value, or nowhere",
        arguments: [
            (["a"], "1"), (["o", "x"], "5"), (["o", "p", "q"], "deep"), (["o"], "x: 5\np: q: deep"), (["l"], "1\n2"),
            (["n"], ""), (["s"], "te\"xt"), (["é\n"], "odd"),
            ([], "a: 1\ns: te\"xt\no: x: 5, p: q: deep\nl: 1, 2\né\n: odd"),
        ])
    func path(path: [String], expected: String) throws {
        let json = #"{"a":1,"s":"te\"xt","o":{"y":null,"x" : 5,"p":{"q":"deep"}},"l":[1,2],"n":null,"\u00e9\n":"odd"}"#
        let member = try #require(JSONText.member(path, of: Array(json.utf8)))
        #expect(JSONText.readable(member) == expected)
    }

    @Test(
        "A path that leads nowhere has no value",
        arguments: [["b"], ["x"], ["a", "b"], ["l", "1"], ["o", "q"], ["n", "x"], [""]])
    func noPath(path: [String]) {
        // The value of `s` looks like a key, and `x` is a key further in.
        let json = #"{"a":1,"s":"b","o":{"x":5},"l":[1,2],"n":null}"#
        #expect(JSONText.member(path, of: Array(json.utf8)) == nil)
    }

    @Test("Random bytes, and valid JSON cut anywhere, neither crash nor hang it", arguments: UInt64(1)...4)
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let alphabet = Array(#"{}[]",:\ud83c0e19.-null truefa"#.utf8)
        let whole = Array(#"{"a":[{"b":"\ud83c\udf9b"},null,-1.5e3],"c":{"d":{"e":"\\\"x"}},"é":""}"#.utf8)
        for round in 0..<5_000 {
            let length = Int.random(in: 0...80, using: &random)
            let bytes: [UInt8] =
                switch round % 3 {
                case 0: (0..<length).map { _ in .random(in: 0...255, using: &random) }
                case 1: (0..<length).map { _ in alphabet.randomElement(using: &random)! }
                default: Array(whole.prefix(length))
                }
            let text = JSONText.readable(bytes)
            // An escape of six bytes or a broken byte becomes at most three; a key comes with a colon and a blank.
            #expect(text.utf8.count <= bytes.count * 4)
            for path in [["a"], ["c", "d", "e"], [""], ["a", "b"]] {
                if let member = JSONText.member(path, of: bytes) { #expect(member.count <= bytes.count) }
            }
            var reader = JSONText(bytes)
            var tokens = 0
            while reader.next() != nil, tokens <= bytes.count { tokens += 1 }
            #expect(tokens <= bytes.count)
        }
    }

    @Test("Depth costs nothing")
    func deep() {
        let depth = 5_000
        let arrays = String(repeating: "[", count: depth) + "1" + String(repeating: "]", count: depth)
        #expect(readable(arrays) == "1")
        let objects = String(repeating: "{\"a\":", count: depth) + "1" + String(repeating: "}", count: depth)
        #expect(readable(objects) == String(repeating: "a: ", count: depth) + "1")
        #expect(readable(String(repeating: "[", count: 100_000)) == "")
        var reader = JSONText(Array(objects.utf8))
        reader.skipValue()
        #expect(reader.position == objects.utf8.count)
    }
}
