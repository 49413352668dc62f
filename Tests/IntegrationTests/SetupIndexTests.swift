@testable import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("The index on pending rows, on servers", .serialized)
struct SetupIndexTests {
    private static let index = "backfilld_pending_1"

    private func isValid(_ place: SetupPlace) async throws -> [String?] {
        try await place.texts(
            """
            SELECT i.indisvalid::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
            WHERE c.relname = '\(Self.index)'
            """)
    }

    @Test("An invalid left-over is named and rebuilt", arguments: PostgresServer.Flavour.allCases)
    func leftOver(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        let plan = try await Setup.plan(SetupPlace.options(), on: place.connection)
        // A reader's old snapshot keeps the triggers from nothing, but CREATE INDEX CONCURRENTLY from its end: there the
        // connection of set-up is cut off.
        let holder = try await place.connect()
        try await holder.script("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT FROM notes", name: "an old snapshot")
        let builder = try await place.connect()
        let pid = await builder.backendPID
        let building = Task { try await Setup.run(plan, on: builder) }
        try await eventually("the index is half done") { try await isValid(place) == ["false"] }
        try await place.run("SELECT pg_terminate_backend(\(pid))")
        await #expect(throws: PostgresError.self) { try await building.value }
        try await holder.script("COMMIT", name: "let go")
        #expect(try await isValid(place) == ["false"])
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems == [.indexMissing(table: "public.notes", index: Self.index, state: "is invalid")])
        try await place.setUp()
        #expect(try await isValid(place) == ["true"])
    }

    @Test("A missing one is named and made", arguments: PostgresServer.Flavour.allCases)
    func missing(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour)
        try await place.setUp()
        try await place.run("DROP INDEX \(Self.index)")
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems == [.indexMissing(table: "public.notes", index: Self.index, state: "is not there")])
        try await place.setUp()
    }

    @Test("The probe and the scan go by it, with statistics and without", arguments: PostgresServer.Flavour.allCases)
    func used(_ flavour: PostgresServer.Flavour) async throws {
        for partitions in ["", " PARTITION BY HASH (id)"] {
            let place = try await SetupPlace.make(
                flavour,
                """
                CREATE TABLE notes (id int NOT NULL, title text, body text, embedding real[])\(partitions);
                CREATE INDEX ON notes (id)
                """)
            if !partitions.isEmpty {
                try await place.run(
                    """
                    CREATE TABLE p0 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 0);
                    CREATE TABLE p1 PARTITION OF notes FOR VALUES WITH (MODULUS 2, REMAINDER 1)
                    """)
            }
            try await place.setUp()
            let options = SetupPlace.options()
            let table = try await WatchedTable.load(options.spec, identity: nil, on: place.connection)
            let session = try await SessionFactory(ConnectionOptions(conninfo: place.database.conninfo)).open()
            for change in [
                "", "INSERT INTO notes SELECT n, 't' FROM generate_series(1, 1000) AS n", "ANALYZE notes",
                "UPDATE notes SET embedding = '{1}'", "ANALYZE notes",
            ] {
                try await place.run(change)
                for sql in [SQLFile.probePending, SQLFile.scanBacklog] {
                    let statement = SQLFile.fill(sql, table.fragments).replacing("$1", with: "1000")
                        .replacing("$2", with: "true")
                    let plan = try await SetupPlace.texts("EXPLAIN " + statement, on: session).compactMap { $0 }
                    #expect(!plan.contains { $0.contains("Seq Scan") }, "\(plan)")
                    let scans = plan.filter {
                        $0.contains("Scan using") && ($0.contains("pending") || $0.contains("expr_idx"))
                    }
                    #expect(scans.count == (partitions.isEmpty ? 1 : 2), "\(plan)")
                }
            }
        }
    }
}
