import Backfill
import Embedders
import Foundation
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("An endpoint that writes the table itself, or says so", .inLanes)
struct EndpointTests {
    private static let rows =
        "INSERT INTO notes SELECT i, 'a text with the number ' || i FROM generate_series(1, 60) AS i"

    /// Runs `body` beside a daemon whose embedder is an endpoint.
    private func with(
        _ flavour: PostgresServer.Flavour, _ behaviour: @escaping EndpointServer.Behaviour,
        heartbeat: Duration = .seconds(1), prepare: (Lab) async throws -> Void = { _ in },
        _ body: (Lab, EndpointServer, LabDaemon) async throws -> Void
    ) async throws {
        let lab = try await Lab.make(flavour)
        let server = try EndpointServer(lab, flavour, behaviour)
        try await prepare(lab)
        var settings = LabSettings(heartbeat: heartbeat)
        settings.embedder = try LabEndpoint(lab, .codette(base: server.base))
        try await lab.withDaemon(settings) { try await body(lab, server, $0) }
        #expect(server.complaints == [])
    }

    @Test(
        "what it has written is found in the table, counted, and not sent twice",
        arguments: PostgresServer.Flavour.allCases)
    func honest(_ flavour: PostgresServer.Flavour) async throws {
        try await with(flavour, EndpointServer.honest, prepare: { try await $0.run(Self.rows) }) {
            lab, server, daemon in
            try await lab.allRight()
            try await daemon.tells("all rows") { $0.written == 60 }
            try await lab.run("INSERT INTO notes VALUES (100, 'announced'), (101, ''), (102, NULL)")
            try await lab.run("UPDATE notes SET topic = 'another text' WHERE id = 7")
            try await lab.allRight()
            try await daemon.heartbeats(2)
            #expect(server.paths == ["/api/upsert-embeddings"])
            #expect(server.sent.filter { $0.value > 1 } == ["7": 2])
            #expect(server.sent["101"] == nil && server.sent["102"] == nil, "there is nothing to embed in them")
            #expect(server.calls.allSatisfy { $0.count <= 20 })
            #expect(daemon.told.troubles == [] && daemon.told.setAside.isEmpty)
            #expect(try await lab.failures() == 0)
        }
    }

