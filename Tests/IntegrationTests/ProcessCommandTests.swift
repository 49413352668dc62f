import Foundation
import TestSupport
import Testing

/// The small commands, as a user or a script sees them.
@Suite(.serialized) struct ProcessCommandTests {
    @Test("wait ends with 0 once rows are there and embedded, and with 75 naming what is missing")
    func wait() async throws {
        let place = try await Workplace.make(rows: 3)
        try await place.run("wait", "--timeout", "200ms")
            .expect(.code(75), "music_knowledge: after 200ms rows are not embedded, among them 1.")
        try await place.run("wait", "--timeout", "100ms", "2", "99")
            .expect(.code(75), "not embedded: 2", "no such row: 99", "backfilld status")
        try await place.run("wait", "--timeout", "5s", "x").expect(.code(65), "bigint")
        let waiting = try place.start(["wait", "--timeout", "20s", "1", "3", "4"])
        let daemon = try await place.startDaemon()
        try await place.insert(4...4)
        #expect(try await waiting.exit() == .code(0))
        #expect(waiting.lines.isEmpty, "\(waiting.lines)")
        try await place.run("wait", "--timeout", "1s").expect(.code(0))
        try await daemon.stop()
    }

    @Test("What rows have in them is shown and not obeyed by a terminal")
    func terminal() async throws {
        let place = try await Workplace.make()
        try await place.database.psql(
            """
            INSERT INTO music_knowledge (id, topic, suggestion)
            VALUES (5, chr(27) || ']0;title' || chr(7) || chr(10) || 'next line', '{}')
            """)
        for command in [["explain", "5"], ["backfill", "--dry-run"]] {
            let result = try await place.run(command).expect(.code(0), "\\u{1B}]0;title\\u{07}\n")
            #expect(result.text.contains("    next line"), "\(result)")
            #expect(!result.text.contains("\u{1B}"), "\(result)")
        }
    }

    @Test("Output that cannot be written is a failure")
    func fullDisk() async throws {
        try await RunningProcess.run(
            "bash", ["-c", "\"$0\" version > /dev/full", builtBinary("backfilld")],
            environment: ["PATH": "/usr/bin:/bin"]
        ).expect(.code(74), "the output cannot be written: No space left on device")
    }

