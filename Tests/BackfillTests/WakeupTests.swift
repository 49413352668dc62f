import TestSupport
import Testing

@testable import Backfill

@Suite struct WakeupTests {
    @Test(
        "A bare wake-up, and one that names rows",
        arguments: [
            ("1", Wakeup(watch: 1)),
            ("0", Wakeup(watch: 0)),
            ("2147483647", Wakeup(watch: .max)),
            (#"12 ["a"]"#, Wakeup(watch: 12, keys: ["a"])),
            (#"12 ["a","b","a"]"#, Wakeup(watch: 12, keys: ["a", "b", "a"])),
            (#"12 ["a b","c:d","","é","👩‍👩‍👧"]"#, Wakeup(watch: 12, keys: ["a b", "c:d", "", "é", "👩‍👩‍👧"])),
            (
                #"3 ["q\"uo\\te","\ud83c\udf9b","\n",";DROP TABLE t; --"]"#,
                Wakeup(watch: 3, keys: ["q\"uo\\te", "🎛", "\n", ";DROP TABLE t; --"])
            ),
        ])
    func accepted(payload: String, expected: Wakeup) {
        #expect(Wakeup(payload: payload) == expected)
    }

    @Test(
        "Nothing else is a wake-up",
        arguments: [
            "", " ", "x", "-1", "+1", "1.0", "2147483648", "99999999999999999999", "0x1", "١", "1x", " 1", "1\n",
            "1\t[\"a\"]",
            "1 ", "1 []", "1  []", "1 [1]", "1 [null]", "1 [true]", "1 [[\"a\"]]", "1 {}", "1 {\"a\":\"b\"}", "1 \"a\"",
            "1 a", "1 [", "1 [\"a\"", "1 [\"a\"]]", "1 [\"a\"] x", "1 [\"a\" \"b\"]", "1 ['a']",
            "1 [\"\\ud800\"]",
            "1 [\"a\\u0000b\"]", "1 [\"a\",null]", "1,[\"a\"]", "[\"a\"]", "1 1 [\"a\"]", "echo 123", "1 NULL",
        ])
    func refused(payload: String) {
        #expect(Wakeup(payload: payload) == nil)
    }

    @Test("What a trigger writes comes back as it was, whatever the keys are", arguments: UInt64(1)...20)
    func roundTrip(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        for _ in 0..<200 {
            let keys = (0..<Int.random(in: 1...20, using: &random)).map { _ in Self.text(&random) }
            let json = keys.map { "\"" + $0.unicodeScalars.map(Self.escaped).joined() + "\"" }.joined(separator: ",")
            let watch = Int32.random(in: 0...Int32.max, using: &random)
            #expect(Wakeup(payload: "\(watch) [\(json)]") == Wakeup(watch: watch, keys: keys))
        }
    }

    @Test("Twenty thousand hostile payloads neither crash it nor come through as something else", arguments: 1...4)
    func fuzz(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let seeds = [#"12 ["a","b"]"#, "12", #"7 ["\ud83c\udf9b","\\"]"#, "9 [[[[\"", "1 {\"a\":[1,2e9]}"]
        for _ in 0..<5_000 {
            var bytes = Array(seeds.randomElement(using: &random)!.utf8)
            if random.chance(0.3) {
                bytes = (0..<Int.random(in: 0...60, using: &random)).map { _ in .random(in: 0...255, using: &random) }
            }
            for _ in 0..<Int.random(in: 0...6, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                let byte =
                    random.chance(0.6)
                    ? Array("[]{}\",\\u019 \0e-".utf8).randomElement(using: &random)!
                    : .random(in: 0...255, using: &random)
                if at < bytes.count, random.chance(0.5) { bytes[at] = byte } else { bytes.insert(byte, at: at) }
            }
            if random.chance(0.02) { bytes += Array(repeating: UInt8(ascii: "["), count: 7_900) }
            let payload = String(decoding: bytes, as: UTF8.self)
            guard let wakeup = Wakeup(payload: payload) else { continue }
            let text = Array(payload.utf8)
            let digits = text.prefix { (48...57).contains($0) }
            #expect(wakeup.watch >= 0 && !digits.isEmpty)
            if let keys = wakeup.keys {
                #expect(!keys.isEmpty && keys.allSatisfy { !$0.utf8.contains(0) })
                #expect(text[digits.count] == UInt8(ascii: " ") && text[digits.count + 1] == UInt8(ascii: "["))
            } else {
                #expect(digits.count == text.count)
            }
        }
    }

    @Test("A payload as deep as it can be is refused, not followed")
    func deep() {
        #expect(Wakeup(payload: "1 " + String(repeating: "[", count: 7_990)) == nil)
        #expect(Wakeup(payload: "1 [" + String(repeating: "{\"a\":", count: 1_500)) == nil)
        let long = Array(repeating: "\"00000000\"", count: 700)
        #expect(Wakeup(payload: "1 [\(long.joined(separator: ","))]")?.keys?.count == 700)
    }

    private static func text(_ random: inout SeededRandom) -> String {
        let scalars: [Unicode.Scalar] = [
            "a", "0", " ", "\"", "\\", "'", "]", ",", "é", "🎛", "\n", "\u{1f}", "\u{2028}", "{",
        ]
        var text = ""
        for _ in 0..<Int.random(in: 0...12, using: &random) {
            text.unicodeScalars.append(scalars.randomElement(using: &random)!)
        }
        return text
    }

    /// As PostgreSQL's escape_json does it.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\"", "\\": "\\\(scalar)"
        case "\n": "\\n"
        case ..<" ": "\\u00" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16)
        default: "\(scalar)"
        }
    }
}
