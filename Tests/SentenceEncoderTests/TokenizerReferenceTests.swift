import Foundation
import TestSupport
import Testing

@testable import SentenceEncoder

/// Random texts that go where normalisation and splitting have their corners.
struct TextGenerator {
    var random: SeededRandom

    /// Ranges that have something particular about them, over and over: marks, cases, white space, spelling out.
    private static let ranges: [ClosedRange<UInt32>] = [
        0x00...0x7f, 0x20...0x7e, 0x41...0x5a, 0x61...0x7a, 0x80...0xff, 0x100...0x24f, 0x300...0x36f, 0x300...0x345,
        0x370...0x3ff, 0x400...0x52f, 0x590...0x5ff, 0x600...0x6ff, 0x900...0x97f, 0xe00...0xeff, 0x1100...0x11ff,
        0x10a0...0x10ff, 0x13a0...0x13ff, 0x1a00...0x1aff, 0x1c80...0x1cff, 0x1dc0...0x1dff, 0x1e00...0x1fff,
        0x2000...0x20ff, 0x2100...0x21ff, 0x2200...0x22ff, 0x2c00...0x2dff, 0x3000...0x30ff, 0x302a...0x302f,
        0x3400...0x3410, 0x4e00...0x4e40, 0xa640...0xa6ff, 0xa8e0...0xa8ff, 0xac00...0xad40, 0xd790...0xd7a3,
        0xe000...0xe010,
        0xf900...0xfaff, 0xfb1d...0xfb4f, 0xfe00...0xfe2f, 0xfeff...0xff20, 0xfff0...0xffff, 0x10400...0x1044f,
        0x11000...0x110ff, 0x16fe0...0x16fff, 0x1d160...0x1d1af, 0x1e900...0x1e95f, 0x1f300...0x1f6ff,
        0x20000...0x20010, 0x2a6d0...0x2a710, 0x2b730...0x2b930, 0x2ceA0...0x2ceb2, 0x2f800...0x2fa1f,
        0xe0000...0xe01ef, 0x0...0x10ffff,
    ]
    private static let phrases = [
        "[SEP]", "[MASK]", "[CLS]", " [PAD] ", "[UNK]", "éà", "[sep]", "[SEP", "SEP]", "##ing", " ", "  ", "\u{301}",
        "ing", "the",
        "un", "hello", "İ", "ẞ", "ΑΣ", "é", "e\u{301}\u{323}", "\u{200d}", "👩\u{200d}👩", "\u{feff}", "word", "<x>",
        "New York",
        "NEW YORK", "\t", "foo", "Foo", "ﬀ", "1e", "\u{a0}", "\u{3000}",
    ]

    mutating func text() -> String {
        var text = String.UnicodeScalarView()
        var range = 0
        for _ in 0..<random.below(24) {
            switch random.below(10) {
            case 0: text.append(contentsOf: Self.phrases[random.below(Self.phrases.count)].unicodeScalars)
            case 1: text.append(" ")
            case 2 where random.below(20) == 0:
                // Words about as long as they may be.
                let scalar = scalar(in: range)
                for _ in 0..<95 + random.below(10) { text.append(scalar) }
            case 3, 4: range = random.below(Self.ranges.count)
            default: text.append(scalar(in: range))
            }
        }
        return String(text)
    }

    private mutating func scalar(in range: Int) -> Unicode.Scalar {
        let range = Self.ranges[range]
        return Unicode.Scalar(range.lowerBound + UInt32(random.below(range.count))) ?? "\u{fffd}"
    }

    /// Every scalar of the ranges, and what it becomes, as words and as continuations: nothing is left unknown, so ids
    /// say exactly what became of a text.
    static func vocabulary() -> [String] {
        var scalars = Set<Unicode.Scalar>()
        for value in ranges.dropLast().joined() {
            guard let scalar = Unicode.Scalar(value) else { continue }
            for form in [String(scalar), String(scalar).decomposedStringWithCanonicalMapping] {
                scalars.formUnion((form + form.lowercased()).unicodeScalars)
            }
        }
        for scalar in Array(scalars) { scalars.formUnion(scalar.properties.lowercaseMapping.unicodeScalars) }
        let sorted = scalars.sorted().map { String($0) }
        return TokenizerSource().tokens + sorted + sorted.map { "##" + $0 }
    }
}

@Suite("The tokenizer and the reference, on random text") struct TokenizerReferenceTests {
    static let python = InstalledModel.variable("BACKFILLD_PYTHON") ?? "python3"
    static let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/Fixtures/reference-tokens.py"

