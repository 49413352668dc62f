import Glibc
import SentenceEncoder

/// A program of the system that is run to its end, with an argument list and never through a shell.
enum ChildProcess {
    struct Result: Sendable {
        /// Its exit status; 128 and the number of the signal that ended it.
        let status: Int32
        /// Whether it was ended for writing more than it may.
        let isOverLimit: Bool
        /// The end of what it wrote to standard error, for a message.
        let errors: String
    }

    /// Runs a program of `PATH`, its standard input empty.
    ///
    /// - Parameters:
    ///   - output: Where its standard output goes.
    ///   - limit: The most bytes of that; the program is ended when it has more.
    /// - Throws: ``ModelAdditionError`` where the program is missing or cannot be started, or `output` cannot be written.
    static func run(
        _ program: String, _ arguments: [String], output: Int32, limit: Int
    ) throws(ModelAdditionError) -> Result {
        // In a file and not in a second pipe, one of which would fill up while the other is read.
        let errors = try temporaryFile()
        defer { close(errors) }
        let (process, pipe) = try start(program, arguments, errors: errors)
        let copied = copy(pipe, to: output, limit: limit)
        close(pipe)
        if copied != .all { kill(process, SIGKILL) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 {
            guard errno == EINTR else { throw cannotStart(program, errno) }
        }
        if case .failed(let code) = copied {
            throw ModelAdditionError(.cannotCreate, "cannot write what \(program) gives: \(systemMessage(code))")
        }
        let signal = status & 0x7f
        return Result(
            status: signal == 0 ? status >> 8 & 0xff : 128 + signal, isOverLimit: copied == .tooMuch,
            errors: text(errors, last: 2000))
    }

    /// The same, with what it wrote to standard output.
    static func text(
        _ program: String, _ arguments: [String], limit: Int
    ) throws(ModelAdditionError) -> (result: Result, output: String) {
        let output = try temporaryFile()
        defer { close(output) }
        let result = try run(program, arguments, output: output, limit: limit)
        return (result, text(output, last: limit))
    }

    private static func start(
        _ program: String, _ arguments: [String], errors: Int32
    ) throws(ModelAdditionError) -> (process: pid_t, pipe: Int32) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw cannotStart(program, errno) }
        defer { close(ends[1]) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO)
        posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process: pid_t = 0
        let code = posix_spawnp(&process, program, &actions, nil, &words, environ)
        guard code == 0 else {
            close(ends[0])
            throw cannotStart(program, code)
        }
        return (process, ends[0])
    }

    private enum Copied: Equatable {
        case all, tooMuch
        case failed(Int32)
    }

    private static func copy(_ input: Int32, to output: Int32, limit: Int) -> Copied {
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        var left = limit
        while true {
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return .failed(errno) }
            if count == 0 { return .all }
            guard count <= left else { return .tooMuch }
            left -= count
            guard writeAll(buffer[..<count], to: output) else { return .failed(errno) }
        }
    }

    /// Writes bytes to a file.
    ///
    /// - Returns: Whether it could; if not, `errno` tells why.
    static func writeAll(_ bytes: ArraySlice<UInt8>, to file: Int32) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// An open file without a name.
    private static func temporaryFile() throws(ModelAdditionError) -> Int32 {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(folder)/backfilld.XXXXXX".utf8CString)
        let file = mkstemp(&template)
        guard file >= 0 else {
            throw ModelAdditionError(
                .cannotCreate, "cannot make a temporary file in \(folder): \(systemMessage(errno))")
        }
        unlink(&template)
        _ = fcntl(file, F_SETFD, FD_CLOEXEC)
        return file
    }

    private static func cannotStart(_ program: String, _ code: Int32) -> ModelAdditionError {
        guard code == ENOENT else {
            return ModelAdditionError(.unavailable, "cannot run \(program): \(systemMessage(code))")
        }
        return ModelAdditionError(
            .unavailable, "the program \(program) is not here; install it: apt install \(program)")
    }

    private static func text(_ file: Int32, last most: Int) -> String {
        let size = Int(lseek(file, 0, SEEK_END))
        var bytes = [UInt8](repeating: 0, count: max(0, min(size, most)))
        let count = pread(file, &bytes, bytes.count, off_t(max(0, size - bytes.count)))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