    @Test(
        "one that writes nothing and says that it has is in trouble, and no row is charged",
        arguments: PostgresServer.Flavour.allCases)
    func onlyClaims(_ flavour: PostgresServer.Flavour) async throws {
        try await with(flavour, { $0.done() }, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            let trouble = daemon.told.troubles[0]
            #expect(
                trouble.contains("said 20 updated (\"Updated 20 rows\"), and 0 of 20 rows have an embedding"),
                "\(trouble)")
            #expect(trouble.contains("service role key") && trouble.contains("public.notes.embedding"), "\(trouble)")
            #expect(daemon.statusLine.hasPrefix("degraded"), "\(daemon.statusLine)")
            try await daemon.heartbeats(2)
            #expect(try await lab.pending() == 60)
            #expect(try await lab.failures() == 0)
            server.behave(EndpointServer.honest)
            try await lab.allRight()
            try await daemon.tells("recovered") { $0.recoveries > 0 && $0.trouble == nil }
            #expect(daemon.told.setAside.isEmpty)
        }
    }

    @Test("one that writes after it has answered is waited for", arguments: PostgresServer.Flavour.allCases)
    func late(_ flavour: PostgresServer.Flavour) async throws {
        let late: EndpointServer.Behaviour = { call in
            Task.detached {
                // No moment tells that an answer has been read.
                try await Task.sleep(for: .milliseconds(300))
                try await call.writeLater()
            }
            return call.done()
        }
        try await with(flavour, late) { lab, server, daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'one'), (2, 'two')")
            try await lab.allRight()
            try await daemon.tells("written or seen later") { $0.written == 2 || !$0.troubles.isEmpty }
        }
    }

    @Test(
        "vectors in the answer are written under the guard", arguments: PostgresServer.Flavour.allCases, [true, false])
    func vectors(_ flavour: PostgresServer.Flavour, _ isText: Bool) async throws {
        let lab = try await Lab.make(flavour)
        let embedder = lab.embedder
        let server = try EndpointServer(lab, flavour) { call in
            // Nobody said in which order.
            let rows = call.rows.reversed().map { row in
                let numbers = embedder.vector(of: row.text).map { "\($0)" }.joined(separator: ",")
                return #"{"id":"\#(row.id)","embedding":\#(isText ? #""[\#(numbers)]""# : "[\(numbers)]")}"#
            }
            if call.number == 1 { try call.server.sql("UPDATE notes SET topic = 'changed meanwhile' WHERE id = 3") }
            return LabHTTPReply(json: #"{"success":true,"rows":[\#(rows.joined(separator: ","))]}"#)
        }
        try await lab.run("INSERT INTO notes SELECT i, 'a text with the number ' || i FROM generate_series(1, 9) AS i")
        var settings = LabSettings()
        settings.embedder = try LabEndpoint(lab, .codette(base: server.base))
        try await lab.withDaemon(settings) { daemon in
            try await lab.allRight()
            try await daemon.tells("all rows") { $0.written == 9 }
            #expect(daemon.told.troubles == [])
            #expect(server.sent.filter { $0.value > 1 } == ["3": 2])
        }
        #expect(server.complaints == [])
    }

    @Test(
        "a vector in the answer that is none is its row's failure, and the others are written",
        arguments: PostgresServer.Flavour.allCases, ["[0,0,0,0,0,0,0,0]", "[1,2]", "\"no numbers\""])
    func flawed(_ flavour: PostgresServer.Flavour, _ vector: String) async throws {
        let lab = try await Lab.make(flavour)
        let embedder = lab.embedder
        let server = try EndpointServer(lab, flavour) { call in
            let rows = call.rows.map { row in
                let numbers = embedder.vector(of: row.text).map { "\($0)" }.joined(separator: ",")
                return #"{"id":"\#(row.id)","embedding":\#(row.id == "5" ? vector : "[\(numbers)]")}"#
            }
            return LabHTTPReply(json: #"{"success":true,"rows":[\#(rows.joined(separator: ","))]}"#)
        }
        try await lab.run("INSERT INTO notes SELECT i, 'a text with the number ' || i FROM generate_series(1, 9) AS i")
        var settings = LabSettings()
        settings.embedder = try LabEndpoint(lab, .codette(base: server.base))
        try await lab.withDaemon(settings) { daemon in
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["5"] }
            #expect(try await lab.values("SELECT id FROM notes WHERE embedding IS NULL") == ["5"])
            #expect(daemon.told.troubles == [])
        }
        #expect(server.complaints == [])
    }

    @Test("a row that it leaves out while it writes others fails by itself", arguments: PostgresServer.Flavour.allCases)
    func leavesOut(_ flavour: PostgresServer.Flavour) async throws {
        let picky: EndpointServer.Behaviour = { call in
            let taken = call.rows.filter { $0.id != "13" }
            try call.write(taken)
            return call.done(taken.count)
        }
        try await with(flavour, picky, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["13"] }
            #expect(daemon.told.setAside[0].reason.contains("without an embedding"), "\(daemon.told.setAside)")
            #expect(try await lab.values("SELECT id FROM notes WHERE embedding IS NULL") == ["13"])
            #expect(daemon.told.troubles == [])
            // It was one of three attempts at most before it was known, and then three more.
            #expect((server.sent["13"] ?? 0) >= 4)
            server.behave(EndpointServer.honest)
            try await lab.run("UPDATE notes SET topic = 'a text that is taken' WHERE id = 13")
            try await lab.allRight()
        }
    }

    @Test(
        "a row that it refuses with its whole call is found, and only that is charged",
        arguments: PostgresServer.Flavour.allCases)
    func refuses(_ flavour: PostgresServer.Flavour) async throws {
        let picky: EndpointServer.Behaviour = { call in
            guard !call.rows.contains(where: { ["13", "14", "50"].contains($0.id) }) else {
                return call.number.isMultiple(of: 2)
                    ? LabHTTPReply(status: 400, json: #"{"error":"invalid input"}"#)
                    : LabHTTPReply(json: #"{"success":false,"message":"invalid input"}"#)
            }
            return try EndpointServer.honest(call)
        }
        try await with(flavour, picky, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await eventually("all the others", within: .seconds(120)) { try await lab.pending() == 3 }
            try await daemon.tells("set aside") { Set($0.setAside.map(\.key)) == ["13", "14", "50"] }
            #expect(daemon.told.setAside.allSatisfy { $0.reason.contains("invalid input") }, "\(daemon.told.setAside)")
            // One that took the last row alone would be sent the same text for ever.
            #expect(
                try await lab.values("SELECT id FROM notes WHERE embedding IS NULL ORDER BY id") == ["13", "14", "50"])
        }
    }

    @Test(
        "one that refuses everything is in trouble, and no row is charged", arguments: PostgresServer.Flavour.allCases)
    func refusesAll(_ flavour: PostgresServer.Flavour) async throws {
        let broken: EndpointServer.Behaviour = { _ in
            LabHTTPReply(json: #"{"success":false,"message":"relation does not exist"}"#)
        }
        try await with(flavour, broken, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await daemon.tells("trouble") { $0.troubles.count > 2 }
            #expect(
                daemon.told.troubles.allSatisfy { $0.contains("something does not exist") }, "\(daemon.told.troubles)")
            #expect(try await lab.failures() == 0)
            server.behave(EndpointServer.honest)
            try await lab.allRight()
        }
    }

    private static let failures: [(String, @Sendable (EndpointServer.Call) throws -> LabHTTPReply, says: String)] = [
        ("500", { _ in LabHTTPReply(status: 500, body: []) }, "500"),
        (
            "HTML", { _ in LabHTTPReply(fields: [("content-type", "text/html")], body: Array("<html>".utf8)) },
            "text/html"
        ),
        ("nothing", { _ in LabHTTPReply(body: []) }, "nothing"),
        ("no success", { _ in LabHTTPReply(json: #"{"updated":20}"#) }, "success"),
        ("another type", { _ in LabHTTPReply(json: #"{"success":"yes"}"#) }, "a string"),
        (
            "elsewhere",
            { _ in LabHTTPReply(status: 307, fields: [("location", "http://elsewhere.invalid/")], body: []) }, "307"
        ),
        ("no such function", { _ in LabHTTPReply(status: 404, body: []) }, "404"),
        (
            "half of the rows, and then the connection ends",
            { call in
                try call.write(Array(call.rows.prefix(call.rows.count / 2)))
                var reply = call.done()
                reply.manner = .cut(after: 30)
                return reply
            }, "codette"
        ),
        (
            "half of the rows, and an error",
            { call in
                try call.write(Array(call.rows.prefix(call.rows.count / 2)))
                return LabHTTPReply(status: 502, body: [])
            }, "502"
        ),
    ]

    @Test("its failures charge nobody, and what it wrote before them counts", arguments: 0..<failures.count)
    func fails(_ index: Int) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let (name, failure, says) = Self.failures[index]
            try await with(flavour, failure, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
                try await daemon.tells("trouble") { !$0.troubles.isEmpty }
                if says != "codette" {
                    #expect(daemon.told.troubles[0].contains(says), "\(name): \(daemon.told.troubles[0])")
                }
                server.behave(EndpointServer.honest)
                try await lab.allRight()
                try await daemon.tells("all rows") { $0.written == 60 }
                #expect(try await lab.failures() == 0)
                #expect(daemon.told.setAside.isEmpty)
            }
        }
    }

    @Test("a vector of an old text that it writes late is taken back", arguments: PostgresServer.Flavour.allCases)
    func oldText(_ flavour: PostgresServer.Flavour) async throws {
        let late: EndpointServer.Behaviour = { call in
            if call.number == 1 {
                try call.server.sql("UPDATE notes SET topic = topic || ', and changed since' WHERE id IN (5, 6)")
            }
            return try EndpointServer.honest(call)
        }
        try await with(flavour, late) { lab, server, daemon in
            try await lab.run(
                "INSERT INTO notes SELECT i, 'a text with the number ' || i FROM generate_series(1, 9) AS i")
            try await eventually("the new texts sent", within: .seconds(120)) {
                server.sent["5"] == 2 && server.sent["6"] == 2
            }
            try await lab.allRight()
            try await daemon.heartbeats(1)
            #expect(server.sent.filter { $0.value > 1 } == ["5": 2, "6": 2])
            #expect(daemon.told.troubles == [])
        }
    }

    @Test(
        "a row that somebody has locked is rid of an old text's vector all the same",
        arguments: PostgresServer.Flavour.allCases)
    func oldTextLocked(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let other = try await lab.connect()
        let gate = Mutex(false)
        let isLocked = DispatchSemaphore(value: 0)
        let late: EndpointServer.Behaviour = { call in
            if call.number == 1 {
                try call.server.sql("UPDATE notes SET topic = topic || ', and changed since' WHERE id = 5")
                try call.write()
                gate.withLock { $0 = true }
                // Until the test has the row.
                _ = isLocked.wait(timeout: .now() + 120)
                return call.done()
            }
            return try EndpointServer.honest(call)
        }
        let server = try EndpointServer(lab, flavour, late)
        var settings = LabSettings()
        settings.embedder = try LabEndpoint(lab, .codette(base: server.base))
        try await lab.withDaemon(settings) { daemon in
            try await lab.run(
                "INSERT INTO notes SELECT i, 'a text with the number ' || i FROM generate_series(1, 9) AS i")
            try await eventually("the endpoint has written", within: .seconds(120)) { gate.withLock(\.self) }
            try await other.script("BEGIN; SELECT FROM notes WHERE id = 5 FOR UPDATE", name: "lock")
            isLocked.signal()
            try await daemon.tells("the others") { $0.written == 8 }
            #expect(try await lab.values("SELECT id FROM notes WHERE embedding IS NULL") == [])
            try await other.script("COMMIT", name: "unlock")
            try await eventually("the new text sent", within: .seconds(120)) { server.sent["5"] == 2 }
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
        await other.close()
        #expect(server.complaints == [])
    }

    @Test("one that inserts or updates whole rows makes no work for itself", arguments: PostgresServer.Flavour.allCases)
    func upserts(_ flavour: PostgresServer.Flavour) async throws {
        let upserting: EndpointServer.Behaviour = { call in
            try call.write()
            let values = call.rows.map { "(\($0.id), \(quoteLiteral($0.text)))" }.joined(separator: ",")
            try call.server.sql(
                "INSERT INTO notes (id, topic) VALUES \(values) ON CONFLICT (id) DO UPDATE SET topic = EXCLUDED.topic")
            return call.done()
        }
        try await with(flavour, upserting, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await lab.allRight()
            _ = try await daemon.listens()
            try await daemon.heartbeats(2)
            #expect(server.sent.allSatisfy { $0.value == 1 })
            #expect(server.sent.count == 60)
        }
    }

    @Test("vectors of a wrong dimension are taken back where the column takes them")
    func dimension() async throws {
        let wrong: EndpointServer.Behaviour = { call in
            try call.write(dimension: 5)
            return call.done()
        }
        try await with(.debian, wrong, prepare: { try await $0.run(Self.rows) }) { lab, server, daemon in
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            #expect(daemon.told.troubles[0].contains("5 dimensions, not 8"), "\(daemon.told.troubles)")
            #expect(try await lab.failures() == 0)
            server.behave(EndpointServer.honest)
            try await lab.allRight()
        }
    }

    @Test("a reembed is refused: it would never see the new column")
    func reembed() async throws {
        let lab = try await Lab.make(.debian)
        let connection = try await lab.connect()
        let pool = ConnectionPool(SessionFactory(ConnectionOptions(conninfo: lab.database.conninfo)), limit: 1)
        let problem = await #expect(throws: TableProblem.self) {
            _ = try await Reembed(
                lab.spec(lab.tables[0]), embedder: try LabEndpoint(lab, .codette()), on: connection, pool: pool,
                settings: PipelineSettings())
        }
        #expect(problem?.code == "embedder-writes")
        await connection.close()
    }

    @Test("Supabase's is given its keys, and what it refuses names no more than the end of one")
    func supabase() async throws {
        let lab = try await Lab.make(.pg18WithPgvector)
        let key = "service-role-0123456789-abcd"
        let server = try EndpointServer(lab, .pg18WithPgvector) { call in
            call.number < 3
                ? LabHTTPReply(status: 401, json: #"{"message":"no \#(key)"}"#) : try EndpointServer.honest(call)
        }
        var settings = LabSettings()
        settings.embedder = try LabEndpoint(
            lab, .supabase(base: server.base + "/", key: RemoteKey(key), functionSecret: RemoteKey("a-function-secret"))
        )
        try await lab.withDaemon(settings) { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'one')")
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            let trouble = daemon.told.troubles[0]
            #expect(trouble.contains("401") && trouble.contains("…abcd") && !trouble.contains("6789"), "\(trouble)")
            try await lab.allRight()
        }
        #expect(server.paths == ["/functions/v1/upsert-embeddings"])
        #expect(
            server.fields.allSatisfy {
                $0["apikey"] == key && $0["authorization"] == "Bearer \(key)"
                    && $0["x-functions-secret"] == "a-function-secret" && $0["content-type"] == "application/json"
            })
        #expect(server.complaints == [])
    }
}
