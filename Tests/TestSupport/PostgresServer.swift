import Foundation
import Glibc
import Synchronization

/// A throw-away PostgreSQL cluster: real, started for tests, gone with them.
///
/// It trusts everybody, its superuser is `postgres`, and it is not durable (`fsync=off`).
public final class PostgresServer: Sendable {
    /// Which PostgreSQL.
    public enum Flavour: String, Sendable, CaseIterable {
        /// PostgreSQL 18 with pgvector, unpacked by scripts/install-tools.
        case pg18WithPgvector
        /// The distribution's newest, without pgvector: PostgreSQL 15 on Debian 12, 17 on Debian 13.
        case debian
    }

    /// How a server is stopped, as pg_ctl names it.
    public enum StopMode: Sendable {
        /// Waits until all clients have gone.
        case smart
        /// Ends all sessions.
        case fast
        /// Ends without a checkpoint: the next start recovers.
        case immediate

        var signal: Int32 {
            switch self {
            case .smart: SIGTERM
            case .fast: SIGINT
            case .immediate: SIGQUIT
            }
        }
    }

    /// The way a client takes.
    public enum Transport: Sendable {
        /// The socket in ``socketDirectory``.
        case unixSocket
        /// 127.0.0.1.
        case tcp
    }

    /// Which PostgreSQL it is.
    public let flavour: Flavour
    /// Where it listens on 127.0.0.1.
    public let port: Int
    /// Where its unix socket lies.
    public let socketDirectory: String
    /// An empty folder on a small disk of its own, which only the server sees; for those started with one.
    public var smallDisk: String { socketDirectory + "/disk" }
    /// Its data directory.
    public var dataDirectory: String { socketDirectory + "/data" }

    private let process = Mutex<RunningProcess?>(nil)
    private let nextDatabase = Atomic(0)

    /// How much room the folder ``smallDisk`` has, for those servers that have one.
    private let smallDiskSize: String?

    private init(flavour: Flavour, port: Int, directory: String, smallDiskSize: String? = nil) {
        self.flavour = flavour
        self.port = port
        socketDirectory = directory
        self.smallDiskSize = smallDiskSize
    }

    /// Starts a new cluster.
    ///
    /// - Parameters:
    ///   - flavour: Which PostgreSQL.
    ///   - settings: Lines of postgresql.conf, over those every cluster here has.
    ///   - authentication: The whole of pg_hba.conf, when not everybody is to be trusted.
    ///   - smallDisk: How much room there is in ``smallDisk``, such as `8m`.
    ///   - primary: The server that it is a standby of, from now on, as a copy of it.
    public static func start(
        _ flavour: Flavour, settings: [String: String] = [:], authentication: String? = nil, smallDisk: String? = nil,
        primary: PostgresServer? = nil
    ) async throws -> PostgresServer {
        let directory = try await Clusters.shared.makeDirectory(flavour, copyOf: primary)
        if let authentication {
            try authentication.overwrite(directory + "/data/pg_hba.conf")
        }
        // The port is free now; should another process take it before the server does, another one is tried.
        var attempt = 1
        while true {
            let server = PostgresServer(
                flavour: flavour, port: try TCPPort.free(), directory: directory, smallDiskSize: smallDisk)
            let base = [
                "listen_addresses": "127.0.0.1", "port": "\(server.port)", "unix_socket_directories": directory,
                "fsync": "off", "full_page_writes": "off", "max_connections": "200", "lc_messages": "C",
                "timezone": "UTC", "log_timezone": "UTC",
            ]
            try server.configure(base.merging(settings) { $1 })
            do {
                try await server.start()
                return server
            } catch let failure as ProcessEnded
                where failure.description.contains("could not bind") && attempt < 5
            {
                attempt += 1
            }
        }
    }

    /// The one cluster of a flavour that many tests share, each with a database of its own. Started at the first call.
    public static func shared(_ flavour: Flavour) async throws -> PostgresServer {
        try await Clusters.shared.server(flavour)
    }

    /// Runs `body` on a new cluster, which is stopped and removed afterwards.
    ///
    /// - Parameters:
    ///   - flavour: Which PostgreSQL.
    ///   - settings: Lines of postgresql.conf, over those every cluster here has.
    ///   - authentication: The whole of pg_hba.conf, when not everybody is to be trusted.
    ///   - smallDisk: How much room there is in ``smallDisk``, such as `8m`.
    ///   - primary: The server that it is a standby of, from now on, as a copy of it.
    public static func with<Result: Sendable>(
        _ flavour: Flavour,
        settings: [String: String] = [:],
        authentication: String? = nil,
        smallDisk: String? = nil,
        primary: PostgresServer? = nil,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (PostgresServer) async throws -> Result
    ) async throws -> Result {
        let server = try await start(
            flavour, settings: settings, authentication: authentication, smallDisk: smallDisk, primary: primary)
        let result: Result
        do {
            result = try await body(server)
        } catch {
            await server.remove()
            throw error
        }
        await server.remove()
        return result
    }

