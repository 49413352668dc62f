import Backfill
import Embedders
import PostgresClient
import TestSupport
import Testing

@Suite("A database of version 2 of the schema, with data in it")
struct SetupUpgradeTests {
    @Test("It is brought up to date, and nothing in it changes", arguments: PostgresServer.Flavour.allCases)
    func upgrade(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        let tag = "\(flavour)_\(place.database.name)".lowercased()
        let (daemon, reader) = ("daemon_\(tag)", "reader_\(tag)")
        try await place.run("CREATE ROLE \(daemon) LOGIN; CREATE ROLE \(reader) LOGIN")
        try await place.setUp(SetupPlace.options(role: daemon))
        // What version 2 would have left, a daemon's note and a person who may look included.
        try await place.run(
            """
            DELETE FROM backfilld.migration WHERE version > 2;
            DROP TABLE backfilld.failure, backfilld.lease, backfilld.quality;
            ALTER TABLE backfilld.watch DROP paused_at, DROP paused_by;
            ALTER TABLE backfilld.activity DROP working, DROP held, DROP mode;
            INSERT INTO backfilld.activity (watch, daemon, host, pid, backend_pid, backend_start, state, embedded)
                VALUES (1, 'h:1:a', 'h', 1, 1, now(), 'listening', 77);
            INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1,2,3}'), ('b', 't', 'b', 1, NULL);
            GRANT USAGE ON SCHEMA backfilld TO \(reader);
            GRANT SELECT ON backfilld.watch TO \(reader);
            """)
        let watch = try await place.texts("SELECT (to_jsonb(w) - 'set_up_at')::text FROM backfilld.watch AS w")
        let plan = try await Setup.plan(SetupPlace.options(), on: place.connection)
        #expect(plan.steps.map(\.title) == ["schema backfilld, version 3", "schema backfilld, version 4"])
        try await Setup.run(plan, on: place.connection)
        #expect(
            try await place.texts(
                "SELECT (to_jsonb(w) - 'set_up_at' - 'paused_at' - 'paused_by')::text FROM backfilld.watch AS w")
                == watch)
        #expect(try await place.texts("SELECT embedded::text || working || held FROM backfilld.activity") == ["7700"])
        #expect(try await place.cleared() == ["b"])
        // Whom version 2 let in may do their work.
        #expect(try await Setup.plan(SetupPlace.options(role: daemon), on: place.connection).isEmpty)
        let connection = try await place.connect(as: reader)
        for table in ["failure", "quality"] {
            let counted = "SELECT count(*)::text FROM backfilld.\(table)"
            #expect(try await SetupPlace.texts(counted, on: connection) == ["0"])
        }
        let refused = await #expect(throws: PostgresError.self) {
            try await connection.script("DELETE FROM backfilld.failure", name: "what a reader tries")
        }
        #expect(refused?.sqlState == "42501")
        try await place.remove()
        #expect(try await place.texts("SELECT to_regnamespace('backfilld')::text") == [nil])
    }
}
