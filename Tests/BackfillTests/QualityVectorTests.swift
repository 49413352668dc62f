@testable import Backfill
import TestSupport
import Testing

@Suite("Figures of vectors")
struct QualityVectorTests {
    /// Vectors whose components are drawn evenly, in some of the dimensions only.
    static func sample(
        _ rows: Int, dimension: Int = 48, used: Int? = nil, middle: Float = 0, seed: UInt64 = 1
    ) -> VectorSample {
        var random = SeededRandom(seed: seed)
        var sample = VectorSample(dimension: dimension)
        for row in 0..<rows {
            let vector = (0..<dimension).map { at in
                at < used ?? dimension ? Float.random(in: -1...1, using: &random) + middle : 0
            }
            sample.add("\(row)", vector)
        }
        return sample
    }

    @Test("What has no direction is told apart, and does not count further")
    func directions() {
        var sample = VectorSample(dimension: 2)
        sample.add("good", [3, 4])
        sample.add("zero", [0, 0])
        sample.add("long", [1, 2, 3])
        sample.add("no number", [.nan, 1])
        sample.add("none", nil)
        #expect(sample.keys == ["good"] && sample.zeros == ["zero"] && sample.broken == ["long", "no number", "none"])
        #expect(sample.norms == [5, 0] && sample.looked == 5)
        #expect(VectorSample.cosine(sample.vector(0), [0.6, 0.8]).map { abs($0 - 1) < 1e-6 } ?? false)
        #expect(VectorSample.cosine([0, 0], [1, 0]) == nil && VectorSample.cosine([1], [1, 0]) == nil)
    }

    @Test("The mean cosine is that of all pairs")
    func meanCosine() throws {
        let sample = Self.sample(60, middle: 0.4)
        let all = sample.cosines(pairs: 10_000, seed: 1)
        #expect(all.count == 60 * 59 / 2)
        #expect(abs(try #require(sample.meanCosine) - all.reduce(0, +) / Double(all.count)) < 1e-5)
        #expect(VectorSample(dimension: 3).meanCosine == nil)
    }

    @Test(
        "The effective dimension is the number of dimensions in use, wherever the middle is, even with fewer rows than that",
        arguments: [(4, 200), (12, 200), (48, 200), (48, 40)])
    func effectiveDimension(_ used: Int, _ rows: Int) throws {
        let sample = Self.sample(rows, used: used)
        let found = try #require(sample.effectiveDimension(pairs: 20_000, seed: 1))
        #expect(abs(found - Double(used)) < 0.2 * Double(used))
        // The same rows give the same figure, and other pairs nearly the same.
        #expect(found == sample.effectiveDimension(pairs: 20_000, seed: 1))
        let some = try #require(sample.effectiveDimension(pairs: 500, seed: 2))
        #expect(abs(some - found) < 0.4 * found)
    }

