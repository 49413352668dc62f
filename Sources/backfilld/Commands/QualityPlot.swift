import Backfill

/// A figure's series as a drawing: bars, a line from setting to setting, or a line over time.
struct QualityPlot {
    private let points: [QualityFigure.Point]
    private let plot: QualityFigure.Plot
    private let name: QualityMeasure
    private let title: String

    private static let (width, left, right, top) = (320.0, 34.0, 6.0, 8.0)
    /// A trend is low, and what its ends are stands below it.
    private var height: Double { plot == .time ? 52 : 120 }
    private var bottom: Double { plot == .time ? 4 : 18 }

    /// Of what the figure shows.
    init(_ figure: QualityFigure) {
        points = figure.series
        plot = figure.plot
        name = figure.name
        title = Self.title(figure)
    }

    /// Of its values, run by run.
    init(trend: [QualityFigure.Point], of name: QualityMeasure) {
        points = trend
        plot = .time
        self.name = name
        title = "\(name.title), run by run"
    }

    /// The drawing; nil where there is nothing to draw.
    var svg: String? {
        guard points.count > (plot == .bars ? 0 : 1), points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
            return nil
        }
        return """
            <svg viewBox="0 0 \(Int(Self.width)) \(Int(height))" role="img" aria-label="\(QualityPage.escape(title))">
            <title>\(QualityPage.escape(title))</title>
            \(plot == .bars ? bars : line)
            </svg>
            """
    }

    private static func title(_ figure: QualityFigure) -> String {
        switch figure.plot {
        case .bars: "\(figure.name.title): how many there are of each"
        case .line: "\(figure.name.title), by the setting of the index"
        case .time: "\(figure.name.title), run by run"
        }
    }

    private var bars: String {
        let most = max(1, points.map(\.y).max() ?? 1)
        let step = (Self.width - Self.left - Self.right) / Double(points.count)
        let drawn = points.enumerated().filter { $1.y > 0 }.map { number, point in
            // What is there is to be seen, however few there are of it.
            let size = max(1.5, point.y / most * (height - Self.top - bottom))
            return "<rect class=\"bar\" x=\"\((Self.left + Double(number) * step + 0.5).fixed(1))\" "
                + "y=\"\((height - bottom - size).fixed(1))\" width=\"\(max(1, step - 1).fixed(1))\" "
                + "height=\"\(size.fixed(1))\" rx=\"1\"/>"
        }
        let half = points.count > 1 ? (points[1].x - points[0].x) / 2 : 0
        return drawn.joined() + axes(low: "0", high: Int(most).grouped)
            + labels([
                (0, (points[0].x - half).fixed(2)), (1, ((points.last?.x ?? 0) + half).fixed(2)),
            ])
    }

    private var line: String {
        let values = points.map(\.y)
        var (low, high) = (values.min() ?? 0, values.max() ?? 1)
        // A change that is as good as none is not blown up to the size of the plot.
        let least = name.unit == .share || name.unit == .cosine ? 0.05 : max(0.2 * abs(high), 0.001)
        if high - low < least {
            low -= (least - (high - low)) / 2
            high = low + least
        }
        if name.unit == .share { (low, high) = (max(0, min(low, 1 - least)), min(1, max(high, least))) }
        if name.unit == .ms || name.unit == .count { low = max(0, low) }
        let (first, last) = (points.first?.x ?? 0, points.last?.x ?? 1)
        let places = points.enumerated().map { number, point in
            let along =
                plot == .time && last > first
                ? (point.x - first) / (last - first) : Double(number) / Double(max(1, points.count - 1))
            let up = high > low ? (point.y - low) / (high - low) : 0.5
            return (
                x: Self.left + 6 + along * (Self.width - Self.left - Self.right - 12),
                y: height - bottom - up * (height - Self.top - bottom)
            )
        }
        let path = places.map { "\($0.x.fixed(1)),\($0.y.fixed(1))" }.joined(separator: " ")
        let dots =
            places.count > 60
            ? ""
            : places.map { "<circle class=\"dot\" cx=\"\($0.x.fixed(1))\" cy=\"\($0.y.fixed(1))\" r=\"3\"/>" }.joined()
        let below =
            plot == .time
            ? ""
            : labels(points.enumerated().map { (Double($0) / Double(max(1, points.count - 1)), $1.x.fixed(0)) })
        return axes(low: shown(low), high: shown(high)) + "<polyline class=\"line\" points=\"\(path)\"/>" + dots + below
    }

    private func shown(_ value: Double) -> String {
        switch name.unit {
        case .share: (value * 100).fixed(0) + " %"
        case .ms: value.fixed(value < 10 ? 1 : 0)
        case .count: value.fixed(0)
        case .cosine, .norm: value.fixed(2)
        }
    }

    private func axes(low: String, high: String) -> String {
        let bottom = height - bottom
        return
            "<line class=\"axis\" x1=\"\(Self.left)\" y1=\"\(bottom)\" x2=\"\(Self.width - Self.right)\" y2=\"\(bottom)\"/>"
            + "<text x=\"\(Self.left - 4)\" y=\"\(bottom)\" text-anchor=\"end\">\(low)</text>"
            + "<text x=\"\(Self.left - 4)\" y=\"\(Self.top + 7)\" text-anchor=\"end\">\(high)</text>"
    }

    /// Labels below the axis, each at its share of the way.
    private func labels(_ labels: [(Double, String)]) -> String {
        labels.map { share, text in
            let x = Self.left + 6 + share * (Self.width - Self.left - Self.right - 12)
            let anchor = share == 0 ? "start" : share == 1 ? "end" : "middle"
            return
                "<text x=\"\(x.fixed(1))\" y=\"\(height - 5)\" text-anchor=\"\(anchor)\">\(QualityPage.escape(text))</text>"
        }.joined()
    }
}
