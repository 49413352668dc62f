import Foundation
import Synchronization
import TestSupport
import Testing

/// What was paid for is not paid for again.
@Suite(.serialized) struct ProcessProviderOutageTests {
    private final class Counter: Sendable {
        let count = Mutex(0)
    }

    @Test("Vectors whose database went away before they were written are kept, and written when it is back")
    func databaseAway() async throws {
        let postgres = try await PostgresServer.start(.pg18WithPgvector)
        let (place, provider, server) = try await ProcessProvider.place(on: postgres, rows: 300)
        let (held, gate) = (Counter(), DispatchSemaphore(value: 0))
        provider.pause.withLock {
            $0 = {
                held.count.withLock { $0 += 1 }
                gate.wait()
            }
        }
        let daemon = try await place.startDaemon()
        try await eventually("requests that are held", within: .seconds(120)) { held.count.withLock { $0 > 0 } }
        // The vectors come while there is nothing to write them to.
        try await postgres.stop(.immediate)
        provider.pause.withLock { $0 = nil }
        for _ in 0..<64 { gate.signal() }
        try await daemon.says("database away")
        try await postgres.start()
        try await place.allEmbedded()
        let texts = provider.seen.withLock(\.texts)
        #expect(texts.count == 300 && Set(texts).count == 300, "\(texts.count) texts were sent")
        try await daemon.stop()
        withExtendedLifetime(server) {}
    }

    @Test(
        "A text that a server breaks of, and one server of ten that is down, keep no other row waiting",
        arguments: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    func partly(turn: Int) async throws {
        let (place, provider, server) = try await ProcessProvider.place(rows: 300)
        try await place.database.psql("UPDATE music_knowledge SET topic = 'POISON' WHERE id = 20")
        provider.fault.withLock {
            $0 = { texts, number in
                if texts.contains(where: { $0.contains("POISON") }) {
                    return LabHTTPReply(status: 500, json: #"{"error":"unsupported value: NaN"}"#)
                }
                return number % 10 == turn ? LabHTTPReply(status: 502, json: "{}") : nil
            }
        }
        let daemon = try await place.startDaemon()
        do {
            try await eventually("all but one embedded", within: .seconds(120)) { try await place.pending() == 1 }
            try await daemon.says("row 20 failed")
        } catch {
            Issue.record("\(daemon.lines.suffix(60).joined(separator: "\n"))")
            throw error
        }
        try await daemon.stop()
        let sent = provider.seen.withLock(\.texts)
        #expect(!sent.contains { $0.contains("POISON") })
        withExtendedLifetime(server) {}
    }

    @Test(
        "A backfill goes on when its provider failed once and its server was started again, and pays for nothing twice")
    func backfill() async throws {
        let postgres = try await PostgresServer.start(.pg18WithPgvector)
        let (place, provider, server) = try await ProcessProvider.place(
            on: postgres, rows: 2_000, more: "requestsInFlight = 1")
        let restart = Counter()
        provider.fault.withLock {
            $0 = { _, number in
                if number == 5 { restart.count.withLock { $0 = 1 } }
                return (7...10).contains(number) ? LabHTTPReply(status: 502, json: "{}") : nil
            }
        }
        async let outcome = place.run("backfill")
        try await eventually("some of it done", within: .seconds(120)) { restart.count.withLock { $0 == 1 } }
        try await postgres.stop(.immediate)
        try await postgres.start()
        try await outcome.expect(.code(0))
        #expect(try await place.pending() == 0)
        let texts = provider.seen.withLock(\.texts).filter { $0 != "A short text in plain words." }
        #expect(texts.count == 2_000 && Set(texts).count == 2_000, "\(texts.count) texts were sent")
        withExtendedLifetime(server) {}
    }

    @Test("A day's ceiling ends the sending, the status line and the journal say so, and a restart does not lift it")
    func ceiling() async throws {
        let (place, provider, server) = try await ProcessProvider.place(rows: 250, more: "requestsPerDay = 2")
        let manager = try NotifySocket()
        let environment = manager.environment.merging(["STATE_DIRECTORY": place.folder]) { $1 }
        for _ in 0..<2 {
            let heard = manager.messages.count
            let daemon = try await place.startDaemon(environment: environment)
            try await daemon.says("the ceiling of 2 requests a day (remote.requestsPerDay) is reached")
            try await eventually("a status line that says so", within: .seconds(60)) {
                manager.messages.dropFirst(heard).contains {
                    $0.hasPrefix("STATUS=") && $0.contains("the ceiling of 2 requests a day")
                }
            }
            try await daemon.stop()
            let seen = provider.seen.withLock(\.self)
            #expect(seen.requests == 2)
            let pending = try await place.pending()
            #expect(pending == 250 - seen.texts.count, "\(daemon.lines)")
        }
        withExtendedLifetime(server) {}
    }
}
