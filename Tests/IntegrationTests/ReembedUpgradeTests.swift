@testable import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("A database of the first release")
struct ReembedUpgradeTests {
    @Test(
        "Set-up brings it up to date; a role that the first release let in is let in further", arguments: [true, false])
    func upgrade(_ isRemoved: Bool) async throws {
        let place = try await SetupPlace.make(.pg18WithPgvector)
        let role = "first_\(place.database.name)"
        try await place.run("CREATE ROLE \(role) LOGIN")
        try await place.setUp(SetupPlace.options(role: role))
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1,2,3}')")
        // What the first release would have left.
        try await place.run(
            """
            DELETE FROM backfilld.migration WHERE version > 1;
            DROP TABLE backfilld.reembed, backfilld.failure, backfilld.lease, backfilld.quality;
            ALTER TABLE backfilld.watch
                DROP traits, DROP generation, DROP previous_column, DROP paused_at, DROP paused_by;
            ALTER TABLE backfilld.activity DROP working, DROP held, DROP mode
            """)
        let spec = SetupPlace.options().spec
        let old = try await #require(throws: TableProblem.self) {
            try await WatchedTable.load(spec, identity: SetupPlace.hash, on: place.connection)
        }
        #expect(old == .schemaTooOld(found: 1, needed: 4))
        if isRemoved {
            try await place.remove()
            #expect(try await place.texts("SELECT to_regnamespace('backfilld')::text") == [nil])
            return
        }
        let plan = try await Setup.plan(SetupPlace.options(), on: place.connection)
        #expect(plan.steps.map(\.title) == (2...4).map { "schema backfilld, version \($0)" })
        try await Setup.run(plan, on: place.connection)
        let connection = try await place.connect(as: role)
        let table = try await WatchedTable.load(spec, identity: SetupPlace.hash, on: connection)
        #expect(table.generation == 1 && table.identity == SetupPlace.hash)
        #expect(try await TableStatus.load(table, on: connection).reembed == nil)
        #expect(try await Setup.plan(SetupPlace.options(role: role), on: place.connection).isEmpty)
    }
}
