import Testing
@testable import SentenceEncoder

@Suite("JSON") struct JSONTests {
    private func parse(_ text: String) throws(JSONError) -> JSON { try JSON.parse(Array(text.utf8)) }

    private func string(_ text: String) -> JSON { .string(Array(text.utf8)) }

    @Test("Every kind of value is read as what it is")
    func kinds() throws {
        let value = try parse(#" {"a": [null, true, false, 0, -12, 1.5, 2e3, "x"], "b": {}, "c": []} "#)
        #expect(
            value["a"]?.elements == [
                .null, .bool(true), .bool(false), .integer(0), .integer(-12), .number(1.5), .number(2000), string("x"),
            ])
        #expect(value["b"]?.members == [])
        #expect(value["c"]?.elements == [])
        #expect(value["d"] == nil)
    }

    @Test("Accessors answer only for their own kind")
    func accessors() throws {
        let value = try parse(#"{"n": 3, "f": 0.5, "s": "t", "b": true, "z": null}"#)
        #expect(value["n"]?.int == 3 && value["n"]?.double == 3 && value["n"]?.text == nil)
        #expect(value["f"]?.int == nil && value["f"]?.double == 0.5)
        #expect(value["s"]?.text == "t" && value["s"]?.bytes == [0x74] && value["s"]?.double == nil)
        #expect(value["b"]?.flag == true && value["n"]?.flag == nil)
        #expect(value["z"]?.isNull == true && value["b"]?.isNull == false)
        #expect(value.elements == nil && value["n"]?["n"] == nil)
    }

    @Test("Names that are only canonically equivalent stay apart, duplicates stay, and the last one counts")
    func names() throws {
        let value = try parse("{\"\u{e9}\": 1, \"e\u{301}\": 2, \"a\": 3, \"a\": 4}")
        #expect(value.members?.count == 4)
        #expect(value["\u{e9}"]?.int == 1)
        #expect(value["e\u{301}"]?.int == 2)
        #expect(value["a"]?.int == 4)
    }

    @Test(
        "Strings are decoded to UTF-8",
        arguments: [
            (#""""#, ""), (#""a\"\\\/\b\f\n\r\tz""#, "a\"\\/\u{8}\u{c}\n\r\tz"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
            (#""x\ud83d\uDE00y""#, "x😀y"), ("\"é€😀\u{7f}\"", "é€😀\u{7f}"), (#""\u0000""#, "\u{0}"),
            (#""\ufeff""#, "\u{feff}"),
        ])
    func strings(json: String, expected: String) throws {
        #expect(try parse(json) == string(expected))
    }

    @Test(
        "Numbers keep their kind and value",
        arguments: [
            ("0", JSON.integer(0)), ("-0", .integer(0)), ("9223372036854775807", .integer(.max)),
            ("-9223372036854775808", .integer(.min)), ("9223372036854775808", .number(0x1p63)),
            ("1000000000000000019884624838656", .number(1e30)), ("1.0", .number(1)), ("1E+2", .number(100)),
            ("1e-12", .number(1e-12)), ("-1.25e-1", .number(-0.125)), ("5e-324", .number(.leastNonzeroMagnitude)),
            ("1e-999", .number(0)),
        ])
    func numbers(json: String, expected: JSON) throws {
        #expect(try parse(json) == expected)
    }

    @Test(
        "What is not JSON is refused at its offset",
        arguments: [
            ("", 0), (" ", 1), ("nul", 0), ("nulll", 4), ("True", 0), ("[1,]", 3), ("[1 2]", 3), ("[1", 2), ("[,1]", 1),
            ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{\"a\":1 \"b\":2}", 7), ("1 2", 2),
            ("{}{}", 2), ("]", 0), ("01", 0), ("-", 1), ("+1", 0), (".5", 0), ("1.", 2), ("1e", 2), ("1e+", 3),
            ("-01", 1),
            ("1e999", 0), ("[-1e400]", 1), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("0x10", 1), ("\"a", 0),
            ("\"a\\", 2), ("\"\\x\"", 1), ("\"\\u12\"", 1), ("\"\\u12G4\"", 1), ("\"\n\"", 1), ("\"\\n\u{1f}\"", 3),
            ("\"\\ud800\"", 1), ("\"\\udc00\"", 1), ("\"\\ud800\\u0041\"", 1), ("\"\\ud800\\n\"", 1), ("// c\n1", 0),
            ("'a'", 0), ("\u{feff}1", 0), ("\u{a0}1", 0), ("[1]\u{0}", 3),
        ])
    func refused(json: String, offset: Int) {
        let error = #expect(throws: JSONError.self) { try parse(json) }
        #expect(error?.offset == offset, "\(json): \(String(describing: error))")
    }

    @Test(
        "Invalid UTF-8 is refused at its offset",
        arguments: [
            ([0x22, 0xff, 0x22], 1), ([0x22, 0xc3, 0x22], 1), ([0x22, 0xed, 0xa0, 0x80, 0x22], 1),
            ([0x22, 0xc0, 0x80, 0x22], 1), ([0x31, 0x80], 1), ([0x22, 0x61, 0xf5, 0x80, 0x80, 0x80, 0x22], 2),
        ] as [([UInt8], Int)])
    func invalidText(bytes: [UInt8], offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSON.parse(bytes) }
        #expect(error == JSONError(offset, "invalid UTF-8"))
    }

    @Test("Nesting is read to its limit and refused beyond it")
    func depth() throws {
        let limit = JSON.maximumDepth
        _ = try parse(String(repeating: "[", count: limit) + String(repeating: "]", count: limit))
        for opening in ["[", "{\"a\":"] {
            let error = #expect(throws: JSONError.self) { try parse(String(repeating: opening, count: 1_000_000)) }
            #expect(error?.problem == "nested deeper than \(limit)")
            #expect(error?.offset == limit * opening.utf8.count)
        }
    }

    @Test("A text of more values than allowed is refused, however short they are")
    func values() throws {
        #expect(try JSON.parse(Array("[1,2,3]".utf8), values: 4).elements?.count == 3)
        for json in ["[1,2,3]", "{\"\":1,\"\":2,\"\":3}", "[[],[],[]]", "[[[0]]]"] {
            let error = #expect(throws: JSONError.self) { try JSON.parse(Array(json.utf8), values: 3) }
            #expect(error?.problem == "too many values")
        }
        let bomb = "[" + String(repeating: "[],", count: JSON.maximumValues) + "[]]"
        #expect(throws: JSONError.self) { try parse(bomb) }
    }

    @Test("A number of endless digits is refused instead of being converted")
    func longNumbers() throws {
        #expect(try parse(String(repeating: "9", count: 300)) == .number(1e300))
        for json in [String(repeating: "1", count: 1_000_000), "0." + String(repeating: "1", count: 1_000_000)] {
            let error = #expect(throws: JSONError.self) { try parse(json) }
            #expect(error == JSONError(0, "a number too long to be read"))
        }
    }

    @Test("Names in errors are cut and hold nothing that acts on a terminal")
    func quoting() {
        #expect(quote("a.b") == "'a.b'")
        #expect(quote("\u{1b}[2J\n\u{202e}x\u{0}") == "'\u{fffd}[2J\u{fffd}\u{fffd}x\u{fffd}'")
        #expect(quote(String(repeating: "x", count: 100)) == "'" + String(repeating: "x", count: 80) + "…'")
    }
}
