/// The WordPiece model: the longest piece of the vocabulary first, then the longest that continues, and so on.
struct WordPiece: Sendable {
    /// Longer tokens are no word pieces but an attack or a mistake.
    static let longestToken = 1024
    /// Words may not be allowed to be longer, in code points.
    static let longestWord = 1000

    /// All tokens as they are written.
    let initial: TokenTable
    /// The tokens with the prefix of continuations, without it.
    let continuation: TokenTable
    /// The id of the unknown token.
    let unknown: Int32
    /// A word of more code points is unknown as a whole.
    let maxCharacters: Int
    /// The ids of words that are one ASCII character.
    let singles: [Int32]

    /// Appends the pieces of one word; the bytes (at least one) must be followed by eight more readable ones.
    @inline(__always)
    func appendPieces(of word: UnsafePointer<UInt8>, _ count: Int, to ids: inout [Int32]) {
        let whole = initial.find(word, count, padded: true)
        if whole >= 0 { return ids.append(whole) }
        appendParts(of: word, count, to: &ids)
    }

    @inline(never)
    private func appendParts(of word: UnsafePointer<UInt8>, _ count: Int, to ids: inout [Int32]) {
        let before = ids.count
        guard var piece = initial.longestPrefix(word, count, padded: true) else { return ids.append(unknown) }
        var at = 0
        while true {
            ids.append(piece.value)
            at += piece.length
            if at == count { return }
            guard let next = continuation.longestPrefix(word + at, count - at, padded: true) else { break }
            piece = next
        }
        ids.removeLast(ids.count - before)
        ids.append(unknown)
    }
}