    // MARK: Life and death

    /// Starts it again after ``stop(_:)`` or ``kill9()``.
    public func start() async throws {
        // An immediate shutdown is what a server gets that nobody needs any more: quick, and its shared memory is freed.
        let (postgres, arguments) = (try flavour.binDirectory() + "/postgres", ["-D", dataDirectory])
        let process =
            if let smallDiskSize {
                try PostgresUser.start(postgres, arguments, endSignal: SIGQUIT, disk: (smallDisk, smallDiskSize))
            } else {
                try PostgresUser.start(postgres, arguments, endSignal: SIGQUIT)
            }
        self.process.withLock { $0 = process }
        try await process.line(within: .seconds(180)) {
            $0.contains("database system is ready to accept")
        }
    }

    /// Stops it. Nothing happens when it does not run.
    public func stop(_ mode: StopMode = .fast) async throws {
        guard let process = current, process.isRunning else { return }
        process.send(mode.signal)
        _ = try await process.exit(within: .seconds(120))
    }

    /// Stops it and starts it again, on the same port.
    ///
    /// - Parameters:
    ///   - mode: How it is stopped.
    ///   - settings: Lines of postgresql.conf that hold from now on.
    public func restart(_ mode: StopMode = .fast, settings: [String: String] = [:]) async throws {
        try await stop(mode)
        try configure(settings)
        try await start()
    }

    /// Kills it with all its backends, as a host that loses power does.
    public func kill9() async throws {
        guard let process = current, process.isRunning else { return }
        // Stopped first, so that it cannot start a backend between the listing and the kill.
        process.send(SIGSTOP)
        let backends = try ProcessTable.children(of: process.pid)
        process.send(SIGKILL)
        backends.forEach { kill($0, SIGKILL) }
        _ = try await process.exit()
        try await eventually("the backends gone") { backends.allSatisfy { !ProcessTable.isAlive($0) } }
    }

    /// What it has logged since its last start.
    public var log: String { current?.errors ?? "" }
    /// The process id of the postmaster.
    public var pid: pid_t? { current?.pid }

    private var current: RunningProcess? { process.withLock { $0 } }

    private func remove() async {
        // What fails here is swept at the end of the test process.
        try? await stop(.immediate)
        try? FileManager.default.removeItem(atPath: socketDirectory)
    }

    private func configure(_ settings: [String: String]) throws {
        guard !settings.isEmpty else { return }
        let lines = settings.sorted { $0.key < $1.key }.map { key, value in
            "\(key) = '\(value.replacingOccurrences(of: "'", with: "''"))'\n"
        }
        try lines.joined().append(to: dataDirectory + "/postgresql.conf")
    }

    // MARK: Clients

    /// A connection string, in the key=value form.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - user: The role.
    ///   - transport: The way to the server.
    ///   - port: Another port of 127.0.0.1 than the server's: a ``TCPProxy``'s.
    public func conninfo(
        database: String = "postgres", user: String = "postgres", over transport: Transport = .unixSocket,
        port: Int? = nil
    ) -> String {
        func quoted(_ value: String) -> String {
            "'" + value.replacingOccurrences(of: #"\"#, with: #"\\"#).replacingOccurrences(of: "'", with: #"\'"#) + "'"
        }
        let host = transport == .unixSocket && port == nil ? socketDirectory : "127.0.0.1"
        return "host=\(host) port=\(port ?? self.port) dbname=\(quoted(database)) user=\(quoted(user))"
    }

    /// Makes an empty database.
    ///
    /// - Parameter extensions: Extensions to create in it, such as `vector`.
    public func createDatabase(extensions: [String] = []) async throws -> TestDatabase {
        let name = "test_\(nextDatabase.add(1, ordering: .relaxed).newValue)"
        try await psql("CREATE DATABASE \(name)")
        let database = TestDatabase(server: self, name: name)
        if !extensions.isEmpty {
            try await database.psql(extensions.map { "CREATE EXTENSION \"\($0)\";" }.joined())
        }
        return database
    }

    /// Runs SQL through psql; returns what it prints: rows a line each, columns divided by `|`.
    @discardableResult
    public func psql(
        _ sql: String,
        database: String = "postgres",
        user: String = "postgres",
        within limit: Duration = .seconds(180),
        fileID: String = #fileID,
        line: Int = #line
    ) async throws -> String {
        let result = try await RunningProcess.run(
            flavour.binDirectory() + "/psql",
            ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", conninfo(database: database, user: user)],
            environment: PostgresUser.environment, input: sql, within: limit, fileID: fileID, line: line)
        guard result.exit == .code(0) else { throw PsqlFailure(exit: result.exit, message: result.errors) }
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }
}
