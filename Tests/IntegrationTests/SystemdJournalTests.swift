import Foundation
import TestSupport
import Testing

/// What an administrator reads with journalctl: events with their ids, and the catalog's explanations.
@Suite(.serialized) struct SystemdJournalTests {
    private static let marker = "Champagne-Supernova-marker"

    @Test("Events have ids that journalctl explains, filters match, and neither texts nor secrets are told")
    func vocabulary() async throws {
        try await SystemdHost.with(dropIn: "ExecReload=\nExecReload=kill -HUP $MAINPID") { host in
            try await host.installCatalog()
            // A row that the table refuses by its own fault, once and for good.
            try await host.write(
                SystemdHost.configuration("[retry]\nattempts = 1\n"), to: "/etc/backfilld/backfilld.toml")
            try await host.place.database.psql(
                "ALTER TABLE music_knowledge ADD CONSTRAINT refused CHECK (id <> 7 OR embedding IS NULL)")
            try await host.sh("systemctl start backfilld")
            try await host.place.insert(1...9, topic: Self.marker)
            try await Self.told("rowSetAside", on: host)
            try await host.place.run("pause").expect(.code(0))
            try await Self.told("paused", on: host)
            try await host.place.run("resume").expect(.code(0))
            try await Self.told("resumed", on: host)
            // Two mistakes at once: a message of more than one line.
            try await host.write("levle = \"debug\"\n[batch]\nrows = 0\n", to: "/etc/backfilld/backfilld.toml")
            try await host.sh("systemctl reload backfilld")
            try await Self.told("reloadRefused", on: host)
            try await host.sh("systemctl stop backfilld")

            try await checkEvents(host)
            try await checkExplanations(host)
            try await checkFilters(host)
            let everything = try await host.sh("journalctl -o export --all; journalctl -x --all")
            #expect(!everything.contains(Self.marker))
            #expect(!everything.contains(SystemdHost.password))
        }
    }

    private func checkEvents(_ host: SystemdHost) async throws {
        let entries = try await host.journal()
        let events = entries.filter { $0["BACKFILLD_EVENT"] != nil }
        for name in [
            "starting", "listening", "ready", "embedded", "rowSetAside", "paused", "resumed", "reloadRefused",
            "stopping", "stopped",
        ] {
            let told = events.filter { $0["BACKFILLD_EVENT"] == name }
            #expect(!told.isEmpty, "\(name) was not told")
            #expect(told.allSatisfy { $0["MESSAGE_ID"]?.count == 32 && $0["CODE_LINE"] != nil }, "\(told)")
        }
        let row = try #require(events.first { $0["BACKFILLD_EVENT"] == "rowSetAside" })
        #expect(row["BACKFILLD_KEY"] == "7" && row["PRIORITY"] == "3", "\(row)")
        #expect(row["BACKFILLD_TABLE"] == "public.music_knowledge")
        #expect(row["CODE_FILE"] == "backfilld/Chronicle+Table.swift")
        let refused = try #require(events.first { $0["BACKFILLD_EVENT"] == "reloadRefused" }?["MESSAGE"])
        #expect(refused.contains("levle") && refused.contains("batch.rows"), "\(refused)")
        #expect(refused.contains("\n"), "several lines are one entry")
    }

    private func checkExplanations(_ host: SystemdHost) async throws {
        let explained = try await host.sh("journalctl -u backfilld -x")
        for text in [
            "Subject: A row is set aside", "of public.music_knowledge with the key 7 failed retry.attempts",
            "backfilld failures retry 7", "Subject: A table is paused", "Subject: The new configuration is refused",
            "vectors of the embedder hash",
        ] {
            #expect(explained.contains(text), "\(text) is missing in \(explained)")
        }
        let holes = explained.matches(of: /@[A-Z_]+@/).map { String($0.0) }
        #expect(holes.isEmpty, "\(holes)")
    }

    private func checkFilters(_ host: SystemdHost) async throws {
        let table = try await host.sh("journalctl -u backfilld BACKFILLD_TABLE=public.music_knowledge -o cat")
        #expect(table.contains("row 7 set aside") && !table.contains("stopped after"), "\(table)")
        let warnings = try await host.sh("journalctl -u backfilld -p warning -o cat")
        #expect(warnings.contains("row 7 set aside") && warnings.contains("is refused"), "\(warnings)")
        #expect(!warnings.contains("embedded") && !warnings.contains("ready after"), "\(warnings)")
        let keys = try await host.sh(
            "journalctl -u backfilld BACKFILLD_EVENT=rowSetAside --output-fields=BACKFILLD_KEY -o cat")
        #expect(keys == "7\n")
    }

    private static func told(_ event: String, on host: SystemdHost) async throws {
        try await eventually("\(event) in the journal", within: .seconds(120)) {
            try await host.journal().contains { $0["BACKFILLD_EVENT"] == event }
        }
    }
}
