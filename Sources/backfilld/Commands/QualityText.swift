import Backfill
import Systemd

/// A report as a person reads it in a terminal.
struct QualityText {
    private let report: QualityReport
    private let isColored: Bool

    init(_ report: QualityReport, isColored: Bool) {
        self.report = report
        self.isColored = isColored
    }

    /// A line a figure, and below it what it says where that is not simply good; then what to do.
    var text: String {
        let head =
            "\(report.table): \(report.sampled.counted("vector")) looked at, \(report.embedder), "
            + "in \((report.took / 1000).fixed(1)) s"
        var lines = [isColored ? "\u{1b}[1m\(escaped(head))\u{1b}[0m" : escaped(head), ""]
        let width = report.figures.map(\.name.title.count).max() ?? 0
        for figure in report.figures {
            let title = figure.name.title
            let value = Self.value(figure)
            lines.append(
                "  " + mark(figure.verdict) + "  " + title + String(repeating: " ", count: width - title.count) + "  "
                    + value + String(repeating: " ", count: max(0, 9 - value.count)) + "  "
                    + faint(figure.verdict == .unknown ? "" : "good: \(figure.name.good)"))
            lines += wrapped(figure.says, indent: 11)
            if let remedy = figure.remedy { lines += wrapped("To do: \(remedy).", indent: 11) }
            if figure.verdict != .good { lines += examples(figure).flatMap { wrapped($0, indent: 11) } }
        }
        return lines.joined(separator: "\n")
    }

    /// A value with its unit.
    static func value(_ figure: QualityFigure) -> String {
        guard let value = figure.value else { return "–" }
        return switch figure.name.unit {
        case .share: value.percent
        case .ms where figure.name == .staleness: value == 0 ? "none" : Vitals.span(.milliseconds(value))
        case .ms: "\(value.fixed(1)) ms"
        case .cosine, .norm: value.fixed(3)
        case .count: value.fixed(value < 10 ? 1 : 0)
        }
    }

    /// Rows to look at.
    private func examples(_ figure: QualityFigure) -> [String] {
        guard case .list(let list)? = figure.detail["examples"] ?? figure.detail["missed"], !list.isEmpty else {
            return []
        }
        let shown = list.prefix(5).compactMap { example -> String? in
            switch example {
            case .text(let key): return key
            case .object(let pair):
                guard case .list(let keys)? = pair["keys"], case .number(let cosine)? = pair["cosine"] else {
                    return nil
                }
                let names = keys.compactMap { key -> String? in
                    guard case .text(let name) = key else { return nil }
                    return name
                }
                return names.joined(separator: " and ") + " (\(cosine.fixed(4)))"
            default: return nil
            }
        }
        return ["For example: \(shown.joined(separator: ", "))"]
    }

    private func mark(_ verdict: QualityFigure.Verdict) -> String {
        let (word, color) =
            switch verdict {
            case .good: ("good   ", "32")
            case .fair: ("fair   ", "33")
            case .bad: ("BAD    ", "31")
            case .unknown: ("unknown", "2")
            }
        return isColored ? "\u{1b}[\(color)m\(word)\u{1b}[0m" : word
    }

    private func faint(_ text: String) -> String {
        isColored && !text.isEmpty ? "\u{1b}[2m\(escaped(text))\u{1b}[0m" : escaped(text)
    }

    /// In lines of about 100 characters.
    private func wrapped(_ text: String, indent: Int) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > 100 - indent {
                lines.append(line)
                line = ""
            }
            line += (line.isEmpty ? "" : " ") + word
        }
        if !line.isEmpty { lines.append(line) }
        return lines.map { String(repeating: " ", count: indent) + escaped($0) }
    }
}
