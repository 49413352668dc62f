/// A search by words as `websearch_to_tsquery` reads it, cut down to what a search may cost.
///
/// The server compares each row with each word of a query, and ranks by all of their places, however often a word is
/// repeated: eight kilobytes of one word take half a minute.
enum WebQuery {
    /// Words of a query at most.
    static let mostWords = 32

    /// The same query without words that are there already, and without those beyond ``mostWords``; as it is where it has
    /// neither. Words are alternatives only to those behind the next `or`, so that a word may be in several of them; in
    /// quotation marks each word has its place, and stays.
    static func bounded(_ query: String) -> String {
        let pieces = pieces(of: query)
        var alternatives: [[Piece]] = [[]]
        var room = mostWords
        var isWhole = true
        for (number, piece) in pieces.enumerated() {
            // At the beginning and at the end it is a word like others.
            if piece.isOr, !alternatives[alternatives.count - 1].isEmpty, number < pieces.count - 1 {
                alternatives.append([])
                continue
            }
            guard let fitting = piece.cut(to: room), !alternatives[alternatives.count - 1].contains(fitting) else {
                isWhole = isWhole && piece.words == 0
                continue
            }
            isWhole = isWhole && fitting == piece
            room -= fitting.words
            alternatives[alternatives.count - 1].append(fitting)
        }
        if isWhole { return query }
        var seen: Set<[Piece]> = []
        let told = alternatives.filter { !$0.isEmpty && seen.insert($0).inserted }
        return told.map { $0.map(\.text).joined(separator: " ") }.joined(separator: " or ")
    }

    /// A word, or several in quotation marks.
    private struct Piece: Hashable {
        var body: String
        var isPhrase = false
        var isNegated = false
        var words: Int

        init(_ body: Substring, isPhrase: Bool, isNegated: Bool) {
            self.body = body.lowercased()
            self.isPhrase = isPhrase
            self.isNegated = isNegated
            words = SearchWords.tokens(of: self.body).count
        }

        var isOr: Bool { body == "or" && !isPhrase && !isNegated }
        var text: String { (isNegated ? "-" : "") + (isPhrase ? "\"\(body)\"" : body) }

        /// Its first words; nil where there is room for none, or it has none.
        func cut(to room: Int) -> Piece? {
            guard words > 0, room > 0 else { return nil }
            guard words > room else { return self }
            let last = SearchWords.tokens(of: body)[room - 1]
            return Piece(body[..<last.word.endIndex], isPhrase: isPhrase, isNegated: isNegated)
        }
    }

    /// What stands between spaces and quotation marks; one that is not closed goes on to the end.
    private static func pieces(of query: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = query[...]
        while true {
            rest = rest.drop { $0.isWhitespace }
            guard !rest.isEmpty else { return pieces }
            let signs = rest.prefix { $0 == "-" }
            let isNegated = signs.count % 2 == 1
            rest = rest[signs.endIndex...].drop { $0.isWhitespace }
            let isPhrase = rest.first == "\""
            if isPhrase { rest = rest.dropFirst() }
            let body = rest.prefix { $0 != "\"" && (isPhrase || !$0.isWhitespace) }
            rest = rest[body.endIndex...]
            if isPhrase { rest = rest.dropFirst() }
            pieces.append(Piece(body, isPhrase: isPhrase, isNegated: isNegated))
        }
    }
}
