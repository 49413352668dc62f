import Foundation
import TestSupport
import Testing

/// The console on the socket that systemd holds, with the shipped units under a real systemd.
@Suite(.serialized)
struct SystemdSocketTests {
    private static let token = "correct-horse-battery-staple"
    private static let socket = "/run/backfilld-console.sock"

    /// Asks on the machine; answers the body and the status behind it.
    private static func curl(_ host: SystemdHost, _ path: String, token: String? = nil) async throws -> String {
        let field = token.map { "-H 'Authorization: Bearer \($0)'" } ?? ""
        return try await host.sh(
            "curl -sS -m 120 -w ' %{http_code}' --unix-socket \(socket) \(field) http://localhost\(path)")
    }

    @Test(
        "The socket is there before the daemon, starts it, outlives its restarts, and asks for the credential's token")
    func activation() async throws {
        try await SystemdHost.with { host in
            try await host.write(
                SystemdHost.configuration("[console]\nlisten = \"systemd\"\n"), to: "/etc/backfilld/backfilld.toml")
            // The machine has the network of this one, where another test may have the usual port.
            try await host.write(
                "[Socket]\nListenStream=\nListenStream=\(Self.socket)\n",
                to: "/etc/systemd/system/backfilld-console.socket.d/test.conf")
            // Without the socket a start says what to do.
            try await host.sh("systemctl daemon-reload && ! systemctl start backfilld")
            try await eventually("it says why", within: .seconds(60)) {
                try await host.sh("journalctl -u backfilld").contains("systemctl enable --now backfilld-console.socket")
            }
            try await host.sh("systemctl stop backfilld; systemctl reset-failed backfilld")

            try await host.sh("systemctl enable --now backfilld-console.socket")
            #expect(try await host.property("ActiveState", of: "backfilld-console.socket") == "active")
            #expect(try await host.property("ActiveState") == "inactive")
            #expect(try await Self.curl(host, "/healthz") == #"{"status":"ok"} 200"#)
            try await eventually("active", within: .seconds(120)) {
                try await host.property("ActiveState") == "active"
            }
            try await host.place.insert(1...5)
            try await host.place.allEmbedded()
            let listening = try await host.sh("journalctl -u backfilld -o cat")
            #expect(
                listening.contains("the console listens on unix:\(Self.socket); no token is wanted"), "\(listening)")

            // Whoever asks meanwhile waits for the next process.
            try await host.sh("systemctl restart --no-block backfilld")
            for _ in 0..<5 { #expect(try await Self.curl(host, "/healthz").hasSuffix(" 200")) }

            try await host.write(Self.token, to: SystemdHost.credential("console-token"))
            try await host.sh("systemctl restart backfilld")
            #expect(try await Self.curl(host, "/api/status").hasSuffix(" 401"))
            #expect(try await Self.curl(host, "/api/status", token: Self.token).contains(#""embedded":5"#))
            #expect(try await Self.curl(host, "/").hasSuffix("</html>\n 200"))
            #expect(!(try await host.sh("journalctl -o export --all")).contains(Self.token))

            try await host.sh("systemctl stop backfilld-console.socket backfilld")
            #expect(try await host.property("ExecMainStatus") == "0")
        }
    }
}
