import Logging
import Synchronization

@testable import Systemd

/// Keeps what is logged.
final class RecordedLog: LogOutput {
    private let all = Mutex<[LogEntry]>([])

    var entries: [LogEntry] { all.withLock { $0 } }

    var logger: Logger {
        Logger(label: "test") { ServiceLogHandler(label: $0, output: self, threshold: LogThreshold(.trace)) }
    }

    func write(_ entry: LogEntry) {
        all.withLock { $0.append(entry) }
    }
}

extension Logger {
    /// For tests of something else.
    static var silent: Logger { Logger(label: "silent") { _ in SwiftLogNoOpLogHandler() } }
}

extension LogEntry {
    /// An entry from a known place in the source.
    init(_ level: Logger.Level, _ message: String, _ fields: [Field] = []) {
        self.init(
            level: level, message: message, fields: fields, label: "backfilld.test", file: "Backfill/Claim.swift",
            function: "claim(_:)", line: 42)
    }
}
