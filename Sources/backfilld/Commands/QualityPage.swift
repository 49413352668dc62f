import Backfill

/// Reports as one page with plots, that needs nothing else: no script, no font, no other file.
struct QualityPage {
    private let reports: [QualityReport]

    init(_ reports: [QualityReport]) {
        self.reports = reports
    }

    /// The page.
    var text: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>Quality of \(Self.escape(reports.map(\.table).joined(separator: ", ")))</title>
        <style>
        \(Self.style)
        </style>
        </head>
        <body>
        \(reports.map(Self.section).joined(separator: "\n"))
        <footer>Made by backfilld quality. What each figure means and where its limits come from: docs/quality.md.</footer>
        </body>
        </html>

        """
    }

    private static func section(_ report: QualityReport) -> String {
        let counts = QualityFigure.Verdict.allCases.compactMap { verdict -> String? in
            let count = report.figures.count { $0.verdict == verdict }
            return count == 0 ? nil : "<li class=\"\(verdict.rawValue)\"><b>\(count)</b> \(verdict.rawValue)</li>"
        }
        // What is to be done first.
        let order: [QualityFigure.Verdict] = [.bad, .fair, .good, .unknown]
        let figures = order.flatMap { verdict in report.figures.filter { $0.verdict == verdict } }
        let cards = figures.map { card($0, report.history[$0.name.rawValue] ?? []) }
        return """
            <main>
            <header>
            <p class="eyebrow">Quality of the embeddings</p>
            <h1>\(escape(report.table))</h1>
            <p class="facts"><time>\(escape(report.at))</time> · \(escape(report.embedder)) · \
            \(report.sampled.counted("vector")) looked at · \((report.took / 1000).fixed(1)) s</p>
            <ul class="counts">\(counts.joined())</ul>
            </header>
            <div class="cards">
            \(cards.joined(separator: "\n"))
            </div>
            </main>
            """
    }

    private static func card(_ figure: QualityFigure, _ history: [QualityFigure.Point]) -> String {
        var parts = [
            "<article class=\"\(figure.verdict.rawValue)\">",
            "<div class=\"head\"><h2>\(escape(figure.name.title))</h2><span class=\"badge\">\(figure.verdict.rawValue)</span></div>",
            "<p class=\"value\">\(escape(QualityText.value(figure)))</p>",
            "<p class=\"goal\">good: \(escape(figure.name.good))</p>",
            "<p>\(escape(figure.says))</p>",
        ]
        if let remedy = figure.remedy { parts.append("<p class=\"todo\"><b>To do</b> \(escape(remedy))</p>") }
        if figure.plot != .time, let plot = QualityPlot(figure).svg { parts.append(plot) }
        if let trend = QualityPlot(trend: history, of: figure.name).svg, let first = history.first,
            let last = history.last
        {
            let days = [first, last].map { UTCTime.day($0.x) }
            let when = days[0] == days[1] ? "on \(days[0])" : "from \(days[0]) to \(days[1])"
            parts.append("\(trend)\n<p class=\"caption\">\(history.count.grouped) runs \(when)</p>")
        }
        let rows = examples(figure)
        if !rows.isEmpty {
            parts.append(
                "<details><summary>\(rows.count.counted("example"))</summary><ul>\(rows.joined())</ul></details>")
        }
        return (parts + ["</article>"]).joined(separator: "\n")
    }

    private static func examples(_ figure: QualityFigure) -> [String] {
        guard case .list(let list)? = figure.detail["examples"] ?? figure.detail["missed"] else { return [] }
        return list.compactMap { example in
            switch example {
            case .text(let key): return "<li><code>\(escape(key))</code></li>"
            case .object(let pair):
                guard case .list(let keys)? = pair["keys"], case .number(let cosine)? = pair["cosine"] else {
                    return nil
                }
                let names = keys.compactMap { key -> String? in
                    guard case .text(let name) = key else { return nil }
                    return "<code>\(escape(name))</code>"
                }
                return "<li>\(names.joined(separator: " and ")), cosine \(cosine.fixed(4))</li>"
            default: return nil
            }
        }
    }

    /// Text as HTML has it, in and between tags.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static let style = """
        :root { color-scheme: light dark; --ground: #f6f7f9; --card: #fff; --text: #1a1f29; --faint: #5b6472;
          --line: #dfe3e9; --accent: #2b6cb0; --good: #18794e; --fair: #946200; --bad: #c5303b; --unknown: #5b6472; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #0f1318; --card: #181d25; --text: #e6eaf0; --faint: #9aa5b4; --line: #2a323d;
            --accent: #6fb1f0; --good: #4cc38a; --fair: #f0b429; --bad: #ff7b83; --unknown: #9aa5b4; }
        }
        * { box-sizing: border-box; }
        body { margin: 0; padding: 2.5rem clamp(1rem, 4vw, 4rem); background: var(--ground); color: var(--text);
          font: 16px/1.5 system-ui, sans-serif; }
        main { max-width: 84rem; margin: 0 auto 3rem; }
        h1 { margin: 0; font-size: 2rem; letter-spacing: -.02em; overflow-wrap: anywhere; }
        h2 { margin: 0; font-size: 1rem; font-weight: 600; }
        .eyebrow { margin: 0 0 .2rem; color: var(--accent); font-weight: 600; font-size: .85rem; }
        .facts, footer { color: var(--faint); font-size: .9rem; }
        footer { max-width: 84rem; margin: auto; }
        .counts { display: flex; flex-wrap: wrap; gap: .5rem; padding: 0; margin: 1rem 0 1.5rem; list-style: none; }
        .counts li { padding: .25rem .8rem; border: 1px solid var(--line); border-radius: 99px; background: var(--card); }
        .cards { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)); }
        article { padding: 1.1rem 1.2rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px;
          border-top: 3px solid var(--tone); overflow-wrap: anywhere; }
        .good { --tone: var(--good); } .fair { --tone: var(--fair); } .bad { --tone: var(--bad); }
        .unknown { --tone: var(--unknown); }
        .counts b { color: var(--tone); }
        .head { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
        .badge { color: var(--tone); font-size: .8rem; font-weight: 700; text-transform: uppercase; letter-spacing: .05em; }
        .value { margin: .3rem 0 0; font-size: 2rem; font-weight: 650; letter-spacing: -.02em;
          font-variant-numeric: tabular-nums; }
        .goal { margin: 0 0 .6rem; color: var(--faint); font-size: .85rem; }
        article p { margin: .5rem 0; font-size: .92rem; }
        article p.value { font-size: 2rem; margin: .2rem 0 0; }
        .todo { padding: .5rem .7rem; border-left: 3px solid var(--tone); background: var(--ground); border-radius: 0 6px 6px 0; }
        svg { display: block; width: 100%; height: auto; margin-top: .8rem; }
        svg text { fill: var(--faint); font: 10px system-ui, sans-serif; }
        svg .axis { stroke: var(--line); } svg .bar { fill: var(--accent); }
        svg .line { stroke: var(--accent); stroke-width: 2; fill: none; stroke-linejoin: round; }
        svg .dot { fill: var(--accent); }
        article p.caption { margin: 0; color: var(--faint); font-size: .78rem; }
        details { margin-top: .6rem; font-size: .88rem; } summary { cursor: pointer; color: var(--faint); }
        code { font-size: .85em; }
        """
}
