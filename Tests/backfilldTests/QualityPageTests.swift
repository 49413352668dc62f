@testable import Backfill
import Foundation
import Testing
@testable import backfilld

@Suite("A report of quality, as it is shown")
struct QualityPageTests {
    private static let hostile = "<script>alert('x')</script>\u{1b}[31m"

    private static func report(runs: Int = 3) -> QualityReport {
        let figures = [
            QualityFigure(
                .norms, 1.25, .fair, says: "It says & means <b>this</b>.", remedy: "Do \"that\"",
                detail: ["examples": .texts([hostile])], series: [.init(x: 1, y: 5), .init(x: 2, y: 0)]),
            QualityFigure(
                .duplicates, 0.5, .bad, says: "Half.", remedy: "Look",
                detail: [
                    "examples": .list([.object(["keys": .texts(["a", hostile]), "cosine": .number(0.99712)])])
                ]),
            QualityFigure(
                .recall, 0.97, .good, says: "Fine.", series: [.init(x: 20, y: 0.9), .init(x: 40, y: 0.97)], plot: .line),
            QualityFigure.unknown(.drift, "Not yet."),
        ]
        let history = (0..<runs).map { QualityFigure.Point(x: 1_795_400_000 + Double($0) * 86_400, y: 0.9) }
        return QualityReport(
            table: "public.<t>", at: "2026-11-23T00:00:00Z", embedder: "local:m", sampled: 7, took: 1234, notKept: nil,
            figures: figures, history: runs > 1 ? ["recall": history] : [:])
    }

    @Test("The page is well-formed, with what comes from the database as text, and plots")
    func page() throws {
        let page = QualityPage([Self.report()]).text
        #expect(
            !page.contains("<script") && !page.contains("<b>this") && page.contains("&lt;script&gt;alert(&#39;x&#39;)"))
        #expect(page.contains("public.&lt;t&gt;") && page.contains("cosine 0.9971"))
        // What is bad comes first.
        let places = ["Duplicates", "Length of vectors", "Recall at 10", "Drift"].map { title in
            page.range(of: "<h2>\(title)</h2>")?.lowerBound
        }
        #expect(places.allSatisfy { $0 != nil } && places.compactMap { $0 } == places.compactMap { $0 }.sorted())
        #expect(page.components(separatedBy: "<svg").count - 1 == 3)
        #expect(page.contains("3 runs from 2026-11-23 to 2026-11-25"))
        #expect(!QualityPage([Self.report(runs: 1)]).text.contains("runs from"))
        // Every element that is opened is closed, in order.
        var open: [Substring] = []
        let tags = page.matches(of: /<(\/?)([a-z0-9]+)[^>]*?(\/?)>/)
        for tag in tags where tag.3.isEmpty && !["meta"].contains(tag.2) {
            if tag.1.isEmpty {
                open.append(tag.2)
            } else {
                #expect(open.popLast() == tag.2)
            }
        }
        #expect(open.isEmpty && tags.count > 60)
    }

    @Test("A drawing has no numbers that are none, and a day is the calendar's")
    func plots() {
        let figure = QualityFigure(
            .latency, 1, .good, says: "", series: [.init(x: 1, y: .nan), .init(x: 2, y: 1)], plot: .line)
        #expect(QualityPlot(figure).svg == nil)
        #expect(QualityPlot(trend: [.init(x: 1, y: 1)], of: .recall).svg == nil)
        let flat = QualityPlot(trend: [.init(x: 5, y: 0), .init(x: 5, y: 0)], of: .staleness).svg ?? "nan"
        #expect(!flat.contains("nan") && !flat.contains("inf"))
        let days = [
            (0.0, "1970-01-01"), (951_782_400, "2000-02-29"), (1_795_391_999, "2026-11-22"), (-86_400, "1969-12-31"),
        ]
        for (seconds, day) in days { #expect(UTCTime.day(seconds) == day) }
    }

    @Test("In a terminal each figure has a line, with what to do, and nothing drives the terminal")
    func text() {
        let text = QualityText(Self.report(), isColored: false).text
        #expect(text.contains("BAD      Duplicates") && text.contains("50.0 %") && text.contains("To do: Look."))
        #expect(text.contains("unknown  Drift") && text.contains("–"))
        #expect(text.contains("a and <script>alert('x')</script>") && text.contains("(0.9971)"))
        #expect(!text.contains("\u{1b}"))
        #expect(QualityText(Self.report(), isColored: true).text.contains("\u{1b}[31mBAD"))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 110 })
    }
}
