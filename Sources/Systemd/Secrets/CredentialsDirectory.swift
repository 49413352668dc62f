import Glibc

/// The secrets that the service manager hands to a unit, one a file: `LoadCredential=` and
/// `LoadCredentialEncrypted=` in systemd.exec(5), `$CREDENTIALS_DIRECTORY`.
public struct CredentialsDirectory: Sendable, Hashable {
    /// Where the files are.
    public let path: String

    /// No credential of systemd's is larger (systemd.exec(5)).
    static let mostBytes = 1 << 20

    /// Reads credentials from a folder.
    public init(path: String) {
        self.path = path
    }

    /// The folder that the service manager made for this unit; nil when it made none.
    public static func ofThisService() -> CredentialsDirectory? {
        environmentVariable("CREDENTIALS_DIRECTORY").flatMap { $0.isEmpty ? nil : CredentialsDirectory(path: $0) }
    }

    /// The names of the credentials, sorted.
    public func names() throws(CredentialError) -> [String] {
        guard let folder = opendir(path) else { throw CredentialError(path: path, problem: .system(errno)) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            // d_name is a C array, which Swift sees as a tuple; the pointer does not outlive the entry.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// A secret, without the newline that an editor leaves at its end; nil when there is no such credential.
    ///
    /// - Parameter name: The credential's name, which is no path.
    public func secret(_ name: String) throws(CredentialError) -> String? {
        let file = "\(path)/\(name)"
        // Bytes, not characters: a slash with a combining mark is another character, but still a slash to open(2).
        guard let first = name.utf8.first, first != UInt8(ascii: "."), !name.utf8.contains(UInt8(ascii: "/")),
            !name.utf8.contains(0)
        else {
            throw CredentialError(path: file, problem: .badName)
        }
        // O_NONBLOCK: opening a pipe that somebody put there must not hang the start.
        let descriptor = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw CredentialError(path: file, problem: .system(errno))
        }
        defer { close(descriptor) }
        var bytes = try Self.contents(of: descriptor, file)
        if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
        if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
        guard let secret = String(validating: bytes, as: UTF8.self), !bytes.contains(0) else {
            throw CredentialError(path: file, problem: .notText)
        }
        return secret
    }

    private static func contents(of descriptor: Int32, _ file: String) throws(CredentialError) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw CredentialError(path: file, problem: .system(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw CredentialError(path: file, problem: .notAFile) }
        // One byte more than allowed shows a file that is too large, however it grew since.
        var bytes = [UInt8](repeating: 0, count: min(Int(status.st_size), mostBytes) + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw CredentialError(path: file, problem: .system(errno)) }
            if count == 0 { break }
            filled += count
        }
        guard filled <= mostBytes else { throw CredentialError(path: file, problem: .tooLarge) }
        return Array(bytes.prefix(filled))
    }
}

/// A credential that cannot be used. Never says what is in it.
public struct CredentialError: Error, Hashable, CustomStringConvertible {
    enum Problem: Hashable {
        case badName, notAFile, notText, tooLarge
        case system(Int32)
    }

    /// The file or folder.
    public let path: String
    let problem: Problem

    /// Whether this process may not look into the folder at all.
    ///
    /// So it is for `ExecReload=` with a sandbox: systemd up to 256 sets `$CREDENTIALS_DIRECTORY` there and does not
    /// mount what it names (systemd issue 35227). A check of the configuration has to do without the secrets then.
    public var isOutOfReach: Bool { problem == .system(EACCES) }

    /// The file and what is wrong with it.
    public var description: String {
        switch problem {
        case .badName: "credential \(path): a credential's name is no path and does not begin with a dot"
        case .notAFile: "credential \(path) is not a regular file"
        case .notText: "credential \(path) is not UTF-8 text"
        case .tooLarge: "credential \(path) is larger than \(CredentialsDirectory.mostBytes >> 20) MiB"
        case .system(let code): "credential \(path): \(String(cString: strerror(code)))"
        }
    }
}
