import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Rows and tables that somebody has locked", .inLanes)
struct PipelineLockTests {
    @Test(
        "a locked row delays only itself, is embedded once, and is written soon after",
        arguments: ["FOR UPDATE", "FOR NO KEY UPDATE", "FOR SHARE"])
    func lockedRow(_ strength: String) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            let other = try await lab.connect()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 50) AS i")
            try await other.script("BEGIN; SELECT FROM notes WHERE id = 7 \(strength)", name: "lock a row")
            try await lab.withDaemon { daemon in
                try await eventually("all others embedded") { try await lab.pending() == 1 }
                try await daemon.heartbeats(3)
                #expect(try await lab.values("SELECT id FROM notes WHERE embedding IS NULL") == ["7"])
                try await other.script("COMMIT", name: "release it")
                try await lab.allRight(within: .seconds(5))
                #expect(lab.embedder.count(of: "text 7") == 1)
                #expect(daemon.told.setAside.isEmpty)
            }
            await other.close()
        }
    }

    @Test("a row locked, changed and released gets the new text's vector", arguments: PostgresServer.Flavour.allCases)
    func lockedAndChanged(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let other = try await lab.connect()
        try await lab.run("INSERT INTO notes VALUES (1, 'old'), (2, 'neighbour')")
        try await other.script("BEGIN; UPDATE notes SET topic = 'new' WHERE id = 1", name: "change a row")
        try await lab.withDaemon { daemon in
            try await eventually("the neighbour embedded") { try await lab.pending() == 1 }
            try await daemon.heartbeats(1)
            try await other.script("COMMIT", name: "commit")
            try await lab.allRight()
        }
        // What is about to be replaced need not be embedded, which may cost money.
        #expect(lab.embedder.count(of: "old") == 0)
        #expect(lab.embedder.count(of: "new") == 1)
    }

    @Test(
        "a lock that another table's foreign key takes is no obstacle", arguments: PostgresServer.Flavour.allCases)
    func keyShare(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(
            flavour, after: "CREATE TABLE remark (id bigint REFERENCES notes)")
        let other = try await lab.connect()
        try await lab.run("INSERT INTO notes VALUES (1, 'a')")
        try await other.script("BEGIN; INSERT INTO remark VALUES (1)", name: "refer to the row")
        try await lab.withDaemon { _ in try await lab.allRight() }
    }

    @Test(
        "rows that a transaction has locked wait, and are embedded once, whichever daemon comes to them",
        arguments: [
            "SELECT FROM notes FOR UPDATE", "SAVEPOINT s; UPDATE notes SET other = 1; RELEASE s",
            // Both together leave a number of the kind that several sessions share.
            "SELECT FROM notes FOR UPDATE; SAVEPOINT s; UPDATE notes SET other = 1",
        ])
    func manyLocked(_ locking: String) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            let other = try await lab.connect()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 12000) AS i")
            try await other.script("BEGIN; \(locking)", name: "lock all rows")
            // More rows than are held, and than a scan brings: those behind them must be found.
            var settings = LabSettings()
            settings.pipeline.page = 1000
            try await lab.withDaemon(settings) { first in
                try await lab.withDaemon(settings) { second in
                    try await first.heartbeats(2)
                    try await lab.run("INSERT INTO notes VALUES (50000, 'free')")
                    try await eventually("the free row embedded") { lab.embedder.count(of: "free") == 1 }
                    for daemon in [first, second] { try await daemon.heartbeats(3) }
                    #expect(lab.embedder.texts == ["free"])
                    try await other.script("COMMIT", name: "release them")
                    try await lab.allRight()
                    #expect(lab.embedder.texts.count == 12_001)
                }
            }
            await other.close()
        }
    }

    @Test("rows that are locked while they are embedded are embedded once", arguments: PostgresServer.Flavour.allCases)
    func lockedMeanwhile(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let other = try await lab.connect()
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 300) AS i")
            try await lab.embedder.isHolding()
            try await other.script("BEGIN; SELECT FROM notes FOR UPDATE", name: "lock all rows")
            lab.embedder.release()
            try await daemon.heartbeats(3)
            #expect(try await lab.pending() == 300)
            try await other.script("COMMIT", name: "release them")
            try await lab.allRight()
            #expect(lab.embedder.texts.count == 300)
        }
    }

    @Test("an owner's lock on the whole table delays, and loses nothing", arguments: PostgresServer.Flavour.allCases)
    func lockedTable(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        let other = try await lab.connect()
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await lab.embedder.isHolding()
            try await other.script("BEGIN; LOCK TABLE notes", name: "lock the table")
            lab.embedder.release()
            try await daemon.tells("trouble with the lock") { !$0.troubles.isEmpty }
            try await other.script("COMMIT", name: "release it")
            try await lab.allRight()
        }
    }

    @Test(
        "updates in opposite key order never deadlock with the daemon, and nobody waits for it",
        arguments: [nil, "rewrites"] as [String?])
    func oppositeOrder(_ owner: String?) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            // A trigger that rewrites the text makes the daemon take vectors back: that must not block either.
            if owner != nil { try await lab.run(PipelineTriggerTests.rewritesAlways) }
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 400) AS i")
            try await lab.withDaemon { _ in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for writer in 1...2 {
                        group.addTask { try await Self.writeBackwards(lab, writer) }
                    }
                    try await group.waitForAll()
                }
                if owner == nil {
                    try await lab.allRight()
                    #expect(lab.embedder.texts.count < 10_000)
                }
            }
        }
    }

    /// Locks pairs of rows, the higher key first, and asks each time whether the daemon is in the way.
    private static func writeBackwards(_ lab: Lab, _ writer: Int) async throws {
        let connection = try await lab.connect()
        // The server would choose a victim after this time: an error here fails the test.
        try await connection.script("SET deadlock_timeout = '10ms'; SET lock_timeout = '5s'", name: "settings")
        for round in 1...60 {
            // The writers keep to rows of their own, so that whatever they wait for is the daemon.
            let first = 400 - 2 * (round % 190) - writer
            let second = first % 8 + (first % 2 == 0 ? 2 : 0)
            try await connection.script(
                """
                BEGIN;
                UPDATE notes SET embedding = NULL WHERE id = \(first);
                UPDATE notes SET other = other + 1 WHERE id = \(first);
                UPDATE notes SET embedding = NULL WHERE id = \(second);
                COMMIT
                """, name: "update in opposite order")
        }
        await connection.close()
    }
}
