/// Numbers in order: least, median, quantiles, and how many there are of each size.
struct Distribution: Sendable, Hashable {
    private let sorted: [Double]

    init(_ values: [Double]) {
        sorted = values.filter(\.isFinite).sorted()
    }

    var count: Int { sorted.count }
    var least: Double? { sorted.first }
    var most: Double? { sorted.last }
    var median: Double? { quantile(0.5) }

    /// The value that this share of the values is at most (nearest rank; of an even number, the median is between two).
    func quantile(_ share: Double) -> Double? {
        guard let last = sorted.last else { return nil }
        if share == 0.5, count.isMultiple(of: 2) { return (sorted[count / 2 - 1] + sorted[count / 2]) / 2 }
        let rank = Int((share * Double(count)).rounded(.up))
        return rank > 0 ? sorted[min(rank, count) - 1] : sorted.first ?? last
    }

    /// The share of values for which something holds.
    func share(where holds: (Double) -> Bool) -> Double {
        count == 0 ? 0 : Double(sorted.count(where: holds)) / Double(count)
    }

    /// How many values there are in each part of a range, by the parts' middles; what is outside counts at its ends.
    func bars(_ parts: Int, from: Double? = nil, to: Double? = nil) -> [QualityFigure.Point] {
        guard let least, let most, parts > 0 else { return [] }
        let (from, to) = (from ?? least, to ?? most)
        guard to > from else { return [QualityFigure.Point(x: from, y: Double(count))] }
        var counts = [Int](repeating: 0, count: parts)
        let width = (to - from) / Double(parts)
        for value in sorted {
            counts[max(0, min(parts - 1, Int(max(-1, min(Double(parts), (value - from) / width)))))] += 1
        }
        return counts.enumerated().map { QualityFigure.Point(x: from + (Double($0) + 0.5) * width, y: Double($1)) }
    }
}

extension Double {
    /// The number with so many places behind the point, rounded.
    package func fixed(_ places: Int) -> String {
        guard isFinite, magnitude < 1e12 else { return "\(self)" }
        let factor = (0..<places).reduce(1) { product, _ in product * 10 }
        let units = Int((magnitude * Double(factor)).rounded())
        let rest = String(units % factor)
        let zeros = String(repeating: "0", count: max(0, places - rest.count))
        return (self < 0 && units > 0 ? "-" : "") + "\(units / factor)" + (places > 0 ? ".\(zeros)\(rest)" : "")
    }

    /// A share in percent: `99.3 %`. What is not all is never said to be all, and what is not none is never said to be none.
    package var percent: String {
        if self >= 1 { return "100 %" }
        if self <= 0 { return "0 %" }
        return (Swift.max(0.1, Swift.min(99.9, self * 100))).fixed(1) + " %"
    }
}
