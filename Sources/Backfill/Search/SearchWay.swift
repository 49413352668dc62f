/// Reads from the plan of a search, as EXPLAIN prints it, how the near rows are found.
enum SearchWay {
    /// The index that gives the order by distance; nil where rows are sorted.
    ///
    /// Such a scan has a line `Order By:` right below the one that names it. A value in a condition stands behind a word
    /// and a colon, so it is not taken for a line of the plan's own.
    static func index(in plan: [String]) -> String? {
        var scanned: String?
        for line in plan {
            let text = trimmed(line)
            if let range = nameRange(in: text) {
                scanned = String(text[range])
            } else if text.hasPrefix("Order By:"), let scanned {
                return scanned
            } else if text.hasPrefix("->") {
                scanned = nil
            }
        }
        return nil
    }

    private static func trimmed(_ line: String) -> Substring { line.drop { $0 == " " } }

    /// `->  Index Scan using NAME on TABLE`, also as `Parallel`, `Only`; NAME may be quoted.
    private static func nameRange(in text: Substring) -> Range<Substring.Index>? {
        var rest = text
        if rest.hasPrefix("->") { rest = rest.dropFirst(2).drop { $0 == " " } }
        for beginning in ["Parallel ", "Index Scan using ", "Index Only Scan using "] where rest.hasPrefix(beginning) {
            rest = rest.dropFirst(beginning.count)
            guard beginning != "Parallel " else { continue }
            if rest.first == "\"" {
                let inside = rest.dropFirst()
                guard let end = inside.firstIndex(of: "\"") else { return nil }
                return inside.startIndex..<end
            }
            guard let end = rest.firstIndex(of: " ") else { return nil }
            return rest.startIndex..<end
        }
        return nil
    }
}
