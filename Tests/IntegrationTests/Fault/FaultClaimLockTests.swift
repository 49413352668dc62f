import PostgresClient
import TestSupport
import Testing

@testable import Backfill

@Suite("The locks of claims", .inTwoLanes)
struct FaultClaimLockTests {
    @Test("that a statement took before it failed are given back", arguments: PostgresServer.Flavour.allCases)
    func halfTaken(_ flavour: PostgresServer.Flavour) async throws {
        let settings = ["max_connections": "20", "max_locks_per_transaction": "10"]
        try await PostgresServer.with(flavour, settings: settings) { server in
            let database = try await server.createDatabase()
            let options = ConnectionOptions(conninfo: database.conninfo)
            let session = try await PostgresConnection.connect(options)
            let other = try await PostgresConnection.connect(options)
            let claims = Claims()
            try await claims.attach(session)
            let keys = (0..<20).map { RowKey("\($0)") }
            let mine =
                "SELECT count(*) FROM pg_locks WHERE classid = \(AdvisoryLock.claim) AND pid = \(await session.backendPID)"
            func held() async throws -> Int64 {
                try await other.execute(Statement("count", mine))[0].decode(0)
            }
            // The server's lock table full, but for a few: a statement's locks of the session outlive its failure.
            _ = try? await other.script(
                "SELECT count(pg_advisory_lock(1, i)) FROM generate_series(1, 1000000) AS i", name: "fill")
            try await other.script("SELECT pg_advisory_unlock(1, i) FROM generate_series(1, 3) AS i", name: "make room")
            await #expect(throws: PostgresError.self) { try await claims.claim(keys, of: 1) }
            #expect(try await held() == 0)
            #expect(await session.isOpen)
            // With room again, all goes on.
            try await other.script("SELECT pg_advisory_unlock_all()", name: "make room")
            let attempt = try await claims.claim(keys, of: 1)
            #expect(!attempt.claimed.isEmpty)
            #expect(try await held() > 0)
            await claims.release(attempt, of: 1)
            #expect(try await held() == 0)
            await session.close()
            await other.close()
        }
    }
}
