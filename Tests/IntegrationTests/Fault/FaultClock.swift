import Foundation
import TestSupport

/// The wall clock of one daemon, which can be set while it runs; the machine's own is left alone.
///
/// Monotonic clocks go on: no kernel lets them jump.
struct FaultClock: Sendable {
    /// Says by how many seconds the clock is ahead; for the daemon's `--clock`.
    let file: String

    init() throws {
        file = try temporaryFolder() + "/offset"
        try Data(count: 8).write(to: URL(fileURLWithPath: file))
    }

    func set(hours: Int) throws {
        // In place: the daemon has the file mapped.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
        try handle.write(contentsOf: withUnsafeBytes(of: Int64(hours) * 3_600) { Data($0) })
        try handle.close()
    }
}
