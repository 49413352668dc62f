/// Everything that makes a tokenizer, put together from the files of a folder.
///
/// Where transformers 4 and 5 would make different tokenizers of the same folder, the folder is refused: version 5 builds
/// a `BertTokenizer` from the vocabulary and the options alone, version 4 keeps the rest of tokenizer.json.
struct TokenizerDescription {
    let model: WordPiece
    let passes: [Normalization]
    let prefix: [Int32]
    let suffix: [Int32]
    /// The added tokens that are found in the text as it is, and what is looked for.
    let rawTokens: [AddedTokens.Pattern]
    /// Those that are found in normalised text.
    let normalizedTokens: [AddedTokens.Pattern]
    let vocabularySize: Int

    /// More added tokens are refused.
    private static let mostAddedTokens = 100_000

    init(folder: String) throws(ModelError) {
        let path = folder + "/tokenizer.json"
        let configuration = try TokenizerConfiguration(folder: folder, canBeAbsent: exists(path))
        let vocabularyPath = folder + "/vocab.txt"
        let lowersFirst = try Self.lowersFirst(folder)
        if exists(path) {
            let file = try TokenizerFile(try JSONFile(path: path, limit: vocabularyFileLimit))
            try self.init(file, configuration, lowersFirst: lowersFirst)
        } else if exists(vocabularyPath) {
            let bytes = try readFile(vocabularyPath, limit: vocabularyFileLimit)
            let vocabulary = try Vocabulary(lines: bytes, path: vocabularyPath)
            try self.init(vocabulary, vocabularyPath, configuration, lowersFirst: lowersFirst)
        } else {
            throw ModelError(folder, "has neither tokenizer.json nor vocab.txt")
        }
    }

    /// From a tokenizer.json.
    init(_ file: TokenizerFile, _ configuration: TokenizerConfiguration, lowersFirst: Bool = false) throws(ModelError) {
        if configuration.kind != .absent {
            if file.cutsLeft, !configuration.saysTruncationSide {
                throw ModelError(file.path, "cuts texts off at the left, which is not supported")
            }
            if file.padsLeft, !configuration.saysPaddingSide {
                throw ModelError(file.path, "pads at the left, which is not supported")
            }
        }
        let merged = try Self.added(file.addedTokens, configuration, file.vocabulary, file.path)
        var passes = file.steps.map(\.normalization)
        if configuration.kind == .bert {
            try Self.checkAgreement(file, configuration)
            passes = [configuration.normalization]
        }
        try self.init(
            file.vocabulary, passes: passes, lowersFirst: lowersFirst, unknown: file.unknown,
            continuationPrefix: file.continuationPrefix, maxCharacters: file.maxCharacters,
            frame: file.frame ?? ([], []), added: merged, path: file.path)
    }

    /// From a vocab.txt, by the rules of `BertTokenizer`.
    init(
        _ vocabulary: Vocabulary, _ path: String, _ configuration: TokenizerConfiguration, lowersFirst: Bool = false
    ) throws(ModelError) {
        guard configuration.kind != .generic else {
            throw ModelError(
                configuration.path, "names a tokenizer_class that needs a tokenizer.json, which is missing")
        }
        let merged = try Self.added([], configuration, vocabulary, path)
        guard let unknown = configuration.content("unk_token"), let first = configuration.content("cls_token"),
            let last = configuration.content("sep_token")
        else { throw ModelError(configuration.path, "says that there is no unk_token, cls_token or sep_token") }
        let ends = (
            [try Self.id(of: first, configuration.listed, vocabulary, path)],
            [try Self.id(of: last, configuration.listed, vocabulary, path)]
        )
        try self.init(
            vocabulary, passes: [configuration.normalization], lowersFirst: lowersFirst,
            unknown: unknown, continuationPrefix: Array("##".utf8),
            maxCharacters: 100, frame: ends, added: merged, path: path)
    }

    private init(
        _ vocabulary: Vocabulary, passes: [Normalization], lowersFirst: Bool, unknown: [UInt8],
        continuationPrefix: [UInt8], maxCharacters: Int, frame: (prefix: [Int32], suffix: [Int32]), added: [AddedToken],
        path: String
    ) throws(ModelError) {
        guard
            let model = vocabulary.model(
                unknown: unknown, prefix: continuationPrefix, maxCharacters: maxCharacters)
        else { throw ModelError(path, "has no \(quoted(unknown)) in its vocabulary, the token for unknown words") }
        self.model = model
        // As sentence-transformers does, which looks for a step that does nothing else.
        self.passes = lowersFirst && !passes.contains { $0 == .lowercase } ? [.lowercase] + passes : passes
        vocabularySize = max(vocabulary.count, (added.map { Int($0.id) + 1 }.max() ?? 0))
        for id in frame.prefix + frame.suffix where Int(id) >= vocabularySize {
            throw ModelError(path, "puts the id \(id) around texts, which no token has")
        }
        (prefix, suffix) = frame
        rawTokens = added.filter { !$0.isNormalized }.map { AddedTokens.Pattern(bytes: $0.content, token: $0) }
        normalizedTokens = try Self.normalized(added.filter(\.isNormalized), self.passes, path)
    }

