import Foundation
import TestSupport
import Testing

/// The sandbox, directive by directive: each one forbids what it is there for.
@Suite(.serialized) struct SystemdDirectiveTests {
    private struct Host: OnSystemd {
        let machine: SystemdMachine
    }

    private static func text(_ name: String) throws -> String {
        try String(contentsOfFile: "\(repositoryRoot)/systemd/\(name)", encoding: .utf8)
    }

    @Test("Each directive of the sandbox forbids something that works without it")
    func directives() async throws {
        let server = try await PostgresServer.shared(.debian)
        let probes =
            try SandboxProbe.files + SandboxProbe.rights + SandboxProbe.calls
            + SandboxProbe.dropIns(
                port: server.port, remoteEmbedder: Self.text("examples/remote-embedder.conf"),
                localSocket: Self.text("examples/local-socket.conf"))
        let host = Host(machine: try await SystemdMachine([]))
        try await host.sh("bash -eu", input: try Self.script(probes))
        // 0 where the act worked: with the directive, and without it.
        let said = try await host.sh(
            """
            for n in {0..\(probes.count - 1)}; do
                for run in kept lifted; do systemctl start probe-$n-$run 2>/dev/null; echo -n "$? "; done; echo
            done
            """
        ).split(separator: "\n").map { $0.split(separator: " ").map { $0 == "0" } }
        try #require(said.count == probes.count, "\(said)")
        var unlifted: [String] = []
        for (probe, worked) in zip(probes, said) {
            #expect(!worked[0], "\(probe.directive) does not forbid: \(probe.act)")
            if !worked[1] { unlifted.append("\(probe.directive): \(probe.act)") }
        }
        // A machine may itself be a container that is forbidden one or the other.
        #expect(unlifted.count <= 4, "these fail without the directive as well: \(unlifted)")
        try await host.powerOff()
    }

    /// Makes what the acts are about, a program for each, and two units: the shipped one with the program in the
    /// daemon's place.
    private static func script(_ probes: [SandboxProbe]) throws -> String {
        var script = """
            echo x >/tmp/marker; echo x >/dev/marker; echo x >/dev/kmsg; mkdir -p /usr/lib/modules
            install -m 0 /dev/null /etc/unreadable
            install -m 4755 -o daemon $(command -v id) /usr/bin/id-of-daemon

            """
        func write(_ text: String, to path: String) { script += "cat >\(path) <<'END'\n\(text)\nEND\n" }
        let unit = try text("backfilld.service")
        for (index, probe) in probes.enumerated() {
            write("#!/bin/bash\n\(probe.act)", to: "/usr/bin/probe-\(index)")
            script += "chmod 755 /usr/bin/probe-\(index)\n"
            let base =
                [
                    unit, "[Service]", "Type=oneshot", "Restart=no", "DynamicUser=no", "User=root", "ExecStart=",
                    "ExecStart=/usr/bin/probe-\(index)",
                ] + probe.given
            write(base.joined(separator: "\n"), to: "/etc/systemd/system/probe-\(index)-kept.service")
            write(
                (base + [probe.lifted]).joined(separator: "\n"),
                to: "/etc/systemd/system/probe-\(index)-lifted.service")
        }
        return script + "systemctl daemon-reload\n"
    }

    @Test("Every directive of the unit's sandbox has a probe, or a reason to have none")
    func completeness() throws {
        let unit = try Self.text("backfilld.service")
        let sandbox = try #require(unit.components(separatedBy: "# Who it is").last)
        let keys = Set(
            sandbox.components(separatedBy: "[Install]")[0].split(separator: "\n").filter {
                !$0.hasPrefix("#") && $0.contains("=")
            }
            .compactMap { $0.split(separator: "=").first.map(String.init) })
        let probed = Set((SandboxProbe.files + SandboxProbe.rights + SandboxProbe.calls).map(\.directive))
        #expect(
            keys.subtracting(["StateDirectory", "RuntimeDirectory"]).subtracting(SandboxProbe.unproven).subtracting(
                probed) == [])
        #expect(SandboxProbe.unproven.isDisjoint(with: probed) && SandboxProbe.unproven.isSubset(of: keys))
    }
}