    @Test("explain shows the exact text, whether the row is pending, and what its embedding is")
    func explain() async throws {
        let place = try await Workplace.make()
        try await place.database.psql(
            """
            INSERT INTO music_knowledge (id, topic, category, suggestion)
            VALUES (5, 'Größe 🎚', 'mixing', '{"title": "A \\"quoted\\" title", "n": [1, 2]}')
            """)
        let pending = try await place.run("explain", "5").expect(.code(0), "public.music_knowledge, row 5")
        #expect(pending.output.contains("pending    yes"), "\(pending)")
        let before = try await place.run("explain", "5", "--json").expect(.code(0)).json()
        #expect(before["isPending"] as? Bool == true)
        #expect((before["text"] as? String)?.contains("Größe 🎚") == true)
        try await place.run("backfill").expect(.code(0))
        let after = try await place.run("explain", "5", "--json").expect(.code(0)).json()
        #expect(after["isPending"] as? Bool == false)
        #expect(after["dimension"] as? Int == Workplace.dimension)
        #expect(abs((after["norm"] as? Double ?? 0) - 1) < 0.001)
        #expect(after["text"] as? String == before["text"] as? String)

        // The text that is shown is the text that was embedded.
        let line = try JSONSerialization.data(withJSONObject: ["id": 5, "text": try #require(after["text"])])
        let embedded = try await place.run("embed", input: String(decoding: line, as: UTF8.self) + "\n").json()
        let vector = try #require(embedded["embedding"] as? [Double])
        let distance = try await place.database.psql(
            "SELECT embedding <-> '\(vector)' < 0.0001 FROM music_knowledge WHERE id = 5")
        #expect(distance == "t")

        try await place.run("explain", "6").expect(.code(1), "public.music_knowledge has no row with the key 6")
        try await place.run("explain", "six").expect(.code(65), "six is no key", "bigint")
        try await place.run("explain", "99999999999999999999").expect(.code(65), "bigint")
    }

    @Test("status counts, names the daemon and what it does, and calls it gone when it has died")
    func status() async throws {
        let place = try await Workplace.make(rows: 4)
        try await place.run("status").expect(
            .code(0), "none has told of itself", "pending    4")
        let daemon = try await place.startDaemon("--set", "listen.heartbeat=1s")
        try await place.allEmbedded()
        func table() async throws -> [String: Any] {
            let all = try await place.run("status", "--json").expect(.code(0)).json()
            return try #require((all["tables"] as? [[String: Any]])?.first)
        }
        func daemons() async throws -> [[String: Any]] {
            try #require(try await table()["daemons"] as? [[String: Any]])
        }
        // After its last batch it polls for a moment more, and may say so first.
        try await eventually("the daemon's note", polling: .milliseconds(100)) {
            let one = try await daemons().first
            return one?["embedded"] as? Int == 4 && one?["state"] as? String == "listening"
        }
        let alive = try await table()
        #expect(alive["table"] as? String == "public.music_knowledge")
        #expect(alive["rows"] as? Int == 4)
        #expect(alive["pending"] as? Int == 0)
        #expect(alive["embedded"] as? Int == 4)
        #expect(alive["coverage"] as? Double == 1)
        #expect(alive["failed"] as? Int == 0)
        #expect((alive["lastEmbeddedAt"] as? String)?.hasSuffix("Z") == true)
        let one = try #require(try await daemons().first)
        #expect(one["state"] as? String == "listening")
        #expect(one["pid"] as? Int == Int(daemon.pid))
        try await place.run("status").expect(.code(0), "100.0 %", "listening, 4 embedded")

        daemon.send(SIGKILL)
        _ = try await daemon.exit()
        try await eventually("the daemon gone", polling: .milliseconds(100)) {
            try await daemons().first?["state"] as? String == "gone"
        }
        try await place.insert(5...6)
        let dead = try await table()
        #expect(dead["pending"] as? Int == 2)
        #expect(dead["rows"] as? Int == 6)
    }

    @Test("embed answers in order, line by line, ids as they came, and names the line that does not fit")
    func embed() async throws {
        let place = try await Workplace.make(isSetUp: false)
        let lines = (1...600).map { #"{"id": \#($0), "text": "text \#($0)"}"# }
        let many = try await place.run("embed", input: lines.joined(separator: "\n")).expect(.code(0))
        #expect(Set(many.output.split(separator: "\n").map { $0.split(separator: "[")[1] }).count == 600)
        let numbers = try many.output.split(separator: "\n").map { line in
            try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])["id"] as? Int
        }
        #expect(numbers == Array(1...600))

        // Blank lines are passed over; an id comes back as it was.
        let odd = #"{"id": "a/b \"c\"", "text": "🎸 Größe\n"}"# + "\n\n" + #"{"id": -7, "text": ""}"# + "\n"
        let result = try await place.run("embed", input: odd).expect(.code(0), #"a/b \"c\""#, #""id":-7"#)
        #expect(result.output.split(separator: "\n").count == 2, "\(result)")
        let wrong = #"{"id": 1, "text": "a"}"# + "\n{\"id\": 2, \"txet\": \"hidden-word\"}\n"
        let bad = try await place.run("embed", input: wrong).expect(.code(65), "line 2")
        #expect(!bad.text.contains("hidden-word"))
        try await place.run("embed", input: "").expect(.code(0))
        // No database is needed.
        try await place.run("embed", environment: ["DATABASE_URL": ""], input: lines[0]).expect(.code(0), "[")
    }

    @Test("config shows each setting with its place, and no secret; version says what runs")
    func config() async throws {
        let place = try await Workplace.make(isSetUp: false)
        try place.write("[batch]\nrows = 33\n", to: "backfilld.toml")
        let result = try await place.run(
            "config", "--set", "batch.inFlight=3",
            environment: ["DATABASE_URL": "postgresql://me:hidden-word@db.example.com/music", "BATCH_SIZE": ""])
        result.expect(.code(0))
        func line(_ key: String) -> String {
            result.output.split(separator: "\n").first { $0.contains(key) }.map(String.init) ?? ""
        }
        #expect(line("batch.rows").contains("33") && line("batch.rows").contains("backfilld.toml, line 2"))
        #expect(line("batch.inFlight").contains("3") && line("batch.inFlight").contains("--set"))
        #expect(line("hash.dimension").contains("BACKFILLD_HASH_DIMENSION"))
        #expect(line("batch.quiet").contains("default"), "\(line("batch.quiet"))")
        #expect(line("database.url").contains("db.example.com"))
        #expect(!result.text.contains("hidden-word"))
        try await place.run("config", "--check").expect(.code(0), "is right")
        try await place.run("version").expect(.code(0), "backfilld 0.1.0", "libpq 1")
        let version = try await place.run("version", "--json").expect(.code(0)).json()
        #expect(version["backfilld"] as? String == "0.1.0")
    }
}
