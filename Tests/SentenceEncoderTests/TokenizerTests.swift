import Testing

@testable import SentenceEncoder

@Suite("The tokenizer") struct TokenizerTests {
    /// Ids: x 5, ##x 6, xx 7, ##y 8, é 9, 漢 10, "!" 11.
    private static let source: TokenizerSource = {
        var source = TokenizerSource()
        source.tokens += ["x", "##x", "xx", "##y", "é", "漢", "!"]
        return source
    }()

    @Test("A limit cuts pieces off, within a word and within a run of added tokens")
    func limits() throws {
        let tokenizer = try Self.source.tokenizer()
        #expect(tokenizer.pieces("xxyx x") == [7, 8, 6, 5])
        for limit in 0...5 {
            #expect(tokenizer.pieces("xxyx x", limit: limit) == Array([7, 8, 6, 5].prefix(limit)))
            #expect(tokenizer.pieces("[SEP][MASK]x!", limit: limit) == Array([3, 4, 5, 11].prefix(limit)))
        }
        var ids: [Int32] = [70, 80]
        Array("x x".utf8).withUnsafeBufferPointer { tokenizer.appendPieces(of: $0, limit: 1, to: &ids) }
        #expect(ids == [70, 80, 5])
    }

    @Test("The frame is never cut, and a cut is told", arguments: [0, 1, 2, 3, 4, 5, 6, Int.max])
    func frame(maxLength: Int) throws {
        let tokenizer = try Self.source.tokenizer()
        let (ids, wasCut) = tokenizer.encode("x ! x", maxLength: maxLength)
        #expect(ids == [2] + [5, 11, 5].prefix(max(0, maxLength == .max ? 3 : maxLength - 2)) + [3])
        #expect(wasCut == (maxLength < 5))
        #expect(tokenizer.encode("", maxLength: maxLength) == ([2, 3], false))
        #expect(tokenizer.encode("x", maxLength: .min) == ([2, 3], true))
    }

    @Test(
        "Bytes that are not UTF-8 count as replacement characters",
        arguments: [
            [0x78, 0xff, 0x78], [0x78, 0xc3], [0xe6, 0xbc, 0x78], [0xed, 0xa0, 0x80, 0x78], [0xf4, 0x90, 0x80, 0x80],
            [0xc0, 0x80, 0x78], [0x80], [0x78, 0xf0, 0x9f, 0x78, 0x80, 0x21],
        ] as [[UInt8]])
    func invalid(bytes: [UInt8]) throws {
        var kept = Self.source
        // Cleaning takes replacement characters away; without it they make a word unknown.
        kept.normalizer = "null"
        for source in [Self.source, kept] {
            let tokenizer = try source.tokenizer()
            #expect(tokenizer.pieces(bytes) == tokenizer.pieces(String(decoding: bytes, as: UTF8.self)))
        }
        #expect(try Self.source.tokenizer().pieces([0x78, 0xff, 0x78]) == [7])
        #expect(try kept.tokenizer().pieces([0x78, 0xff, 0x78]) == [1])
    }

    @Test("Marks without end are sorted and stay within bounds")
    func marks() throws {
        var source = Self.source
        source.normalizer = #"{"type":"NFD"}"#
        source.tokens += ["##\u{301}", "##\u{323}"]
        let tokenizer = try source.tokenizer()
        #expect(tokenizer.pieces("x\u{301}\u{323}") == [5, 13, 12])
        #expect(tokenizer.pieces("x" + String(repeating: "\u{301}\u{323}", count: 200_000)) == [1])
        source.maxCharacters = 1000
        let ids = try source.tokenizer().pieces("x" + String(repeating: "\u{301}\u{323}", count: 100))
        #expect(ids == [5] + Array(repeating: 13, count: 100) + Array(repeating: 12, count: 100))
    }

    @Test("A word may have as many characters as the model says, in any encoding", arguments: [0, 1, 2, 100])
    func longWords(limit: Int) throws {
        var source = Self.source
        source.maxCharacters = limit
        source.tokens.append("##é")
        source.normalizer = "null"
        let tokenizer = try source.tokenizer()
        for length in [1, 2, 3, 99, 100, 101, 500] {
            let isKnown = length <= limit
            #expect(
                tokenizer.pieces(String(repeating: "é", count: length))
                    == (isKnown ? [9] + Array(repeating: 12, count: length - 1) : [1]))
            #expect((tokenizer.pieces(String(repeating: "x", count: length)) == [1]) == !isKnown)
        }
        #expect(tokenizer.pieces("!") == [limit > 0 ? 11 : 1])
    }

    @Test("Tokens of every length are found, also those that share their first eight bytes")
    func lengths() throws {
        var source = TokenizerSource()
        let words = (1...40).map { String(repeating: "ab", count: 20).prefix($0) } + ["abababac", "ababababc"]
        source.tokens += words.map(String.init)
        let tokenizer = try source.tokenizer()
        for (index, word) in words.enumerated() { #expect(tokenizer.pieces(String(word)) == [Int32(5 + index)]) }
        #expect(tokenizer.pieces("ababababd") == [1])
    }

    @Test("An added token that begins in the white space another one took along does no harm")
    func overlapping() throws {
        var source = Self.source
        source.addedTokens += [
            TokenizerSource.added("<a>", id: 12, right: true), TokenizerSource.added(" <b>", id: 13, left: true),
            TokenizerSource.added("  ", id: 14, left: true),
        ]
        let tokenizer = try source.tokenizer()
        #expect(tokenizer.pieces("<a> <b>x") == [12, 13, 5])
        #expect(tokenizer.pieces("<a>    <b>").prefix(1) == [12])
        #expect(tokenizer.pieces("x<a>x") == [5, 12, 5])
    }
}
