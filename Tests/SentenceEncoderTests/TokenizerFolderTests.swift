import Testing

@testable import SentenceEncoder

@Suite("Tokenizers that are refused") struct TokenizerFolderTests {
    private func refusal(_ source: TokenizerSource) -> String? { refusal(text: source.text) }

    private func refusal(text: String) -> String? {
        do {
            _ = try TokenizerSource.tokenizer(bytes: Array(text.utf8))
            return nil
        } catch {
            return String(describing: error)
        }
    }

    private func refusal(files: [String: String]) throws -> String? {
        let folder = try ScratchFolder()
        for (name, text) in files { try folder.write(name, text) }
        do {
            _ = try Tokenizer(folder: folder.path)
            return nil
        } catch {
            return error.description
        }
    }

    @Test("The source that the other tests change is taken")
    func sound() { #expect(refusal(TokenizerSource()) == nil) }

    @Test(
        "What is not BERT's tokenizer is refused by what it has instead",
        arguments: [
            (#""type":"WordPiece""#, #""type":"BPE""#, "BPE"),
            (#""type":"WordPiece""#, #""type":"Unigram""#, "Unigram"),
            ("BertPreTokenizer", "Whitespace", "Whitespace"),
            (#"{"type":"BertPreTokenizer"}"#, "null", "pre_tokenizer"),
            ("BertNormalizer", "NFKC", "NFKC"), (#""clean_text":true,"#, "", "clean_text"),
            ("TemplateProcessing", "RobertaProcessing", "RobertaProcessing"),
            (#"[CLS]","type_id":0"#, #"[CLS]","type_id":1"#, "type_id"), (#""ids":[2]"#, #""ids":[99]"#, "99"),
            (#""ids":[2]"#, #""ids":[-2]"#, "id"),
            (#""id":"A","type_id":0}},{"Spec"#, #""id":"B","type_id":0}},{"Spec"#, "A"),
            (#""unk_token":"[UNK]""#, #""unk_token":"<unk>""#, "<unk>"), (#""unk_token":"[UNK]","#, "", "unk_token"),
            (#""max_input_chars_per_word":100"#, #""max_input_chars_per_word":-1"#, "-1"),
            (#""max_input_chars_per_word":100"#, #""max_input_chars_per_word":1000000000000"#, "1000000000000"),
            (#""vocab":{"#, #""vocab":[],"x":{"#, "vocab"), (#""model":"#, #""modell":"#, "model"),
        ])
    func others(found: String, replaced: String, expected: String) throws {
        let text = TokenizerSource().text
        let changed = text.replacing(found, with: replaced, maxReplacements: 1)
        try #require(changed != text)
        let problem = try #require(refusal(text: changed))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test(
        "A vocabulary with holes, duplicates or ids out of range is refused",
        arguments: [
            (#""[MASK]":4"#, #""[MASK]":5"#, "5"), (#""[MASK]":4"#, #""[MASK]":-1"#, "-1"),
            (#""[MASK]":4"#, #""[MASK]":3"#, "both"), (#""[MASK]":4"#, #""[MASK]":4,"[MASK]":5"#, "twice"),
            (#""[MASK]":4"#, #""[MASK]":99999999999999"#, "99999999999999"),
            (#""[MASK]":4"#, #""[MASK]":"4""#, "string"),
            (#""[MASK]":4"#, #""[MASK]":4.5"#, "number"), (#""vocab":{"#, #""vocab":{},"old":{"#, "vocabulary"),
        ])
    func vocabularies(found: String, replaced: String, expected: String) throws {
        var source = TokenizerSource()
        source.addedTokens = []
        let problem = try #require(refusal(text: source.text.replacing(found, with: replaced)))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test("A token longer than any word piece is refused")
    func longTokens() throws {
        var source = TokenizerSource()
        source.tokens.append(String(repeating: "x", count: 1024))
        #expect(refusal(source) == nil)
        source.tokens[5] += "x"
        #expect(try #require(refusal(source)).contains("1025"))
    }

    @Test("Added tokens that the reference would give another id, or pick from at random, are refused")
    func addedTokens() throws {
        func refusal(_ tokens: String...) -> String? {
            var source = TokenizerSource()
            source.tokens.append("x")
            source.addedTokens += tokens
            return self.refusal(source)
        }
        #expect(refusal(TokenizerSource.added("<a>", id: 6), TokenizerSource.added("<b>", id: 7)) == nil)
        #expect(try #require(refusal(TokenizerSource.added("<a>", id: 7))).contains("6"))
        #expect(try #require(refusal(TokenizerSource.added("x", id: 6))).contains("5"))
        #expect(try #require(refusal(TokenizerSource.added("<a>", id: 6).replacing("6", with: "-6"))).contains("id"))
        #expect(
            try #require(refusal(TokenizerSource.added("<a>", id: 6), TokenizerSource.added("<a>", id: 7)))
                .contains("two ids"))
        let same = (
            TokenizerSource.added("<a>", id: 6, normalized: true), TokenizerSource.added("<A>", id: 7, normalized: true)
        )
        #expect(try #require(refusal(same.0, same.1)).contains("the same"))
        #expect(try #require(refusal(TokenizerSource.added("\u{200b}", id: 6, normalized: true))).contains("nothing"))
        #expect(
            try #require(refusal(TokenizerSource.added(String(repeating: "x", count: 5000), id: 6))).contains("5000"))
    }

    @Test("A vocab.txt without the tokens it needs, twice the same, or not in UTF-8 is refused")
    func vocabularyFiles() throws {
        let config = #"{"tokenizer_class":"BertTokenizer"}"#
        func refusal(_ vocabulary: String, _ config: String = config) throws -> String? {
            try self.refusal(files: ["vocab.txt": vocabulary, "tokenizer_config.json": config])
        }
        #expect(try refusal("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nx\n") == nil)
        #expect(try self.refusal(files: ["vocab.txt": "[UNK]\n[CLS]\n[SEP]\n"]) == nil)
        #expect(try refusal("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\n[MASK]\r\n\r\nx") == nil)
        for missing in ["[UNK]", "[CLS]", "[SEP]"] {
            let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"].filter { $0 != missing }
            #expect(try #require(try refusal(tokens.joined(separator: "\n"))).contains(missing))
        }
        #expect(try #require(try refusal("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nx\ny\nx\n")).contains("twice"))
        #expect(try #require(try refusal("")).contains("no token"))
        #expect(try #require(try refusal("[UNK]\n[CLS]\n[SEP]\na\rb\n")).contains("carriage return"))
        #expect(
            try #require(try refusal("[UNK]\n[CLS]\n[SEP]\n", #"{"tokenizer_class":"PreTrainedTokenizerFast"}"#))
                .contains("tokenizer.json"))
        let folder = try ScratchFolder()
        try folder.write("vocab.txt", [0x5b, 0xff])
        #expect(throws: ModelError.self) { try Tokenizer(folder: folder.path) }
        #expect(throws: ModelError.self) { try Tokenizer(folder: folder.path + "/nothing") }
    }

    @Test(
        "A tokenizer_config.json that asks for something else is refused",
        arguments: [
            (#"{"tokenizer_class":"XLMRobertaTokenizer"}"#, "XLMRobertaTokenizer"),
            (#"{"truncation_side":"left"}"#, "left"), (#"{"padding_side":"left"}"#, "left"),
            (#"{"split_special_tokens":true}"#, "split_special_tokens"), (#"{"do_lower_case":"yes"}"#, "do_lower_case"),
            (#"{"auto_map":{"AutoTokenizer":["x",null]}}"#, "auto_map"), (#"{"cls_token":"<s>"}"#, "<s>"),
            (#"{"cls_token":null}"#, "cls_token"), (#"{"unk_token":"x"}"#, "unk_token"),
            (#"{"unk_token":7}"#, "unk_token"),
            (#"{"added_tokens_decoder":{"x":{"content":"y"}}}"#, "added_tokens_decoder"),
            (#"{"added_tokens_decoder":{"77":{"content":"y"}}}"#, "77"),
            (#"{"added_tokens_decoder":[]}"#, "added_tokens"),
            ("[]", "object"), ("{", "JSON"),
        ])
    func configurations(config: String, expected: String) throws {
        let problem = try #require(
            try refusal(files: ["tokenizer.json": TokenizerSource().text, "tokenizer_config.json": config]))
        #expect(problem.contains(expected), "\(problem)")
    }

    @Test("A tokenizer.json that transformers 4 and 5 read differently is refused, and taken as the generic class")
    func disagreements() throws {
        var sources = [TokenizerSource](repeating: TokenizerSource(), count: 5)
        sources[0].maxCharacters = 50
        sources[1].prefix = "@@"
        sources[2].normalizer = sources[2].normalizer.replacing("\"clean_text\":true", with: "\"clean_text\":false")
        sources[3].normalizer = #"{"type":"Sequence","normalizers":[{"type":"NFD"},{"type":"StripAccents"}]}"#
        sources[4].postProcessor = "null"
        for source in sources {
            for (name, isTaken) in [("BertTokenizer", false), ("PreTrainedTokenizerFast", true)] {
                let problem = try refusal(files: [
                    "tokenizer.json": source.text, "tokenizer_config.json": #"{"tokenizer_class":"\#(name)"}"#,
                ])
                #expect((problem == nil) == isTaken, "\(problem ?? "taken")")
            }
            #expect(refusal(source) == nil)
        }
    }

    @Test("sentence-transformers' own lower-casing comes first")
    func lowersFirst() throws {
        let folder = try ScratchFolder()
        try folder.write("vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nx\né\n")
        try folder.write("tokenizer_config.json", #"{"do_lower_case":false}"#)
        #expect(try Tokenizer(folder: folder.path).pieces("X É é") == [1, 1, 6])
        try folder.write("sentence_bert_config.json", #"{"do_lower_case":true}"#)
        #expect(try Tokenizer(folder: folder.path).pieces("X É é [MASK]") == [5, 6, 6, 4])
    }
}
