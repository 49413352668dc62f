import Backfill
import Embedders
import Synchronization
import TestSupport
import Testing

@Suite("A provider that is away, or asks for fewer requests", .inLanes)
struct PipelineProviderTests {
    @Test(
        "Nobody is charged, one batch at a time finds out whether it is back, and degraded stays until it is",
        arguments: PostgresServer.Flavour.allCases,
        [EmbedderError.unavailable("503"), EmbedderError.refused("401")])
    func away(_ flavour: PostgresServer.Flavour, _ error: EmbedderError) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 1500) AS i")
        lab.embedder.answer { _, _ in throw error }
        try await lab.withDaemon { daemon in
            // Four batches at once, each of which fails once; whatever comes then is a probe.
            try await daemon.tells("probed") { $0.troubles.count >= 6 }
            #expect(daemon.statusLine.hasPrefix("degraded: public.notes: "), "\(daemon.statusLine)")
            #expect(daemon.told.recoveries == 0, "a scan that comes back says nothing of the provider")
            lab.embedder.hold()
            try await lab.embedder.isHolding()
            try await daemon.heartbeats(2)
            #expect(lab.embedder.held == 1)
            #expect(daemon.statusLine.contains("degraded"), "\(daemon.statusLine)")
            #expect(try await lab.failures() == 0)
            #expect(try await lab.pending() == 1500)
            lab.embedder.answer(nil)
            lab.embedder.release()
            try await lab.allRight()
            try await daemon.tells("recovered") { $0.recoveries == 1 }
            #expect(!daemon.statusLine.contains("degraded"), "\(daemon.statusLine)")
            #expect(daemon.told.setAside.isEmpty)
            #expect(try await lab.failures() == 0)
        }
    }

    @Test("Where nothing is left to embed, nothing is degraded any more", arguments: PostgresServer.Flavour.allCases)
    func nothingLeft(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        lab.embedder.answer { _, _ in throw EmbedderError.unavailable("503") }
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await daemon.tells("trouble") { !$0.troubles.isEmpty }
            try await lab.run("DELETE FROM notes")
            try await daemon.tells("over") { $0.recoveries == 1 }
            #expect(!daemon.statusLine.contains("degraded"), "\(daemon.statusLine)")
        }
    }

    /// Answers some calls with a limit, and remembers when and with what it was called.
    private final class Limiter: Sendable {
        private let log = Mutex([(at: ContinuousClock.Instant, texts: [String])]())
        let wait: Duration?
        let calls: Set<Int>

        init(_ calls: Set<Int>, wait: Duration?) { (self.calls, self.wait) = (calls, wait) }

        var heard: [(at: ContinuousClock.Instant, texts: [String])] { log.withLock(\.self) }

        @Sendable func answer(_ texts: [String], _ right: [[Float]]) throws -> [[Float]] {
            let number = log.withLock { log in
                log.append((.now, texts))
                return log.count
            }
            if calls.contains(number) { throw EmbedderError.limited(retryAfter: wait) }
            return right
        }
    }

    @Test(
        "It is waited as long as it says, and the batch is kept: no attempt, no trouble, no search for its rows",
        arguments: PostgresServer.Flavour.allCases, [Duration.milliseconds(700), nil])
    func limited(_ flavour: PostgresServer.Flavour, _ wait: Duration?) async throws {
        let lab = try await Lab.make(flavour)
        let limiter = Limiter([1, 2], wait: wait)
        lab.embedder.answer(limiter.answer)
        // Nothing but the batch itself brings the row back before the next heartbeat.
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(600))) { daemon in
            _ = try await daemon.listens()
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await daemon.tells("limited") { $0.limited == 1 }
            if wait != nil {
                #expect(daemon.statusLine.contains("asks for fewer requests") || limiter.heard.count > 1)
            }
            try await lab.allRight()
            let heard = limiter.heard
            #expect(heard.count == 3)
            // The least backoff is half of the first.
            let least = wait ?? .milliseconds(50)
            #expect(heard[1].at - heard[0].at >= least && heard[2].at - heard[1].at >= least)
            #expect(daemon.told.troubles.isEmpty && daemon.told.setAside.isEmpty)
            #expect(daemon.told.limited == 2)
            #expect(try await lab.failures() == 0)
            #expect(!daemon.statusLine.contains("degraded"), "\(daemon.statusLine)")
        }
    }

    @Test(
        "What was embedded before the limit is written, and not asked for again",
        arguments: PostgresServer.Flavour.allCases)
    func limitedInTheMiddle(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, limits: EmbedderLimits(rows: 10, bytes: 1 << 20))
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 250) AS i")
        let limiter = Limiter([3, 9, 10, 20], wait: .milliseconds(100))
        lab.embedder.answer(limiter.answer)
        var settings = LabSettings()
        settings.pipeline.inFlight = 1
        try await lab.withDaemon(settings) { daemon in
            try await lab.allRight()
            let heard = limiter.heard
            for (index, call) in heard.enumerated() where !limiter.calls.contains(index + 1) {
                for text in call.texts {
                    let again = heard[(index + 1)...].contains { $0.texts.contains(text) }
                    #expect(!again, "\(text) was embedded, and asked for again")
                }
            }
            #expect(daemon.told.limited == 4)
            #expect(daemon.told.troubles.isEmpty)
            #expect(try await lab.failures() == 0)
        }
    }
}
