import Foundation
import TestSupport
import Testing

/// The console of the daemon itself, asked with curl, on a table in a real server.
@Suite struct ProcessConsoleTests {
    private static let token = "correct-horse-battery-staple"

    /// A daemon with a console on a port of its own.
    private struct Answering {
        let daemon: RunningProcess
        let base: String

        init(_ place: Workplace, _ arguments: String..., environment: [String: String] = [:]) async throws {
            daemon = try place.start(
                ["run", "--set", "console.listen=127.0.0.1:0"] + arguments,
                environment: ["BACKFILLD_CONSOLE_TOKEN": ProcessConsoleTests.token].merging(environment) { $1 })
            let line = try await daemon.says("the console listens on")
            let address = line.components(separatedBy: "listens on ").last?.prefix { $0 != ";" } ?? ""
            base = "http://\(address)"
            try await daemon.says(" ready after ")
        }

        /// Asks with the token; answers the status and the body.
        func curl(_ path: String, _ options: String...) async throws -> (status: String, body: String) {
            let done = try await RunningProcess.run(
                "curl",
                [
                    "-sS", "-m", "100", "-w", "\n%{http_code}", "-H",
                    "Authorization: Bearer \(ProcessConsoleTests.token)",
                ]
                    + options + [base + path], environment: ["PATH": "/usr/bin:/bin"])
            let lines = done.output.components(separatedBy: "\n")
            return (lines.last ?? "", lines.dropLast().joined(separator: "\n"))
        }

        func json(_ path: String, _ options: String...) async throws -> [String: Any] {
            let done = try await RunningProcess.run(
                "curl",
                ["-sS", "-m", "100", "-H", "Authorization: Bearer \(ProcessConsoleTests.token)"] + options + [
                    base + path
                ],
                environment: ["PATH": "/usr/bin:/bin"])
            let object = try JSONSerialization.jsonObject(with: Data(done.output.utf8)) as? [String: Any]
            return try #require(object, "\(done)")
        }
    }

