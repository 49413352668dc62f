import TestSupport
import Testing

@testable import SentenceEncoder

/// A seeded source of damage to texts of the kind of JSON.
struct Mutator: RandomNumberGenerator {
    private var random: SeededRandom

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    mutating func next() -> UInt64 { random.next() }

    mutating func below(_ bound: Int) -> Int { random.below(bound) }

    private static let bytes =
        Array("{}[]\",:\\ntfu0123456789-+.eE \n\u{0}\u{1f}\u{7f}/".utf8) + [0x80, 0xc3, 0xed, 0xf0, 0xff]
    private static let pieces = [
        "null", "true", "false", "1e999", "-0", "18446744073709551616", "9223372036854775807", "-1", "0.5e-3",
        "\\ud800",
        "\\udc00", "\\u0000", "\\ud83d\\ude00", "\"\"", "[[[[[[[[", "{\"\":", "]]]]", "[0,8]", "[]", "\u{feff}", "é",
    ].map { Array($0.utf8) }

    /// Changes a text in one to three places.
    mutating func damage(_ text: inout [UInt8]) {
        for _ in 0...below(3) {
            guard !text.isEmpty else { return }
            let place = below(text.count)
            switch below(6) {
            case 0: text[place] = Self.bytes[below(Self.bytes.count)]
            case 1: text[place] ^= 1 << UInt8(below(8))
            case 2: text.insert(contentsOf: Self.pieces[below(Self.pieces.count)], at: place)
            case 3: text.removeSubrange(place..<min(text.count, place + 1 + below(4)))
            case 4: text.insert(contentsOf: text[place..<min(text.count, place + 1 + below(12))], at: below(text.count))
            default: text[place] = 0x30 + UInt8(below(10))
            }
        }
        if below(50) == 0 { text.removeLast(below(text.count + 1)) }
    }
}

@Suite("JSON, damaged") struct JSONFuzzTests {
    private static let seeds = [
        ###"{"model":{"vocab":{"[PAD]":0,"##a":1},"n":null}}"###, #"[1,-2.5e3,true,{"a":[{}]},"x"]"#,
        #"{"a\u00e9\n":"\ud83d\ude00","b":[[[0]],"é€😀"]}"#, #"{"eps":1e-12,"size":384,"name":"gelu"}"#,
    ].map { Array($0.utf8) }

    /// The text of a value, written plainly.
    static func text(_ value: JSON, into text: inout [UInt8]) {
        func write(_ string: [UInt8]) {
            text.append(0x22)
            for byte in string {
                switch byte {
                case 0x22, 0x5c: text += [0x5c, byte]
                case 0..<0x20:
                    let digits = Array("0123456789abcdef".utf8)
                    text += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
                default: text.append(byte)
                }
            }
            text.append(0x22)
        }
        func write<Element>(_ elements: [Element], _ open: UInt8, _ close: UInt8, _ body: (Element) -> Void) {
            text.append(open)
            for (index, element) in elements.enumerated() {
                if index > 0 { text.append(0x2c) }
                body(element)
            }
            text.append(close)
        }
        switch value {
        case .null: text += Array("null".utf8)
        case .bool(let flag): text += Array("\(flag)".utf8)
        case .integer(let number): text += Array("\(number)".utf8)
        case .number(let number): text += Array("\(number)".utf8)
        case .string(let string): write(string)
        case .array(let elements): write(elements, 0x5b, 0x5d) { Self.text($0, into: &text) }
        case .object(let members):
            write(members, 0x7b, 0x7d) { member in
                write(member.key)
                text.append(0x3a)
                Self.text(member.value, into: &text)
            }
        }
    }

    @Test("A million damaged texts are refused or read as what can be written again", arguments: 0..<4)
    func damaged(part: Int) throws {
        let seed = 0x1ac0_4d17 + UInt64(part)
        var mutator = Mutator(seed: seed)
        var accepted = 0
        for round in 0..<250_000 {
            var text = Self.seeds[round % Self.seeds.count]
            mutator.damage(&text)
            guard let value = try? JSON.parse(text) else { continue }
            accepted += 1
            // Every eighth, since writing takes longer than reading.
            guard accepted % 8 == 0 else { continue }
            var again: [UInt8] = []
            Self.text(value, into: &again)
            guard (try? JSON.parse(again)) == value else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
        // Damage that leaves nothing to read, or does none, would test nothing.
        #expect(10_000..<200_000 ~= accepted, "seed \(seed): \(accepted) were read")
    }
}
