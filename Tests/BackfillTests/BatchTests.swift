import TestSupport
import Testing

@testable import Backfill

@Suite struct BatchTests {
    private func rows(_ sizes: [Int]) -> [PendingRow] {
        sizes.enumerated().map {
            PendingRow(key: "\($0.offset)", source: 1, text: String(repeating: "x", count: $0.element))
        }
    }

    private func sizes(_ rows: [PendingRow], rows most: Int, bytes: Int) -> [[Int]] {
        Batch.calls(rows, rows: most, bytes: bytes).map { $0.map(\.text.utf8.count) }
    }

    @Test("Rows are split into calls by number and by bytes; a text over the limit goes alone")
    func calls() {
        #expect(sizes(rows([]), rows: 3, bytes: 10).isEmpty)
        #expect(sizes(rows([1, 1, 1, 1]), rows: 3, bytes: 100) == [[1, 1, 1], [1]])
        #expect(sizes(rows([5, 5, 1]), rows: 9, bytes: 10) == [[5, 5], [1]])
        #expect(sizes(rows([4, 50, 4, 4]), rows: 9, bytes: 10) == [[4], [50], [4, 4]])
        #expect(sizes(rows([50]), rows: 9, bytes: 10) == [[50]])
        #expect(sizes(rows([50, 60]), rows: 1, bytes: 10) == [[50], [60]])
        #expect(sizes(rows([0, 0, 10, 0]), rows: 9, bytes: 10) == [[0, 0, 10, 0]])
    }

    @Test("Bytes are counted, not characters")
    func bytes() {
        let rows = ["éé", "éé"].map { PendingRow(key: RowKey($0), source: 1, text: $0) }
        #expect(Batch.calls(rows, rows: 9, bytes: 7).count == 2)
        #expect(Batch.calls(rows, rows: 9, bytes: 8).count == 1)
    }

    @Test("Calls together are the rows in order, each within the limits and none with room for the next")
    func splitting() {
        var random = SeededRandom(seed: 5)
        for _ in 0..<500 {
            let rows = rows(
                (0..<Int.random(in: 0...40, using: &random)).map { _ in .random(in: 0...30, using: &random) })
            let (most, bytes) = (Int.random(in: 1...8, using: &random), Int.random(in: 1...60, using: &random))
            let calls = Batch.calls(rows, rows: most, bytes: bytes)
            #expect(calls.flatMap { Array($0) } == rows)
            for (index, call) in calls.enumerated() {
                let size = call.reduce(0) { $0 + $1.text.utf8.count }
                #expect(!call.isEmpty && call.count <= most && (size <= bytes || call.count == 1))
                guard index + 1 < calls.count, let next = calls[index + 1].first else { continue }
                #expect(call.count == most || size + next.text.utf8.count > bytes)
            }
        }
    }

    @Test("An answer that can be used is one finite vector of the right dimension for each text")
    func check() {
        #expect(throws: Never.self) { try EmbeddingError.check([], count: 0, dimension: 2) }
        #expect(throws: Never.self) { try EmbeddingError.check([[0, 0], [1, -1e38]], count: 2, dimension: 2) }
        #expect(throws: EmbeddingError.count(1, expected: 2)) {
            try EmbeddingError.check([[0, 0]], count: 2, dimension: 2)
        }
        #expect(throws: EmbeddingError.dimension(3, expected: 2)) {
            try EmbeddingError.check([[0, 0], [0, 0, 0]], count: 2, dimension: 2)
        }
        #expect(throws: EmbeddingError.dimension(0, expected: 2)) {
            try EmbeddingError.check([[]], count: 1, dimension: 2)
        }
        for component in [Float.nan, .infinity, -.infinity, .signalingNaN] {
            #expect(throws: EmbeddingError.notFinite) {
                try EmbeddingError.check([[0, 1], [0, component]], count: 2, dimension: 2)
            }
        }
    }

    @Test("An unusable answer is described without any of its components")
    func description() {
        #expect("\(EmbeddingError.count(1, expected: 2))" == "the embedder answered 1 vectors for 2 texts")
        #expect(
            "\(EmbeddingError.dimension(3, expected: 2))" == "the embedder answered a vector of 3 dimensions, not 2")
        #expect("\(EmbeddingError.notFinite)".contains("no finite number"))
    }

    @Test("A report counts what was written and what was charged")
    func report() {
        var report = BatchReport()
        report.outcomes = [
            "a": .written, "b": .written, "c": .outdated, "d": .settled, "e": .locked(EmbeddedRow("e")),
            "f": .refused(EmbeddedRow("f"), reason: "no"), "g": .rewritten(standing: nil), "h": .failed("no"),
        ]
        #expect(report.written == 2)
        #expect(report.failures == 3)
        #expect(report.outcomes.compactMapValues(\.keptVector).keys.sorted() == ["e", "f"])
        #expect(report.outcomes.compactMapValues(\.problem).keys.sorted() == ["e", "f", "g", "h"])
    }
}
