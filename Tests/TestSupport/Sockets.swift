import Glibc

/// Ports of 127.0.0.1.
enum TCPPort {
    /// How many connections may wait to be accepted.
    static let backlog: Int32 = 128

    /// A port that is free now.
    static func free() throws -> Int {
        let (socket, port) = try bound(to: 0)
        close(socket)
        return port
    }

    /// A socket that listens on a port that the system chooses.
    ///
    /// The port is the socket's until it is closed: after `shutdown` it refuses connections, and `listen` makes it
    /// accept them again. Linux gives the port of a listening socket that is shut down to whoever asks next, unless the
    /// socket was bound to it by number (SOCK_BINDPORT_LOCK): hence bound twice.
    static func listening() throws -> (socket: Int32, port: Int) {
        let (chosen, port) = try bound(to: 0)
        defer { close(chosen) }
        let (socket, _) = try bound(to: port)
        do {
            try SystemFailure.check(listen(socket, backlog), "listen on port \(port)")
        } catch {
            close(socket)
            throw error
        }
        return (socket, port)
    }

    /// A socket that is connecting to a port. The connection may still fail.
    static func connecting(to port: Int) throws -> Int32 {
        let socket = try make()
        var address = loopback(port)
        let result = withSocketAddress(&address) { connect(socket, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            defer { close(socket) }
            throw SystemFailure(what: "connect to port \(port)", code: errno)
        }
        return socket
    }

    private static func bound(to port: Int) throws -> (socket: Int32, port: Int) {
        let socket = try make()
        var address = loopback(port)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        do {
            var yes: Int32 = 1
            setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
            try SystemFailure.check(withSocketAddress(&address) { bind(socket, $0, $1) }, "bind port \(port)")
            let found = withSocketAddress(&address) { pointer, _ in getsockname(socket, pointer, &length) }
            try SystemFailure.check(found, "getsockname")
        } catch {
            close(socket)
            throw error
        }
        return (socket, Int(UInt16(bigEndian: address.sin_port)))
    }

    private static func make() throws -> Int32 {
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        return try SystemFailure.check(socket(AF_INET, type, 0), "socket")
    }

    private static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(INADDR_LOOPBACK).bigEndian
        return address
    }
}

/// Passes an address of any family to a call that takes the general one.
func withSocketAddress<Address, Result>(
    _ address: inout Address, _ body: (UnsafeMutablePointer<sockaddr>, socklen_t) throws -> Result
) rethrows -> Result {
    try withUnsafeMutablePointer(to: &address) { pointer in
        try pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            try body($0, socklen_t(MemoryLayout<Address>.size))
        }
    }
}
