import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

/// No attempt comes due by itself while a test looks.
private let once = RetrySettings(first: .seconds(600), longest: .seconds(600), attempts: 3)

@Suite("Rows that fail by their own fault", .inLanes)
struct PipelineFailureTests {
    private static func insert(_ count: Int, into lab: Lab) async throws {
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, \(count)) AS i")
    }

    @Test(
        "One poison text of 250 is found in few calls, and nobody else is charged",
        arguments: PostgresServer.Flavour.allCases)
    func poison(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await Self.insert(250, into: lab)
        lab.embedder.refuse(["text 117"])
        try await lab.withDaemon(LabSettings(retry: once)) { daemon in
            try await lab.allRight(but: 1)
            try await eventually("charged") { try await lab.failures() == 1 }
            #expect(try await lab.failure("attempts", of: "117") == "1")
            #expect(try await lab.failure("(next_try - now() BETWEEN '299 s' AND '600 s')", of: "117") == "true")
            #expect(try await lab.failure("reason", of: "117")?.contains("invalid input") ?? false)
            try await daemon.heartbeats(2)
            // One call a batch, and for the poison one a batch of 250: the harmless text and two for each halving.
            #expect(lab.embedder.calls <= daemon.told.batches + 1 + 16)
            #expect(daemon.told.troubles.isEmpty && daemon.told.setAside.isEmpty)
            #expect(!daemon.statusLine.contains("degraded"))
        }
    }

    @Test(
        "After its attempts it is set aside; another text, or retry, lets it start anew at once",
        arguments: PostgresServer.Flavour.allCases)
    func setAside(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await Self.insert(20, into: lab)
        lab.embedder.refuse(["text 3", "text 4"])
        try await lab.withDaemon { daemon in
            try await daemon.tells("set aside") { $0.setAside.count == 2 }
            #expect(daemon.told.setAside.map(\.key.text).sorted() == ["3", "4"])
            try await lab.allRight(but: 2)
            for key in ["3", "4"] {
                #expect(try await lab.failure("attempts", of: key) == "3")
                #expect(try await lab.failure("next_try", of: key) == "infinity")
                #expect(try await lab.failure("(last_at - first_at >= '50 ms')", of: key) == "true")
            }
            let calls = lab.embedder.calls
            try await daemon.heartbeats(2)
            #expect(lab.embedder.calls == calls, "it is left alone")
            try await lab.run("UPDATE notes SET topic = 'fine' WHERE id = 3")
            try await lab.allRight(but: 1)
            let place = try await LedgerPlace.of(lab)
            lab.embedder.answer(nil)
            #expect(try await place.ledger.forgive(["4"]) == ["4"])
            try await lab.allRight()
            try await eventually("no entry left") { try await lab.failures() == 0 }
            await place.pool.discardIdle()
        }
    }

    @Test(
        "A peer does not try it before its time, and counts on when that has come",
        arguments: PostgresServer.Flavour.allCases)
    func peers(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let poison = Set((1...12).map { "text \($0)" })
        lab.embedder.refuse(poison)
        try await lab.withDaemon(LabSettings(retry: once)) { first in
            try await lab.withDaemon(LabSettings(retry: once)) { second in
                for number in 1...12 {
                    try await lab.run("INSERT INTO notes VALUES (\(number), 'text \(number)')")
                    try await eventually("charged") { try await lab.failures() == number }
                }
                try await first.heartbeats(2)
                try await second.heartbeats(2)
                for text in poison { #expect(lab.embedder.count(of: text) == 1, "\(text)") }
                #expect(try await lab.number("SELECT sum(attempts) FROM backfilld.failure") == 12)
            }
        }
        // What is left of its attempts outlives the daemon.
        try await lab.withDaemon(LabSettings(retry: once)) { third in
            try await third.heartbeats(1)
            #expect(try await lab.number("SELECT max(attempts) FROM backfilld.failure") == 1)
            try await lab.run("UPDATE backfilld.failure SET next_try = now() WHERE key = '5'")
            try await eventually("counted on") { try await lab.failure("attempts", of: "5") == "2" }
            try await lab.run("UPDATE backfilld.failure SET next_try = now() WHERE key = '5'")
            try await third.tells("set aside") { $0.setAside.map(\.key) == ["5"] }
            lab.embedder.answer(nil)
            try await lab.run("UPDATE backfilld.failure SET next_try = now() WHERE next_try < 'infinity'")
            try await lab.allRight(but: 1)
        }
    }

    @Test(
        "A write that one row fails of is charged to it, and its neighbours' vectors are not asked for again",
        arguments: PostgresServer.Flavour.allCases)
    func writeErrors(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour,
            after: """
                ALTER TABLE notes ADD CONSTRAINT odd CHECK (id <> 7 OR embedding IS NULL);
                CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
                    'BEGIN IF new.id = 9 THEN RAISE ''not this one''; END IF; RETURN new; END';
                CREATE TRIGGER refuse BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION refuse();
                """)
        try await Self.insert(250, into: lab)
        try await lab.withDaemon(LabSettings(retry: once)) { daemon in
            try await lab.allRight(but: 2)
            try await eventually("charged") { try await lab.failures() == 2 }
            for (key, word) in [("7", "odd"), ("9", "P0001")] {
                let reason = try await lab.failure("reason", of: key) ?? ""
                #expect(reason.contains(word) && !reason.contains("text \(key)"), "\(reason)")
                #expect(try await lab.failure("attempts", of: key) == "1")
            }
            try await daemon.heartbeats(1)
            for number in 1...250 { #expect(lab.embedder.count(of: "text \(number)") == 1, "\(number)") }
            #expect(daemon.told.troubles.isEmpty)
        }
    }

    @Test(
        "Where all rows are poison and the provider is fine, all are set aside",
        arguments: PostgresServer.Flavour.allCases)
    func allPoison(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await Self.insert(20, into: lab)
        lab.embedder.refuse(Set((1...20).map { "text \($0)" }))
        try await lab.withDaemon { daemon in
            try await daemon.tells("all set aside") { $0.setAside.count == 20 }
            #expect(try await lab.number("SELECT count(*) FROM backfilld.failure WHERE next_try = 'infinity'") == 20)
            #expect(daemon.told.troubles.isEmpty)
            try await daemon.heartbeats(1)
            #expect(daemon.statusLine.contains("20 set aside"), "\(daemon.statusLine)")
        }
    }

    @Test(
        "A vector with a component that is no number is its own row's failure",
        arguments: PostgresServer.Flavour.allCases)
    func notFinite(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await Self.insert(20, into: lab)
        lab.embedder.answer { texts, right in
            zip(texts, right).map { $0 == "text 3" ? [Float](repeating: .nan, count: 8) : $1 }
        }
        // The harmless text is fine.
        try await lab.withDaemon { daemon in
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["3"] }
            try await lab.allRight(but: 1)
            #expect(try await lab.failures() == 1)
            #expect(try await lab.failure("reason", of: "3")?.contains("no finite number") ?? false)
            #expect(daemon.told.troubles.isEmpty)
        }
    }

    @Test("A row that is deleted while it is embedded is no failure", arguments: PostgresServer.Flavour.allCases)
    func deleted(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await Self.insert(5, into: lab)
            try await lab.embedder.isHolding()
            try await lab.run("DELETE FROM notes WHERE id = 3; TRUNCATE notes; INSERT INTO notes VALUES (4, 'other')")
            lab.embedder.release()
            try await lab.allRight()
            try await daemon.heartbeats(1)
            #expect(try await lab.failures() == 0)
            #expect(daemon.told.troubles.isEmpty && daemon.told.setAside.isEmpty)
        }
    }
}
