/// How often something took how long, in the buckets that Prometheus wants.
struct Histogram: Sendable, Equatable {
    /// The upper bound of each bucket, in seconds; one more is for what took longer.
    static let bounds: [Double] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

    private(set) var counts = [Int](repeating: 0, count: Histogram.bounds.count + 1)
    private(set) var sum = 0.0

    /// How often.
    var count: Int { counts.reduce(0, +) }

    /// Nothing yet.
    init() {}

    /// Something took so many seconds.
    mutating func add(_ seconds: Double) {
        counts[Self.bounds.firstIndex { seconds <= $0 } ?? Self.bounds.count] += 1
        sum += seconds
    }
}
