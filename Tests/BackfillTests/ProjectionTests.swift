import Glibc
import Projections
import TestSupport
import Testing

@testable import Backfill

/// The map, as arithmetic.
@Suite struct ProjectionTests {
    private static let dimension = 40

    /// Vectors about a mean, spread mostly along two directions at right angles, and those directions.
    private static func cloud(
        _ count: Int, _ wide: Float = 3, _ narrow: Float = 1, noise: Float = 0.05, seed: UInt64 = 7, of kind: UInt64 = 1
    ) -> (vectors: [[Float]], axes: [[Float]]) {
        var place = SeededRandom(seed: kind)
        func direction() -> [Float] { (0..<dimension).map { _ in Float.random(in: -1...1, using: &place) } }
        let mean = direction()
        var (first, second) = (direction(), direction())
        first = scaled(first, 1 / length(first))
        second = zip(second, first).map { [shadow = dot(second, first)] in $0 - $1 * shadow }
        second = scaled(second, 1 / length(second))
        var random = SeededRandom(seed: seed)
        let vectors = (0..<count).map { _ -> [Float] in
            let a = wide * .random(in: -1...1, using: &random)
            let b = narrow * .random(in: -1...1, using: &random)
            return (0..<dimension).map { index in
                mean[index] + a * first[index] + b * second[index] + noise * .random(in: -1...1, using: &random)
            }
        }
        return (vectors, [first, second])
    }

    private static func dot(_ one: [Float], _ other: [Float]) -> Float {
        zip(one, other).reduce(0) { $0 + $1.0 * $1.1 }
    }
    private static func length(_ vector: [Float]) -> Float { dot(vector, vector).squareRoot() }
    private static func scaled(_ vector: [Float], _ factor: Float) -> [Float] { vector.map { $0 * factor } }

    @Test("The directions in which vectors differ most are found, with what each of them explains")
    func directions() throws {
        let (vectors, axes) = Self.cloud(500)
        let projection = try #require(Projection(of: vectors))
        #expect(abs(Self.dot(projection.axes[0], axes[0])) > 0.999)
        #expect(abs(Self.dot(projection.axes[1], axes[1])) > 0.999)
        #expect(abs(Self.dot(projection.axes[0], projection.axes[1])) < 1e-4)
        for axis in projection.axes { #expect(abs(Self.length(axis) - 1) < 1e-4) }
        // The variances of the two are as 9 to 1, and of the noise there is little.
        #expect((0.86...0.91).contains(projection.explained[0]) && (0.08...0.12).contains(projection.explained[1]))
        #expect(abs(projection.share(of: vectors) - projection.explained.reduce(0, +)) < 0.001)
        let points = vectors.map { projection.point(of: $0) }
        #expect(points.allSatisfy { abs($0.x) <= 1.0001 && abs($0.y) <= 1.0001 })
        #expect(points.contains { abs($0.x) > 0.99 || abs($0.y) > 0.99 })
    }

    @Test("The same vectors give the same map, bit by bit")
    func stable() throws {
        let vectors = Self.cloud(300, 1, 1, noise: 1).vectors
        let first = Projection(of: vectors)
        #expect(first != nil && first == Projection(of: vectors))
    }

    @Test("A map of other rows of the same kind lies as the earlier one, though no direction explains most")
    func aligned() throws {
        let early = try #require(Projection(of: Self.cloud(400, 1, 1).vectors))
        let others = Self.cloud(400, 1, 1, seed: 8).vectors
        let late = try #require(Projection(of: others, after: early))
        let moved = others.map { vector -> Float in
            let (here, there) = (early.point(of: vector), late.point(of: vector))
            return ((here.x - there.x) * (here.x - there.x) + (here.y - there.y) * (here.y - there.y)).squareRoot()
        }
        #expect(moved.reduce(0, +) / 400 < 0.1)
    }

    @Test("Too few vectors, or vectors that are all alike, have no map")
    func none() {
        #expect(Projection(of: []) == nil)
        #expect(Projection(of: [[1, 2, 3], [3, 2, 1]]) == nil)
        #expect(Projection(of: Array(repeating: [0.25, 0.5, 0.75], count: 9)) == nil)
        #expect(Projection(of: [[1], [2], [3]]) == nil)
        #expect(TableMap(of: []) == nil)
        let line = Projection(of: (0..<9).map { [Float($0), 2 * Float($0)] })
        #expect(line.map { $0.explained[0] > 0.999 && $0.explained[1] < 0.001 } == true)
    }

    private static func rows(_ vectors: [[Float]]) -> [MapRow] {
        vectors.enumerated().map { MapRow(key: "\($0)", title: "Row \($0)", category: nil, vector: $1) }
    }

    @Test(
        "A table that grows keeps its map, and every row its place; one whose vectors are of another kind gets another")
    func kept() throws {
        let vectors = Self.cloud(900).vectors
        let first = try #require(TableMap(of: Self.rows(Array(vectors[..<300]))))
        let second = try #require(TableMap(of: Self.rows(vectors), after: first))
        #expect(second.version == first.version && second.projection == first.projection)
        #expect(Array(second.points[..<300]) == first.points && second.points.count == 900)
        #expect(second.points.allSatisfy { abs($0.x) <= 1 && abs($0.y) <= 1 })
        let third = try #require(TableMap(of: Self.rows(Self.cloud(300, of: 2).vectors), after: second))
        #expect(third.version != second.version && third.version.count == 16)
        let longer = try #require(TableMap(of: Self.rows(vectors.map { $0 + [0] }), after: second))
        #expect(longer.projection.mean.count == Self.dimension + 1)
    }

    @Test("A query lands where a row of its vector lies, and one of another length nowhere")
    func query() throws {
        let vectors = Self.cloud(50).vectors
        let map = try #require(TableMap(of: Self.rows(vectors)))
        let landed = try #require(map.point(of: vectors[7]))
        #expect(landed.x == map.points[7].x && landed.y == map.points[7].y)
        #expect(map.point(of: [1, 2, 3]) == nil)
        #expect(map.point(of: Array(repeating: .nan, count: Self.dimension)) == nil)
        let far = try #require(map.point(of: Array(repeating: 1000, count: Self.dimension)))
        #expect(abs(far.x) <= 1 && abs(far.y) <= 1)
    }

    @Test("What takes a while is computed on a thread of its own, which gives way")
    func thread() async {
        let nice = await BackgroundThread.run { getpriority(Int32(PRIO_PROCESS.rawValue), 0) }
        #expect(nice == 19)
    }
}