    private static func normalized(
        _ tokens: [AddedToken], _ passes: [Normalization], _ path: String
    ) throws(ModelError) -> [AddedTokens.Pattern] {
        var patterns: [AddedTokens.Pattern] = []
        var tokenOf: [[UInt8]: AddedToken] = [:]
        for token in tokens {
            let bytes = token.content.normalized(passes, .shared)
            guard !bytes.isEmpty else {
                throw ModelError(
                    path, "has the added token \(quoted(token.content)), of which normalisation leaves nothing")
            }
            // The reference takes one of them at random, another one in each process.
            if let other = tokenOf[bytes] {
                throw ModelError(
                    path,
                    "has the added tokens \(quoted(other.content)) and \(quoted(token.content)), which normalisation makes "
                        + "the same")
            }
            tokenOf[bytes] = token
            patterns.append(AddedTokens.Pattern(bytes: bytes, token: token))
        }
        return patterns
    }

    /// Whether sentence-transformers lower-cases before the tokenizer does anything.
    private static func lowersFirst(_ folder: String) throws(ModelError) -> Bool {
        let path = folder + "/sentence_bert_config.json"
        return exists(path) ? try JSONFile(path: path).flag("do_lower_case") ?? false : false
    }

    /// The added tokens of both files with the ids that the reference gives them.
    private static func added(
        _ tokens: [AddedToken], _ configuration: TokenizerConfiguration, _ vocabulary: Vocabulary, _ path: String
    ) throws(ModelError) -> [AddedToken] {
        var result: [AddedToken] = []
        var places: [[UInt8]: Int] = [:]
        var free = Int32(vocabulary.count)
        for token in tokens + configuration.listed + configuration.special.map(\.token) where !token.content.isEmpty {
            if let place = places[token.content] {
                guard token.id < 0 || token.id == result[place].id else {
                    throw ModelError(path, "has the added token \(quoted(token.content)) with two ids")
                }
                // What tokenizer_config.json lists replaces what tokenizer.json says.
                if token.id >= 0 { result[place] = token }
                continue
            }
            let id = vocabulary.id(of: token.content) ?? free
            guard token.id < 0 || token.id == id else {
                throw ModelError(
                    path,
                    "gives the added token \(quoted(token.content)) the id \(token.id), but the next free one (or the "
                        + "one in the vocabulary) is \(id)")
            }
            guard result.count < mostAddedTokens else {
                throw ModelError(path, "has more than \(mostAddedTokens) added tokens")
            }
            if id == free { free += 1 }
            places[token.content] = result.count
            var token = token
            token.id = id
            result.append(token)
        }
        return result
    }

    /// - Parameter listed: The added tokens to which the files give ids.
    private static func id(
        of token: [UInt8], _ listed: [AddedToken], _ vocabulary: Vocabulary, _ path: String
    ) throws(ModelError) -> Int32 {
        // transformers would add it, with an id for which the model has no embedding.
        guard let id = vocabulary.id(of: token) ?? listed.first(where: { $0.content == token })?.id else {
            throw ModelError(path, "has no \(quoted(token)) in its vocabulary, which goes around every text")
        }
        return id
    }

    /// Refuses a tokenizer.json that is at odds with what `BertTokenizer` would make of its vocabulary.
    private static func checkAgreement(
        _ file: TokenizerFile, _ configuration: TokenizerConfiguration
    ) throws(ModelError) {
        func refuse(_ what: String) -> ModelError {
            ModelError(
                file.path,
                "\(what), which transformers 4 and 5 read differently for a BertTokenizer; give tokenizer_config.json "
                    + "the tokenizer_class PreTrainedTokenizerFast to have tokenizer.json as it is")
        }
        guard file.steps.count == 1, case .bert(_, clean: true) = file.steps[0] else {
            throw refuse("has another normalizer than one BertNormalizer with clean_text")
        }
        guard file.maxCharacters == 100, file.continuationPrefix == Array("##".utf8) else {
            throw refuse("has max_input_chars_per_word or continuing_subword_prefix other than 100 and ##")
        }
        guard file.unknown == configuration.content("unk_token") else {
            throw refuse("has another unk_token than tokenizer_config.json")
        }
        guard let first = configuration.content("cls_token"), let last = configuration.content("sep_token") else {
            throw ModelError(configuration.path, "says that there is no cls_token or no sep_token")
        }
        let listed = file.addedTokens + configuration.listed
        let ends = (
            [try id(of: first, listed, file.vocabulary, file.path)],
            [try id(of: last, listed, file.vocabulary, file.path)]
        )
        guard let frame = file.frame, frame == ends else {
            throw refuse("does not put cls_token and sep_token around a text in its post_processor")
        }
    }
}
