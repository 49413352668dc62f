import Foundation
import TestSupport
import Testing

/// What `backfilld run` says and asks: once, in the right form, and nothing while there is nothing to do.
@Suite(.serialized) struct ProcessLogTests {
    @Test("On a pipe lines are plain; on a terminal they have colours and the wall clock")
    func formats() async throws {
        let place = try await Workplace.make(rows: 1)
        let piped = try await place.startDaemon()
        try await place.allEmbedded()
        try await piped.stop()
        #expect(!piped.lines.joined().contains("\u{1b}"))
        for line in piped.lines {
            #expect(line.prefix(24).wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/) != nil, "\(line)")
        }

        // script(1) gives it a terminal.
        let shown = try place.startDaemon(through: #"exec script -qec "exec $(printf '%q ' "$@")" /dev/null"#)
        try await shown.says("ready after")
        // The daemon is told, not script, which would leave it behind.
        let children = try String(contentsOfFile: "/proc/\(shown.pid)/task/\(shown.pid)/children", encoding: .utf8)
        let daemons = children.split(separator: " ").compactMap { Int32($0) }
        #expect(daemons.count == 1)
        for daemon in daemons { kill(daemon, SIGTERM) }
        _ = try await shown.exit()
        let colours = shown.lines.filter { $0.contains("\u{1b}[36mNOTE\u{1b}[0m") }
        #expect(!colours.isEmpty, "\(shown.lines)")
    }

    @Test("While idle it says nothing and asks nothing but one heartbeat a beat")
    func idle() async throws {
        try await PostgresServer.with(
            .pg18WithPgvector, settings: ["log_statement": "all", "log_line_prefix": "%a|"]
        ) { server in
            let place = try await Workplace.make(on: server, rows: 2)
            let daemon = try await place.startDaemon("--set", "listen.heartbeat=1s")
            try await place.allEmbedded()
            // The note of what was done is written within half a heartbeat.
            let asked = { server.log.split(separator: "\n").filter { $0.hasPrefix("backfilld|") }.map(String.init) }
            let isHeartbeat = { (line: String) in line.contains("Whether the server still has the LISTEN") }
            func beats(_ count: Int) async throws {
                let start = asked().filter(isHeartbeat).count
                try await eventually("\(count) heartbeats") {
                    asked().filter(isHeartbeat).count >= start + count
                }
            }
            try await beats(2)
            let (lines, queries) = (daemon.lines.count, asked().count)
            try await beats(3)
            let new = asked().dropFirst(queries).filter { $0.contains("LOG:") }
            let others = new.filter { !isHeartbeat($0) && !$0.contains("Whether any row is pending") }
            #expect(others.isEmpty, "\(others)")
            #expect(new.count <= 4 * 2, "more than a heartbeat and a probe each: \(new)")
            #expect(daemon.lines.count == lines, "\(daemon.lines.dropFirst(lines))")
            try await daemon.stop()
        }
    }

    @Test("A database that is away for a while is one warning and one recovery, and rows of then are embedded")
    func away() async throws {
        try await PostgresServer.with(.pg18WithPgvector) { server in
            let place = try await Workplace.make(on: server)
            let manager = try NotifySocket()
            let daemon = try await place.startDaemon(
                "--set", "listen.heartbeat=1s", environment: manager.environment)
            try await server.stop(.immediate)
            try await manager.wait(for: "STATUS=degraded: database away")
            // Several tries to connect again, which say no more.
            let told = manager.messages.count
            try await eventually("it has tried more than once") {
                manager.messages.dropFirst(told).filter { $0.contains("database away") }.count >= 2
            }
            try await server.start()
            try await place.insert(1...5)
            try await place.allEmbedded()
            try await daemon.says("listening again after")
            let warnings = daemon.lines.filter { $0.contains(" WARN ") }
            #expect(warnings.filter { $0.contains("database away") }.count <= 2, "\(warnings)")
            #expect(daemon.count("listening again after") == 1)
            #expect(daemon.count(" ERROR ") == 0 && daemon.count(" CRIT ") == 0, "\(daemon.lines)")
            try await manager.wait(for: "STATUS=listening on public.music_knowledge · 5 embedded")
            try await daemon.stop()
        }
    }

    @Test("A standard error that is closed or that nobody reads neither ends it nor holds it up")
    func standardError() async throws {
        let place = try await Workplace.make(rows: 1)
        for script in [#"exec "$@" 2>&-"#, #"exec "$@" --log-level trace 2> >(exec tail -f /dev/null)"#] {
            let daemon = try place.startDaemon(through: script)
            try await place.allEmbedded()
            // More lines than a pipe holds, where nobody reads it.
            let last = try #require(Int(try await place.database.psql("SELECT max(id) FROM music_knowledge")))
            try await place.database.psql(
                "ALTER TABLE music_knowledge DROP CONSTRAINT IF EXISTS none, ADD CONSTRAINT none CHECK (embedding IS NULL OR id <= \(last)) NOT VALID"
            )
            try await place.insert(last + 1...last + 2000)
            try await eventually("all of them refused once") {
                try await place.run("status", "--json").output.contains(#""failed" : 0"#) == false
            }
            try await place.database.psql(
                "DELETE FROM music_knowledge WHERE embedding IS NULL; ALTER TABLE music_knowledge DROP CONSTRAINT none")
            try await place.insert(last + 3000...last + 3001)
            try await place.allEmbedded()
            daemon.send(SIGTERM)
            #expect(try await daemon.exit() == .code(0), "\(script)")
        }
    }
}
