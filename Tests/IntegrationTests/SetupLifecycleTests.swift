import Backfill
import PostgresClient
import TestSupport
import Testing

@Suite("Set-up and its removal, on servers", .serialized)
struct SetupLifecycleTests {
    /// Two tables with what owners have on them: triggers, policies, indexes, comments, rows.
    private static let owners = """
        CREATE TABLE notes (id text PRIMARY KEY, title text, body text, stars int, embedding real[]);
        CREATE TABLE parts (id bigint, region text, title text, body text, embedding real[])
            PARTITION BY LIST (region);
        CREATE TABLE parts_eu PARTITION OF parts FOR VALUES IN ('eu');
        CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
        ALTER TABLE parts ALTER id SET NOT NULL;
        CREATE INDEX parts_id ON parts (id);
        CREATE INDEX parts_bare ON parts (id) WHERE embedding IS NULL;
        CREATE INDEX backfilld_mine ON notes (stars) WHERE embedding IS NULL;
        CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.stars := 1; RETURN NEW; END';
        CREATE TRIGGER touch BEFORE UPDATE ON notes FOR EACH ROW EXECUTE FUNCTION touch();
        ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
        CREATE POLICY backfilld_of_the_owner ON notes FOR SELECT USING (true);
        COMMENT ON TABLE notes IS 'the owner''s';
        INSERT INTO notes VALUES ('a', 'title', 'body', 3, '{1,2,3}'), ('b', 'title', 'body', 3, NULL);
        INSERT INTO parts VALUES (1, 'eu', 'title', 'body', '{1,2,3}'), (2, 'us', 'title', 'body', NULL);
        """
    private static let parts = SetupPlace.options(QualifiedName(schema: "public", name: "parts"))

    @Test("Removal leaves the database as it was before", arguments: PostgresServer.Flavour.allCases)
    func removal(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        let role = "daemon_\(flavour)_\(place.database.name)".lowercased()
        try await place.run("CREATE ROLE \(role)")
        let before = try await place.dump()
        try await place.setUp(SetupPlace.options(role: role))
        try await place.setUp(Self.parts)
        #expect(try await place.dump() != before)
        try await place.remove()
        #expect(try await place.dump() == before)
        try await place.setUp()
        try await place.setUp(Self.parts)
        try await place.remove()
        #expect(try await place.dump() == before)
        #expect(try await place.remove().isEmpty)
    }

