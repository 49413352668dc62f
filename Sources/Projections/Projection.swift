/// Two directions in which the vectors of a table differ most, and where a vector falls between them.
///
/// Principal components (Pearson, 1901), by subspace iteration (Halko, Martinsson and Tropp, 2011) on the vectors themselves:
/// no covariance matrix is made. It begins with the same directions every time, so that the same vectors give the same map.
package struct Projection: Sendable, Hashable {
    /// The vectors' mean, one number a dimension.
    package let mean: [Float]
    /// Two unit vectors, at right angles; the first explains more.
    package let axes: [[Float]]
    /// What share of all variance each of them explains.
    package let explained: [Double]
    /// What coordinates are divided by, so that the sample lies within −1…1.
    package let reach: Float

    /// Directions that are iterated beside the two that are wanted: they come out sooner.
    private static let spare = 4
    private static let iterations = 40
    /// Directions that turn by less, as the cosine of the angle, are there.
    private static let still: Float = 0.999_999

    /// Of a sample.
    ///
    /// - Parameters:
    ///   - vectors: Of one dimension, all of them finite; in the same order for the same map.
    ///   - before: An earlier map of the table: the new one is turned and mirrored to be as near to it as it can.
    /// - Returns: nil where there are fewer than three vectors, or all of them are alike.
    package init?(of vectors: [[Float]], after before: Projection? = nil) {
        guard vectors.count > 2, let dimension = vectors.first?.count, dimension > 1 else { return nil }
        var mean = [Float](repeating: 0, count: dimension)
        for vector in vectors { for index in 0..<dimension { mean[index] += vector[index] / Float(vectors.count) } }
        let centred = vectors.map { vector in Self.packed(zip(vector, mean).map { $0 - $1 }) }
        let variance = centred.reduce(0) { $0 + Double(Self.dot($1, $1)) }
        // Vectors that are all alike differ from their mean by what rounding leaves.
        let size = vectors.reduce(0) { sum, vector in sum + vector.reduce(0) { $0 + Double($1) * Double($1) } }
        guard variance > 1e-9 * size, variance.isFinite else { return nil }

        var basis = Self.start(min(2 + Self.spare, dimension), dimension)
        var strengths: [Double] = []
        for _ in 0..<Self.iterations {
            var next = basis.map { [Lane](repeating: .zero, count: $0.count) }
            for row in centred {
                for (number, direction) in basis.enumerated() {
                    let weight = Self.dot(row, direction)
                    for index in row.indices { next[number][index] += row[index] * weight }
                }
            }
            strengths = next.map { Double(Self.dot($0, $0)).squareRoot() }
            let turned = Self.orthonormal(next)
            let isStill = (0..<min(2, basis.count)).allSatisfy { abs(Self.dot(basis[$0], turned[$0])) > Self.still }
            basis = turned
            if isStill { break }
        }
        var axes = basis.prefix(2).map { Self.facing(Self.unpacked($0, dimension)) }
        if let before, before.mean.count == dimension { axes = Self.aligned(axes, to: before.axes) }
        self.mean = mean
        self.axes = axes
        explained = strengths.prefix(2).map { min($0 / variance, 1) }
        let packed = axes.map(Self.packed)
        let points = centred.map { row in packed.map { Self.dot(row, $0) } }
        reach = max(points.flatMap { $0 }.map(abs).max() ?? 1, .leastNormalMagnitude)
    }

    /// Where a vector falls; within −1…1 for those of the sample, and near it for others like them.
    package func point(of vector: [Float]) -> (x: Float, y: Float) {
        precondition(vector.count == mean.count, "a vector of \(vector.count) dimensions on a map of \(mean.count)")
        let centred = Self.packed(zip(vector, mean).map { $0 - $1 })
        return (Self.dot(centred, Self.packed(axes[0])) / reach, Self.dot(centred, Self.packed(axes[1])) / reach)
    }

    /// What share of the variance of vectors lies in the two directions: much less than ``explained`` says, where they are
    /// no longer those that the projection was made from.
    package func share(of vectors: [[Float]]) -> Double {
        let packed = axes.map(Self.packed)
        var (seen, all) = (0.0, 0.0)
        for vector in vectors where vector.count == mean.count {
            let centred = Self.packed(zip(vector, mean).map { $0 - $1 })
            for axis in packed { seen += Double(Self.dot(centred, axis) * Self.dot(centred, axis)) }
            all += Double(Self.dot(centred, centred))
        }
        return all > 0 ? seen / all : 0
    }

    // MARK: Vectors

    /// Eight components, which the processor takes at once; the last of a vector are filled up with zeros.
    private typealias Lane = SIMD8<Float>

    private static func packed(_ vector: [Float]) -> [Lane] {
        stride(from: 0, to: vector.count, by: Lane.scalarCount).map { start in
            var lane = Lane.zero
            for index in start..<min(start + Lane.scalarCount, vector.count) { lane[index - start] = vector[index] }
            return lane
        }
    }

    private static func unpacked(_ lanes: [Lane], _ dimension: Int) -> [Float] {
        Array(lanes.lazy.flatMap { lane in lane.indices.map { lane[$0] } }.prefix(dimension))
    }

    private static func dot(_ one: [Lane], _ other: [Lane]) -> Float {
        var sum = Lane.zero
        for (lane, otherLane) in zip(one, other) { sum += lane * otherLane }
        return sum.sum()
    }

    /// Directions to begin with: any will do that are none of the answer's by accident, the same each time.
    private static func start(_ count: Int, _ dimension: Int) -> [[Lane]] {
        // SplitMix64 (Steele, Lea and Flood, 2014).
        var state: UInt64 = 0x9E37_79B9_7F4A_7C15
        let directions = (0..<count).map { _ in
            let direction = (0..<dimension).map { _ -> Float in
                state &+= 0x9E37_79B9_7F4A_7C15
                var z = state
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                return Float(Int32(truncatingIfNeeded: z ^ (z >> 31))) / Float(Int32.max)
            }
            return packed(direction)
        }
        return orthonormal(directions)
    }

    /// By Gram and Schmidt, twice, since once leaves rounding.
    private static func orthonormal(_ directions: [[Lane]]) -> [[Lane]] {
        var result: [[Lane]] = []
        for var direction in directions {
            for _ in 0..<2 {
                for other in result {
                    let shadow = dot(direction, other)
                    for index in direction.indices { direction[index] -= other[index] * shadow }
                }
                let length = dot(direction, direction).squareRoot()
                if length > 0 { for index in direction.indices { direction[index] /= length } }
            }
            result.append(direction)
        }
        return result
    }

    /// Of the two ways that an axis may point, the one whose largest component is positive.
    private static func facing(_ axis: [Float]) -> [Float] {
        let largest = axis.max { abs($0) < abs($1) } ?? 0
        return largest < 0 ? axis.map { -$0 } : axis
    }

    /// The axes turned and mirrored within their plane to be nearest to others (orthogonal Procrustes, Schönemann 1966).
    private static func aligned(_ axes: [[Float]], to others: [[Float]]) -> [[Float]] {
        let (here, there) = (axes.map(packed), others.map(packed))
        let (a, b) = (dot(here[0], there[0]), dot(here[0], there[1]))
        let (c, d) = (dot(here[1], there[0]), dot(here[1], there[1]))
        // A turn by the angle of (a + d, c − b), or a mirroring by that of (a − d, c + b), whichever comes nearer.
        let turn = ((a + d) * (a + d) + (c - b) * (c - b)).squareRoot()
        let mirror = ((a - d) * (a - d) + (c + b) * (c + b)).squareRoot()
        guard max(turn, mirror) > 0 else { return axes }
        let (cos, sin, sign): (Float, Float, Float) =
            turn >= mirror ? ((a + d) / turn, (c - b) / turn, 1) : ((a - d) / mirror, (c + b) / mirror, -1)
        let first = zip(axes[0], axes[1]).map { $0 * cos + $1 * sin }
        let second = zip(axes[0], axes[1]).map { ($1 * cos - $0 * sin) * sign }
        return [first, second]
    }
}
