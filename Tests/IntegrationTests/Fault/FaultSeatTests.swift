import PostgresClient
import TestSupport
import Testing

@testable import Backfill

@Suite("The seats of daemons", .inTwoLanes)
struct FaultSeatTests {
    @Test("Each daemon of a database has its own, and who comes next has that of one who left")
    func seats() async throws {
        try await PostgresServer.with(.debian) { server in
            let database = try await server.createDatabase()
            let options = ConnectionOptions(conninfo: database.conninfo)
            var sessions: [PostgresConnection] = []
            var daemons: [Claims] = []
            func join() async throws -> Int32? {
                sessions.append(try await PostgresConnection.connect(options))
                daemons.append(Claims())
                try await daemons.last?.attach(sessions[sessions.count - 1])
                return await daemons.last?.seat
            }
            for seat in 1...4 { #expect(try await join() == Int32(seat)) }
            #expect(await daemons[3].share.daemons == 4)
            await daemons[1].detach()
            #expect(await daemons[1].seat == nil)
            await sessions[1].close()
            let own = await sessions[0].backendPID
            try await eventually("its seat free") {
                let taken = Statement(
                    "seats", "SELECT count(*) FROM pg_locks WHERE classid = \(AdvisoryLock.presence) AND pid <> \(own)")
                return try await sessions[0].execute(taken)[0].decode(0, as: Int64.self) == 2
            }
            #expect(try await join() == 2)
            for session in sessions { await session.close() }
        }
    }

    @Test("Their places are spread evenly, however many are taken")
    func places() {
        #expect((1...8).map { Claims.place(of: $0) } == [0, 0.5, 0.25, 0.75, 0.125, 0.625, 0.375, 0.875])
        for seats in 1...64 {
            let places = (1...Int32(seats)).map(Claims.place).sorted() + [1]
            let gaps = zip(places, places.dropFirst()).map { $1 - $0 }
            #expect(gaps.max()! <= 2 * gaps.min()!)
        }
    }

    @Test("A page is taken bucket after bucket, and all of it")
    func order() async {
        let keys = (0..<5_000).map { RowKey("\($0)") }
        let ordered = await Claims().ordered(keys)
        #expect(Set(ordered) == Set(keys) && ordered.count == keys.count)
        let buckets = ordered.map(\.bucket)
        #expect(zip(buckets, buckets.dropFirst()).count { $0 > $1 } <= 1)
    }
}
