import Foundation
import TestSupport
import Testing

/// SIGHUP, and what nobody else on the machine may see of the daemon.
@Suite(.serialized) struct ProcessReloadTests {
    @Test("SIGHUP changes what can change live, names what needs a restart, and refuses a broken file whole")
    func reload() async throws {
        let place = try await Workplace.make()
        let manager = try NotifySocket()
        let daemon = try await place.startDaemon(environment: manager.environment)
        var heard = manager.messages.count
        try place.write(
            "[batch]\nrows = 2\n[log]\nlevel = \"debug\"\n[database]\nconnections = 7\n", to: "backfilld.toml")
        daemon.send(SIGHUP)
        try await daemon.says("reloaded: batch.rows, log.level changed")
        try await daemon.says("database.connections changed too, but only a restart makes that hold")
        try await manager.wait(for: "RELOADING=1", from: heard)
        try await manager.wait(for: "MONOTONIC_USEC=", from: heard)
        try await manager.wait(for: "READY=1", from: heard)
        // A table that is polled is not announced row by row.
        try await place.isListenedTo()
        try await place.insert(1...6)
        try await place.allEmbedded()
        try await eventually("three batches of two told") { daemon.count("embedded 2 rows in") == 3 }

        heard = manager.messages.count
        let lines = daemon.lines.count
        try place.write("[batch]\nrows = 3\nquiet = \"soon\"\n", to: "backfilld.toml")
        daemon.send(SIGHUP)
        try await daemon.says("the new configuration is refused, the old one stays", from: lines)
        try await manager.wait(for: "READY=1", from: heard)
        #expect(daemon.lines.dropFirst(lines).contains { $0.contains("batch.quiet") }, "\(daemon.lines)")
        try await place.isListenedTo()
        try await place.insert(7...12)
        try await place.allEmbedded()
        try await eventually("still batches of two") { daemon.count("embedded 2 rows in") == 6 }

        // A file that is gone is the same: --config names one that must be there.
        try FileManager.default.removeItem(atPath: place.folder + "/backfilld.toml")
        daemon.send(SIGHUP)
        try await daemon.says("there is no such file", from: lines)
        try await daemon.stop()
    }

    @Test("SIGHUP while it stops changes nothing, and the service manager hears of no reload")
    func stopping() async throws {
        let place = try await Workplace.make()
        try await place.database.psql(
            """
            CREATE FUNCTION take_long() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN PERFORM pg_catalog.pg_sleep(5); RETURN NEW; END $$;
            CREATE TRIGGER take_long BEFORE UPDATE ON music_knowledge FOR EACH ROW EXECUTE FUNCTION take_long()
            """)
        let manager = try NotifySocket()
        let daemon = try await place.startDaemon(environment: manager.environment)
        try await place.insert(1...1)
        try await eventually("a batch at its write", polling: .milliseconds(50)) {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()")
                == "1"
        }
        daemon.send(SIGTERM)
        try await manager.wait(for: "STOPPING=1")
        let heard = manager.messages.count
        daemon.send(SIGHUP)
        try await daemon.says("not reloaded: the service is stopping")
        #expect(try await daemon.exit() == .code(0))
        let later = manager.messages.dropFirst(heard)
        #expect(!later.contains { $0.hasPrefix("RELOADING") || $0.hasPrefix("READY") }, "\(later)")
        #expect(later.allSatisfy { !$0.hasPrefix("STATUS=") || $0.hasPrefix("STATUS=stopping: ") }, "\(later)")
        try await place.allEmbedded()
    }

    @Test("No password is on its command line or in any message, and its memory is never dumped")
    func secrets() async throws {
        let place = try await Workplace.make(rows: 1)
        let server = place.database.server
        try place.write(
            "[database]\nurl = \"postgresql://postgres:pass-in-file@127.0.0.1:1/x\"\n", to: "backfilld.toml")
        let daemon = try await place.startDaemon(
            "--log-level", "trace",
            environment: [
                "DATABASE_URL": "postgresql://postgres:pass-in-url@127.0.0.1:\(server.port)/\(place.database.name)",
                "PGPASSWORD": "pass-in-variable", "BACKFILLD_DATABASE_PASSWORD": "pass-in-setting",
            ])
        try await place.allEmbedded()
        let proc = "/proc/\(daemon.pid)"
        let commandLine = try String(contentsOfFile: "\(proc)/cmdline", encoding: .utf8)
        #expect(!commandLine.contains("pass-in"))
        let limits = try String(contentsOfFile: "\(proc)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"], "\(core)")
        // A process that is not dumpable belongs to root in /proc, whoever runs it; its environment is root's to read.
        daemon.send(SIGHUP)
        try await daemon.says("reloaded")
        try await server.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '\(place.database.name)'")
        try await daemon.says("listening again after")
        try await daemon.stop()
        #expect(!daemon.lines.joined().contains("pass-in"), "\(daemon.lines)")
        for command in [["status"], ["check"], ["config"], ["config", "--json"], ["explain", "1"]] {
            let result = try await place.run(
                command, environment: ["DATABASE_URL": "", "PGPASSWORD": "pass-in-variable"])
            #expect(!result.text.contains("pass-in"), "\(command): \(result)")
        }
    }

    @Test("SIGABRT, as the watchdog sends it, ends it at once: nothing runs a backtracer first")
    func abort() async throws {
        let place = try await Workplace.make()
        let daemon = try await place.startDaemon()
        daemon.send(SIGABRT)
        #expect(try await daemon.exit() == .signal(SIGABRT))
        #expect(!daemon.lines.joined().contains("acktrac"), "\(daemon.lines)")
    }
}
