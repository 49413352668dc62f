import Testing

@testable import SentenceEncoder

/// Texts and the reference's ids for them, written by scripts/make-token-fixtures.
@Suite("The tokenizer and the reference, on the hard set") struct TokenizerFixtureTests {
    static let fixtures = String(#filePath.dropLast("TokenizerFixtureTests.swift".count)) + "Fixtures/"

    static func fixture(_ name: String) throws -> JSON {
        try JSON.parse(try readFile(fixtures + name, limit: 1 << 20))
    }

    static func ids(_ value: JSON?) throws -> [Int32] {
        try #require(value?.elements).map { Int32(try #require($0.int)) }
    }

    func check(_ tokenizer: Tokenizer, _ name: String) throws {
        let file = try Self.fixture(name)
        let limit = try #require(file["limit"]?.int)
        let cases = try #require(file["cases"]?.elements)
        #expect(cases.count > 50)
        for value in cases {
            let text = try #require(value["text"]?.text)
            let expected = try Self.ids(value["ids"])
            let shown = text.unicodeScalars.prefix(60).map { $0.escaped(asASCII: true) }.joined()
            let (ids, wasCut) = tokenizer.encode(text, maxLength: limit)
            #expect(ids == expected, "\(shown)")
            let whole = tokenizer.encode(text, maxLength: .max)
            #expect(wasCut == (whole.ids.count > limit), "\(shown)")
            #expect(!whole.wasCut, "\(shown)")
            if !wasCut { #expect(whole.ids == ids, "\(shown)") }
        }
    }

    @Test("all-MiniLM-L6-v2 from tokenizer.json gives the reference's ids")
    func uncased() throws {
        let tokenizer = try InstalledModel.tokenizer()
        #expect(tokenizer.vocabularySize == 30522)
        #expect(tokenizer.prefix == [101])
        #expect(tokenizer.suffix == [102])
        try check(tokenizer, "tokens-minilm.json")
    }

    @Test("all-MiniLM-L6-v2 from vocab.txt gives the same ids")
    func uncasedFromVocabulary() throws {
        _ = try InstalledModel.tokenizer()
        let folder = try ScratchFolder()
        for name in ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json"] {
            try folder.write(name, try readFile(InstalledModel.folder + "/" + name, limit: 1 << 20))
        }
        try check(try Tokenizer(folder: folder.path), "tokens-minilm.json")
    }

    @Test("A cased vocabulary gives the reference's ids")
    func cased() throws {
        try check(try Tokenizer(folder: Self.fixtures + "tokens-cased"), "tokens-cased.json")
    }

    @Test("Folders of every combination of files and options are read as transformers reads them")
    func folders() throws {
        let cases = try #require(try Self.fixture("tokens-folders.json").elements)
        #expect(cases.count > 15)
        for value in cases {
            let name = try #require(value["name"]?.text)
            let folder = try ScratchFolder()
            for file in try #require(value["files"]?.members) {
                try folder.write(file.name, try #require(file.value.bytes))
            }
            do {
                let tokenizer = try Tokenizer(folder: folder.path)
                let texts = try #require(value["texts"]?.elements)
                for (text, ids) in zip(texts, try #require(value["ids"]?.elements)) {
                    let text = try #require(text.text)
                    #expect(tokenizer.encode(text, maxLength: 40).ids == (try Self.ids(ids)), "\(name): \(text)")
                }
            } catch let error as ModelError {
                Issue.record("\(name): \(error)")
            }
        }
    }
}
