import Foundation
import TestSupport
import Testing

/// The shipped unit under a real systemd, from the first row to the last.
@Suite(.serialized)
struct SystemdServiceTests {
    private static let marker = "Wonderwall-marker"

    @Test("The service starts, embeds, tells the journal in fields, and stops; no text and no secret is told")
    func service() async throws {
        try await SystemdHost.with { host in
            try await host.place.insert(1...30, topic: Self.marker)
            try await host.sh("systemctl start backfilld")
            #expect(try await host.property("ActiveState") == "active")
            try await host.place.allEmbedded()
            try await host.place.insert(31...33, topic: Self.marker)
            try await host.place.allEmbedded()
            try await eventually("the status line counts") {
                try await host.sh("systemctl status backfilld").contains("33 embedded · 0 pending")
            }
            let status = try await host.sh("systemctl status backfilld")
            #expect(status.contains(#"Status: "listening on public.music_knowledge"#), "\(status)")

            try await host.sh("systemctl stop backfilld")
            #expect(try await host.property("ActiveState") == "inactive")
            #expect(try await host.property("Result") == "success")
            #expect(try await host.property("ExecMainStatus") == "0")
            try await checkJournal(host)
        }
    }

    private func checkJournal(_ host: SystemdHost) async throws {
        let entries = try await host.journal()
        let ours = entries.filter { $0["SYSLOG_IDENTIFIER"] == "backfilld" }
        let batches = ours.filter { $0["BACKFILLD_ROWS"] != nil && $0["BACKFILLD_MS"] != nil }
        #expect(batches.compactMap { $0["BACKFILLD_ROWS"].flatMap(Int.init) }.reduce(0, +) == 33)
        // Thirty rows were there before, three came in one statement: two batches, a line each.
        #expect(batches.count == 2, "\(batches)")
        for entry in batches {
            #expect(entry["BACKFILLD_TABLE"] == "public.music_knowledge")
            #expect(entry["PRIORITY"] == "6")
            #expect(entry["CODE_FILE"]?.hasSuffix(".swift") == true)
        }
        let summary = ours.last { $0["MESSAGE"]?.hasPrefix("stopped after") == true }
        #expect(summary?["MESSAGE"]?.contains("33 rows embedded, 0 failures, 0 rows") == true, "\(ours)")

        // Nothing but the daemon's own messages and systemd's: no runtime that complains of the sandbox.
        let strangers = entries.filter {
            $0["SYSLOG_IDENTIFIER"] != "backfilld" && $0["SYSLOG_IDENTIFIER"] != "systemd"
        }
        #expect(strangers.isEmpty, "\(strangers)")
        let raw = ours.filter { $0["CODE_FILE"] == nil }
        #expect(raw.isEmpty, "not through the logger: \(raw)")
        #expect(!entries.contains { $0["MESSAGE"]?.contains("setpriority") == true })
        // The whole journal, in every field. Of a unit that is not active status exits with 3.
        let everything = try await host.sh("journalctl -o export --all; systemctl status backfilld || true")
        #expect(!everything.contains(Self.marker))
        #expect(!everything.contains(SystemdHost.password))
        #expect(everything.contains("postgresql://<redacted>") || everything.contains("database.url"))
    }

    @Test("A process that hangs is killed by the watchdog and started again; rows of the meantime are embedded")
    func watchdog() async throws {
        try await SystemdHost.with(dropIn: "WatchdogSec=2s\nRestartSec=100ms") { host in
            try await host.sh("systemctl start backfilld")
            let first = try await host.property("MainPID")
            // Longer than WatchdogSec: while it works nothing kills it.
            try await eventually("two pings later", within: .seconds(60)) {
                try await host.sh("systemctl show backfilld -p WatchdogTimestampMonotonic --value") != ""
            }
            try await host.sh("kill -STOP \(first)")
            try await host.place.insert(1...40)
            try await host.place.allEmbedded(within: .seconds(120))
            // The rows may be done before systemd has seen the READY of the new process.
            try await eventually("active again") { try await host.property("ActiveState") == "active" }
            let (restarts, second) = (try await host.property("NRestarts"), try await host.property("MainPID"))
            #expect(restarts == "1")
            #expect(second != first)
            let said = try await host.journal().compactMap { $0["MESSAGE"] }
            #expect(said.contains { $0.contains("Watchdog timeout") }, "\(said)")
            try await host.sh("systemctl stop backfilld")
        }
    }
}
