/// Chooses the passages of a hit that show why it was found.
struct SearchPassages: Sendable {
    /// A passage is about so many UTF-16 code units.
    static let length = 220
    /// Passages of one hit, at most.
    static let most = 3
    /// How far a text is looked into, in characters.
    static let depth = 20_000

    /// The passages, those with most of the words first.
    let parts: [SearchPart]
    /// The query's words that are in the texts, in the query's order.
    let matched: [String]

    /// - Parameters:
    ///   - texts: Columns and their readable texts, in order.
    ///   - words: The query's.
    init(_ texts: [(column: String, text: String)], _ words: SearchWords) {
        var found: [(part: SearchPart, numbers: Set<Int>)] = []
        var all: Set<Int> = []
        for (column, text) in texts {
            let line = Self.oneLine(text)
            let tokens = SearchWords.tokens(of: line)
            let marks = tokens.compactMap { token in words.number(of: token.word).map { (token.range, $0) } }
            guard !marks.isEmpty else { continue }
            all.formUnion(marks.map(\.1))
            let best = Self.window(marks)
            let part = Self.passage(line, tokens, around: best, marks.map(\.0), column: column)
            found.append((part, Set(marks[best].map(\.1))))
        }
        matched = words.words.indices.filter(all.contains).map { words.words[$0] }
        if found.isEmpty, let (column, text) = texts.first(where: { !$0.text.isEmpty }) {
            let line = Self.oneLine(text)
            parts = [Self.passage(line, SearchWords.tokens(of: line), around: 0..<0, [], column: column)]
            return
        }
        parts = Array(
            found.enumerated().sorted { a, b in
                a.element.numbers.count != b.element.numbers.count
                    ? a.element.numbers.count > b.element.numbers.count : a.offset < b.offset
            }.prefix(Self.most).map(\.element.part))
    }

    /// The values of a json object's members, as `JSONText.readable` has them, without their keys: the longest, which say
    /// most, first.
    ///
    /// - Parameter title: A value that is shown elsewhere.
    static func members(of readable: String, without title: String?) -> [String] {
        let values = readable.prefix(depth).split(separator: "\n").map { line in
            line.prefix(41).firstRange(of: ": ").map { String(line[$0.upperBound...]) } ?? String(line)
        }
        let others = values.enumerated().filter { $0.element != title }
        return others.sorted { ($0.element.utf8.count, -$0.offset) > ($1.element.utf8.count, -$1.offset) }
            .prefix(16).map(\.element)
    }

    /// White space, however much of it, as one space.
    static func oneLine(_ text: String) -> String {
        text.prefix(depth).split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }

    /// The marks that one passage can show with most different words in it, and then most marks; the first such.
    private static func window(_ marks: [(Range<Int>, Int)]) -> Range<Int> {
        var best = 0..<0
        var merit = (0, 0)
        for start in marks.indices {
            var end = start
            while end < marks.count, end == start || marks[end].0.upperBound - marks[start].0.lowerBound <= length - 40
            {
                end += 1
            }
            let candidate = (Set(marks[start..<end].map(\.1)).count, end - start)
            if candidate > merit { (best, merit) = (start..<end, candidate) }
        }
        return best
    }

    /// The text around some marks, from a word's beginning to a word's end.
    private static func passage(
        _ text: String, _ tokens: [SearchWords.Token], around chosen: Range<Int>, _ marks: [Range<Int>], column: String
    ) -> SearchPart {
        let size = text.utf16.count
        let (first, last) =
            chosen.isEmpty ? (0, 0) : (marks[chosen.lowerBound].lowerBound, marks[chosen.upperBound - 1].upperBound)
        let room = max(0, length - (last - first))
        // A third of what is free goes before the words; what is not needed there goes behind.
        let wanted = max(0, min(first - room / 3, size - length))
        let from =
            wanted == 0
            ? 0 : tokens.first { $0.range.lowerBound >= wanted }.map { min($0.range.lowerBound, first) } ?? first
        let limit = max(last, from + length)
        let to =
            limit >= size ? size : max(last, tokens.last { $0.range.upperBound <= limit }?.range.upperBound ?? limit)
        let lead = from > 0 ? "… " : ""
        let units = text.utf16
        // Ends of words, or of the text: whole characters.
        let (start, end) = (units.index(units.startIndex, offsetBy: from), units.index(units.startIndex, offsetBy: to))
        let shift = lead.utf16.count - from
        return SearchPart(
            column: column, text: lead + String(text[start..<end]) + (to < size ? " …" : ""),
            marks: marks.filter { $0.lowerBound >= from && $0.upperBound <= to }.map {
                $0.lowerBound + shift..<$0.upperBound + shift
            })
    }
}
