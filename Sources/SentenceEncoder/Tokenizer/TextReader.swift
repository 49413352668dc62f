/// Reads one stretch of text between added tokens: bytes in, ids out.
///
/// ASCII goes from the text to the word through a table of bytes; everything else through `ScalarNormalizer`.
struct TextReader {
    /// What to do with text, made once for a tokenizer.
    struct Rules: Sendable {
        let normalization: Normalization
        let unicode: UnicodeTables
        let actions: [UInt8]
        /// A code point with none of these is copied as it is, unless it is Chinese.
        let special: UnicodeTables.Bits

        init(_ normalization: Normalization, _ unicode: UnicodeTables) {
            self.normalization = normalization
            self.unicode = unicode
            actions = ByteAction.table(for: normalization, unicode)
            var special: UnicodeTables.Bits = [.space, .punctuation]
            if normalization.contains(.clean) { special.insert(.control) }
            if normalization.contains(.decompose) { special.insert(.decomposes) }
            if normalization.contains(.dropNonspacing) { special.insert(.nonspacing) }
            if normalization.contains(.dropMarks) { special.insert(.mark) }
            if normalization.contains(.lowercase) { special.insert(.lowers) }
            self.special = special
        }
    }

    private let rules: Rules
    private var normalizer: ScalarNormalizer
    var splitter: WordSplitter

    init(_ rules: Rules, into splitter: WordSplitter) {
        self.rules = rules
        normalizer = ScalarNormalizer(rules.normalization, rules.unicode)
        self.splitter = splitter
    }

    /// Reads valid UTF-8 to its end, or until there are ids enough.
    mutating func read(_ text: UnsafeBufferPointer<UInt8>) {
        guard let bytes = text.baseAddress else { return }
        rules.actions.withUnsafeBufferPointer { actions in
            // 256 entries, so that a byte is always an index.
            read(bytes, text.count, actions.baseAddress!)
        }
        if splitter.isFull { return }
        normalizer.finish(into: &splitter)
        splitter.endWord()
    }

    @inline(__always)
    private mutating func read(_ text: UnsafePointer<UInt8>, _ end: Int, _ actions: UnsafePointer<UInt8>) {
        var at = 0
        while at < end {
            let action = actions[Int(text[at])]
            // ASCII characters are starters: marks before them have found their order.
            if normalizer.holdsMarks, action != ByteAction.decode, action != ByteAction.drop {
                normalizer.finish(into: &splitter)
            }
            switch action {
            case ByteAction.space:
                at += 1
                splitter.endWord()
                if splitter.isFull { return }
            case ByteAction.punctuation:
                splitter.receive(punctuation: text[at])
                at += 1
                if splitter.isFull { return }
            case ByteAction.drop: at += 1
            case ByteAction.decode:
                take(UTF8Coding.next(text, &at))
                if splitter.isFull { return }
            default:
                let limit = min(end - at, splitter.charactersLeft)
                if limit > 0 {
                    at += splitter.append(letters: text + at, from: actions, limit: limit)
                } else {
                    splitter.overflow()
                    at += 1
                }
            }
        }
    }

    /// Takes a code point beyond ASCII.
    @inline(never)
    private mutating func take(_ point: UInt32) {
        let isPlain =
            rules.unicode.bits(of: point).isDisjoint(with: rules.special) && !normalizer.holdsMarks
            && !(rules.normalization.contains(.spaceChinese) && rules.unicode.isChinese(point))
        if isPlain { return splitter.append(point) }
        normalizer.take(point, into: &splitter)
    }
}
