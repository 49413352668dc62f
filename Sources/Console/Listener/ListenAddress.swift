import Glibc

/// Where the console listens.
package enum ListenAddress: Sendable, Hashable, CustomStringConvertible {
    /// An address of this machine, as `127.0.0.1` or `::1`, and a port; 0 for one that the system chooses.
    case tcp(host: String, port: UInt16)
    /// A socket in the file system.
    case unix(path: String)
    /// Sockets that systemd has opened: `backfilld-console.socket`.
    case systemd

    /// Why a text is no address.
    package struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
        /// What is wrong with it.
        package let description: String
    }

    /// Reads `127.0.0.1:8787`, `[::1]:8787`, `localhost:8787`, `unix:/run/backfilld/console.sock` or `systemd`.
    package init(parsing text: String) throws(Fault) {
        if text == "systemd" {
            self = .systemd
        } else if text.hasPrefix("unix:") {
            let path = String(text.dropFirst(5))
            guard path.hasPrefix("/") else { throw Fault(description: "has no absolute path behind \"unix:\"") }
            // sun_path, with its zero at the end.
            guard path.utf8.count < 108, !path.utf8.contains(0) else {
                throw Fault(description: "has a path of more than 107 bytes, which no socket can have")
            }
            self = .unix(path: path)
        } else {
            guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else {
                throw Fault(description: "has no port: it ends with \":8787\", say")
            }
            var host = String(text[..<colon])
            if host == "localhost" { host = "127.0.0.1" }
            if host.hasPrefix("["), host.hasSuffix("]") {
                host = String(host.dropFirst().dropLast())
                guard Self.isAddress(host, AF_INET6) else { throw Self.noAddress }
            } else {
                guard Self.isAddress(host, AF_INET) else { throw Self.noAddress }
            }
            self = .tcp(host: host, port: port)
        }
    }

    private static let noAddress = Fault(
        description: "names no address: write a number, \"127.0.0.1:8787\" or \"[::1]:8787\"")

    private static func isAddress(_ text: String, _ family: Int32) -> Bool {
        var bytes = in6_addr()
        return inet_pton(family, text, &bytes) == 1
    }

    /// Whether nobody but this machine can connect. Of systemd's sockets that is seen when they are there.
    package var isLocal: Bool {
        switch self {
        case .tcp(let host, _): host == "::1" || host.hasPrefix("127.") && !host.contains(":")
        case .unix: true
        case .systemd: true
        }
    }

    /// As it is written in the settings.
    package var description: String {
        switch self {
        case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        case .systemd: "systemd"
        }
    }
}
