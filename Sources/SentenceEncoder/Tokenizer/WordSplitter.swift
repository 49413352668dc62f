/// Splits normalised text at white space and around punctuation, and appends each word's pieces.
struct WordSplitter: ScalarSink {
    let model: WordPiece
    let unicode: UnicodeTables
    /// What was found so far. May pass `stop` by one word less a piece.
    var ids: [Int32]
    /// Once there are so many ids nothing more is needed.
    let stop: Int

    /// The word so far, in UTF-8. Unsafe because every byte of every text goes through it; `room(for:)` bytes.
    private let word: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    /// Code points of the word; beyond the model's maximum they are no longer kept.
    private(set) var characters = 0

    /// Bytes that the buffer of a splitter needs: the longest word, and eight that the look-up reads beyond it.
    static func room(for model: WordPiece) -> Int { model.maxCharacters * 4 + 8 }

    init(_ model: WordPiece, _ unicode: UnicodeTables, ids: [Int32], stop: Int, word: UnsafeMutablePointer<UInt8>) {
        self.model = model
        self.unicode = unicode
        self.ids = ids
        self.stop = stop
        self.word = word
    }

    /// Whether no more text is needed.
    var isFull: Bool { ids.count >= stop }

    /// How many more code points the word may have.
    @inline(__always)
    var charactersLeft: Int { model.maxCharacters - characters }

    /// Marks the word as too long, after a letter that no longer fitted.
    @inline(__always)
    mutating func overflow() { characters = model.maxCharacters + 1 }

    /// Appends up to `limit` ASCII letters (for which there must be room) as `map` has them, and tells how many there were.
    @inline(__always)
    mutating func append(letters start: UnsafePointer<UInt8>, from map: UnsafePointer<UInt8>, limit: Int) -> Int {
        var read = 0
        let end = word + count
        while read < limit {
            let letter = map[Int(start[read])]
            if letter >= ByteAction.first { break }
            end[read] = letter
            read += 1
        }
        count += read
        characters += read
        return read
    }

    mutating func receive(_ point: UInt32) {
        let bits = unicode.bits(of: point)
        if bits.isDisjoint(with: [.space, .punctuation]) { return append(point) }
        endWord()
        if bits.contains(.punctuation) {
            append(point)
            endWord()
        }
    }

    /// Appends a code point to the word.
    @inline(__always)
    mutating func append(_ point: UInt32) {
        guard charactersLeft > 0 else { return overflow() }
        count += UTF8Coding.write(point, to: word + count)
        characters += 1
    }

    /// Ends the word, if there is one, and appends its pieces.
    @inline(__always)
    mutating func endWord() {
        guard characters > 0 else { return }
        if characters <= model.maxCharacters {
            model.appendPieces(of: word, count, to: &ids)
        } else {
            ids.append(model.unknown)
        }
        count = 0
        characters = 0
    }

    /// A word of one ASCII character.
    @inline(__always)
    mutating func receive(punctuation byte: UInt8) {
        endWord()
        ids.append(model.singles[Int(byte)])
    }
}

/// What a byte of text means before it is looked at any further.
///
/// A table of 256 bytes made once from a normalisation: a value below `first` is the letter that the byte becomes.
enum ByteAction {
    static let first: UInt8 = 0x80
    static let drop: UInt8 = 0x80
    static let space: UInt8 = 0x81
    static let punctuation: UInt8 = 0x82
    /// Not ASCII: the code point has to be decoded.
    static let decode: UInt8 = 0x83

    static func table(for normalization: Normalization, _ unicode: UnicodeTables) -> [UInt8] {
        (0..<256).map { byte in
            guard byte < 0x80 else { return decode }
            let point = UInt32(byte)
            let bits = unicode.bits(of: point)
            if normalization.contains(.clean), bits.contains(.control) { return drop }
            if bits.contains(.space) { return space }
            if bits.contains(.punctuation) { return punctuation }
            var letter = point
            if normalization.contains(.lowercase) { unicode.lower(point) { letter = $0 } }
            return UInt8(letter)
        }
    }
}
