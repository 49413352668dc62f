import Backfill
import Systemd

/// An answer as a person reads it in a terminal.
struct SearchText {
    private let answer: SearchAnswer
    private let embedding: Duration?
    private let isColored: Bool

    /// - Parameters:
    ///   - embedding: How long embedding the query took; nil where it was not.
    ///   - isColored: Whether marked words and titles stand out.
    init(_ answer: SearchAnswer, embedding: Duration?, isColored: Bool) {
        self.answer = answer
        self.embedding = embedding
        self.isColored = isColored
    }

    /// How it was found in the first line, then each row with its best passage.
    var text: String {
        guard !answer.hits.isEmpty else { return escaped("\(answer.table): nothing found (\(how))") }
        let width = String(answer.hits.count).count
        var lines = [escaped("\(answer.table): \(answer.hits.count.counted("row")), \(how)")]
        for (number, hit) in answer.hits.enumerated() {
            let place = String(number + 1)
            let margin = String(repeating: " ", count: width + 2)
            let category = hit.category.map { "  [\($0)]" } ?? ""
            lines.append("")
            lines.append(
                String(repeating: " ", count: width - place.count) + place + "  "
                    + Self.similarity(hit.similarity) + "  " + strong(hit.title) + escaped("\(category)  \(hit.key)"))
            if let part = hit.parts.first { lines += wrapped(part).map { margin + $0 } }
            lines.append(margin + faint(hit.why))
        }
        return lines.joined(separator: "\n")
    }

    private var how: String {
        let way =
            switch answer.mode {
            case .text: "by words"
            case .vector, .hybrid: answer.index.map { "through index \($0)" } ?? "exact"
            }
        let took = "\(Self.fixed(SearchAnswer.milliseconds(answer.took), 1)) ms"
        guard let embedding else { return "\(way), in \(took)" }
        return "\(way), in \(took) and \(Self.fixed(SearchAnswer.milliseconds(embedding), 1)) ms for the embedding"
    }

    /// `0.82 ████████░░`; a row without one has a dash.
    static func similarity(_ value: Double?) -> String {
        guard let value else { return "   –" + String(repeating: " ", count: 12) }
        let filled = Int((max(0, min(1, value)) * 10).rounded())
        let number = fixed(value, 2)
        return (number.hasPrefix("-") ? "" : " ") + number + " " + String(repeating: "█", count: filled)
            + String(repeating: "░", count: 10 - filled)
    }

    /// A number with so many places behind the point.
    static func fixed(_ value: Double, _ places: Int) -> String {
        let factor = (0..<places).reduce(1) { product, _ in product * 10 }
        let units = Int((abs(value) * Double(factor)).rounded())
        let rest = String(units % factor)
        let zeros = String(repeating: "0", count: max(0, places - rest.count))
        return (value < 0 && units > 0 ? "-" : "") + "\(units / factor)" + (places > 0 ? ".\(zeros)\(rest)" : "")
    }

    /// A passage in lines of about 90 characters, its marks standing out.
    private func wrapped(_ part: SearchPart) -> [String] {
        var lines: [String] = []
        var line = ""
        var length = 0
        var offset = 0
        for word in part.text.split(separator: " ", omittingEmptySubsequences: false) {
            let end = offset + word.utf16.count
            if length > 0, length + 1 + word.count > 90 {
                lines.append(line)
                (line, length) = ("", 0)
            }
            line += (length > 0 ? " " : "") + marked(word, from: offset, part.marks)
            length += (length > 0 ? 1 : 0) + word.count
            offset = end + 1
        }
        if !line.isEmpty { lines.append(line) }
        return lines
    }

    private func marked(_ word: Substring, from offset: Int, _ marks: [Range<Int>]) -> String {
        guard isColored else { return escaped(String(word)) }
        var result = ""
        var at = offset
        let units = word.utf16
        func piece(_ range: Range<Int>) -> String {
            let start = units.index(units.startIndex, offsetBy: range.lowerBound - offset)
            let end = units.index(units.startIndex, offsetBy: range.upperBound - offset)
            return escaped(String(word[start..<end]))
        }
        for mark in marks where mark.lowerBound >= offset && mark.upperBound <= offset + units.count {
            result += piece(at..<mark.lowerBound) + "\u{1b}[1;33m" + piece(mark) + "\u{1b}[0m"
            at = mark.upperBound
        }
        return result + piece(at..<offset + units.count)
    }

    private func strong(_ text: String) -> String {
        isColored ? "\u{1b}[1m\(escaped(text))\u{1b}[0m" : escaped(text)
    }

    private func faint(_ text: String) -> String {
        isColored ? "\u{1b}[2m\(escaped(text))\u{1b}[0m" : escaped(text)
    }
}
