import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("An embedder that fails or is wrong", .inLanes)
struct PipelineEmbedderTests {
    static let cases: [(String, ProbeEmbedder.Fault)] = [
        ("throws", { _, _ in throw ProviderDown() }),
        ("answers too few", { _, right in Array(right.dropLast()) }),
        ("answers too many", { _, right in right + right }),
        ("answers nothing", { _, _ in [] }),
        ("answers a shorter vector", { _, right in right.map { Array($0.dropLast()) } }),
        ("answers one longer vector", { _, right in right.dropLast() + [right[0] + [1]] }),
        ("answers no components", { _, right in right.map { _ in [] } }),
        ("answers only NaN", { _, right in right.map { _ in [Float](repeating: .nan, count: 8) } }),
        ("answers infinity", { _, right in right.map { $0.dropLast() + [-.infinity] } }),
        ("is away", { _, _ in throw EmbedderError.unavailable("503") }),
        ("refuses whatever it is given", { _, _ in throw EmbedderError.refused("400") }),
        ("is cancelled", { _, _ in throw CancellationError() }),
    ]

    @Test("writes nothing, is asked again with growing pauses, and recovers", arguments: 0..<cases.count)
    func faults(_ index: Int) async throws {
        for flavour in PostgresServer.Flavour.allCases {
            let lab = try await Lab.make(flavour)
            try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 20) AS i")
            lab.embedder.answer(Self.cases[index].1)
            try await lab.withDaemon { daemon in
                try await lab.run("INSERT INTO notes VALUES (100, 'announced')")
                try await eventually("tried again") { lab.embedder.calls >= 4 }
                #expect(try await lab.pending() == 21)
                let calls = lab.embedder.calls
                try await daemon.heartbeats(2)
                // At half a second's longest pause, and two batches at once, it is no hot loop.
                #expect(lab.embedder.calls - calls <= 24)
                #expect(daemon.told.setAside.isEmpty)
                lab.embedder.answer(nil)
                try await lab.allRight()
            }
        }
    }

    @Test("announced rows are not lost while it is down", arguments: PostgresServer.Flavour.allCases)
    func announcedWhileDown(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        lab.embedder.answer { _, _ in throw ProviderDown() }
        try await lab.withDaemon(LabSettings(heartbeat: .seconds(60))) { daemon in
            for number in 1...50 {
                try await lab.run("INSERT INTO notes VALUES (\(number), 'text \(number)')")
            }
            try await daemon.tells("trouble") { $0.troubles.count >= 2 }
            lab.embedder.answer(nil)
            try await lab.allRight()
        }
    }

    @Test("its limits are kept, whatever comes", arguments: PostgresServer.Flavour.allCases)
    func limits(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour, limits: EmbedderLimits(rows: 7, bytes: 100))
        lab.embedder.answer { texts, right in
            let bytes = texts.reduce(0) { $0 + $1.utf8.count }
            guard texts.count <= 7, bytes <= 100 || texts.count == 1 else { throw ProviderDown() }
            return right
        }
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes SELECT i, repeat('ü', i) FROM generate_series(1, 100) AS i")
            try await lab.allRight()
            #expect(daemon.told.troubles == [])
        }
    }

    @Test("no transaction is open while it works", arguments: PostgresServer.Flavour.allCases)
    func noTransaction(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon { daemon in
            lab.embedder.hold()
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await lab.embedder.isHolding()
            try await daemon.heartbeats(1)
            // The heartbeat's own questions are over in a moment.
            try await eventually("no session with a transaction open") {
                try await lab.values(
                    """
                    SELECT state || ': ' || query FROM pg_stat_activity WHERE datname = current_database()
                    AND pid <> pg_backend_pid() AND (state LIKE 'idle in%' OR backend_xmin IS NOT NULL)
                    """) == []
            }
            // What is idle holds no lock either.
            let locks = try await lab.number(
                """
                SELECT count(*) FROM pg_locks WHERE relation = 'notes'::regclass AND pid <> pg_backend_pid()
                """)
            #expect(locks == 0)
            lab.embedder.release()
            try await lab.allRight()
        }
    }

    @Test("an idle daemon asks the database nothing but its heartbeat", arguments: PostgresServer.Flavour.allCases)
    func idle(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'a')")
            try await lab.allRight()
            _ = try await daemon.listens()
            try await daemon.heartbeats(2)
            let before = (daemon.told.scans, daemon.told.batches, lab.embedder.calls)
            try await daemon.heartbeats(3)
            #expect(before == (daemon.told.scans, daemon.told.batches, lab.embedder.calls))
        }
    }
}
