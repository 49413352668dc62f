import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Set-up on a server with prepared transactions", .serialized)
struct SetupPreparedTests {
    @Test(
        "No wake-ups unless they are asked for, and PREPARE TRANSACTION works",
        arguments: PostgresServer.Flavour.allCases)
    func twoPhase(_ flavour: PostgresServer.Flavour) async throws {
        try await PostgresServer.with(flavour, settings: ["max_prepared_transactions": "4"]) { server in
            let place = try await SetupPlace.make(on: server)
            let plan = try await place.setUp()
            #expect(
                plan.warnings.contains {
                    $0.contains("max_prepared_transactions is 4") && $0.contains("--set notify=ids")
                })
            let table = try await WatchedTable.load(SetupPlace.options().spec, identity: nil, on: place.connection)
            #expect(table.notify == .off)
            let ear = try await SetupEar(place)
            let writes = "BEGIN; INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1}'); UPDATE notes SET title = 'x'"
            #expect(try await ear.payloads(of: "\(writes); PREPARE TRANSACTION 'one'") == [])
            #expect(try await ear.payloads(of: "COMMIT PREPARED 'one'") == [])
            #expect(try await place.cleared() == ["a"])

            let asked = try await place.setUp(SetupPlace.options(notify: .ids))
            #expect(asked.warnings.contains { $0.contains("notify = ids") && $0.contains("PREPARE TRANSACTION fails") })
            #expect(try await ear.payloads(of: "INSERT INTO notes (id) VALUES ('b')") == ["1 [\"b\"]"])
            // What was chosen once stays when nothing is said.
            #expect(try await Setup.plan(SetupPlace.options(), on: place.connection).isEmpty)
            let error = try await #require(throws: PostgresError.self) {
                try await ear.writing.script(
                    "BEGIN; INSERT INTO notes (id) VALUES ('c'); PREPARE TRANSACTION 'two'", name: "two")
            }
            #expect(error.sqlState == "0A000")
        }
    }
}
