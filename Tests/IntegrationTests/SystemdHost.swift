import Foundation
import TestSupport
import Testing

/// A machine under a real systemd with the unit of this repository installed, its database outside of it.
final class SystemdHost: OnSystemd {
    let place: Workplace
    /// What must not be found anywhere: the password of the role that the unit connects as.
    static let password = "s3cret-Passw0rd"
    let machine: SystemdMachine

    /// Boots, and puts configuration and credentials where the unit's comments say.
    ///
    /// - Parameters:
    ///   - place: The database; its server asks for a password on TCP.
    ///   - dropIn: Lines of a drop-in for the unit's section `[Service]`.
    static func boot(_ place: Workplace, dropIn: String = "") async throws -> SystemdHost {
        let host = try await SystemdHost(place)
        try await host.write(configuration(), to: "/etc/backfilld/backfilld.toml")
        try await host.write(host.address(port: place.database.server.port), to: credential("database-url"))
        try await host.write(password, to: credential("database-password"))
        try await host.write(
            """
            [Service]
            \(dropIn)
            """, to: "/etc/systemd/system/backfilld.service.d/test.conf")
        try await host.sh("systemctl daemon-reload")
        return host
    }

    private init(_ place: Workplace) async throws {
        self.place = place
        machine = try await SystemdMachine([
            "--bind-ro", "\(try builtBinary("backfilld")):/usr/bin/backfilld", "--units", "\(repositoryRoot)/systemd",
        ])
    }

    /// Writes a file on it that only root can read, in a folder that everybody may enter.
    func write(_ text: String, to path: String) async throws {
        try await sh("mkdir -p $(dirname \(path)) && umask 022 && cat >\(path)", input: text)
        if path.contains("/credstore/") { try await sh("chmod 600 \(path)") }
    }

    /// Lets `journalctl -x` explain.
    func installCatalog() async throws {
        try await write(
            String(contentsOfFile: "\(repositoryRoot)/systemd/backfilld.catalog", encoding: .utf8),
            to: "/usr/lib/systemd/catalog/backfilld.catalog")
        try await sh("journalctl --update-catalog")
    }

    static func credential(_ name: String) -> String { "/etc/credstore/backfilld.\(name)" }

    static func configuration(_ more: String = "") -> String {
        "embedder = \"hash\"\n[hash]\ndimension = \(Workplace.dimension)\n[listen]\nheartbeat = \"1s\"\n\(more)"
    }

    func address(port: Int) -> String {
        "postgresql://\(role)@127.0.0.1:\(port)/\(place.database.name)\n"
    }

    /// The role that the unit connects as.
    var role: String { "daemon_of_\(place.database.name)" }

    /// The unit's entries in the journal, and systemd's own about it.
    func journal() async throws -> [[String: String]] {
        try await sh("journalctl -u backfilld -o json").split(separator: "\n").map { line in
            let entry = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            return try #require(entry).compactMapValues { $0 as? String }
        }
    }

    /// Runs `body` on a machine whose database lets the unit's role in with a password only.
    static func with(
        dropIn: String = "", isolation: isolated (any Actor)? = #isolation,
        _ body: (SystemdHost) async throws -> Void
    ) async throws {
        try await PostgresServer.with(
            .pg18WithPgvector, authentication: "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        ) { server in
            let place = try await Workplace.make(on: server)
            let host = try await boot(place, dropIn: dropIn)
            try await place.database.psql("CREATE ROLE \(host.role) LOGIN PASSWORD '\(password)'")
            try await place.run("setup", "--role", host.role).expect(.code(0))
            try await body(host)
            try await host.powerOff()
        }
    }
}
