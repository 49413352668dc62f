import Glibc
import Logging

/// One line an entry for a file, a pipe or another collector: no colours, nothing that needs a terminal.
///
///     2026-03-01T14:02:11.042Z INFO embedded 50 rows ms=38 table=public.music_knowledge
struct PlainOutput: LogOutput {
    /// What a line begins with.
    enum Stamp: Sendable {
        /// The time, ISO 8601 in UTC, and the level.
        case time
        /// `<N>`, the priority as sd-daemon(3) has it: journald takes it off and stamps the time itself.
        case priority
    }

    private let stamp: Stamp
    private let sink: LineSink

    /// Writes lines to a descriptor: standard error, unless told otherwise.
    init(stamp: Stamp, descriptor: Int32 = STDERR_FILENO) {
        self.stamp = stamp
        sink = LineSink(descriptor)
    }

    /// Writes one line, or counts it as lost.
    func write(_ entry: LogEntry) {
        sink.write(line(entry, at: .now())) { line(.loss($0), at: .now()) }
    }

    func line(_ entry: LogEntry, at time: WallTime) -> String {
        let text = ([escaped(entry.message)] + entry.pairs).joined(separator: " ")
        return switch stamp {
        case .time: "\(time.iso8601) \(entry.level.shortWord) \(text)"
        case .priority: "<\(entry.level.priority)>\(text)"
        }
    }
}
