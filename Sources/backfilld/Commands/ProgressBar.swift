import Backfill
import Glibc
import Synchronization

/// Shows how far a long work is: a bar that is drawn over on a terminal, a line now and then elsewhere.
final class ProgressBar: Sendable {
    private struct State {
        var lastShown: ContinuousClock.Instant?
    }

    private let title: String
    private let total: Int
    private let descriptor: Int32
    private let isTerminal: Bool
    private let began = ContinuousClock.now
    private let state = Mutex(State())

    init(title: String, total: Int, to descriptor: Int32) {
        self.title = title
        self.total = total
        self.descriptor = descriptor
        isTerminal = isatty(descriptor) == 1
    }

    /// Shows so many done, unless it was shown a moment ago.
    func show(_ done: Int) {
        let now = ContinuousClock.now
        let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(10)
        let isDue = state.withLock { state in
            guard now - (state.lastShown ?? (isTerminal ? .now - pause : began)) >= pause else { return false }
            state.lastShown = now
            return true
        }
        guard isDue else { return }
        let text = Self.line(title: title, done: done, total: total, after: now - began, withBar: isTerminal)
        write(isTerminal ? "\r\u{1b}[K\(text)" : text + "\n")
    }

    /// Puts a last line in the bar's place.
    func finish(_ line: String) {
        write((isTerminal ? "\r\u{1b}[K" : "") + line + "\n")
    }

    static func line(title: String, done: Int, total: Int, after: Duration, withBar: Bool) -> String {
        let share = total == 0 ? 1 : min(Double(done) / Double(total), 1)
        let rate = Double(done) / max(after.inSeconds, 0.001)
        var line = "\(title) "
        if withBar {
            let filled = Int(share * 24)
            line += String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled) + " "
        }
        line += "\(Int(share * 100)) % · \(done.grouped) of \(total.grouped) · \(Int(rate).grouped) rows/s"
        if rate > 0, done < total { line += " · \(Vitals.span(.seconds(Double(total - done) / rate))) left" }
        return line
    }

    private func write(_ text: String) {
        var bytes = Array(text.utf8)
        _ = Glibc.write(descriptor, &bytes, bytes.count)
    }
}
