import Glibc

/// What hung when the watchdog's patience ended, kept in the state folder for the next start to tell.
///
/// Written by the watchdog's thread while everything else may be stuck: plain system calls, no memory to speak of.
struct StuckNote: Sendable {
    /// Where it is; nil where there is no state folder.
    let path: String?

    /// In the state folder, where there is one.
    init(folder: String?) {
        path = folder.map { "\($0)/stuck" }
    }

    /// Keeps a line, in the place of another; nil takes it away. A note is nothing to fail for.
    func keep(_ line: String?) {
        guard let path else { return }
        guard let line else {
            unlink(path)
            return
        }
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { return }
        _ = write(file, line, line.utf8.count)
        close(file)
    }

    /// The line that the process before left when it was killed, if it was; taken away.
    func take() -> String? {
        guard let path else { return nil }
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard file >= 0 else { return nil }
        defer {
            close(file)
            unlink(path)
        }
        var bytes = [UInt8](repeating: 0, count: 1_024)
        let count = read(file, &bytes, bytes.count)
        return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : nil
    }
}
