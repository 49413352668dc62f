import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Pause and resume beside a daemon", .inLanes)
struct PipelinePauseTests {
    private static func pause(_ isPaused: Bool, _ lab: Lab) async throws {
        let table = try await WatchedTable.load(lab.spec(lab.tables[0]), identity: nil, on: lab.user)
        #expect(try await Pause.set(isPaused, table, on: lab.user))
    }

    @Test(
        "A batch under way ends, nothing begins, a restart changes nothing, and resume goes on at once",
        arguments: PostgresServer.Flavour.allCases)
    func live(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 5) AS i")
            try await lab.embedder.isHolding()
            try await Self.pause(true, lab)
            try await lab.run("INSERT INTO notes SELECT i, 'late ' || i FROM generate_series(6, 30) AS i")
            lab.embedder.release()
            try await lab.allRight(but: 25)
            try await daemon.tells("paused") { $0.isPaused }
            try await daemon.heartbeats(2)
            #expect(try await lab.pending() == 25)
            #expect(!lab.embedder.texts.contains { $0.hasPrefix("late") })
            #expect(daemon.statusLine.hasPrefix("paused: public.notes since "), "\(daemon.statusLine)")
            #expect(try await lab.failures() == 0)
        }
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(600))) { daemon in
            try await daemon.tells("paused") { $0.isPaused }
            #expect(daemon.statusLine.hasPrefix("paused: public.notes since "), "\(daemon.statusLine)")
            _ = try await daemon.listens()
            // Nobody has looked.
            #expect(!daemon.statusLine.contains("pending"), "\(daemon.statusLine)")
            #expect(!lab.embedder.texts.contains { $0.hasPrefix("late") })
            try await Self.pause(false, lab)
            try await lab.allRight()
            try await daemon.tells("not paused") { !$0.isPaused }
            #expect(daemon.statusLine.hasPrefix("listening") || daemon.statusLine.hasPrefix("polling"))
        }
    }

    @Test("A backlog that is known already is not begun either", arguments: PostgresServer.Flavour.allCases)
    func backlog(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 5000) AS i")
        lab.embedder.hold()
        try await lab.withDaemonNotReady { daemon in
            let working = { daemon.daemon?.vitals.tables.values.first?.working ?? 0 }
            // How many there may be is a question of the server's locks, which other tests' daemons have a share of.
            try await eventually("batches under way") { working() > 0 }
            try await lab.embedder.isHolding()
            try await Self.pause(true, lab)
            // However long they take, and though no scan begins before one of them ends.
            try await daemon.tells("paused, with batches under way") { $0.isPaused }
            #expect(daemon.statusLine.hasPrefix("paused: public.notes since "), "\(daemon.statusLine)")
            lab.embedder.release()
            try await eventually("the batches' end") { working() == 0 }
            let done = lab.embedder.texts.count
            try await daemon.heartbeats(2)
            #expect(lab.embedder.texts.count == done)
            #expect(try await lab.pending() == 5000 - done)
            try await Self.pause(false, lab)
            try await lab.allRight()
            let texts = lab.embedder.texts
            #expect(texts.count == 5000 && Set(texts).count == 5000, "no text is embedded twice")
        }
    }
}
