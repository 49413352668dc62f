import TestSupport
import Testing

@testable import Embedders

/// Damages texts of the kind of JSON, from a seed.
private struct Damage {
    var random: SeededRandom

    private static let bytes =
        Array("{}[]\",:\\ntfu0123456789-+.eE=/AZaz \n\u{0}\u{1f}\u{7f}".utf8) + [0x80, 0xc3, 0xf0, 0xff]
    private static let pieces = [
        "null", "true", "1e999", "-0", "18446744073709551616", "0.5e-3", "\\ud800", "\\/", "\"\"", "[[[[[[[[", "{\"\":",
        "]]]]", "[0,8]", "[]", "é", "\"index\":0,", "\"index\":1,", "\"embedding\":[1,2,3],", "\"data\":[],", "}]}",
        "NaN",
        "12345678", "123456789012345678901234567890",
    ].map { Array($0.utf8) }

    mutating func make(_ text: inout [UInt8]) {
        for _ in 0...random.below(3) {
            guard !text.isEmpty else { return }
            let place = random.below(text.count)
            switch random.below(6) {
            case 0: text[place] = Self.bytes[random.below(Self.bytes.count)]
            case 1: text[place] ^= 1 << UInt8(random.below(8))
            case 2: text.insert(contentsOf: Self.pieces[random.below(Self.pieces.count)], at: place)
            case 3: text.removeSubrange(place..<min(text.count, place + 1 + random.below(4)))
            case 4:
                let piece = Array(text[place..<min(text.count, place + 1 + random.below(12))])
                text.insert(contentsOf: piece, at: random.below(text.count))
            default: text[place] = 0x30 + UInt8(random.below(10))
            }
        }
        if random.below(50) == 0 { text.removeLast(random.below(text.count + 1)) }
    }
}

@Suite("Answers of providers, damaged") struct RemoteAnswerFuzzTests {
    private static let answers = [
        #"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.25,-1.5e-3,3]},"#
            + #"{"index":1,"embedding":[1,2,0.0069292834]}],"model":"m","usage":{"prompt_tokens":8,"total_tokens":8}}"#,
        #"{"data":[{"index":1,"embedding":"AACAPwAAAEAAAEBA"},{"embedding":"AACAPwAAAEAAAEBA","index":0}]}"#,
        #"{"data": [ {"embedding": [ 1.0, 2.0, 3.0 ], "index": 0}, {"embedding": [ 1e-9, 2E+2, -3.5 ], "index": 1} ]}"#,
        #"{"id":"x","embeddings":{"float":[[1,2,3],[4,5,6]]},"texts":["é\n","b"],"meta":{"billed_units":{"input_tokens":2}}}"#,
    ].map { Array($0.utf8) }

    @Test("A damaged answer has two usable vectors or is refused", arguments: 0..<4)
    func damaged(part: Int) {
        let seed = 0x2bad_0000 + UInt64(part)
        var damage = Damage(random: SeededRandom(seed: seed))
        var read = 0
        for round in 0..<25_000 {
            var text = Self.answers[round % Self.answers.count]
            damage.make(&text)
            let isCohere = round % Self.answers.count == 3
            guard
                let (vectors, flaws) = isCohere
                    ? (try? CohereAnswer(text, count: 2, dimension: 3)).map({ ($0.vectors, $0.flaws) })
                    : (try? OpenAIAnswer(text, count: 2, dimension: 3)).map({ ($0.vectors, $0.flaws) })
            else { continue }
            read += 1
            let isUsable =
                vectors.count == 2
                && vectors.enumerated().allSatisfy { index, vector in
                    flaws[index] != nil
                        ? vector.isEmpty
                        : vector.count == 3 && vector.allSatisfy(\.isFinite) && vector.contains { $0 != 0 }
                }
            guard isUsable else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: text, as: UTF8.self))")
                return
            }
        }
        // Damage that leaves nothing to read, or does none, would test nothing.
        #expect(500..<15_000 ~= read, "seed \(seed): \(read) were read")
    }
}