    @Test("Of several set-ups at once each finds its table in order", arguments: PostgresServer.Flavour.allCases)
    func together(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        let plans = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<6 {
                group.addTask {
                    let connection = try await place.connect()
                    try await Setup.enter(on: connection)
                    let plan = try await Setup.plan(
                        number.isMultiple(of: 2) ? SetupPlace.options() : Self.parts, on: connection)
                    try await Setup.run(plan, on: connection)
                    await connection.close()
                    return plan.steps.count
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(plans.count { $0 > 0 } == 2)
        #expect(try await Setup.problems(with: SetupPlace.options(), on: place.connection) == [])
        #expect(try await Setup.problems(with: Self.parts, on: place.connection) == [])
    }

    @Test("One of two tables is let go, and the other goes on", arguments: PostgresServer.Flavour.allCases)
    func oneOfTwo(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        try await place.setUp(Self.parts)
        let before = try await place.dump()
        try await place.setUp()
        try await place.remove([QualifiedName(name: "notes")])
        // The number that was given away is all that is left.
        let sequence = #/setval\('backfilld.watch_id_seq'.*/#
        #expect(try await place.dump().replacing(sequence, with: "") == before.replacing(sequence, with: ""))
        #expect(try await Setup.problems(with: Self.parts, on: place.connection) == [])
        let problems = try await Setup.problems(with: SetupPlace.options(), on: place.connection)
        #expect(problems == [.notSetUp(table: "public.notes")])
        try await place.setUp()
    }

    @Test(
        "After the schema was dropped by hand each table gets its own index back, whatever the order",
        arguments: PostgresServer.Flavour.allCases)
    func droppedSchema(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        try await place.setUp()
        try await place.setUp(Self.parts)
        let indexes = """
            SELECT c.relname || ' on ' || x.indrelid::regclass FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid
            WHERE c.relname LIKE 'backfilld\\_pending\\_%' ORDER BY 1
            """
        let before = try await place.texts(indexes)
        try await place.run("DROP SCHEMA backfilld CASCADE")
        try await place.setUp(Self.parts)
        try await place.setUp()
        #expect(try await place.texts(indexes) == before)
        // Another gets a number that none of them has.
        try await place.run("CREATE TABLE more (id text PRIMARY KEY, title text, body text, embedding real[])")
        let more = SetupPlace.options(QualifiedName(schema: "public", name: "more"))
        try await place.setUp(more)
        #expect(try await place.texts(indexes) == before + ["backfilld_pending_3 on more"])
        for options in [SetupPlace.options(), Self.parts, more] {
            #expect(try await Setup.problems(with: options, on: place.connection) == [])
        }
    }

    @Test(
        "One script for several new tables does the same as setting them up", arguments: PostgresServer.Flavour.allCases
    )
    func scriptForAll(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        let all = [SetupPlace.options(), Self.parts]
        var plans: [SetupPlan] = []
        for options in all { plans.append(try await Setup.plan(options, after: plans, on: place.connection)) }
        try await place.database.psql(plans.map(\.script).joined())
        for options in all {
            #expect(try await Setup.plan(options, on: place.connection).steps.map(\.title) == [])
            #expect(try await Setup.problems(with: options, on: place.connection) == [])
        }
        #expect(try await place.texts("SELECT id::text FROM backfilld.watch ORDER BY id") == ["1", "2"])
    }

    @Test("What --print shows does the same when psql runs it", arguments: PostgresServer.Flavour.allCases)
    func script(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await SetupPlace.make(flavour, Self.owners)
        let other = try await SetupPlace.make(flavour, Self.owners)
        for options in [SetupPlace.options(), Self.parts] {
            try await place.setUp(options)
            try await other.database.psql(try await Setup.plan(options, on: other.connection).script)
            #expect(try await Setup.plan(options, on: other.connection).isEmpty)
        }
        // When, and what the server numbered itself, is another matter.
        let ours = #/[0-9-]+ [0-9:.]+\+00|backfilld_pending_2_[0-9]+/#
        #expect(
            try await other.dump().replacing(ours, with: "") == (try await place.dump().replacing(ours, with: "")))
        let removal = try await Setup.removal(of: nil, on: other.connection)
        try await other.database.psql(removal.script)
        #expect(try await other.texts("SELECT to_regnamespace('backfilld')::text") == [nil])
    }

    @Test("A table that was dropped, and a partition that was detached, do not keep the rest from being removed")
    func droppedAndDetached() async throws {
        let place = try await SetupPlace.make(.debian, Self.owners)
        try await place.setUp()
        try await place.setUp(Self.parts)
        try await place.run("DROP TABLE notes; ALTER TABLE parts DETACH PARTITION parts_eu")
        try await place.remove()
        #expect(try await place.texts("SELECT to_regnamespace('backfilld')::text") == [nil])
        try await place.run("INSERT INTO parts_eu VALUES (3, 'eu', 'title', 'body', NULL)")
    }

    @Test("Another key column, embedding column or mode replaces what was there")
    func changedOptions() async throws {
        let place = try await SetupPlace.make(
            .debian, SetupPlace.notes + "; ALTER TABLE notes ADD vec real[], ADD number int NOT NULL DEFAULT 1")
        try await place.setUp()
        let changed = SetupPlace.options(key: "number", text: ["body"], embedding: "vec", notify: .wake)
        let problems = try await Setup.problems(with: changed, on: place.connection)
        #expect(problems.map(\.code) == ["set-up-differs"])
        try await place.setUp(changed)
        try await place.run("INSERT INTO notes VALUES ('a', 't', 'b', 1, '{1}', '{1}', 7)")
        try await place.run("UPDATE notes SET title = 'other'")
        #expect(try await place.texts("SELECT vec::text FROM notes") == ["{1}"])
        try await place.run("UPDATE notes SET body = 'other'")
        #expect(try await place.texts("SELECT vec::text FROM notes") == [nil])
        #expect(try await place.texts("SELECT embedding::text FROM notes") == ["{1}"])
    }
}
