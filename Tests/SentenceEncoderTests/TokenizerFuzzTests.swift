import TestSupport
import Testing

@testable import SentenceEncoder

@Suite("The tokenizer, damaged") struct TokenizerFuzzTests {
    private static let pieces: [[UInt8]] =
        [
            "[SEP]", "[MASK]", "[", "]", " ", "\t", "ab", "Ab", "é", "\u{301}", "\u{323}\u{301}", "漢", "가", "İ",
            "\u{200b}",
            "!", "<a>", " <b>", "\u{3000}", "😀", "\0",
        ].map { Array($0.utf8) }

    /// Bytes that are often but not always UTF-8.
    static func text(_ random: inout SeededRandom) -> [UInt8] {
        var text: [UInt8] = []
        for _ in 0..<random.below(6) {
            if random.below(3) == 0 {
                text.append(UInt8(truncatingIfNeeded: random.next()))
            } else {
                text += pieces[random.below(pieces.count)]
            }
        }
        return text
    }

    private static func sources() -> [TokenizerSource] {
        var plain = TokenizerSource()
        plain.tokens += ["a", "##b", "ab", "##\u{301}", "é", "e", "漢", "!", "i", "ᄀ", "##ᅡ", "\u{fffd}\u{fffd}"]
        let next = plain.tokens.count
        plain.addedTokens += [
            TokenizerSource.added("<a>", id: next, right: true),
            TokenizerSource.added(" <b>", id: next + 1, left: true),
            TokenizerSource.added("Ab", id: next + 2, single: true, normalized: true),
        ]
        var direct = plain
        direct.addedTokens.removeLast(3)
        direct.maxCharacters = 5
        var raw = plain
        raw.normalizer = "null"
        var decomposed = direct
        decomposed.normalizer = #"{"type":"NFD"}"#
        return [direct, plain, raw, decomposed]
    }

    @Test(
        "920,000 texts of damaged bytes give ids that exist, the same twice, and as many as asked for", arguments: 0..<4
    )
    func texts(part: Int) throws {
        let seed = 0x70_6b00 + UInt64(part)
        var random = SeededRandom(seed: seed)
        let tokenizer = try Self.sources()[part].tokenizer()
        var ids: [Int32] = []
        var again: [Int32] = []
        var total = 0
        for round in 0..<230_000 {
            let text = Self.text(&random)
            let limit = random.below(8)
            ids.removeAll(keepingCapacity: true)
            text.withUnsafeBufferPointer { tokenizer.appendPieces(of: $0, limit: .max, to: &ids) }
            total += ids.count
            var isRight = true
            for id in ids where id < 0 || Int(id) >= tokenizer.vocabularySize { isRight = false }
            if round % 8 == 0 {
                again.removeAll(keepingCapacity: true)
                text.withUnsafeBufferPointer { tokenizer.appendPieces(of: $0, limit: limit, to: &again) }
                isRight = isRight && again.elementsEqual(ids.prefix(limit))
            }
            guard isRight else {
                Issue.record("seed \(seed), round \(round): \(text) gives \(ids), with limit \(limit) \(again)")
                return
            }
        }
        #expect(total > 100_000)
    }

    /// Damages a text in one to three places.
    private static func damage(_ text: inout [UInt8], _ random: inout SeededRandom) {
        for _ in 0...random.below(3) {
            guard !text.isEmpty else { return }
            let place = random.below(text.count)
            let end = min(text.count, place + 1 + random.below(8))
            switch random.below(6) {
            case 0: text[place] = UInt8(truncatingIfNeeded: random.next())
            case 1: text[place] = 0x30 + UInt8(random.below(10))
            case 2: text.insert(contentsOf: Array("\"{}[]:,-0nt\n".utf8)[random.below(12)...], at: place)
            case 3: text.removeSubrange(place..<end)
            case 4: text.insert(contentsOf: text[place..<end], at: random.below(text.count))
            default: text[place] ^= 1 << UInt8(random.below(8))
            }
        }
    }

    @Test("60,000 damaged tokenizer.json are refused, or make a tokenizer whose ids exist", arguments: 0..<2)
    func files(part: Int) throws {
        let seed = 0x6a_736f + UInt64(part)
        var random = SeededRandom(seed: seed)
        var source = TokenizerSource()
        source.tokens = ["[UNK]", "[CLS]", "a", "##b"]
        source.postProcessor = """
            {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},\
            {"Sequence":{"id":"A","type_id":0}}],"special_tokens":{"[CLS]":{"ids":[1]}}}
            """
        source.addedTokens = [TokenizerSource.added("[CLS]", id: 1, special: true)]
        let sound = Array(source.text.utf8)
        let text = Array("[CLS] ab É\u{301} zz".utf8)
        var taken = 0
        for round in 0..<30_000 {
            var file = sound
            Self.damage(&file, &random)
            guard let tokenizer = try? TokenizerSource.tokenizer(bytes: file) else { continue }
            taken += 1
            let ids = tokenizer.prefix + tokenizer.pieces(text) + tokenizer.suffix
            guard ids.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize }) else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: file, as: UTF8.self)) gives \(ids)")
                return
            }
        }
        #expect(250..<25_000 ~= taken, "\(taken)")
    }

    @Test("20,000 damaged vocab.txt are refused, or make a tokenizer whose ids exist")
    func vocabularies() throws {
        let seed: UInt64 = 0x766f_6361
        var random = SeededRandom(seed: seed)
        let sound = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nab\n##b\né\n".utf8)
        let configuration = try TokenizerConfiguration(folder: "/nowhere", canBeAbsent: false)
        let text = Array("[CLS] abb É\u{301} zz [MASK]".utf8)
        var taken = 0
        for round in 0..<20_000 {
            var file = sound
            Self.damage(&file, &random)
            guard let vocabulary = try? Vocabulary(lines: file, path: "vocab.txt"),
                let description = try? TokenizerDescription(vocabulary, "vocab.txt", configuration)
            else { continue }
            taken += 1
            let tokenizer = Tokenizer(description)
            let ids = tokenizer.prefix + tokenizer.pieces(text) + tokenizer.suffix
            guard ids.allSatisfy({ $0 >= 0 && Int($0) < tokenizer.vocabularySize }) else {
                Issue.record("seed \(seed), round \(round): \(String(decoding: file, as: UTF8.self)) gives \(ids)")
                return
            }
        }
        #expect(1000..<19_000 ~= taken, "\(taken)")
    }
}
