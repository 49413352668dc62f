import Configuration

/// A number with a unit: `250ms`, `1.5 MiB`.
///
/// Exact integer arithmetic in the smallest unit; what does not come out even, or does not fit,
/// is refused rather than rounded.
struct QuantityUnits: Sendable {
    /// The units and how many of the smallest each is.
    let units: [(name: String, factor: Int)]

    static let durations = QuantityUnits(units: [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000), ("h", 3_600_000_000_000),
    ])

    static let sizes = QuantityUnits(units: [
        ("B", 1), ("KB", 1_000), ("MB", 1_000_000), ("GB", 1_000_000_000),
        ("KiB", 1_024), ("MiB", 1_048_576), ("GiB", 1_073_741_824),
    ])

    /// The quantity in the smallest unit, or nil if the text is no quantity of these units.
    func parse(_ text: String) -> Int? {
        var rest = Substring(text)
        while rest.first == " " { rest.removeFirst() }
        while rest.last == " " { rest.removeLast() }
        let number = rest.prefix { $0.isASCII && ($0.isWholeNumber || $0 == ".") }
        rest.removeFirst(number.count)
        while rest.first == " " { rest.removeFirst() }
        let unit = rest.lowercased()
        guard let factor = units.first(where: { $0.name.lowercased() == unit })?.factor else { return nil }

        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = Int(parts[0]) else { return nil }
        let (scaled, overflow) = whole.multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return scaled }

        // 0.25 is 25 × factor / 100: even, or refused.
        guard (1...9).contains(parts[1].count), let digits = Int(parts[1]) else { return nil }
        let divisor = (0..<parts[1].count).reduce(1) { product, _ in product * 10 }
        let (product, tooLong) = digits.multipliedReportingOverflow(by: factor)
        guard !tooLong, product % divisor == 0 else { return nil }
        let (sum, tooLarge) = scaled.addingReportingOverflow(product / divisor)
        return tooLarge ? nil : sum
    }

    /// The quantity in the largest unit of which it is a whole multiple.
    func format(_ amount: Int) -> String {
        let fitting = units.filter { amount % $0.factor == 0 }.max { $0.factor < $1.factor }
        guard amount != 0, let fitting else { return "\(amount / units[0].factor)\(units[0].name)" }
        return "\(amount / fitting.factor)\(fitting.name)"
    }
}

/// A duration as the configuration writes it.
struct DurationText: Sendable, Hashable, ExpressibleByConfigString {
    let duration: Duration

    init?(configString text: String) {
        guard let nanoseconds = QuantityUnits.durations.parse(text) else { return nil }
        duration = .nanoseconds(nanoseconds)
    }

    init(_ duration: Duration) {
        self.duration = duration
    }

    var description: String {
        let (seconds, attoseconds) = duration.components
        let (whole, overflow) = Int(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflow ? "\(seconds)s" : QuantityUnits.durations.format(whole + Int(attoseconds / 1_000_000_000))
    }
}

/// A number of bytes as the configuration writes it.
struct SizeText: Sendable, Hashable, ExpressibleByConfigString {
    let bytes: Int

    init?(configString text: String) {
        guard let bytes = QuantityUnits.sizes.parse(text) else { return nil }
        self.bytes = bytes
    }

    init(_ bytes: Int) {
        self.bytes = bytes
    }

    var description: String { QuantityUnits.sizes.format(bytes) }
}