    @Test("Vectors that are all alike use no dimension, and are all duplicates")
    func alike() {
        var sample = VectorSample(dimension: 8)
        for row in 0..<50 { sample.add("\(row)", [1, 2, 3, 4, 5, 6, 7, 8]) }
        #expect((sample.effectiveDimension(pairs: 2_000, seed: 1) ?? 9) < 0.5)
        let twins = sample.twins()
        #expect(twins.same.count == 50 && twins.near.isEmpty && twins.samePairs.count == 20)
        #expect(QualityFigure.duplicates(twins, isWhole: true, neighbours: nil).verdict == .bad)
        #expect(
            QualityFigure.anisotropy(sample, cosines: sample.cosines(pairs: 100, seed: 1)).verdict == .bad)
        #expect(
            QualityFigure.effectiveDimension(sample, sample.effectiveDimension(pairs: 2_000, seed: 1)).verdict == .bad)
    }

    @Test(
        "Twins are found, same and near, among long vectors and short, and nothing else is one",
        arguments: [3, 48, 200])
    func twins(_ dimension: Int) {
        var sample = Self.sample(dimension == 3 ? 4 : 60, dimension: dimension, seed: 7)
        let first = sample.vector(0).map { $0 * 3 }
        sample.add("same as 0", first)
        var near = sample.vector(1)
        // Turned by an angle whose cosine is 0.998.
        var away = sample.vector(2)
        let product = zip(near, away).reduce(Float(0)) { $0 + $1.0 * $1.1 }
        away = zip(away, near).map { $0 - product * $1 }
        let length = Float(VectorSample.norm(away))
        near = zip(near, away).map { $0 * 0.998 + $1 / length * 0.0632 }
        sample.add("near to 1", near)
        let twins = sample.twins()
        #expect(twins.samePairs.map(\.one) == ["0"] && twins.samePairs.map(\.other) == ["same as 0"])
        #expect(
            twins.nearPairs.contains { $0.one == "1" && $0.other == "near to 1" && abs($0.cosine - 0.998) < 0.0005 })
        #expect(twins.same.count == 2)
        if dimension > 3 { #expect(twins.near.count == 2) }
    }

    @Test("Lengths are held to one where the model makes them so")
    func norms() {
        var sample = VectorSample(dimension: 2)
        for row in 0..<99 { sample.add("\(row)", [0.6, 0.8]) }
        let even = QualityFigure.norms(sample, isNormalized: nil)
        #expect(even.verdict == .good && even.series.isEmpty)
        sample.add("other", [6, 8])
        let figure = QualityFigure.norms(sample, isNormalized: nil)
        #expect(figure.verdict == .fair && figure.value == 10 && figure.says.contains("1 of 100 vectors"))
        #expect(QualityFigure.norms(sample, isNormalized: false).verdict == .good)
        #expect(QualityFigure.norms(VectorSample(dimension: 2), isNormalized: nil).verdict == .unknown)
        #expect(figure.series.map(\.y).reduce(0, +) == 100)
    }

    @Test("A zero vector is right for a row without text, and wrong for another")
    func zeros() {
        var sample = Self.sample(100)
        #expect(QualityFigure.directionless(sample, textless: 0, lookedCloser: 0).verdict == .good)
        sample.add("empty", [Float](repeating: 0, count: 48))
        #expect(QualityFigure.directionless(sample, textless: 1, lookedCloser: 1).verdict == .good)
        let figure = QualityFigure.directionless(sample, textless: 0, lookedCloser: 1)
        #expect(figure.verdict == .fair && figure.remedy != nil && figure.detail["zero"] == .number(1))
        for row in 0..<5 { sample.add("broken \(row)", nil) }
        #expect(QualityFigure.directionless(sample, textless: 1, lookedCloser: 1).verdict == .bad)
    }

    @Test("In a sample of a large table, the nearest rows in the whole of it tell how many have a twin")
    func neighbours() {
        var neighbours = QualityNeighbours()
        for row in 0..<10 {
            let near = QualityHit(key: "n\(row)", similarity: row < 2 ? 1 : row < 5 ? 0.997 : 0.8)
            neighbours.add("\(row)", nearest: row == 9 ? nil : near)
        }
        let twins = Self.sample(40).twins()
        let same = QualityFigure.duplicates(twins, isWhole: false, neighbours: neighbours)
        #expect(same.value == 0.2 && same.verdict == .bad && same.says.contains("2 of 10 rows"))
        #expect(QualityFigure.nearDuplicates(twins, isWhole: false, neighbours: neighbours).value == 0.3)
        // What the sample has in itself is said, and counts where it is more.
        var own = twins
        for row in stride(from: 0, to: 40, by: 2) { own.add("\(row)", row, "\(row + 1)", row + 1, 0.997, examples: 5) }
        let near = QualityFigure.nearDuplicates(own, isWhole: false, neighbours: neighbours)
        #expect(near.value == 1 && near.says.contains("Of 40 that were compared with each other, 40 have one."))
        let alone = QualityFigure.duplicates(twins, isWhole: false, neighbours: nil)
        #expect(alone.value == 0 && alone.says.contains("the table has more rows"))
    }

    @Test("Drift is told from the chance of a sample, and says nothing of vectors that point everywhere")
    func drift() throws {
        let sample = Self.sample(300, middle: 0.6)
        let other = Self.sample(300, middle: 0.6, seed: 9)
        func history(_ centroid: [Float]) -> QualityHistory {
            QualityHistory(now: 2000, centroids: [.init(at: 1000, vector: centroid)])
        }
        let same = QualityFigure.drift(sample.centroid, rows: 300, history: history(other.centroid))
        #expect(same.verdict == .good)
        #expect((same.value ?? 0) > 0.98)
        let opposite = sample.centroid.enumerated().map { $0.offset % 2 == 0 ? $0.element : -$0.element }
        let moved = QualityFigure.drift(sample.centroid, rows: 300, history: history(opposite))
        #expect(moved.verdict == .bad && moved.remedy != nil)
        let even = Self.sample(300)
        #expect(
            QualityFigure.drift(even.centroid, rows: 300, history: history(Self.sample(300, seed: 3).centroid)).verdict
                == .unknown)
        // A run that is not kept is nothing for the next one to be compared with.
        let unkept = QualityFigure.drift(sample.centroid, rows: 300, history: QualityHistory())
        #expect(unkept.verdict == .unknown && !unkept.says.contains("next run"))
        #expect(QualityFigure.drift(sample.centroid, rows: 300, history: history([1, 2])).verdict == .unknown)
    }

    @Test("Bars have every value once; quantiles are values")
    func distribution() {
        let values = Distribution([3, 1, .nan, 2, 10, 2])
        #expect(values.median == 2 && values.least == 1 && values.most == 10 && values.quantile(0.95) == 10)
        #expect(Distribution([1, 2]).median == 1.5 && Distribution([]).median == nil)
        let bars = values.bars(9, from: 1.5, to: 6)
        #expect(bars.count == 9 && bars.map(\.y).reduce(0, +) == 5 && bars[0].y == 1)
        #expect(Distribution([4, 4]).bars(5) == [.init(x: 4, y: 2)])
        #expect(
            0.9999.percent == "99.9 %" && 1.0.percent == "100 %" && 0.0001.percent == "0.1 %" && 0.0.percent == "0 %")
        #expect((-1.25).fixed(1) == "-1.3" && 0.04.fixed(1) == "0.0" && 12.0.fixed(0) == "12")
    }
}
