extension AddedToken {
    /// A token as tokenizer.json and tokenizer_config.json write it, as an object.
    init(_ value: JSON, id: Int32, _ path: String) throws(ModelError) {
        guard let content = value["content"]?.bytes else {
            throw ModelError(path, "has an added token (id \(id)) without content")
        }
        guard content.count <= WordPiece.longestToken else {
            throw ModelError(path, "has an added token (id \(id)) of \(content.count) bytes")
        }
        func flag(_ key: String) throws(ModelError) -> Bool? {
            guard let value = value[key] else { return nil }
            guard let flag = value.flag else {
                throw ModelError(path, "has \(value.kind) for \(key) of the added token \(quoted(content))")
            }
            return flag
        }
        self.content = content
        self.id = id
        isSpecial = try flag("special") ?? false
        singleWord = try flag("single_word") ?? false
        takesSpaceBefore = try flag("lstrip") ?? false
        takesSpaceAfter = try flag("rstrip") ?? false
        isNormalized = try flag("normalized") ?? !isSpecial
    }

    /// A special token as special_tokens_map.json and tokenizer_config.json write it: a string or an object; nil for null.
    init?(special value: JSON, _ key: String, _ path: String) throws(ModelError) {
        if value.isNull { return nil }
        if let content = value.bytes {
            self.init(content: content, id: -1)
        } else if value.members != nil {
            try self.init(value, id: -1, path)
            if value["normalized"] == nil { isNormalized = false }
            isSpecial = true
        } else {
            throw ModelError(path, "has \(value.kind) for \(key) instead of a token")
        }
        guard content.count <= WordPiece.longestToken else {
            throw ModelError(path, "has \(content.count) bytes for \(key)")
        }
    }
}
