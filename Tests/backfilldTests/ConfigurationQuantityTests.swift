import Backfill
import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationQuantityTests {
    @Test(arguments: [
        ("25ms", 25_000_000), ("1.5 s", 1_500_000_000), ("5min", 300_000_000_000), ("1h", 3_600_000_000_000),
        (" 0ms ", 0), ("0.000001ms", 1), ("10S", 10_000_000_000),
    ])
    func `durations are read exactly`(text: String, nanoseconds: Int) {
        #expect(QuantityUnits.durations.parse(text) == nanoseconds)
    }

    @Test(arguments: [
        ("0B", 0), ("64KiB", 65_536), ("1MiB", 1_048_576), ("1.5MiB", 1_572_864), ("2 MB", 2_000_000), ("3kb", 3_000),
    ])
    func `sizes are read exactly`(text: String, bytes: Int) {
        #expect(QuantityUnits.sizes.parse(text) == bytes)
    }

    @Test(arguments: [
        "", "5", "s", "-1s", "+1s", "1e3s", "1..5s", "1.s", ".5s", "1.2.3s", "0.0000001ms", "99999999999999999999h",
        "9223372036854775807h", "1 m", "1s2", "１s", "0x10s", "1s\0", "1d", "\n1s",
    ])
    func `what is no duration is refused`(text: String) {
        #expect(QuantityUnits.durations.parse(text) == nil)
    }

    @Test func `what is written reads the same`() {
        var random = SeededRandom(seed: 1)
        for _ in 0..<20_000 {
            let digits = Int.random(in: 0...15, using: &random)
            let amount = Int.random(in: 0...(digits == 0 ? 9 : Int(1) << (digits * 4)), using: &random)
            #expect(QuantityUnits.sizes.parse(QuantityUnits.sizes.format(amount)) == amount)
            let duration = Duration.milliseconds(amount % 1_000_000_000)
            #expect(DurationText(configString: DurationText(duration).description)?.duration == duration)
        }
    }

    @Test func `any text is read or refused, never a crash`() {
        var random = SeededRandom(seed: 2)
        let alphabet = Array("0123456789.. smhinkbKMGiB-+eé\u{301}\0\n\r\n")
        for _ in 0..<50_000 {
            let text = String(
                (0..<Int.random(in: 0...24, using: &random)).map { _ in
                    alphabet.randomElement(using: &random) ?? " "
                })
            if let nanoseconds = QuantityUnits.durations.parse(text) { #expect(nanoseconds >= 0) }
            if let bytes = QuantityUnits.sizes.parse(text) { #expect(bytes >= 0) }
        }
    }

    @Test(arguments: [
        ("batch.row", "batch.rows"), ("batch.in_flight", "batch.inFlight"), ("BATCH.ROWS", "batch.rows"),
        ("limits.textByte", "limits.textBytes"), ("log.lvel", "log.level"), ("batch.qiuet", "batch.quiet"),
        ("rows", "batch.rows"), ("databse.url", "database.url"), ("notfy", "notify"),
    ])
    func `a misspelt key finds the right one`(wrong: String, right: String) {
        #expect(nearestName(to: wrong, among: SettingDefinition.all.map(\.key)) == right)
    }

    @Test func `a name like no other finds none`() {
        #expect(nearestName(to: "colour", among: SettingDefinition.all.map(\.key)) == nil)
        #expect(nearestName(to: String(repeating: "a", count: 100_000), among: ["a"]) == nil)
    }

    @Test func `distances are symmetric, zero for the same and bounded by the length`() {
        var random = SeededRandom(seed: 3)
        func word() -> String {
            String((0..<Int.random(in: 0...9, using: &random)).map { _ in "abc".randomElement()! })
        }
        for _ in 0..<2_000 {
            let (left, right) = (word(), word())
            #expect(editDistance(left, right) == editDistance(right, left))
            #expect(editDistance(left, left) == 0)
            #expect(editDistance(left, right) <= max(left.count, right.count))
            #expect((editDistance(left, right) == 0) == (left == right))
        }
    }
}
