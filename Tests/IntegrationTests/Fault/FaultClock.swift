import Foundation
import TestSupport

/// The wall clock of one daemon, which can be set while it runs; the machine's own is left alone.
///
/// libfaketime reads the offset from a file at every look at the clock. Monotonic clocks go on: no kernel lets them jump.
struct FaultClock: Sendable {
    private let file: String

    init() throws {
        file = try temporaryFolder() + "/offset"
        try set(hours: 0)
    }

    func set(hours: Int) throws {
        // Replaced in one step: it may be read at any moment.
        try "\(hours < 0 ? "-" : "+")\(abs(hours))h\n".write(toFile: file, atomically: true, encoding: .utf8)
    }

    /// What a daemon with this clock needs in its environment; nothing where libfaketime is not installed.
    var environment: [String: String] {
        let root = "/usr/lib"
        let places = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
        let library = places.map { "\(root)/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
        guard let library else { return [:] }
        return [
            "LD_PRELOAD": library, "FAKETIME_TIMESTAMP_FILE": file, "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        ]
    }
}
