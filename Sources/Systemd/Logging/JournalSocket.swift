import Glibc

/// A datagram socket to journald.
///
/// Not connected: each datagram is addressed anew, so that a journald that was started again is found.
final class JournalSocket: Sendable {
    private let descriptor: Int32
    private let path: String

    /// How long a patient ``send(_:patiently:)`` waits for room.
    static let patience = timeval(tv_sec: 0, tv_usec: 200_000)

    /// Opens a socket; nil when nobody listens at the path, or when the path is too long for a socket's.
    convenience init?(path: String = "/run/systemd/journal/socket") {
        // As much room as libsystemd asks for; the kernel grants what it allows.
        self.init(path: path, room: 8 << 20)
    }

    init?(path: String, room: Int32) {
        self.path = path
        guard path.utf8.count < MemoryLayout.size(ofValue: sockaddr_un().sun_path), access(path, W_OK) == 0 else {
            return nil
        }
        descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var patience = Self.patience
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        var room = room
        setsockopt(descriptor, SOL_SOCKET, SO_SNDBUF, &room, socklen_t(MemoryLayout<Int32>.size))
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Sends one datagram.
    ///
    /// - Parameters:
    ///   - datagram: The bytes.
    ///   - patiently: Whether to wait for a moment when there is no room.
    /// - Returns: Zero, or the errno of what kept it from being sent.
    func send(_ datagram: [UInt8], patiently: Bool) -> Int32 {
        let flags = Int32(MSG_NOSIGNAL) | (patiently ? 0 : Int32(MSG_DONTWAIT))
        return withUnixAddress(path) { address, length in
            while true {
                if sendto(descriptor, datagram, datagram.count, flags, address, length) >= 0 { return 0 }
                if errno != EINTR { return errno }
            }
        }
    }
}

/// Calls with a socket address of the family AF_UNIX; the path must fit (unix(7): 107 bytes).
func withUnixAddress<R>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    // The socket calls take the general type of an address, and the length says which one it is.
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
        }
    }
}