    @Test(
        "Health, metrics, tables, vectors, search, status and the page are served by the daemon, and none without the token"
    )
    func endpoints() async throws {
        let place = try await Workplace.make(rows: 30)
        let console = try await Answering(place)
        try await place.allEmbedded()
        #expect(try await console.curl("/healthz") == ("200", #"{"status":"ok"}"#))
        #expect(try await console.curl("/readyz").status == "200")
        #expect(try await console.curl("/metrics", "-H", "Authorization: Bearer wrong").status == "401")
        try await eventually("all are counted") {
            try await console.curl("/metrics").body.contains(
                #"backfilld_rows_embedded_total{table="public.music_knowledge"} 30"#)
        }
        let metrics = try await console.curl("/metrics").body
        #expect(metrics.contains(#"backfilld_embedder_call_seconds_count{caller="pipeline"}"#))
        #expect(metrics.contains("backfilld_notify_queue_usage 0") && metrics.contains("backfilld_listening 1"))
        let tables = try #require(try await console.json("/api/tables")["tables"] as? [[String: Any]])
        #expect(tables.count == 1 && tables[0]["name"] as? String == "public.music_knowledge")
        #expect(tables[0]["dimension"] as? Int == 8)
        let vector = try await console.json("/v1/embeddings", "-d", #"{"input":"7 topic"}"#)
        let data = try #require(vector["data"] as? [[String: Any]])
        #expect((data.first?["embedding"] as? [Double])?.count == 8)
        let found = try await console.json("/api/search?q=7+topic&k=3&mode=text")
        let hits = try #require(found["hits"] as? [[String: Any]])
        #expect(hits.first?["key"] as? String == "7" && found["way"] as? String == "exact")
        let near = try await console.json("/api/search?q=7+topic&k=3&mode=vector&exact=true&filter.category=general")
        #expect((near["hits"] as? [[String: Any]])?.count == 3)
        #expect(try await console.curl("/api/search?q=a&filter.nothing=1").status == "400")
        #expect(try await console.curl("/api/search?q=a&table=nothing").status == "404")
        let status = try await console.json("/api/status")
        let table = try #require((status["tables"] as? [[String: Any]])?.first)
        #expect(table["rows"] as? Int == 30 && table["embedded"] as? Int == 30 && table["pending"] as? Int == 0)
        let page = try await console.curl("/")
        #expect(page.status == "200" && page.body.contains("<!doctype html>") || page.body.contains("<!DOCTYPE html>"))
        try await console.daemon.stop()
    }

    @Test(
        "A search whose caller has gone is ended with its statement, those in line are not begun, and the status waits for none"
    )
    func abandoned() async throws {
        let place = try await Workplace.make()
        try await place.run("pause").expect(.code(0))
        // Text search reads all of it, which takes far longer than anybody waits here.
        try await place.database.psql(
            "INSERT INTO music_knowledge (id, topic) SELECT n, n || repeat(' word', 150000) FROM generate_series(1, 600) AS n"
        )
        let console = try await Answering(place)
        #expect(try await console.curl("/api/tables").status == "200")
        let patience = ["1", "2", "2", "2", "2", "2", "2", "2"]
        try await withThrowingTaskGroup(of: String.self) { group in
            for seconds in patience {
                group.addTask { try await console.curl("/api/search?q=word&mode=text", "-m", seconds).status }
            }
            #expect(try await console.curl("/api/status").status == "200")
            for try await status in group { #expect(status == "000") }
        }
        try await eventually("all were given up", within: .seconds(120)) {
            try await console.curl("/metrics").body.contains(
                #"backfilld_console_requests_total{endpoint="/api/search",status="499"} \#(patience.count)"#)
        }
        try await eventually("no statement is left", within: .seconds(120)) {
            try await place.database.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> pg_backend_pid()"
            ) == "0"
        }
        try await console.daemon.stop()
    }

    @Test(
        "Where no table is named the first of the configuration is meant, and a change of its schema is no end of search"
    )
    func firstTable() async throws {
        let place = try await Workplace.make(rows: 3)
        try await place.database.psql(
            "CREATE TABLE another AS SELECT * FROM music_knowledge; ALTER TABLE another ADD PRIMARY KEY (id); "
                + "UPDATE another SET topic = 'elsewhere', embedding = NULL")
        try place.write(
            """
            [[tables]]
            name = "music_knowledge"
            columns = ["topic", "suggestion"]
            [[tables]]
            name = "another"
            columns = ["topic"]
            """, to: "backfilld.toml")
        try await place.run("setup").expect(.code(0))
        let console = try await Answering(place)
        try await place.allEmbedded()
        let search = "/api/search?q=topic&mode=text"
        #expect(try await console.json(search)["table"] as? String == "public.music_knowledge")
        #expect(try await console.curl(search).body.contains(#""category":"general""#))
        try await place.database.psql("ALTER TABLE music_knowledge DROP COLUMN category")
        try await eventually("the table as it is now") {
            let answer = try await console.curl(search)
            try #require(["200", "503"].contains(answer.status), "\(answer)")
            return answer.status == "200" && answer.body.contains("1 topic") && !answer.body.contains("general")
        }
        try await console.daemon.stop()
    }

    @Test("A table that is locked is 503 with when to come back, and the status is told all the same")
    func locked() async throws {
        let place = try await Workplace.make(rows: 3)
        let console = try await Answering(place)
        try await place.allEmbedded()
        #expect(try await console.curl("/api/search?q=topic&mode=text").status == "200")
        let lock = Task {
            try await place.database.psql(
                "BEGIN; LOCK TABLE music_knowledge; SELECT pg_advisory_lock(77) FROM pg_sleep(0); SELECT pg_sleep(300)")
        }
        try await eventually("the table is locked") {
            try await place.database.psql(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            ) == "1"
        }
        let answer = try await console.curl("/api/search?q=topic&mode=text", "-i")
        #expect(answer.status == "503" && answer.body.lowercased().contains("retry-after: 5"), "\(answer)")
        #expect(answer.body.contains("the table is locked"))
        #expect(try await console.curl("/api/status").status == "200")
        try await place.database.psql(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND objid = 77 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        _ = try? await lock.value
        try await console.daemon.stop()
    }

    @Test(
        "The first version's request: rows are in the table when they are counted, and those that do not exist are not")
    func upsert() async throws {
        let place = try await Workplace.make()
        let console = try await Answering(place)
        try await place.insert(1...3)
        let rows = (1...4).map { #"{"id":"\#($0)","text":"anything"}"# }.joined(separator: ",")
        let answer = try await console.json("/api/upsert-embeddings", "-d", #"{"rows":[\#(rows)]}"#)
        #expect(
            answer["success"] as? Bool == true && answer["processed"] as? Int == 4 && answer["updated"] as? Int == 3)
        #expect((answer["message"] as? String)?.hasPrefix("Successfully processed 4 embeddings; 1 of the rows") == true)
        #expect(try await place.pending() == 0)
        let wrong = try await console.curl("/api/upsert-embeddings", "-d", #"{"rows":[{"id":"seven","text":"a"}]}"#)
        #expect(wrong.status == "400" && wrong.body.contains("error"))
        #expect(try await console.curl("/api/upsert-embeddings", "-d", "{}").status == "400")
        try await place.run("pause").expect(.code(0))
        try await place.insert(5...5)
        try await eventually("the pause is known") {
            try await console.curl("/metrics").body.contains(#"backfilld_paused{table="public.music_knowledge"} 1"#)
        }
        let paused = try await console.json("/api/upsert-embeddings", "-d", #"{"rows":[{"id":"5","text":"a"}]}"#)
        #expect(paused["updated"] as? Int == 0 && (paused["message"] as? String)?.contains("paused") == true)
        try await console.daemon.stop()
    }

    @Test("The map has every row once, keeps their places, and takes in those that come, with where a query lands")
    func map() async throws {
        let place = try await Workplace.make(rows: 40)
        let console = try await Answering(place)
        try await place.allEmbedded()
        #expect(try await console.json("/api/search?q=7+topic&mode=vector")["point"] is NSNull)
        func places() async throws -> [String: [Double]] {
            let map = try await console.json("/api/map?table=public.music_knowledge")
            let points = try #require(map["points"] as? [[String: Any]])
            #expect(map["sampled"] as? Int == points.count && (map["version"] as? String)?.count == 16)
            let explained = try #require(map["explained"] as? [Double])
            #expect(explained.count == 2 && explained.allSatisfy { $0 > 0 && $0 < 1 })
            return Dictionary(
                uniqueKeysWithValues: try points.map { point in
                    let at = [try #require(point["x"] as? Double), try #require(point["y"] as? Double)]
                    #expect(at.allSatisfy { abs($0) <= 1 } && (point["title"] as? String)?.hasPrefix("title ") == true)
                    return (try #require(point["key"] as? String), at)
                })
        }
        let before = try await places()
        #expect(Set(before.keys) == Set((1...40).map(String.init)))
        let landed = try await console.json("/api/search?q=7+topic&mode=vector")["point"] as? [Double]
        #expect(landed?.count == 2 && landed?.allSatisfy { abs($0) <= 1 } == true)
        let watcher = try RunningProcess(
            "curl",
            ["-sSN", "-m", "300", "-H", "Authorization: Bearer \(Self.token)", console.base + "/api/events"],
            environment: ["PATH": "/usr/bin:/bin"])
        try await watcher.says("event: status")
        try await place.insert(41...41)
        let told = try await watcher.says(#""key":"41""#)
        #expect(told.contains(#""point":["#), "\(told)")
        try await eventually("the map has the row, too", within: .seconds(120)) { try await places().count == 41 }
        let after = try await places()
        #expect(before.allSatisfy { after[$0.key] == $0.value })
        #expect(try await console.curl("/api/map?table=nothing").status == "404")
        #expect(try await console.curl("/api/map?limit=3").status == "400")
        try await console.daemon.stop()
        _ = try await watcher.exit()
    }

    @Test("Quality is measured when somebody asks, and kept for a moment, not in the table of figures")
    func quality() async throws {
        let place = try await Workplace.make(rows: 60)
        let console = try await Answering(place)
        try await place.allEmbedded()
        let told = try await console.json("/api/quality?table=public.music_knowledge")
        let figures = try #require(told["figures"] as? [[String: Any]])
        let coverage = try #require(figures.first { $0["name"] as? String == "coverage" })
        #expect(coverage["value"] as? Double == 1 && coverage["verdict"] as? String == "good")
        for figure in figures {
            #expect(["good", "fair", "bad", "unknown"].contains(figure["verdict"] as? String ?? ""))
            #expect(figure["title"] is String && figure["says"] is String && figure["good"] is String)
            #expect(["share", "ms", "cosine", "count", "norm"].contains(figure["unit"] as? String ?? ""), "\(figure)")
        }
        #expect(told["at"] as? String == (try await console.json("/api/quality")["at"] as? String))
        #expect(try await place.database.psql("SELECT count(*) FROM backfilld.quality") == "0")
        #expect(try await console.curl("/api/quality?table=nothing").status == "404")
        try await console.daemon.stop()
    }

    @Test("promtool has nothing to say against the metrics of a daemon, nor against the alert rules")
    func promtool() async throws {
        let cache = ProcessInfo.processInfo.environment["BACKFILLD_CACHE"] ?? "/var/cache/backfilld"
        let unpacked = "\(cache)/promtool"
        let promtool = FileManager.default.isExecutableFile(atPath: unpacked) ? unpacked : "promtool"
        let place = try await Workplace.make(rows: 30)
        let console = try await Answering(place)
        try await place.allEmbedded()
        _ = try await console.json("/v1/embeddings", "-d", #"{"input":"7 topic"}"#)
        let metrics = try await console.curl("/metrics").body
        let checked = try await RunningProcess.run(promtool, ["check", "metrics"], input: metrics + "\n")
        #expect(checked.exit == .code(0) && checked.text == "", "\(checked)")
        let rules = try await RunningProcess.run(promtool, ["check", "rules", "\(repositoryRoot)/docs/alerts.yml"])
        rules.expect(.code(0), "SUCCESS")
        // Every metric that is drawn or alerted on is one that there is.
        let told = Set(
            metrics.split(separator: "\n").filter { $0.hasPrefix("# TYPE ") }.map { $0.split(separator: " ")[2] })
        for file in ["alerts.yml", "grafana-dashboard.json", "metrics.md"] {
            let text = try String(contentsOfFile: "\(repositoryRoot)/docs/\(file)", encoding: .utf8)
            for match in text.matches(of: /backfilld_[a-z_]*[a-z]\b/) {
                let name = match.output
                let family = ["_bucket", "_sum", "_count"].reduce(name) {
                    $0.hasSuffix($1) ? $0.dropLast($1.count) : $0
                }
                #expect(told.contains(family) || told.contains(name), "\(name) in \(file)")
            }
        }
        try await console.daemon.stop()
    }

    @Test("Events tell of rows as they are embedded, and end with the daemon")
    func events() async throws {
        let place = try await Workplace.make()
        let console = try await Answering(place)
        let watcher = try RunningProcess(
            "curl",
            ["-sSN", "-m", "300", "-H", "Authorization: Bearer \(Self.token)", console.base + "/api/events"],
            environment: ["PATH": "/usr/bin:/bin"])
        try await watcher.says("event: status")
        try await place.insert(21...21)
        try await watcher.says(#""key":"21""#)
        try await watcher.line(within: .seconds(120)) { $0.contains(#""embedded":1,"pending":0"#) }
        try await console.daemon.stop()
        _ = try await watcher.exit()
    }

    @Test("An address that is taken ends the start with 75, one that is none with 78, and a reload changes the token")
    func startAndReload() async throws {
        let place = try await Workplace.make()
        try place.write("[console]\ntoken = \"\(Self.token)\"\n", to: "backfilld.toml")
        let console = try await Answering(place, environment: ["BACKFILLD_CONSOLE_TOKEN": ""])
        let address = console.base.dropFirst("http://".count)
        let taken = try await place.run("run", "--set", "console.listen=\(address)")
        taken.expect(.code(75), "another process listens there")
        let wrong = try await place.run("run", "--set", "console.listen=unix:/nowhere/at/all")
        wrong.expect(.code(78), "/nowhere/at/all")
        try place.write("[console]\ntoken = \"another-token-altogether\"\n", to: "backfilld.toml")
        console.daemon.send(SIGHUP)
        try await console.daemon.says("reloaded: console.token changed")
        #expect(try await console.curl("/metrics").status == "401")
        try await console.daemon.stop()
    }

    @Test("A console that hangs is told, keeps no row from its vector, and a stop does not wait for it")
    func hang() async throws {
        let place = try await Workplace.make(rows: 5)
        let console = try await Answering(place, environment: ["STANDSTILL_OF": "console"])
        let asking = try RunningProcess(
            "curl", ["-sS", "-m", "300", "-H", "Authorization: Bearer \(Self.token)", console.base + "/api/tables"],
            environment: ["PATH": "/usr/bin:/bin"])
        try await console.daemon.says("the console has come to nothing new for")
        try await place.insert(11...30)
        try await place.allEmbedded()
        try await console.daemon.stop()
        _ = try await asking.exit()
    }

    @Test("A stop is in good order while clients hang on and keep asking")
    func stop() async throws {
        let place = try await Workplace.make(rows: 50)
        let console = try await Answering(place)
        let flood = try RunningProcess(
            "bash",
            [
                "-c",
                "while curl -sS -m 20 -o /dev/null -H 'Authorization: Bearer \(Self.token)' -d '{\"input\":\"a\"}' \(console.base)/v1/embeddings; do :; done",
            ], environment: ["PATH": "/usr/bin:/bin"])
        let watcher = try RunningProcess(
            "curl",
            ["-sSN", "-m", "300", "-H", "Authorization: Bearer \(Self.token)", console.base + "/api/events"],
            environment: ["PATH": "/usr/bin:/bin"])
        try await watcher.says("event: status")
        try await place.allEmbedded()
        try await console.daemon.stop()
        _ = try await (flood.exit(), watcher.exit())
    }
}
