/// The words of a query, to be found again in the texts of its hits.
///
/// The passages and marks are made here and not by the server's ts_headline: that knows nothing of rows that are only
/// near, puts its marks into the text as text, has no offsets, and reads whole documents again for each row. Here words
/// are letters and digits; two are the same when they differ in case or, as far as can be told without a dictionary, in
/// their ending. What a dictionary alone would join is found by the server and not marked.
struct SearchWords: Sendable, Hashable {
    /// Words worth marking, in lower case, as they are in the query.
    let words: [String]

    private let letters: [[UInt8]]

    /// - Parameter query: What is looked for; as in a web search, what follows a minus sign is not.
    init(_ query: String) {
        var found: [String] = []
        for piece in query.split(whereSeparator: \.isWhitespace) where !(piece.hasPrefix("-") && piece.count > 1) {
            for word in Self.tokens(of: String(piece)).map({ $0.word.lowercased() }) where !found.contains(word) {
                found.append(word)
            }
        }
        let telling = found.filter { !Self.common.contains($0) }
        words = Array((telling.isEmpty ? found : telling).prefix(32))
        letters = words.map { Array($0.utf8) }
    }

    /// A word of a text, by its UTF-16 offsets.
    struct Token: Sendable, Hashable {
        let word: Substring
        let range: Range<Int>
    }

    /// The words of a text, in order.
    static func tokens(of text: String) -> [Token] {
        var tokens: [Token] = []
        var offset = 0
        var start: (index: String.Index, offset: Int)?
        for index in text.indices {
            let character = text[index]
            if character.isLetter || character.isNumber {
                if start == nil { start = (index, offset) }
            } else if let begun = start {
                tokens.append(Token(word: text[begun.index..<index], range: begun.offset..<offset))
                start = nil
            }
            offset += character.utf16.count
        }
        if let begun = start { tokens.append(Token(word: text[begun.index...], range: begun.offset..<offset)) }
        return tokens
    }

    /// Which of the query's words a word of a text is; nil where it is none of them.
    func number(of word: Substring) -> Int? {
        let bytes = Array(word.lowercased().utf8)
        return letters.firstIndex { Self.same($0, bytes) }
    }

    /// Whether two words in lower case differ in their ending at most: `mix` and `mixing`, `compression` and `compressor`.
    static func same(_ a: [UInt8], _ b: [UInt8]) -> Bool {
        if a == b { return true }
        let (short, long) = a.count <= b.count ? (a.count, b.count) : (b.count, a.count)
        // An ending is of letters: 1 is not 10, and EQ not EQ2.
        guard short >= 3, (a.count > b.count ? a : b).last.map({ $0 > UInt8(ascii: "9") }) ?? false else {
            return false
        }
        let common = zip(a, b).prefix { $0 == $1 }.count
        if common == short { return long - short <= 3 }
        return short >= 5 && common >= 5 && common >= long - 4 && common * 10 >= short * 7
    }

    /// Words that stand in every text, of the language that most queries and texts here are in.
    private static let common: Set<String> = [
        "a", "about", "an", "and", "any", "are", "as", "at", "be", "by", "can", "could", "did", "do", "does", "for",
        "from",
        "get", "had", "has", "have", "how", "i", "if", "in", "into", "is", "it", "its", "me", "my", "not", "of", "on",
        "or",
        "our", "should", "so", "some", "than", "that", "the", "their", "them", "then", "there", "these", "they", "this",
        "those", "to", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will", "with", "would",
        "you",
        "your",
    ]
}
