import Foundation
import TestSupport
import Testing

/// The life of an installation: what an administrator does with the packages, under a real systemd.
@Suite(.serialized) struct PackageInstallTests {
    private static let password = "s3cret-Passw0rd"

    @Test(
        "Installed it waits to be configured, then embeds; upgraded it restarts and keeps its configuration; purged it is gone"
    )
    func life() async throws {
        let build = try await PackageBuild.made()
        let successor = try await build.successor()
        try await PostgresServer.with(
            .pg18WithPgvector, authentication: "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
        ) { server in
            let place = try await Self.place(on: server)
            let host = try await PackageHost(build)
            try await Self.install(host, build)
            try await Self.start(host, place)
            try await Self.upgrade(host, place, to: successor.replacing(build.folder, with: "/packages"))
            try await Self.remove(host)
            try await host.powerOff()
        }
    }

    private static func place(on server: PostgresServer) async throws -> Workplace {
        var place = try await Workplace.make(on: server, isSetUp: false)
        place.environment = ["BACKFILLD_EMBEDDER": "", "BACKFILLD_LOCAL_MODEL": TestModel.miniLM]
        try await place.database.psql("ALTER TABLE music_knowledge ALTER COLUMN embedding TYPE vector(384)")
        try await place.database.psql("CREATE ROLE packaged LOGIN PASSWORD '\(password)'")
        try await place.run("setup", "--role", "packaged").expect(.code(0))
        return place
    }

    private static func install(_ host: PackageHost, _ build: PackageBuild) async throws {
        let packages = "/packages/backfilld_*.deb /packages/backfilld-model-minilm_*.deb"
        let said = try await host.sh("dpkg -i \(packages)")
        #expect(!said.lowercased().contains("warning") && !said.contains("error"), "\(said)")
        #expect(try await host.sh("dpkg --audit") == "")
        // It has no database: neither now nor at the next boot is it started.
        #expect(try await host.property("ActiveState") == "inactive")
        #expect(try await host.property("UnitFileState") == "disabled")
        #expect(try await host.sh("systemd-analyze verify backfilld.service") == "")
        #expect(try await host.sh("backfilld model list").contains("/usr/share/backfilld/models/all-MiniLM-L6-v2"))
        #expect(try await host.sh("man -w 8 backfilld; man -w 5 backfilld.toml").contains("backfilld.toml.5.gz"))
        #expect(try await host.sh("bash -n /usr/share/bash-completion/completions/backfilld") == "")
        let check = try await host.sh("backfilld config --check", exit: .code(78))
        #expect(check.contains("nothing says which database is meant"), "\(check)")
        // The catalog is there by systemd's own trigger.
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/systemd")
        where file.hasSuffix(".catalog") {
            let ids = try await host.sh("sed -n 's/^-- \\([0-9a-f]*\\)$/\\1/p' /usr/lib/systemd/catalog/\(file)")
            let known = try await host.sh("journalctl --list-catalog")
            for id in ids.split(separator: "\n") { #expect(known.contains(id), "\(id)") }
        }
    }

    /// As backfilld(8) says under STARTING and SECRETS.
    private static func start(_ host: PackageHost, _ place: Workplace) async throws {
        let address = "postgresql://packaged@127.0.0.1:\(place.database.server.port)/\(place.database.name)"
        try await host.sh("cat >/etc/backfilld/environment", input: "BACKFILLD_LOG_LEVEL=debug\n")
        for (secret, text) in [("database-url", address), ("database-password", password)] {
            try await host.sh("install -D -m 600 /dev/stdin /etc/credstore/backfilld.\(secret)", input: text)
        }
        try await host.sh("sed -i 's/^# heartbeat = .*/heartbeat = \"1s\"/' /etc/backfilld/backfilld.toml")
        try await place.insert(1...20)
        try await host.sh("systemctl enable --now backfilld || { journalctl -u backfilld -o cat; exit 1; }")
        try await place.allEmbedded()
        #expect(try await host.property("ActiveState") == "active")
        // An instance of the template beside it, on the same table.
        try await host.sh("cp /etc/backfilld/backfilld.toml /etc/backfilld/two.toml")
        try await host.sh("cd /etc/credstore && for i in url password; do cp backfilld.{,two.}database-$i; done")
        try await host.sh("systemctl start backfilld@two || { journalctl -u backfilld@two -o cat; exit 1; }")
    }

    private static func upgrade(_ host: PackageHost, _ place: Workplace, to package: String) async throws {
        let process = try await host.property("MainPID")
        let instance = try await host.property("MainPID", of: "backfilld@two")
        // Without a terminal dpkg keeps what the administrator changed only if it is told to.
        try await host.sh("dpkg --force-confdef --force-confold -i \(package)")
        #expect(try await host.property("ActiveState") == "active")
        #expect(try await host.property("UnitFileState") == "enabled")
        #expect(try await host.property("MainPID") != process, "the new version runs")
        #expect(try await host.property("NeedDaemonReload") == "no")
        let kept = try await host.sh("cat /etc/backfilld/backfilld.toml")
        #expect(kept.contains("\nheartbeat = \"1s\"\n") && !kept.contains("Something new"))
        #expect(try await host.has("/etc/backfilld/backfilld.toml.dpkg-dist"))
        #expect(try await host.property("ActiveState", of: "backfilld@two") == "active")
        #expect(try await host.property("MainPID", of: "backfilld@two") != instance, "and in the instance too")
        try await place.insert(21...25)
        try await place.allEmbedded()
    }

    private static func remove(_ host: PackageHost) async throws {
        #expect(try await host.has("/var/lib/private/backfilld"))
        try await host.sh("dpkg --remove backfilld")
        #expect(try await host.sh("systemctl is-active backfilld", exit: .code(3)).hasPrefix("inactive"))
        #expect(try await host.sh("pgrep -x backfilld", exit: .code(1)) == "")
        for path in ["/usr/bin/backfilld", "/usr/share/doc/backfilld", "/usr/share/man/man8/backfilld.8.gz"] {
            #expect(try await !host.has(path), "\(path)")
        }
        #expect(try await host.has("/etc/backfilld/backfilld.toml"))
        #expect(try await host.has("/etc/backfilld/environment"))
        try await host.sh("dpkg --purge backfilld backfilld-model-minilm")
        for path in [
            "/etc/backfilld", "/var/lib/backfilld", "/var/lib/private/backfilld", "/var/lib/private/backfilld-two",
            "/usr/share/backfilld",
            "/etc/credstore/backfilld.database-url", "/etc/systemd/system/multi-user.target.wants/backfilld.service",
        ] {
            #expect(try await !host.has(path), "\(path)")
        }
    }
}
