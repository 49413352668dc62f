/// One figure of a table's quality: what it is, whether that is good, and what to do where it is not.
package struct QualityFigure: Sendable, Hashable {
    /// How good it is.
    package enum Verdict: String, Sendable, Hashable, Codable, CaseIterable {
        case good, fair, bad
        /// It could not be told, or says nothing here.
        case unknown
    }

    /// What its value is counted in.
    package enum Unit: String, Sendable, Hashable, Codable {
        /// From 0 to 1.
        case share
        /// Milliseconds.
        case ms
        /// A cosine similarity, from -1 to 1.
        case cosine
        /// A number of something.
        case count
        /// A vector's length.
        case norm
    }

    /// How its series is to be drawn.
    package enum Plot: String, Sendable, Hashable, Codable {
        /// How many there are of each.
        case bars
        /// One value over another.
        case line
        /// A value over time, in seconds since 1970.
        case time
    }

    /// A point of its series.
    package struct Point: Sendable, Hashable, Codable {
        /// What goes to the right.
        package var x: Double
        /// What goes up.
        package var y: Double

        /// A point.
        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// Which one it is.
    package let name: QualityMeasure
    /// Its value; nil where there is none.
    package var value: Double?
    /// How good that is.
    package var verdict: Verdict
    /// What it says here, in a sentence or two.
    package var says: String
    /// What to do about it; nil where nothing is.
    package var remedy: String?
    /// What there is to know beside the value, by name.
    package var detail: [String: QualityDetail] = [:]
    /// What a plot shows; empty where there is nothing to show.
    package var series: [Point] = []
    /// How the series is drawn.
    package var plot = Plot.bars

    init(
        _ name: QualityMeasure, _ value: Double?, _ verdict: Verdict, says: String, remedy: String? = nil,
        detail: [String: QualityDetail] = [:], series: [Point] = [], plot: Plot = .bars
    ) {
        self.name = name
        self.value = value.flatMap { $0.isFinite ? $0 : nil }
        self.verdict = verdict
        self.says = says
        self.remedy = remedy
        self.detail = detail
        self.series = series
        self.plot = plot
    }

    /// A figure that could not be told.
    static func unknown(_ name: QualityMeasure, _ why: String, remedy: String? = nil) -> QualityFigure {
        QualityFigure(name, nil, .unknown, says: why, remedy: remedy)
    }
}

/// What there is to know beside a figure's value: a number, a text, or several of them.
package indirect enum QualityDetail: Sendable, Hashable {
    case number(Double)
    case text(String)
    case list([QualityDetail])
    case object([String: QualityDetail])

    static func count(_ value: Int) -> QualityDetail { .number(Double(value)) }
    static func texts(_ values: [String]) -> QualityDetail { .list(values.map(QualityDetail.text)) }
}

extension QualityDetail: Encodable {
    /// As the JSON that it is.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        // Whole numbers without a point.
        case .number(let value) where value == value.rounded() && abs(value) < 1e15: try container.encode(Int(value))
        case .number(let value): try container.encode(value)
        case .text(let text): try container.encode(text)
        case .list(let list): try container.encode(list)
        case .object(let object): try container.encode(object)
        }
    }
}

extension QualityFigure: Encodable {
    private enum Key: String, CodingKey {
        case name, title, value, unit, verdict, good, says, remedy = "do", detail, series, plot
    }

    /// As the console and `backfilld quality --json` give it: what is not there is null.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(name.rawValue, forKey: .name)
        try object.encode(name.title, forKey: .title)
        try object.encode(value, forKey: .value)
        try object.encode(name.unit, forKey: .unit)
        try object.encode(verdict, forKey: .verdict)
        try object.encode(name.good, forKey: .good)
        try object.encode(says, forKey: .says)
        try object.encode(remedy, forKey: .remedy)
        try object.encode(detail.isEmpty ? nil : detail, forKey: .detail)
        try object.encode(series.isEmpty ? nil : series, forKey: .series)
        try object.encode(series.isEmpty ? nil : plot, forKey: .plot)
    }
}
