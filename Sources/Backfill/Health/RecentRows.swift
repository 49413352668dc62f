/// The rows of the last half minute, for how many there are a second.
package struct RecentRows: Sendable {
    private var counted: [(at: ContinuousClock.Instant, rows: Int)] = []

    private static let window = Duration.seconds(30)

    package init() {}

    /// So many rows are done.
    package mutating func add(_ rows: Int, at now: ContinuousClock.Instant) {
        counted.removeAll { $0.at < now - Self.window }
        counted.append((now, rows))
    }

    /// Rows a second.
    package func rate(at now: ContinuousClock.Instant) -> Double {
        let counted = counted.filter { $0.at >= now - Self.window }
        guard let first = counted.first else { return 0 }
        return Double(counted.reduce(0) { $0 + $1.rows }) / max((now - first.at).inSeconds, 1)
    }
}
