import Glibc
import Synchronization

/// Lines to a descriptor that may not take them: a pipe that nobody reads, a terminal that was told to stop.
///
/// The first line that finds no room waits for a moment, for a reader that is only busy; after that lines are dropped and
/// counted until one gets through again, and the reader is told how many. Logging never stops the daemon.
final class LineSink: Sendable {
    private struct State {
        var lost = 0
        /// Whether the last line that was written is cut off.
        var isCut = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    /// How long a line waits for room.
    static let patience: Int32 = 200
    /// What poll(2) promises room for in a pipe, and what is not mixed with the lines of other processes: pipe(7).
    private static let atom = 4096

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a line, or counts it as lost.
    ///
    /// - Parameters:
    ///   - line: The line, without its end.
    ///   - loss: The line that tells how many were lost before it.
    func write(_ line: String, loss: (_ lines: Int) -> String) {
        state.withLock { state in
            let before = state.lost
            if before > 0 {
                let told = send((state.isCut ? "\n" : "") + loss(before) + "\n", patience: 0)
                guard told == .all else {
                    state = State(lost: before + 1, isCut: state.isCut || told == .part)
                    return
                }
                state = State()
            }
            switch send(line + "\n", patience: before > 0 ? 0 : Self.patience) {
            case .all: break
            case .none: state.lost += 1
            case .part:
                state.lost += 1
                state.isCut = true
            }
        }
    }

    private enum Sent { case all, part, none }

    /// What nobody will ever take, as on a closed descriptor, counts as sent: there is nowhere to say so.
    private func send(_ text: String, patience: Int32) -> Sent {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            guard hasRoom(patience) else { return written > 0 ? .part : .none }
            let size = min(Self.atom, bytes.count - written)
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, size) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            guard count > 0 else { return .all }
            written += count
        }
        return .all
    }

    private func hasRoom(_ patience: Int32) -> Bool {
        var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        while true {
            let ready = poll(&wanted, 1, patience)
            if ready < 0 && errno == EINTR { continue }
            // A pipe without a reader, a closed descriptor: writing says what is wrong.
            return ready != 0
        }
    }
}
