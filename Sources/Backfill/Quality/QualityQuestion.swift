/// What a row is asked for by, to see whether search finds it: a part of what it says, and not all of it.
struct QualityQuestion: Sendable, Hashable {
    /// Which part of the row it is.
    enum Kind: String, Sendable, Hashable { case title, sentence, half }

    let text: String
    let kind: Kind

    /// Words of a question, at least; and characters, at most.
    static let (leastWords, mostCharacters) = (2, 240)

    /// The row's title where it has one, or else the first sentence of its text, or the first half of that; nil where
    /// each of them would be the whole text, or as good as nothing.
    ///
    /// - Parameters:
    ///   - title: What the row is called.
    ///   - text: What its vector is made from.
    static func of(title: String?, text: String) -> QualityQuestion? {
        let whole = words(text[...])
        guard !whole.isEmpty else { return nil }
        if let title {
            let words = words(title[...])
            if !words.isEmpty, words != whole, words.joined(separator: " ").count <= mostCharacters {
                return QualityQuestion(text: words.joined(separator: " "), kind: .title)
            }
        }
        let sentence = words(firstSentence(text))
        if sentence.count >= leastWords, sentence != whole, sentence.joined(separator: " ").count <= mostCharacters {
            return QualityQuestion(text: sentence.joined(separator: " "), kind: .sentence)
        }
        guard whole.count >= 2 * leastWords else { return nil }
        let half = whole.prefix(min(whole.count / 2, 30)).joined(separator: " ")
        return QualityQuestion(text: String(half.prefix(mostCharacters)), kind: .half)
    }

    private static func words(_ text: Substring) -> [Substring] { text.split(whereSeparator: \.isWhitespace) }

    /// Up to the first end of a sentence that something follows, or the end of the first line that has something in it.
    private static func firstSentence(_ text: String) -> Substring {
        let body = text.drop { $0.isWhitespace }
        var last: Character = " "
        var at = body.startIndex
        while at < body.endIndex {
            let character = body[at]
            if character.isNewline || character.isWhitespace && ".!?".contains(last) { return body[..<at] }
            last = character
            at = body.index(after: at)
        }
        return body
    }
}

/// A row that search found: its key, and how near it is by its cosine.
struct QualityHit: Sendable, Hashable {
    let key: String
    let similarity: Double
    /// What it is called, where that was asked for.
    var title: String?
}

/// What exact search found for a question.
struct QualityTruth: Sendable, Hashable {
    /// The row that was asked for.
    let key: String
    /// The rows that are nearest, nearest first.
    let hits: [QualityHit]

    /// Rows that a list has.
    static let depth = 10
    /// Cosines that differ by less are the same: two ways of working one out differ by that.
    static let tie = 1e-6

    /// At which place its row is, from 1; nil where it is not among them. One that is as near as another is as good, and so
    /// is another row of the same name.
    func rank(title: String?) -> Int? {
        guard let own = hits.firstIndex(where: { $0.key == key }) else {
            return title.flatMap { title in hits.firstIndex { $0.title == title } }.map { $0 + 1 }
        }
        let better = hits[..<own].count {
            $0.similarity > hits[own].similarity + Self.tie && ($0.title != title || title == nil)
        }
        return better + 1
    }

    /// The share of what is nearest that another answer has: rows that are as near as the last of them count as well.
    func recall(of answer: [QualityHit]) -> Double? {
        let nearest = hits.prefix(Self.depth)
        guard let last = nearest.last else { return nil }
        let found = answer.prefix(Self.depth).count { $0.similarity >= last.similarity - Self.tie }
        return Double(min(found, nearest.count)) / Double(nearest.count)
    }
}

/// What became of the questions at one setting of the index.
struct QualitySweep: Sendable, Hashable {
    /// `hnsw.ef_search` or `ivfflat.probes`; 0 where every row is compared.
    let setting: Int
    /// Each question's recall.
    let recalls: [Double]
    /// What each took, in milliseconds.
    let times: [Double]

    var recall: Double? { recalls.isEmpty ? nil : recalls.reduce(0, +) / Double(recalls.count) }
    var time: Distribution { Distribution(times) }

    /// The settings that are looked at, among them the one that search uses.
    static func settings(of index: VectorIndex) -> [Int] {
        guard let lists = index.lists else { return [20, 40, 80, usual(of: index), 300] }
        let root = probes(lists)
        return Set([1, max(1, root / 2), root, min(lists, 2 * root)]).sorted()
    }

    /// What search uses for ten rows.
    static func usual(of index: VectorIndex) -> Int { index.lists.map(probes) ?? SearchPlan.leastCandidates }

    private static func probes(_ lists: Int) -> Int { Int(Double(lists).squareRoot().rounded(.up)) }
}
