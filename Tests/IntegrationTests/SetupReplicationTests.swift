import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Set-up on a logical subscriber", .serialized)
struct SetupReplicationTests {
    @Test(
        "A change of the text that replication applies clears the embedding", arguments: PostgresServer.Flavour.allCases
    )
    func subscriber(_ flavour: PostgresServer.Flavour) async throws {
        try await PostgresServer.with(flavour, settings: ["wal_level": "logical"]) { server in
            let source = try await SetupPlace.make(
                on: server,
                """
                CREATE TABLE notes (id text PRIMARY KEY, title text, body text, stars int);
                CREATE PUBLICATION changes FOR TABLE notes
                """)
            try await source.run("SELECT pg_create_logical_replication_slot('changes', 'pgoutput')")
            let partitions =
                " PARTITION BY HASH (id); CREATE TABLE p PARTITION OF notes FOR VALUES WITH (MODULUS 1, REMAINDER 0)"
            let place = try await SetupPlace.make(on: server, SetupPlace.notes + partitions)
            try await place.setUp()
            try await place.run(
                """
                CREATE SUBSCRIPTION changes CONNECTION \(quoteLiteral(source.database.conninfo)) PUBLICATION changes
                WITH (create_slot = false, copy_data = false)
                """)
            try await source.run("INSERT INTO notes VALUES ('a', 't', 'b', 1), ('b', 't', 'b', 1)")
            try await eventually("the rows came") { try await place.cleared() == ["a", "b"] }
            try await place.run("UPDATE notes SET embedding = '{1}'")
            try await source.run("UPDATE notes SET title = 'x' WHERE id = 'a'; UPDATE notes SET stars = 2")
            try await eventually("the changes came") {
                try await place.texts("SELECT sum(stars)::text FROM notes") == ["4"]
            }
            #expect(try await place.cleared() == ["a"])
        }
    }
}
