/// What the small files beside a vocabulary say: tokenizer_config.json, special_tokens_map.json, added_tokens.json.
struct TokenizerConfiguration {
    /// Whose rules hold.
    enum Kind: Equatable {
        /// There is no tokenizer_config.json: tokenizer.json alone counts.
        case absent
        /// transformers' `BertTokenizer`, which sets the normaliser and the frame by its own options.
        case bert
        /// transformers' class for any tokenizer.json: that counts, plus the added tokens given here.
        case generic
    }

    /// The classes that are `BertTokenizer` by another name.
    private static let bertClasses = [
        "BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer", "MobileBertTokenizer",
    ]
    private static let genericClasses = ["PreTrainedTokenizer", "TokenizersBackend"]
    /// The named special tokens in transformers' order, with BertTokenizer's defaults.
    private static let named: [(key: String, bertDefault: String?)] = [
        ("bos_token", nil), ("eos_token", nil), ("unk_token", "[UNK]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"),
        ("cls_token", "[CLS]"), ("mask_token", "[MASK]"),
    ]

    let path: String
    private(set) var kind = Kind.absent
    private(set) var lowercase = true
    private(set) var stripAccents: Bool?
    private(set) var spaceChinese = true
    private(set) var saysTruncationSide = false
    private(set) var saysPaddingSide = false
    /// Tokens with the ids that the files give them, in the order of ids.
    private(set) var listed: [AddedToken] = []
    /// The named special tokens and the additional ones, by key; their ids are still to be found.
    private(set) var special: [(key: String, token: AddedToken)] = []

    /// Reads the files of a folder; all of them may be missing.
    /// - Parameter canBeAbsent: Whether a tokenizer.json can do without; a vocab.txt gets `BertTokenizer`'s defaults.
    init(folder: String, canBeAbsent: Bool) throws(ModelError) {
        path = folder + "/tokenizer_config.json"
        let isThere = exists(path)
        if !isThere, canBeAbsent { return }
        let file = isThere ? try JSONFile(path: path) : try JSONFile(path: path, bytes: Array("{}".utf8))
        kind = try Self.kind(of: file)
        lowercase = try file.flag("do_lower_case") ?? true
        stripAccents = try file.flag("strip_accents")
        spaceChinese = try file.flag("tokenize_chinese_chars") ?? true
        saysTruncationSide = try Self.refuseLeft(file, "truncation_side")
        saysPaddingSide = try Self.refuseLeft(file, "padding_side")
        if try file.flag("split_special_tokens") == true {
            throw ModelError(path, "has split_special_tokens: true, which is not supported")
        }
        for key in ["fast_tokenizer_files", "auto_map"] where file[key] != nil {
            throw ModelError(path, "has \(key), which is not supported: the tokenizer would be another one")
        }

        // A null is a token that there is not, unlike one that is not mentioned.
        var values = Self.named.map { (key: $0.key, value: file.member($0.key)) }
        var additional = file["extra_special_tokens"] ?? file["additional_special_tokens"]
        if let decoder = file["added_tokens_decoder"] {
            listed = try Self.listed(decoder, path)
        } else {
            // Files of before 2023, which transformers reads only then.
            try Self.readSpecialTokensMap(folder, &values, &additional)
            listed = try Self.readAddedTokens(folder)
        }
        for (index, (key, value)) in values.enumerated() {
            var token = try value.flatMap { (value) throws(ModelError) in try AddedToken(special: value, key, path) }
            if token == nil, value == nil, kind == .bert, let text = Self.named[index].bertDefault {
                token = AddedToken(content: Array(text.utf8), id: -1)
            }
            if let token { special.append((key, token)) }
        }
        for value in additional?.elements ?? additional?.members?.map(\.value) ?? [] {
            if let token = try AddedToken(special: value, "additional_special_tokens", path) {
                special.append(("additional_special_tokens", token))
            }
        }
    }

    /// The content of a named special token.
    func content(_ key: String) -> [UInt8]? { special.first { $0.key == key }?.token.content }

    /// The one pass of normalisation that `BertTokenizer` makes of its options.
    var normalization: Normalization {
        .bert(clean: true, spaceChinese: spaceChinese, stripAccents: stripAccents, lowercase: lowercase)
    }

    private static func kind(of file: JSONFile) throws(ModelError) -> Kind {
        guard let value = file["tokenizer_class"] else { return .bert }
        let name = value.text ?? value.kind
        let base = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        if bertClasses.contains(base) { return .bert }
        if genericClasses.contains(base) { return .generic }
        throw ModelError(file.path, "has the tokenizer_class \(name); only BertTokenizer is supported")
    }

    /// Whether a side is given; the left one is refused.
    private static func refuseLeft(_ file: JSONFile, _ key: String) throws(ModelError) -> Bool {
        guard let value = file[key] else { return false }
        guard value.text == "right" else {
            throw ModelError(file.path, "has \(key) \(value.text ?? value.kind); only right is supported")
        }
        return true
    }

    /// tokenizer_config.json's `added_tokens_decoder`: an object of ids and tokens.
    private static func listed(_ decoder: JSON, _ path: String) throws(ModelError) -> [AddedToken] {
        guard let members = decoder.members else {
            throw ModelError(path, "has \(decoder.kind) for added_tokens_decoder instead of an object")
        }
        var tokens: [AddedToken] = []
        for member in members {
            guard let id = Int32(member.name), id >= 0 else {
                throw ModelError(path, "has \(quoted(member.key)) for an id in added_tokens_decoder")
            }
            tokens.append(try AddedToken(member.value, id: id, path))
        }
        return tokens.sorted { $0.id < $1.id }
    }

    private static func readSpecialTokensMap(
        _ folder: String, _ values: inout [(key: String, value: JSON?)], _ additional: inout JSON?
    ) throws(ModelError) {
        let path = folder + "/special_tokens_map.json"
        guard exists(path) else { return }
        let file = try JSONFile(path: path)
        for index in values.indices { values[index].value = file.member(values[index].key) ?? values[index].value }
        additional = file["extra_special_tokens"] ?? file["additional_special_tokens"] ?? additional
    }

    /// added_tokens.json: an object of tokens and ids.
    private static func readAddedTokens(_ folder: String) throws(ModelError) -> [AddedToken] {
        let path = folder + "/added_tokens.json"
        guard exists(path) else { return [] }
        var tokens: [AddedToken] = []
        for member in try JSONFile(path: path).members {
            guard let number = member.value.int, let id = Int32(exactly: number), id >= 0 else {
                throw ModelError(path, "gives the token \(quoted(member.key)) no id")
            }
            tokens.append(AddedToken(content: member.key, id: id, isNormalized: true, isSpecial: false))
        }
        return tokens.sorted { $0.id < $1.id }
    }
}

extension JSONFile {
    /// A member's value, `null` included; nil if it is absent.
    fileprivate func member(_ key: String) -> JSON? { JSON.object(members)[key] }
}
