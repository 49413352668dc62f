import Glibc

/// Reads the small files that configuration is made of.
enum ConfigurationFile {
    /// What came of reading a file.
    enum Outcome: Sendable, Equatable {
        case text(String)
        case absent
        /// It is there and was not read: why.
        case refused(String)
    }

    /// Far more than any configuration needs, and little enough to parse without harm.
    static let mostBytes = 1 << 20

    /// Reads a file whole; `examine` may refuse it by its status, of the link as well as of the file.
    static func read(_ path: String, examine: (stat) -> String? = { _ in nil }) -> Outcome {
        var link = stat()
        guard lstat(path, &link) == 0 else { return failure(errno) }
        if let reason = examine(link) { return .refused(reason) }
        // Not blocking: a FIFO in the place of a file must not hold up the start.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else { return failure(errno) }
        defer { close(descriptor) }
        // Of the opened file, so that nothing can be put in its place after the look.
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return failure(errno) }
        if let reason = examine(status) { return .refused(reason) }
        guard status.st_mode & S_IFMT == S_IFREG else { return .refused("is not a regular file") }
        guard status.st_size <= mostBytes else { return .refused("is larger than 1 MiB") }
        return contents(descriptor)
    }

    private static func contents(_ descriptor: Int32) -> Outcome {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while bytes.count <= mostBytes {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count == 0 { return decoded(bytes) }
            if count < 0 {
                if errno == EINTR { continue }
                return failure(errno)
            }
            bytes += chunk[..<count]
        }
        return .refused("is larger than 1 MiB")
    }

    private static func decoded(_ bytes: [UInt8]) -> Outcome {
        let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let body = bytes.starts(with: byteOrderMark) ? bytes[3...] : bytes[...]
        guard let text = String(validating: body, as: UTF8.self) else { return .refused("is not UTF-8 text") }
        return .text(text)
    }

    private static func failure(_ code: Int32) -> Outcome {
        code == ENOENT || code == ENOTDIR ? .absent : .refused("can't be read: \(String(cString: strerror(code)))")
    }

    /// Why root does not read a file that somebody else can write, or nil: whoever wrote it would
    /// choose what a privileged command connects to.
    static func refusalForRoot(userID: UInt32) -> (stat) -> String? {
        { status in
            guard userID == 0 else { return nil }
            if status.st_uid != 0 { return "belongs to user \(status.st_uid) and this command runs as root" }
            // The mode of a link says nothing.
            let isWritable = status.st_mode & S_IFMT != S_IFLNK && status.st_mode & S_IWOTH != 0
            return isWritable ? "can be written by everybody and this command runs as root" : nil
        }
    }
}