    static func run(_ arguments: [String]) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }

    static let isReferenceThere = (try? run([python, "-c", "import tokenizers"])) == 0

    /// One tokenizer and how many texts it gets.
    struct Job {
        let name: String
        let path: String
        let tokenizer: Tokenizer
        let count: Int
    }

    /// Kinds of tokenizers that between them use every option.
    static func variants() -> [(name: String, source: TokenizerSource)] {
        var plain = TokenizerSource()
        plain.tokens = TextGenerator.vocabulary()
        func variant(_ name: String, _ change: (inout TokenizerSource) -> Void) -> (String, TokenizerSource) {
            var source = plain
            change(&source)
            return (name, source)
        }
        func bert(_ clean: Bool, _ chinese: Bool, _ strip: Bool?, _ lower: Bool) -> String {
            """
            {"type":"BertNormalizer","clean_text":\(clean),"handle_chinese_chars":\(chinese),\
            "strip_accents":\(strip.map { "\($0)" } ?? "null"),"lowercase":\(lower)}
            """
        }
        let next = plain.tokens.count
        let flagged = [
            TokenizerSource.added("<x>", id: next, left: true, right: true),
            TokenizerSource.added("foo", id: next + 1, single: true, special: true),
            TokenizerSource.added("New York", id: next + 2, single: true, right: true),
            TokenizerSource.added("[SEP", id: next + 3, left: true),
            TokenizerSource.added("1e", id: next + 4, single: true, left: true, right: true),
        ]
        let normalized = [
            TokenizerSource.added("<x>", id: next, left: true, normalized: true),
            TokenizerSource.added("Foo", id: next + 1, single: true, normalized: true),
            TokenizerSource.added("New York", id: next + 2, right: true, normalized: true),
            TokenizerSource.added("ΑΣ", id: next + 3, normalized: true, special: true),
            TokenizerSource.added("ÉÀ", id: next + 4, single: true, normalized: true),
        ]
        return [
            variant("uncased", { _ in }),
            variant("cased", { $0.normalizer = bert(true, true, nil, false) }),
            variant("lower case with accents", { $0.normalizer = bert(true, true, false, true) }),
            variant("cased without accents", { $0.normalizer = bert(true, false, true, false) }),
            variant("not cleaned", { $0.normalizer = bert(false, true, true, true) }),
            variant("not cleaned, cased", { $0.normalizer = bert(false, false, false, false) }),
            variant("no normalizer", { $0.normalizer = "null" }),
            variant("decomposed only", { $0.normalizer = #"{"type":"NFD"}"# }),
            variant(
                "sequence",
                {
                    $0.normalizer = """
                        {"type":"Sequence","normalizers":[{"type":"Lowercase"},{"type":"NFD"},{"type":"StripAccents"},\
                        \(bert(true, true, false, false))]}
                        """
                }),
            variant("added tokens with flags", { $0.addedTokens += flagged }),
            variant("normalized added tokens", { $0.addedTokens += normalized }),
            variant("short words", { $0.maxCharacters = 3 }),
            variant("no prefix", { $0.prefix = "" }),
        ]
    }

    @Test(
        "200,000 random texts get the reference's ids",
        .enabled(if: isReferenceThere, "Python's tokenizers is not installed (BACKFILLD_PYTHON, else python3)"))
    func reference() throws {
        let seed = InstalledModel.variable("BACKFILLD_TEST_SEED").flatMap { UInt64($0) } ?? .random(in: 0 ... .max)
        let folder = FileManager.default.temporaryDirectory.appending(path: "reference-tokens-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }

        var jobs = [
            Job(
                name: "MiniLM", path: InstalledModel.folder + "/tokenizer.json",
                tokenizer: try InstalledModel.tokenizer(), count: 70_000)
        ]
        for (name, source) in Self.variants() {
            let path = folder + "/\(name).json"
            try Data(source.text.utf8).write(to: URL(filePath: path))
            jobs.append(Job(name: name, path: path, tokenizer: try source.tokenizer(), count: 10_000))
        }

        var generator = TextGenerator(random: SeededRandom(seed: seed))
        var texts: [String] = []
        var packed = Data()
        for _ in 0..<jobs.reduce(0, { $0 + $1.count }) {
            let text = generator.text()
            texts.append(text)
            withUnsafeBytes(of: UInt32(text.utf8.count).littleEndian) { packed.append(contentsOf: $0) }
            packed.append(contentsOf: text.utf8)
        }
        try packed.write(to: URL(filePath: folder + "/texts"))
        let arguments = jobs.flatMap { [$0.path, String($0.count)] }
        let status = try Self.run([Self.python, Self.script, folder + "/texts", folder + "/ids"] + arguments)
        try #require(status == 0, "the reference failed")

        let ids = [UInt8](try Data(contentsOf: URL(filePath: folder + "/ids")))
        var at = 0
        func number() -> Int32 {
            defer { at += 4 }
            return ids.withUnsafeBytes { Int32(littleEndian: $0.loadUnaligned(fromByteOffset: at, as: Int32.self)) }
        }
        var index = 0
        for job in jobs {
            var wrong = 0
            for _ in 0..<job.count {
                let expected = (0..<number()).map { _ in number() }
                let found = job.tokenizer.encode(texts[index], maxLength: .max).ids
                if found != expected {
                    wrong += 1
                    let scalars = texts[index].unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
                    if wrong <= 3 { Issue.record("\(job.name), seed \(seed): [\(scalars)] \(found) not \(expected)") }
                }
                index += 1
            }
            #expect(wrong == 0, "\(job.name), seed \(seed)")
        }
    }
}
