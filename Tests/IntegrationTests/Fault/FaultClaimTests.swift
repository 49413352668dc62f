import Backfill
import Glibc
import PostgresClient
import TestSupport
import Testing

/// Several daemons, each a process, with one table and one provider that counts.
struct FaultFleet {
    let lab: Lab
    let provider: Provider
    let daemons: [FaultDaemon]

    static func make(
        _ flavour: PostgresServer.Flavour, daemons count: Int, rows: Int, latency: Duration, heartbeat: Duration
    ) async throws -> FaultFleet {
        let lab = try await Lab.make(flavour, [LabTable(create: FaultScript.table)])
        try await lab.run("INSERT INTO notes (id, topic) SELECT i, 'text ' || i FROM generate_series(1, \(rows)) AS i")
        let hash = lab.embedder
        let provider = try Provider { hash.vector(of: $0) }
        provider.take(latency)
        let options = [
            "--table", "notes", "--rows", "50", "--heartbeat-ms", "\(Int(heartbeat / .milliseconds(1)))",
            "--patience-ms", "60000",
        ]
        let daemons = try (0..<count).map {
            try FaultDaemon($0, options, database: lab.database, provider: provider.port, seed: nil)
        }
        return FaultFleet(lab: lab, provider: provider, daemons: daemons)
    }

    /// How often each text was embedded, by those that were embedded more than once.
    var twice: [String: [String]] { provider.tally.embedded.filter { $0.value.count > 1 } }

    /// Waits until every daemon listens.
    func listening() async throws {
        for daemon in daemons {
            try await daemon.current?.line(within: .seconds(120)) { $0.contains(#""event":"listening""#) }
        }
    }

    func finish() async throws {
        for daemon in daemons {
            let complaints = try await daemon.finish()
            #expect(complaints == [])
        }
    }
}

@Suite("Several daemons share a table", .inTwoLanes)
struct FaultClaimTests {
    @Test("a backlog is drained with no text embedded twice", arguments: [2, 4, 8], PostgresServer.Flavour.allCases)
    func shared(_ count: Int, _ flavour: PostgresServer.Flavour) async throws {
        let fleet = try await FaultFleet.make(
            flavour, daemons: count, rows: 4_000, latency: .milliseconds(50), heartbeat: .seconds(1))
        for daemon in fleet.daemons { try daemon.start() }
        try await fleet.lab.allRight()
        #expect(fleet.twice.isEmpty, "\(fleet.twice.count) texts: \(fleet.twice.prefix(3))")
        #expect(fleet.provider.tally.embedded.count == 4_000)
        // Most of them had a share: one that starts late may find nothing left.
        #expect(Set(fleet.provider.tally.embedded.values.joined()).count * 2 > count)
        try await fleet.finish()
    }

    @Test("what one that is killed was about is done by a peer that polls", arguments: PostgresServer.Flavour.allCases)
    func killedBesideABusyPeer(_ flavour: PostgresServer.Flavour) async throws {
        // The heartbeat is out of reach: it is the polling that finds the rows.
        let fleet = try await FaultFleet.make(
            flavour, daemons: 2, rows: 4_000, latency: .milliseconds(100), heartbeat: .seconds(120))
        for daemon in fleet.daemons { try daemon.start() }
        try await eventually("both at work") {
            Set(fleet.provider.tally.embedded.values.joined()).count == 2
        }
        fleet.daemons[0].send(SIGKILL)
        try await fleet.lab.allRight(within: .seconds(60))
        try await fleet.daemons[1].finish().forEach { Issue.record("\($0)") }
        // Only the dead one's batches under way were done again.
        let again = fleet.twice
        #expect(again.values.allSatisfy { $0.count == 2 && $0[0] == "daemon 0-1" }, "\(again.prefix(3))")
    }

    @Test("what one that is killed was about is done by an idle peer", arguments: PostgresServer.Flavour.allCases)
    func killedBesideAnIdlePeer(_ flavour: PostgresServer.Flavour) async throws {
        let fleet = try await FaultFleet.make(
            flavour, daemons: 2, rows: 0, latency: .zero, heartbeat: .seconds(1))
        for daemon in fleet.daemons { try daemon.start() }
        try await fleet.listening()
        // One of them holds the row while the provider thinks; then it is gone for good.
        fleet.provider.take(.seconds(5))
        try await fleet.lab.run("INSERT INTO notes (id, topic) VALUES (1, 'for one of two')")
        try await eventually("a request") { fleet.provider.tally.requests > 0 }
        let requests = fleet.provider.tally.requests
        #expect(requests == 1)
        fleet.provider.take(.zero)
        for daemon in fleet.daemons where fleet.provider.tally.askers.contains("daemon \(daemon.number)-1") {
            daemon.send(SIGKILL)
        }
        try await fleet.lab.allRight(within: .seconds(120))
        #expect(fleet.provider.tally.requests == 2)
        for daemon in fleet.daemons where daemon.current?.isRunning == true {
            try await daemon.finish().forEach { Issue.record("\($0)") }
        }
    }
}
