import Backfill
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The ceiling on rows per second", .inLanes)
struct PipelineCeilingTests {
    @Test("Since its start a daemon never has begun more rows than it may", arguments: PostgresServer.Flavour.allCases)
    func backlog(_ flavour: PostgresServer.Flavour) async throws {
        let lab = try await Lab.make(flavour)
        try await lab.run("INSERT INTO notes SELECT i, 'text ' || i FROM generate_series(1, 600) AS i")
        let calls = Mutex([(at: ContinuousClock.Instant, rows: Int)]())
        lab.embedder.answer { texts, right in
            calls.withLock { $0.append((.now, texts.count)) }
            return right
        }
        var settings = LabSettings()
        settings.pipeline.rowsPerSecond = 200
        let began = ContinuousClock.now
        try await lab.withDaemon(settings) { daemon in
            // Announced rows count as those of a backlog do.
            for number in 601...620 { try await lab.run("INSERT INTO notes VALUES (\(number), 'text \(number)')") }
            try await lab.allRight()
            #expect(daemon.told.troubles.isEmpty)
        }
        var rows = 0
        for call in calls.withLock(\.self) {
            rows += call.rows
            // Whatever is embedded by now was begun before, in so many seconds, the last of which may have just begun.
            let seconds = Int((call.at - began).inSeconds) + 1
            #expect(rows <= 200 * seconds, "\(rows) rows in \(call.at - began)")
        }
        #expect(rows == 620)
    }
}

/// The same by the setting, in a process.
@Suite(.serialized) struct ProcessCeilingTests {
    @Test("The ceiling comes from the environment, and from the file it changes live")
    func setting() async throws {
        let place = try await Workplace.make(rows: 5_000)
        var began = ContinuousClock.now
        let first = try await place.startDaemon(environment: ["BACKFILLD_LIMITS_ROWS_PER_SECOND": "40"])
        try await eventually("some rows", polling: .milliseconds(50)) { try await place.pending() <= 4_940 }
        try await Self.expectAtMost(40, since: began, of: 5_000, in: place)
        try await first.stop()

        try place.write("[limits]\nrowsPerSecond = 40\n", to: "backfilld.toml")
        began = .now
        let before = try await place.pending()
        let second = try await place.startDaemon()
        try await eventually("some rows", polling: .milliseconds(50)) { try await place.pending() <= before - 60 }
        try await Self.expectAtMost(40, since: began, of: before, in: place)
        // What is left would take two minutes under the ceiling.
        try place.write("", to: "backfilld.toml")
        second.send(SIGHUP)
        try await second.says("reloaded: limits.rowsPerSecond changed")
        try await place.allEmbedded()
        try place.write("[limits]\nrowsPerSecond = 20\n", to: "backfilld.toml")
        let lines = second.lines.count
        second.send(SIGHUP)
        try await second.says("reloaded: limits.rowsPerSecond changed", from: lines)
        began = .now
        try await place.insert(5_001...5_500)
        try await eventually("some rows", polling: .milliseconds(50)) { try await place.pending() <= 460 }
        try await Self.expectAtMost(20, since: began, of: 500, in: place)
        try await second.stop()
    }

    private static func expectAtMost(
        _ rate: Int, since began: ContinuousClock.Instant, of rows: Int, in place: Workplace
    ) async throws {
        let done = try await rows - place.pending()
        let seconds = Int((ContinuousClock.now - began).inSeconds) + 1
        #expect(done <= rate * seconds, "\(done) rows in \(seconds) s")
    }
}
