import SentenceEncoder

/// Counts the tokens of texts for a provider's limits, and cuts texts to them.
///
/// With the model's own tokenizer the count is exact. Without one, a text counts as many tokens as it has UTF-8 bytes, and
/// a few for what models put around it: byte-level BPE (OpenAI's, and most others') and WordPiece never make more. That is
/// up to five times too many, but a text cut by it is never refused. What a request costs is reckoned closer to the truth.
package struct TokenCount: Sendable {
    private let tokenizer: Tokenizer?
    /// What is put before each text.
    let prompt: String

    /// [CLS], [SEP], and the mark that SentencePiece begins a text with.
    private static let around = 3

    /// - Parameters:
    ///   - tokenizer: The model's own, where there is one.
    ///   - prompt: What is put before each text.
    package init(tokenizer: Tokenizer? = nil, prompt: String = "") {
        self.tokenizer = tokenizer
        self.prompt = prompt
    }

    /// Whether it is the model's own count.
    package var isExact: Bool { tokenizer != nil }

    /// As many tokens as a text has at most.
    package func most(in text: String) -> Int {
        guard let tokenizer else { return prompt.utf8.count + text.utf8.count + Self.around }
        return tokenizer.encode(prompt + text, maxLength: .max).ids.count
    }

    /// As many tokens as a text is likely to have: a token to four letters of Latin script, and more of others.
    package func likely(in text: String) -> Int {
        if let tokenizer { return tokenizer.encode(prompt + text, maxLength: .max).ids.count }
        var (ascii, other) = (0, 0)
        for byte in prompt.utf8 { if byte < 0x80 { ascii += 1 } else { other += 1 } }
        for byte in text.utf8 { if byte < 0x80 { ascii += 1 } else { other += 1 } }
        return 1 + (ascii + 3) / 4 + (other * 2 + 4) / 5
    }

    /// The beginning of a text that has no more tokens than that, in whole characters; nil where all of it has not.
    package func cut(_ text: String, to tokens: Int) -> String? {
        guard prompt.utf8.count + text.utf8.count + Self.around > tokens, most(in: text) > tokens else { return nil }
        guard let tokenizer else { return text.beginning(bytes: tokens - Self.around - prompt.utf8.count) }
        // The longest beginning whose count fits, sought by halves: counts grow with the text, but for a few at words' ends.
        var (fits, tooMany) = (0, text.utf8.count)
        while tooMany - fits > 1 {
            let middle = (fits + tooMany) / 2
            let part = prompt + text.beginning(bytes: middle)
            if tokenizer.encode(part, maxLength: .max).ids.count <= tokens { fits = middle } else { tooMany = middle }
        }
        return text.beginning(bytes: fits)
    }
}

extension String {
    /// The longest beginning of whole characters that fits; of whole scalars where the first character alone does not.
    func beginning(bytes: Int) -> String {
        guard utf8.count > bytes else { return self }
        guard bytes > 0 else { return "" }
        var end = utf8.index(utf8.startIndex, offsetBy: bytes)
        // A character is seldom longer than this; where it is, it is cut at a scalar.
        for _ in 0..<64 where end > startIndex {
            if let whole = String.Index(end, within: self) { return String(self[..<whole]) }
            end = utf8.index(before: end)
        }
        end = utf8.index(utf8.startIndex, offsetBy: bytes)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(unicodeScalars[..<end])
    }
}
