/// Text in Prometheus' exposition format, version 0.0.4.
struct MetricsText {
    private(set) var text = ""
    private var family = ""

    typealias Labels = [(name: String, value: String)]

    /// Begins a metric; its samples follow.
    mutating func begin(_ name: String, _ type: String, _ help: String) {
        family = name
        text += "# HELP \(name) \(help.replacing("\\", with: #"\\"#).replacing("\n", with: #"\n"#))\n"
        text += "# TYPE \(name) \(type)\n"
    }

    mutating func sample(_ value: Double, _ labels: Labels = []) { line(family, labels, value) }
    mutating func sample(_ value: Int, _ labels: Labels = []) { line(family, labels, Double(value)) }

    /// All samples of a histogram.
    mutating func sample(_ histogram: Histogram, _ labels: Labels = []) {
        var below = 0
        for (count, bound) in zip(histogram.counts, Histogram.bounds) {
            below += count
            line("\(family)_bucket", labels + [("le", Self.shown(bound))], Double(below))
        }
        line("\(family)_bucket", labels + [("le", "+Inf")], Double(histogram.count))
        line("\(family)_sum", labels, histogram.sum)
        line("\(family)_count", labels, Double(histogram.count))
    }

    private mutating func line(_ name: String, _ labels: Labels, _ value: Double) {
        text += name
        if !labels.isEmpty {
            text += "{" + labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",") + "}"
        }
        text += " \(Self.shown(value))\n"
    }

    /// As Prometheus reads numbers; whole ones without a fraction.
    static func shown(_ value: Double) -> String {
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
        return value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: #"\\"#).replacing("\"", with: #"\""#).replacing("\n", with: #"\n"#)
    }
}
