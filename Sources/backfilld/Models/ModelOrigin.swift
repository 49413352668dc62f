import Glibc
import SentenceEncoder

/// Something that files of a model can be had from.
protocol ModelOrigin {
    /// What it is, for messages.
    var place: String { get }

    /// Writes a file of the model into an open file.
    ///
    /// - Parameter path: The path in the model's folder.
    /// - Returns: False where there is no such file.
    /// - Throws: ``ModelAdditionError``, for a file over its limit too.
    func fetch(_ file: ModelFiles.File, into output: Int32) throws(ModelAdditionError) -> Bool
}

/// A folder of this machine.
struct FolderOrigin: ModelOrigin {
    let place: String

    func fetch(_ file: ModelFiles.File, into output: Int32) throws(ModelAdditionError) -> Bool {
        let path = "\(place)/\(file.path)"
        // Without O_NONBLOCK opening a FIFO waits until somebody writes to it.
        let input = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        if input < 0, errno == ENOENT || errno == ENOTDIR { return false }
        var facts = stat()
        guard input >= 0, fstat(input, &facts) == 0 else {
            throw ModelAdditionError(.noInput, "\(path) cannot be read: \(systemMessage(errno))")
        }
        defer { close(input) }
        guard facts.st_mode & S_IFMT == S_IFREG else {
            throw ModelAdditionError(.data, "\(path) is not a regular file")
        }
        guard facts.st_size <= file.limit else { throw ModelAdditionError.isTooLarge(path, file.limit) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else {
                throw ModelAdditionError(.noInput, "\(path) cannot be read: \(systemMessage(errno))")
            }
            if count == 0 { return true }
            guard ChildProcess.writeAll(buffer[..<count], to: output) else {
                throw ModelAdditionError(.cannotCreate, "cannot write the copy of \(path): \(systemMessage(errno))")
            }
        }
    }
}

/// A folder on the web, its files fetched one by one with curl.
struct WebOrigin: ModelOrigin {
    /// The folder's address, without a slash at its end.
    let place: String

    func fetch(_ file: ModelFiles.File, into output: Int32) throws(ModelAdditionError) -> Bool {
        try Self.fetch("\(place)/\(file.path)", limit: file.limit, into: output)
    }

    /// Fetches one file.
    ///
    /// - Returns: False where the server says that there is none.
    static func fetch(_ address: String, limit: Int, into output: Int32) throws(ModelAdditionError) -> Bool {
        // What was asked for by https is not fetched by less.
        let protocols = address.hasPrefix("https:") ? "=https" : "=http,https"
        // No --retry: what was written before it would stay.
        let result = try ChildProcess.run(
            "curl",
            [
                "--silent", "--show-error", "--fail", "--globoff", "--location", "--max-redirs", "10", "--proto",
                protocols, "--proto-redir", protocols, "--connect-timeout", "30", "--speed-limit", "1", "--speed-time",
                "60", "--max-filesize", String(limit), "--write-out", "%{stderr}\n%{http_code}", "--url", address,
            ], output: output, limit: limit)
        var lines = result.errors.split(whereSeparator: \.isNewline)
        let code = lines.popLast().flatMap { Int($0) }
        if result.status == 0 { return true }
        if code == 404 || code == 410 { return false }
        // 63: curl saw it coming.
        if result.isOverLimit || result.status == 63 { throw ModelAdditionError.isTooLarge(address, limit) }
        let reason = lines.last.map { quoted(String($0), most: 300).dropFirst().dropLast() } ?? "code \(result.status)"
        let hint = code == 401 || code == 403 ? "; it may be private, or not exist" : ""
        throw ModelAdditionError(.unavailable, "cannot fetch \(address): \(reason)\(hint)")
    }
}

extension ModelAdditionError {
    static func isTooLarge(_ path: String, _ limit: Int) -> ModelAdditionError {
        ModelAdditionError(.data, "\(path) has more than the \(limit) bytes that such a file may have")
    }
}
