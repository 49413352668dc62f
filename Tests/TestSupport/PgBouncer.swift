import Foundation
import Glibc

/// A throw-away PgBouncer before a ``PostgresServer``: real, and gone with the test.
///
/// It trusts everybody, as the server does.
public final class PgBouncer: Sendable {
    /// For how long a server's process is a client's.
    public enum Mode: String, Sendable, CaseIterable {
        /// As long as the client is connected.
        case session
        /// For a transaction.
        case transaction
    }

    /// Where it listens on 127.0.0.1.
    public let port: Int
    private let process: RunningProcess

    private init(port: Int, process: RunningProcess) {
        self.port = port
        self.process = process
    }

    /// Starts one; it is killed when nobody holds it any more.
    ///
    /// - Parameters:
    ///   - server: The server behind it.
    ///   - mode: When it takes a server's process back.
    ///   - poolSize: Sessions with the server, for each database and role.
    ///   - roundRobin: Whether it takes the session that has been idle longest, not the one last used.
    ///   - users: The roles that may connect.
    public static func start(
        to server: PostgresServer, _ mode: Mode, poolSize: Int = 2, roundRobin: Bool = false,
        users: [String] = ["postgres"]
    ) async throws -> PgBouncer {
        let folder = try PostgresUser.makeFolder()
        let port = try TCPPort.free()
        try """
        [databases]
        * = host=127.0.0.1 port=\(server.port)
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = trust
        auth_file = \(folder)/users.txt
        pool_mode = \(mode.rawValue)
        default_pool_size = \(poolSize)
        server_round_robin = \(roundRobin ? 1 : 0)
        """.write(toFile: folder + "/pgbouncer.ini", atomically: true, encoding: .utf8)
        try users.map { "\"\($0)\" \"\"\n" }.joined()
            .write(toFile: folder + "/users.txt", atomically: true, encoding: .utf8)
        let process = try PostgresUser.start("/usr/sbin/pgbouncer", [folder + "/pgbouncer.ini"])
        try await process.line(within: .seconds(60)) { $0.contains("process up") }
        return PgBouncer(port: port, process: process)
    }
}
