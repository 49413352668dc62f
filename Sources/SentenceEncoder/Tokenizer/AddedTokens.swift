import Glibc

/// A token that is found in the text before the model sees it, as tokenizer.json describes it.
struct AddedToken: Sendable, Equatable {
    let content: [UInt8]
    var id: Int32
    /// Found only where no word character touches it.
    var singleWord = false
    /// Takes the white space before it along.
    var takesSpaceBefore = false
    /// Takes the white space after it along.
    var takesSpaceAfter = false
    /// Looked for, itself normalised, in normalised text; else as it is in the text as it is.
    var isNormalized = false
    /// One of those that frame or replace text, as opposed to an addition to the vocabulary.
    var isSpecial = true
}

/// Finds added tokens: the leftmost first, of several there the longest.
struct AddedTokens: Sendable {
    /// What to look for (not empty, no two the same), and the token it stands for.
    struct Pattern: Sendable {
        let bytes: [UInt8]
        let token: AddedToken
    }

    /// Where a token stands in a text, with the white space it takes along.
    struct Match {
        let id: Int32
        let start: Int
        /// May lie before `start`, if the token before took along the white space that this one is made of.
        let end: Int
        /// Where the search for the next one goes on.
        let next: Int
    }

    private let tokens: [AddedToken]
    private let table: TokenTable
    private let isFirstByte: [Bool]
    /// The byte that all of them begin with, if they do.
    private let onlyFirstByte: UInt8?
    private let unicode: UnicodeTables

    init(_ patterns: [Pattern], _ unicode: UnicodeTables) {
        self.unicode = unicode
        tokens = patterns.map(\.token)
        var table = TokenTable(capacity: patterns.count)
        var isFirstByte = [Bool](repeating: false, count: 256)
        for (index, pattern) in patterns.enumerated() {
            _ = table.insert(pattern.bytes, value: Int32(index))
            isFirstByte[Int(pattern.bytes[0])] = true
        }
        self.table = table
        self.isFirstByte = isFirstByte
        let firstBytes = isFirstByte.indices.filter { isFirstByte[$0] }
        onlyFirstByte = firstBytes.count == 1 ? UInt8(firstBytes[0]) : nil
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// The first token at or after `start`.
    /// - Parameters:
    ///   - text: Valid UTF-8.
    ///   - done: Where the token before ended; white space before that is not taken again.
    func first(in text: UnsafeBufferPointer<UInt8>, from start: Int, done: Int) -> Match? {
        guard let bytes = text.baseAddress, !isEmpty else { return nil }
        var at = start
        while let hit = firstByte(in: bytes, from: at, to: text.count) {
            guard let (index, length) = table.longestPrefix(bytes + hit, text.count - hit, padded: false) else {
                at = hit + 1
                continue
            }
            let token = tokens[Int(index)]
            let end = hit + length
            at = end
            if token.singleWord, isWord(before: hit, bytes) || isWord(at: end, bytes, text.count) { continue }
            let lower = token.takesSpaceBefore ? max(spaceStart(before: hit, bytes, floor: done), done) : hit
            let upper = token.takesSpaceAfter ? spaceEnd(from: end, bytes, text.count) : end
            return Match(id: token.id, start: lower, end: upper, next: end)
        }
        return nil
    }

    private func firstByte(in bytes: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int? {
        guard start < end else { return nil }
        if let onlyFirstByte {
            // The C library's search is vectorised; ordinary text has no such byte at all.
            guard let found = memchr(bytes + start, Int32(onlyFirstByte), end - start) else { return nil }
            return UnsafeRawPointer(found) - UnsafeRawPointer(bytes)
        }
        var at = start
        while at < end {
            if isFirstByte[Int(bytes[at])] { return at }
            at += 1
        }
        return nil
    }

    private func isWord(before end: Int, _ bytes: UnsafePointer<UInt8>) -> Bool {
        end > 0 && unicode.bits(of: UTF8Coding.last(bytes, before: end).point).contains(.word)
    }

    private func isWord(at start: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
        var at = start
        return start < count && unicode.bits(of: UTF8Coding.next(bytes, &at)).contains(.word)
    }

    private func spaceStart(before end: Int, _ bytes: UnsafePointer<UInt8>, floor: Int) -> Int {
        var end = end
        while end > floor {
            let (point, start) = UTF8Coding.last(bytes, before: end)
            if !unicode.bits(of: point).contains(.space) { break }
            end = start
        }
        return end
    }

    private func spaceEnd(from start: Int, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
        var end = start
        while end < count {
            var at = end
            if !unicode.bits(of: UTF8Coding.next(bytes, &at)).contains(.space) { break }
            end = at
        }
        return end
    }
}
