/// Vectors of some rows, each brought to length one: in one piece, since they are most of the memory that a report takes.
struct VectorSample: Sendable {
    /// Components of each.
    let dimension: Int
    /// The keys of the rows that have a direction.
    private(set) var keys: [String] = []
    /// Their vectors, of length one, one behind the other.
    private(set) var components: [Float] = []
    /// The lengths that all vectors had, those of length zero too.
    private(set) var norms: [Double] = []
    /// The rows whose vector is zero.
    private(set) var zeros: [String] = []
    /// The rows whose vector has another dimension, or something in it that is no number.
    private(set) var broken: [String] = []

    /// Rows for which 8 MB have room.
    static func limit(dimension: Int) -> Int { max(50, (8 << 20) / (4 * max(1, dimension))) }

    init(dimension: Int) {
        self.dimension = dimension
    }

    /// Rows that were looked at.
    var looked: Int { keys.count + zeros.count + broken.count }
    /// Rows that have a direction.
    var count: Int { keys.count }

    /// - Parameter vector: Nil for what is no vector.
    mutating func add(_ key: String, _ vector: [Float]?) {
        guard let vector, vector.count == dimension, dimension > 0 else { return broken.append(key) }
        let norm = Self.norm(vector)
        guard norm.isFinite else { return broken.append(key) }
        norms.append(norm)
        guard norm > 0 else { return zeros.append(key) }
        keys.append(key)
        let factor = Float(1 / norm)
        components.append(contentsOf: vector.map { $0 * factor })
    }

    /// The vector of a row, of length one.
    func vector(_ row: Int) -> [Float] { Array(components[row * dimension..<(row + 1) * dimension]) }

    static func norm(_ vector: [Float]) -> Double {
        vector.withUnsafeBufferPointer { vector in
            var sum = 0.0
            for component in vector { sum += Double(component) * Double(component) }
            return sum.squareRoot()
        }
    }

    /// The cosine of two vectors; nil where one has no direction, or they differ in dimension.
    static func cosine(_ one: [Float], _ other: [Float]) -> Double? {
        guard one.count == other.count else { return nil }
        let length = norm(one) * norm(other)
        guard length > 0, length.isFinite else { return nil }
        return one.withUnsafeBufferPointer { one in
            other.withUnsafeBufferPointer { other in
                var sum = 0.0
                for at in one.indices { sum += Double(one[at]) * Double(other[at]) }
                return max(-1, min(1, sum / length))
            }
        }
    }

    /// The product of two rows' vectors, components from `start` up to `end`.
    private static func product(
        _ one: UnsafePointer<Float>, _ other: UnsafePointer<Float>, _ start: Int, _ end: Int
    ) -> Float {
        var sum: Float = 0
        var at = start
        while at < end {
            sum += one[at] * other[at]
            at += 1
        }
        return sum
    }
}

extension VectorSample {
    /// The mean of the vectors; empty where there are none.
    var centroid: [Float] {
        guard count > 0 else { return [] }
        var sums = [Double](repeating: 0, count: dimension)
        components.withUnsafeBufferPointer { components in
            sums.withUnsafeMutableBufferPointer { sums in
                var at = 0
                while at < components.count {
                    for column in 0..<dimension { sums[column] += Double(components[at + column]) }
                    at += dimension
                }
            }
        }
        return sums.map { Float($0 / Double(count)) }
    }

    /// The mean cosine of two different rows: of n vectors of length one, (|Σv|² - n) / (n(n-1)).
    var meanCosine: Double? {
        guard count > 1 else { return nil }
        let rows = Double(count)
        let sum = Self.norm(centroid) * rows
        return (sum * sum - rows) / (rows * (rows - 1))
    }

    /// Cosines of pairs of different rows: of all where they are few, of some drawn at random where they are many.
    func cosines(pairs: Int, seed: UInt64) -> [Double] {
        measure(pairs: pairs, seed: seed, around: nil).map(\.product)
    }

    /// How many directions the vectors use: the participation ratio (Σλ)² / Σλ² of their covariance's eigenvalues, which is
    /// tr(C)² / ‖C‖²; no eigenvalue is needed.
    ///
    /// Both from pairs of different rows: the mean of |x|²|y|² is tr(C)², that of (x·y)² is ‖C‖². With a row and itself among
    /// them the ratio could never be more than the number of rows, which is often below the dimension.
    func effectiveDimension(pairs: Int, seed: UInt64) -> Double? {
        guard count > 2 else { return nil }
        var (trace, frobenius) = (0.0, 0.0)
        for pair in measure(pairs: pairs, seed: seed, around: centroid) {
            trace += pair.squares
            frobenius += pair.product * pair.product
        }
        // Vectors that are all alike have no directions at all.
        guard trace > 1e-12 * Double(count) else { return 0 }
        return frobenius > 0 ? min(Double(dimension), trace / frobenius) : Double(dimension)
    }

    /// Of pairs of rows, measured from some point: the product, and that of their squared lengths.
    private func measure(pairs: Int, seed: UInt64, around center: [Float]?) -> [(product: Double, squares: Double)] {
        guard count > 1 else { return [] }
        var results: [(product: Double, squares: Double)] = []
        let center = center ?? [Float](repeating: 0, count: dimension)
        components.withUnsafeBufferPointer { components in
            center.withUnsafeBufferPointer { center in
                guard let start = components.baseAddress, let middle = center.baseAddress else { return }
                func add(_ one: Int, _ other: Int) {
                    let (a, b) = (start + one * dimension, start + other * dimension)
                    var (product, first, second) = (Float(0), Float(0), Float(0))
                    var at = 0
                    while at < dimension {
                        let (x, y) = (a[at] - middle[at], b[at] - middle[at])
                        product += x * y
                        first += x * x
                        second += y * y
                        at += 1
                    }
                    results.append((Double(product), Double(first) * Double(second)))
                }
                if count * (count - 1) / 2 <= pairs {
                    for one in 1..<count { for other in 0..<one { add(one, other) } }
                } else {
                    var random = SplitMix(seed: seed)
                    for _ in 0..<pairs {
                        let one = random.below(count)
                        let other = random.below(count - 1)
                        add(one, other < one ? other : other + 1)
                    }
                }
            }
        }
        return results
    }

    /// The rows that have a twin among the others, and pairs of them.
    func twins(examples: Int = 20) -> VectorTwins {
        var found = VectorTwins(rows: count)
        // A pair is given up as soon as what is left of both, if it were alike, cannot bring them together.
        let block = min(64, dimension)
        let threshold = Float(QualityScale.nearTwin)
        components.withUnsafeBufferPointer { components in
            guard let start = components.baseAddress, count > 1 else { return }
            let rests = (0..<count).map { row in
                let vector = start + row * dimension
                return max(0, 1 - Self.product(vector, vector, 0, block)).squareRoot()
            }
            rests.withUnsafeBufferPointer { rests in
                for one in 1..<count {
                    let a = start + one * dimension
                    for other in 0..<one {
                        let b = start + other * dimension
                        var product = Self.product(a, b, 0, block)
                        if product + rests[one] * rests[other] < threshold - 0.0001 { continue }
                        product += Self.product(a, b, block, dimension)
                        if product >= threshold {
                            found.add(keys[one], one, keys[other], other, Double(product), examples: examples)
                        }
                    }
                }
            }
        }
        return found
    }
}

/// Random numbers that are the same in every run with the same seed (SplitMix64; Steele, Lea and Flood 2014).
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        return mixed ^ (mixed >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 1) % bound }
}
