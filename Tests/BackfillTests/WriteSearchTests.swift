import TestSupport
import Testing

@testable import Backfill
@testable import PostgresClient

@Suite("Which row of a batch keeps it from being written")
struct WriteSearchTests {
    private let patience = 3

    private func keys(_ names: String...) -> Set<RowKey> { Set(names.map { RowKey($0) }) }

    @Test("a suspect is convicted when others were written between its tries")
    func others() {
        var suspects = Suspects()
        let first = suspects.record(failed: keys("7"), attempts: patience)
        suspects.othersWritten()
        let other = suspects.record(failed: keys("9"), attempts: patience)
        let second = suspects.record(failed: keys("7"), attempts: patience)
        #expect(!first && second)
        #expect(!other, "it was not tried before")
    }

    @Test("where nothing else is written it takes as many tries as a row has")
    func alone() {
        var suspects = Suspects()
        let first = suspects.record(failed: keys("7", "8"), attempts: patience)
        let second = suspects.record(failed: keys("7"), attempts: patience)
        let third = suspects.record(failed: keys("7"), attempts: patience)
        let other = suspects.record(failed: keys("8"), attempts: patience)
        #expect(!first && !second && third && !other)
    }

    @Test("a batch that is written whole is tried once")
    func whole() throws {
        let rows = (1...5).map { EmbeddedRow(key: RowKey("\($0)"), source: 0, vector: [1]) }
        var search = WriteSearch(rows)
        let part = search.next()
        #expect(part.map(Array.init) == rows)
        search.note(Dictionary(uniqueKeysWithValues: rows.map { ($0.key, .written) }))
        let more = search.next()
        #expect(more == nil)
        let written = try search.result()
        #expect(written.outcomes.count == 5 && written.doubt == nil)
    }

    @Test("a row that failed before the server took anything is tried again after it did", arguments: [0, 3, 7, 12])
    func over(failures: Int) throws {
        let rows = (1...20).map { EmbeddedRow(key: RowKey("\($0)"), source: 0, vector: [1]) }
        let poison = RowKey("20")
        let error = PostgresError(.server, "no room", sqlState: "53100")
        var search = WriteSearch(rows)
        var (tries, refused) = (0, [RowKey: Int]())
        while let part = search.next() {
            tries += 1
            if tries <= failures || part.contains(where: { $0.key == poison }) {
                if part.count == 1 { refused[part.first!.key, default: 0] += 1 }
                search.note(error, of: part)
            } else {
                search.note(Dictionary(uniqueKeysWithValues: part.map { ($0.key, .written) }))
            }
        }
        let written = try search.result()
        #expect(written.outcomes.count { $0.value == .written } == 19)
        guard case .refused? = written.outcomes[poison] else {
            Issue.record("what fails when all else is written is its own")
            return
        }
        #expect(written.doubt == nil && refused.values.allSatisfy { $0 <= 2 })
    }
}

@Suite("Keys that anybody may announce")
struct IntakeGarbageTests {
    @Test("Under a ceiling they take turns with the backlog, and those that are no rows do not count")
    func garbage() {
        let ceiling = Ceiling(rowsPerSecond: 40)
        var intake = Intake(settings: .small(), ceiling: ceiling, random: SeededRandom(seed: 1))
        intake.wantScan()
        _ = intake.next(at: start)
        intake.scanBegan()
        intake.scanned(["1", "2", "3", "4"], limit: 10)
        intake.announce(["x1", "x2", "x3", "x4", "x5", "x6"], at: start)
        let (first, second) = (intake.next(at: start.ms(1)), intake.next(at: start.ms(1)))
        var announced: [RowKey] = []
        if case .batch(let keys) = first { announced = keys }
        #expect(!announced.isEmpty && announced.allSatisfy { $0.text.hasPrefix("x") })
        #expect(second == .batch(["1", "2", "3", "4"]))
        intake.finish(announced, .settled, at: start.ms(2))
        // Of ten that a quarter of a second lets through, four are used.
        #expect(ceiling.grant(6, at: start.ms(2)) == 6)
    }
}
