import Glibc
import Synchronization

/// Sockets that listen already, though nobody answers yet.
///
/// Opened apart from what answers, so that an address that can't be had ends a start before anything slow is done.
package final class ListeningSockets: Sendable {
    /// One of them.
    struct Open: Sendable {
        var socket: Int32
        var name: String
        var isLocal: Bool
        /// The file to take away at the end.
        var path: String?
    }

    private let sockets: Mutex<[Open]>

    /// Where they listen, for people and for tests: with the port that the system has chosen.
    package let names: [String]
    /// Whether nobody but this machine can connect to any of them.
    package let isLocal: Bool

    /// Opens them.
    ///
    /// - Throws: ``ConsoleError``.
    package init(_ settings: ConsoleSettings) throws(ConsoleError) {
        let sockets: [Open] =
            switch settings.listen {
            case .tcp(let host, let port): [try Self.tcp(host, port)]
            case .unix(let path): [try Self.unix(path)]
            case .systemd: try Self.inherited()
            }
        names = sockets.map(\.name)
        isLocal = sockets.allSatisfy(\.isLocal)
        self.sockets = Mutex(sockets)
        guard isLocal || settings.token != nil else {
            close()
            throw .misconfigured(
                "\(names.joined(separator: ", ")) can be reached from other machines, and there is no token. "
                    + "Set console.token, best as the credential console-token")
        }
    }

    deinit { close() }

    /// Hands the sockets over; whoever takes them closes them.
    func take() -> [Open] {
        sockets.withLock { sockets in
            defer { sockets = [] }
            return sockets
        }
    }

    private func close() {
        for socket in take() { socket.discard() }
    }

    private static func tcp(_ host: String, _ port: UInt16) throws(ConsoleError) -> Open {
        let isSix = host.contains(":")
        let address = ListenAddress.tcp(host: host, port: port)
        let descriptor = try make(isSix ? AF_INET6 : AF_INET, address)
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        let status: Int32
        if isSix {
            // One address is one address: whoever wants both families names both.
            setsockopt(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, &yes, socklen_t(MemoryLayout<Int32>.size))
            var six = sockaddr_in6()
            six.sin6_family = sa_family_t(AF_INET6)
            six.sin6_port = port.bigEndian
            inet_pton(AF_INET6, host, &six.sin6_addr)
            status = withAddress(&six) { bind(descriptor, $0, $1) }
        } else {
            var four = sockaddr_in()
            four.sin_family = sa_family_t(AF_INET)
            four.sin_port = port.bigEndian
            inet_pton(AF_INET, host, &four.sin_addr)
            status = withAddress(&four) { bind(descriptor, $0, $1) }
        }
        try check(status, address, closing: descriptor)
        try check(Glibc.listen(descriptor, 512), address, closing: descriptor)
        let found = describe(descriptor)
        return Open(socket: descriptor, name: found.name, isLocal: found.isLocal)
    }

    private static func unix(_ path: String) throws(ConsoleError) -> Open {
        let address = ListenAddress.unix(path: path)
        let descriptor = try make(AF_UNIX, address)
        removeStale(path)
        try check(withUnix(path) { bind(descriptor, $0, $1) }, address, closing: descriptor)
        // As on the loopback address: every user of this machine may connect, and a token keeps out who does not know it.
        chmod(path, 0o666)
        try check(Glibc.listen(descriptor, 512), address, closing: descriptor)
        return Open(socket: descriptor, name: "\(address)", isLocal: true, path: path)
    }

    /// A socket that nobody listens on any more, as a killed process leaves it; never a file of another kind.
    private static func removeStale(_ path: String) {
        var entry = stat()
        guard lstat(path, &entry) == 0, entry.st_mode & S_IFMT == S_IFSOCK else { return }
        let probe = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard probe >= 0 else { return }
        defer { Glibc.close(probe) }
        if withUnix(path, { connect(probe, $0, $1) }) != 0, errno == ECONNREFUSED { unlink(path) }
    }

    /// What systemd has opened for this process: sd_listen_fds(3).
    private static func inherited() throws(ConsoleError) -> [Open] {
        let count = number("LISTEN_PID") == Int(getpid()) ? number("LISTEN_FDS") ?? 0 : 0
        guard count > 0, count <= 16 else {
            throw .misconfigured(
                "console.listen is \"systemd\", but systemd has handed over no socket. "
                    + "Run systemctl enable --now backfilld-console.socket")
        }
        var sockets: [Open] = []
        for descriptor in Int32(3)..<Int32(3 + count) {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            var (isListening, length) = (Int32(0), socklen_t(MemoryLayout<Int32>.size))
            guard getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &length) == 0, isListening == 1 else {
                throw .misconfigured(
                    "what systemd has handed over as number \(descriptor) is no listening stream: "
                        + "the socket unit wants ListenStream= and Accept=no")
            }
            let found = describe(descriptor)
            sockets.append(Open(socket: descriptor, name: found.name, isLocal: found.isLocal))
        }
        return sockets
    }

    private static func number(_ variable: String) -> Int? { getenv(variable).flatMap { Int(String(cString: $0)) } }

    private static func make(_ family: Int32, _ address: ListenAddress) throws(ConsoleError) -> Int32 {
        let descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw failure(errno, address) }
        return descriptor
    }

    private static func check(
        _ status: Int32, _ address: ListenAddress, closing descriptor: Int32
    ) throws(ConsoleError) {
        guard status != 0 else { return }
        let number = errno
        Glibc.close(descriptor)
        throw failure(number, address)
    }

    private static func failure(_ number: Int32, _ address: ListenAddress) -> ConsoleError {
        let reason = String(cString: strerror(number))
        return switch number {
        case EADDRINUSE:
            .unavailable("\(address)", "another process listens there. See ss -ltnxp, or change console.listen")
        case EADDRNOTAVAIL: .unavailable("\(address)", "this machine has no such address")
        case EACCES, EPERM: .notPermitted("\(address)", "\(reason). Ports under 1024 want a privilege, folders a right")
        case ENOENT, ENOTDIR, EROFS, ENAMETOOLONG, EAFNOSUPPORT:
            .misconfigured("console.listen is \"\(address)\": \(reason)")
        default: .unavailable("\(address)", reason)
        }
    }
}

