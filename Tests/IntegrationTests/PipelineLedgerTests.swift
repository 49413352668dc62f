import Backfill
import TestSupport
import Testing

@Suite("The ledger of a table at rest", .inLanes)
struct PipelineLedgerTests {
    @Test(
        "the entry of a row that is deleted goes with a heartbeat, though nothing else wakes the daemon",
        arguments: PostgresServer.Flavour.allCases)
    func deleted(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        lab.embedder.refuse(["poison"])
        try await lab.withDaemon { daemon in
            try await lab.run("INSERT INTO notes VALUES (1, 'poison'), (2, 'fine')")
            try await daemon.tells("set aside") { $0.setAside.map(\.key) == ["1"] }
            _ = try await daemon.listens()
            try await daemon.heartbeats(2)
            #expect(try await lab.number("SELECT count(*) FROM backfilld.failure") == 1)
            try await lab.run("DELETE FROM notes WHERE id = 1")
            try await eventually("the entry gone", within: .seconds(60)) {
                try await lab.number("SELECT count(*) FROM backfilld.failure") == 0
            }
        }
    }
}
