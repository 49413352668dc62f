import Glibc
import Logging

/// One line an entry for a person at a terminal.
///
///     14:02:11 INFO  embedded 50 rows  ms=38 table=public.music_knowledge
struct TerminalOutput: LogOutput {
    private let colours: Bool
    private let sink: LineSink

    /// Writes lines to a descriptor: standard error, unless told otherwise.
    init(colours: Bool, descriptor: Int32 = STDERR_FILENO) {
        self.colours = colours
        sink = LineSink(descriptor)
    }

    /// Writes one line, or counts it as lost.
    func write(_ entry: LogEntry) {
        sink.write(line(entry, at: .now())) { line(.loss($0), at: .now()) }
    }

    func line(_ entry: LogEntry, at time: WallTime) -> String {
        let word = entry.level.shortWord
        let level = painted(word, entry.level.colour) + String(repeating: " ", count: 5 - word.utf8.count)
        let start = "\(painted(time.localClock, Self.dim)) \(level) \(escaped(entry.message))"
        return entry.pairs.isEmpty ? start : "\(start)  \(painted(entry.pairs.joined(separator: " "), Self.dim))"
    }

    private static let dim = "2"

    /// Text in a rendition of ECMA-48 (`SGR`), if the terminal has any.
    private func painted(_ text: String, _ rendition: String) -> String {
        colours ? "\u{1b}[\(rendition)m\(text)\u{1b}[0m" : text
    }
}

extension Logger.Level {
    fileprivate var colour: String {
        switch self {
        case .trace, .debug: "2"
        case .info: "32"
        case .notice: "36"
        case .warning: "33"
        case .error: "31"
        case .critical: "1;31"
        }
    }
}
