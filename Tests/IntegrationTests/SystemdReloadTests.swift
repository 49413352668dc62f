import Foundation
import TestSupport
import Testing

/// `systemctl reload`, and starts that fail.
@Suite(.serialized)
struct SystemdReloadTests {
    @Test("A reload takes a good configuration; with a broken one it fails, and the service goes on as it was")
    func reload() async throws {
        try await SystemdHost.with { host in
            try await host.sh("systemctl start backfilld")
            try await host.write(
                SystemdHost.configuration("[batch]\nrows = 3\n"), to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl reload backfilld")
            try await eventually("the reload told") {
                try await host.journal().contains { $0["MESSAGE"] == "reloaded: batch.rows changed" }
            }
            #expect(try await host.property("ActiveState") == "active")

            try await host.write("[log]\nlevle = \"debug\"\n", to: "/etc/backfilld/backfilld.toml")
            let main = try await host.property("MainPID")
            try await host.sh("systemctl reload backfilld", exit: .code(1))
            #expect(try await host.property("ActiveState") == "active")
            #expect(try await host.property("MainPID") == main)
            let said = try await host.sh("journalctl -u backfilld -o cat")
            #expect(said.contains("log.levle"), "\(said)")
            #expect(!said.contains("is refused"), "the signal was sent although the check failed: \(said)")

            // The settings of before the broken file hold.
            try await host.place.insert(1...9)
            try await host.place.allEmbedded()
            try await eventually("three batches told") {
                try await host.journal().compactMap { $0["BACKFILLD_ROWS"] }.prefix(3) == ["3", "3", "3"]
            }
            try await host.sh("systemctl stop backfilld")
            #expect(try await host.property("Result") == "success")
        }
    }

    @Test("Told not to wait, a start without the database fails with 69 and is tried again until it works")
    func databaseAway() async throws {
        try await SystemdHost.with(dropIn: "RestartSec=5s") { host in
            try await host.write(
                SystemdHost.configuration("[service]\nstart = \"fail\"\n"), to: "/etc/backfilld/backfilld.toml")
            let server = host.place.database.server
            try await server.stop()
            try await host.sh("systemctl start backfilld", exit: .code(1))
            #expect(try await host.property("ExecMainStatus") == "69")
            #expect(try await host.property("Result") == "exit-code")
            let status = try await host.sh("systemctl status backfilld", exit: .code(3))
            #expect(status.contains("status=69"), "\(status)")
            try await server.start()
            try await eventually("the service active", within: .seconds(120), polling: .milliseconds(100)) {
                try await host.property("ActiveState") == "active"
            }
            try await host.place.insert(1...3)
            try await host.place.allEmbedded()
        }
    }

    @Test("Mistakes in the file are one entry that says where and is explained, at a start and at a reload")
    func mistakes() async throws {
        try await SystemdHost.with { host in
            try await host.installCatalog()
            let mistakes = "levle = \"debug\"\n[batch]\nrows = 0\n"
            try await host.write(mistakes, to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl start backfilld", exit: .code(1))
            #expect(try await host.property("ExecMainStatus") == "78")
            #expect(try await host.property("NRestarts") == "0")
            try await Self.checkEntry(host, "configurationWrong", priority: "2")
            let explained = try await host.sh("journalctl -u backfilld -x")
            #expect(explained.contains("Subject: The configuration is wrong"), "\(explained)")
            #expect(explained.contains("ends with the exit status 78:"), "\(explained)")

            try await host.write(SystemdHost.configuration(), to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl start backfilld")
            try await host.write(mistakes, to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl reload backfilld", exit: .code(1))
            try await Self.checkEntry(host, "reloadRefused", priority: "3")
            #expect(try await host.property("ActiveState") == "active")
        }
    }

    /// One entry of that event: all that is wrong in one message, and every place in a field.
    private static func checkEntry(_ host: SystemdHost, _ event: String, priority: String) async throws {
        let entries = try await host.journal()
        let told = entries.filter { $0["BACKFILLD_EVENT"] == event }
        #expect(told.count == 1 && told[0]["PRIORITY"] == priority && told[0]["MESSAGE_ID"]?.count == 32, "\(told)")
        let message = told.first?["MESSAGE"] ?? ""
        #expect(message.contains("\n") && message.contains("levle") && message.contains("batch.rows"), "\(message)")
        for line in [1, 3] {
            let place = "'BACKFILLD_PLACE=/etc/backfilld/backfilld.toml, line \(line)'"
            let found = try await host.sh("journalctl -u backfilld BACKFILLD_EVENT=\(event) \(place) -o cat")
            #expect(found.contains("levle"), "\(place): \(found)")
        }
        let raw = entries.filter { $0["SYSLOG_IDENTIFIER"] == "backfilld" && $0["CODE_FILE"] == nil }
        #expect(!raw.contains { $0["MESSAGE"]?.contains("has 2 problems") ?? true }, "\(raw)")
    }

    @Test("A configuration that is wrong fails the start with 78, and is not tried again")
    func wrongConfiguration() async throws {
        try await SystemdHost.with { host in
            try await host.write("embedder = \"hash\"\n[hash]\ndimension = 384\n", to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl start backfilld", exit: .code(1))
            #expect(try await host.property("ActiveState") == "failed")
            #expect(try await host.property("ExecMainStatus") == "78")
            #expect(try await host.property("NRestarts") == "0")
            let said = try await host.sh("journalctl -u backfilld -o cat")
            #expect(said.contains("holds vectors of 8 components"), "\(said)")
            let status = try await host.sh("systemctl status backfilld", exit: .code(3))
            #expect(
                status.contains("Status: \"ended: ") && status.contains("holds vectors of 8 components"), "\(status)")
        }
    }
}
