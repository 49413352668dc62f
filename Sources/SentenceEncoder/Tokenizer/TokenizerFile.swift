/// What a tokenizer.json says, read and checked.
struct TokenizerFile {
    /// One step of its normaliser.
    enum Step: Equatable {
        case bert(Normalization, clean: Bool)
        case other(Normalization)

        var normalization: Normalization {
            switch self {
            case .bert(let normalization, _), .other(let normalization): normalization
            }
        }
    }

    let path: String
    let vocabulary: Vocabulary
    let unknown: [UInt8]
    let continuationPrefix: [UInt8]
    let maxCharacters: Int
    let steps: [Step]
    let addedTokens: [AddedToken]
    /// The ids around a text, or nil without a post-processor.
    let frame: (prefix: [Int32], suffix: [Int32])?
    let cutsLeft: Bool
    let padsLeft: Bool

    init(_ file: JSONFile) throws(ModelError) {
        path = file.path
        guard let model = file["model"], model.members != nil else { throw ModelError(path, "has no model") }
        let isOldWordPiece = model["type"] == nil && model["max_input_chars_per_word"] != nil
        guard model["type"]?.text == "WordPiece" || isOldWordPiece else {
            throw ModelError(path, "has a \(model["type"]?.text ?? "nameless") model; only WordPiece is supported")
        }
        guard let unknown = model["unk_token"]?.bytes, let prefix = model["continuing_subword_prefix"]?.bytes,
            let characters = model["max_input_chars_per_word"]?.int, let members = model["vocab"]?.members
        else {
            throw ModelError(
                path, "has a model without vocab, unk_token, continuing_subword_prefix or max_input_chars_per_word")
        }
        guard 0...WordPiece.longestWord ~= characters else {
            throw ModelError(
                path, "has max_input_chars_per_word \(characters); supported is 0 to \(WordPiece.longestWord)")
        }
        guard prefix.count <= WordPiece.longestToken else {
            throw ModelError(path, "has a continuing_subword_prefix of \(prefix.count) bytes")
        }
        self.unknown = unknown
        continuationPrefix = prefix
        maxCharacters = characters
        vocabulary = try Vocabulary(members: members, path: path)
        steps = try Self.steps(file["normalizer"] ?? .null, path)
        let split = file["pre_tokenizer"]?["type"]?.text
        guard split == "BertPreTokenizer" else {
            throw ModelError(path, "has the pre_tokenizer \(split ?? "none"); only BertPreTokenizer is supported")
        }
        addedTokens = try Self.addedTokens(file["added_tokens"] ?? .null, path)
        frame = try Self.frame(file["post_processor"] ?? .null, path)
        cutsLeft = file["truncation"]?["direction"]?.text == "Left"
        padsLeft = file["padding"]?["direction"]?.text == "Left"
    }

    private static func steps(_ value: JSON, _ path: String) throws(ModelError) -> [Step] {
        if value.isNull { return [] }
        func flag(_ key: String) throws(ModelError) -> Bool {
            guard let flag = value[key]?.flag else { throw ModelError(path, "has a BertNormalizer without \(key)") }
            return flag
        }
        switch value["type"]?.text {
        case "BertNormalizer":
            let strip = value["strip_accents"] ?? .null
            guard strip.isNull || strip.flag != nil else {
                throw ModelError(path, "has \(strip.kind) for strip_accents")
            }
            let clean = try flag("clean_text")
            return [
                .bert(
                    .bert(
                        clean: clean, spaceChinese: try flag("handle_chinese_chars"), stripAccents: strip.flag,
                        lowercase: try flag("lowercase")), clean: clean)
            ]
        case "Lowercase": return [.other(.lowercase)]
        case "NFD": return [.other(.decompose)]
        case "StripAccents": return [.other(.dropMarks)]
        case "Sequence":
            var steps: [Step] = []
            for element in value["normalizers"]?.elements ?? [] { steps += try Self.steps(element, path) }
            guard steps.count <= 16 else { throw ModelError(path, "has \(steps.count) normalizers in sequence") }
            return steps
        case let other:
            throw ModelError(path, "has the normalizer \(other ?? "without a type"); only BertNormalizer is supported")
        }
    }

    private static func addedTokens(_ value: JSON, _ path: String) throws(ModelError) -> [AddedToken] {
        guard let elements = value.elements else {
            guard value.isNull else { throw ModelError(path, "has \(value.kind) for added_tokens") }
            return []
        }
        var tokens: [AddedToken] = []
        for element in elements {
            guard let number = element["id"]?.int, let id = Int32(exactly: number), id >= 0 else {
                throw ModelError(path, "has an added token without an id, or with one that is out of range")
            }
            tokens.append(try AddedToken(element, id: id, path))
        }
        return tokens
    }

    private static func frame(_ value: JSON, _ path: String) throws(ModelError) -> (prefix: [Int32], suffix: [Int32])? {
        if value.isNull { return nil }
        switch value["type"]?.text {
        case "BertProcessing":
            guard let first = id(value["cls"]?.elements?.last), let last = id(value["sep"]?.elements?.last) else {
                throw ModelError(path, "has a BertProcessing without ids for cls and sep")
            }
            return ([first], [last])
        case "TemplateProcessing": return try template(value, path)
        case let other:
            throw ModelError(
                path, "has the post_processor \(other ?? "without a type"); only TemplateProcessing is supported")
        }
    }

    private static func template(_ value: JSON, _ path: String) throws(ModelError) -> (prefix: [Int32], suffix: [Int32])
    {
        guard let items = value["single"]?.elements else { throw ModelError(path, "has a template without single") }
        var parts: [[Int32]] = [[]]
        for item in items {
            guard let part = item["SpecialToken"] ?? item["Sequence"], part["type_id"]?.int == 0 else {
                throw ModelError(path, "has a part in the template for one text whose type_id is not 0")
            }
            if item["Sequence"] != nil {
                guard part["id"]?.text == "A" else { throw ModelError(path, "has another text in the template than A") }
                parts.append([])
                continue
            }
            let entry = part["id"]?.text.flatMap { value["special_tokens"]?[$0] }
            guard let elements = entry?["ids"]?.elements, elements.count <= 8 else {
                throw ModelError(path, "has a special token in the template without ids in special_tokens")
            }
            for element in elements {
                guard let id = id(element) else { throw ModelError(path, "has a bad id in special_tokens") }
                parts[parts.count - 1].append(id)
            }
        }
        guard parts.count == 2, parts[0].count + parts[1].count <= 16 else {
            throw ModelError(path, "has a template that is not some special tokens, one text, some special tokens")
        }
        return (parts[0], parts[1])
    }

    private static func id(_ value: JSON?) -> Int32? {
        value?.int.flatMap { $0 >= 0 ? Int32(exactly: $0) : nil }
    }
}