extension ListeningSockets.Open {
    /// Ends it where nobody serves it.
    func discard() {
        Glibc.close(socket)
        if let path { remove(path) }
    }

    /// Takes the file away that it had in the file system.
    func remove(_ path: String) { unlink(path) }
}

/// The name of a listening socket, and whether only this machine reaches it.
private func describe(_ descriptor: Int32) -> (name: String, isLocal: Bool) {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    guard withAddress(&storage, { pointer, _ in getsockname(descriptor, pointer, &length) }) == 0 else {
        return ("a socket without a name", false)
    }
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    func shown() -> String { String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) }
    switch Int32(storage.ss_family) {
    case AF_INET:
        return withUnsafeBytes(of: &storage) { bytes in
            var four = bytes.loadUnaligned(as: sockaddr_in.self)
            inet_ntop(AF_INET, &four.sin_addr, &text, socklen_t(text.count))
            let address = ListenAddress.tcp(host: shown(), port: UInt16(bigEndian: four.sin_port))
            return ("\(address)", address.isLocal)
        }
    case AF_INET6:
        return withUnsafeBytes(of: &storage) { bytes in
            var six = bytes.loadUnaligned(as: sockaddr_in6.self)
            inet_ntop(AF_INET6, &six.sin6_addr, &text, socklen_t(text.count))
            let address = ListenAddress.tcp(host: shown(), port: UInt16(bigEndian: six.sin6_port))
            return ("\(address)", address.isLocal)
        }
    case AF_UNIX:
        let path = withUnsafeBytes(of: &storage) { String(decoding: $0.dropFirst(2).prefix { $0 != 0 }, as: UTF8.self) }
        return ("unix:\(path)", true)
    default: return ("a socket of another family", false)
    }
}

private func withAddress<Address, Result>(
    _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    withUnsafeMutableBytes(of: &address) { bytes in
        body(bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
    }
}

private func withUnix<Result>(
    _ path: String, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) -> Result
) -> Result {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix(107)) }
    return withAddress(&address, body)
}
