import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("What happens to a row while its text is embedded", .inLanes)
struct PipelineGuardTests {
    /// Runs `meanwhile` between the reading and the writing of row 1.
    private func between(
        _ flavour: PostgresServer.Flavour, _ meanwhile: String, _ body: (Lab, LabDaemon) async throws -> Void
    ) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'old'), (2, 'neighbour')")
            try await lab.embedder.isHolding()
            try await lab.run(meanwhile)
            lab.embedder.release()
            try await body(lab, daemon)
        }
    }

    @Test("a changed text gets its own vector, never the old one", arguments: PostgresServer.Flavour.allCases)
    func changed(_ flavour: PostgresServer.Flavour) async throws {
        try await between(flavour, "UPDATE notes SET topic = 'new' WHERE id = 1") { lab, _ in
            try await lab.allRight()
            #expect(lab.embedder.count(of: "new") == 1)
            #expect(lab.embedder.count(of: "neighbour") == 1)
        }
    }

    @Test("a text changed and changed back keeps the vector that fits", arguments: PostgresServer.Flavour.allCases)
    func changedBack(_ flavour: PostgresServer.Flavour) async throws {
        let twice = "UPDATE notes SET topic = 'new' WHERE id = 1; UPDATE notes SET topic = 'old' WHERE id = 1"
        try await between(flavour, twice) { lab, _ in try await lab.allRight() }
    }

    @Test("a vector that somebody set meanwhile stays", arguments: PostgresServer.Flavour.allCases)
    func vectorSet(_ flavour: PostgresServer.Flavour) async throws {
        let array = flavour == .debian ? "'{1,2,3,4,5,6,7,8}'" : "'[1,2,3,4,5,6,7,8]'"
        try await between(flavour, "UPDATE notes SET embedding = \(array) WHERE id = 1") { lab, daemon in
            try await eventually { try await lab.pending() == 0 }
            try await daemon.heartbeats(2)
            #expect(try await lab.wrongRows() == ["1"])
            #expect(lab.embedder.count(of: "old") == 1)
        }
    }

    @Test("a row deleted meanwhile is gone", arguments: PostgresServer.Flavour.allCases)
    func deleted(_ flavour: PostgresServer.Flavour) async throws {
        try await between(flavour, "DELETE FROM notes WHERE id = 1") { lab, daemon in
            try await lab.allRight()
            #expect(try await lab.number("SELECT count(*) FROM notes") == 1)
            #expect(daemon.told.troubles == [])
        }
    }

    @Test(
        "a row deleted and inserted anew under its key gets the vector of its new text",
        arguments: PostgresServer.Flavour.allCases)
    func reborn(_ flavour: PostgresServer.Flavour) async throws {
        let again = "DELETE FROM notes WHERE id = 1; INSERT INTO notes VALUES (1, 'reborn')"
        try await between(flavour, again) { lab, _ in
            try await lab.allRight()
            #expect(lab.embedder.count(of: "reborn") == 1)
        }
    }

    @Test("a row whose key changed meanwhile is found under the new one", arguments: PostgresServer.Flavour.allCases)
    func renumbered(_ flavour: PostgresServer.Flavour) async throws {
        try await between(flavour, "UPDATE notes SET id = 100 WHERE id = 1") { lab, _ in try await lab.allRight() }
    }

    @Test("two rows that swap their texts meanwhile do not swap vectors", arguments: PostgresServer.Flavour.allCases)
    func swapped(_ flavour: PostgresServer.Flavour) async throws {
        let swap = "UPDATE notes SET topic = CASE id WHEN 1 THEN 'neighbour' ELSE 'old' END"
        try await between(flavour, swap) { lab, _ in try await lab.allRight() }
    }

    @Test(
        "another column updated a thousand times neither embeds again nor starves",
        arguments: PostgresServer.Flavour.allCases)
    func unrelated(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let busy = try await lab.connect()
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'busy'), (2, 'calm')")
            try await lab.embedder.isHolding()
            for number in 1...1000 {
                // In the midst of it the vector comes; the updates go on.
                if number == 300 { lab.embedder.release() }
                try await busy.script("UPDATE notes SET other = other + 1 WHERE id = 1", name: "unrelated update")
            }
            try await lab.allRight()
            #expect(try await lab.number("SELECT other FROM notes WHERE id = 1") == 1000)
            try await daemon.heartbeats(2)
        }
        #expect(lab.embedder.count(of: "busy") == 1)
        #expect(lab.embedder.count(of: "calm") == 1)
    }

    @Test("texts that change all the time end with the vectors of the last", arguments: PostgresServer.Flavour.allCases)
    func storm(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 60) AS i")
        try await lab.withDaemon { _ in
            try await withThrowingTaskGroup(of: Void.self) { writers in
                for writer in 1...3 {
                    writers.addTask {
                        let connection = try await lab.connect()
                        for round in 1...40 {
                            let key = (round * 7 + writer) % 60 + 1
                            let sql = [
                                "UPDATE notes SET topic = 'w\(writer) r\(round)' WHERE id % 20 = \(key % 20)",
                                "DELETE FROM notes WHERE id = \(key)",
                                "INSERT INTO notes VALUES (\(key), 'n\(round)') ON CONFLICT (id) DO UPDATE "
                                    + "SET topic = EXCLUDED.topic",
                                "UPDATE notes SET embedding = NULL WHERE id = \(key)",
                            ][round % 4]
                            do {
                                try await connection.script(sql, name: "storm")
                            } catch let error as PostgresError where error.hasState("40P01") {
                                // The writers' own: the daemon's lock order is another test's matter.
                                continue
                            }
                        }
                        await connection.close()
                    }
                }
                try await writers.waitForAll()
            }
            try await lab.allRight()
        }
    }
}
