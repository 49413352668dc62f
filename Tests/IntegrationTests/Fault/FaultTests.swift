import Foundation
import TestSupport
import Testing

@Suite("Whatever goes wrong, every row gets the vector of its text", .inTwoLanes)
struct FaultTests {
    /// For `make soak`: which seeds, when it is not those of every `make test`.
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        guard let from = environment["BACKFILLD_SOAK_FROM"].flatMap(UInt64.init) else { return [1, 2, 3, 4, 5, 6] }
        return Array(from..<from + (environment["BACKFILLD_SOAK_SEEDS"].flatMap(UInt64.init) ?? 1))
    }()

    @Test("all promises are kept in a run with everything that a seed says", arguments: seeds)
    func run(_ seed: UInt64) async throws {
        do {
            try Self.tell(await FaultRun(seed: seed).run())
        } catch {
            try Self.tell("\(error)")
            throw error
        }
    }

    /// At once: whoever watches an hour of runs wants to know how they are.
    private static func tell(_ text: String) throws {
        try FileHandle.standardOutput.write(contentsOf: Data("\(text)\n".utf8))
    }
}
