import PostgresClient
import TestSupport
import Testing

@testable import Backfill

@Suite("The failure ledger, on servers", .inLanes)
struct SetupLedgerTests {
    @Test(
        "Waits double up to the longest, are jittered, and end with setting aside",
        arguments: PostgresServer.Flavour.allCases)
    func backoff(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        let source = try await place.source("3")
        for (attempt, longest) in [(1, 100.0), (2, 200), (3, 300)] {
            let verdict = try #require(try await place.fail("3", source: source, "reason \(attempt)").first)
            #expect(verdict.attempts == attempt && !verdict.isSetAside && !verdict.isNew)
            #expect(verdict.wait.map { $0 > .seconds(longest / 2 - 10) && $0 <= .seconds(longest) } ?? false)
            let wait = try #require(
                Double(try await place.entry("EXTRACT(epoch FROM next_try - last_at)", of: "3") ?? ""))
            #expect(wait >= longest / 2 - 0.1 && wait <= longest + 10, "attempt \(attempt): \(wait)")
            #expect(try await place.entry("attempts", of: "3") == "\(attempt)")
            #expect(try await place.entry("reason", of: "3") == "reason \(attempt)")
            #expect(try await place.due() == ["1", "2", "4", "5"])
        }
        let first = try await place.entry("first_at", of: "3")
        let last = try #require(try await place.fail("3", source: source, "the last").first)
        #expect(last.key == "3" && last.reason == "the last" && last.attempts == 4)
        #expect(last.isSetAside && last.isNew)
        #expect(try await place.entry("next_try", of: "3") == "infinity")
        #expect(try await place.entry("first_at", of: "3") == first)
        // It is told of once.
        let again = try #require(try await place.fail("3", source: source).first)
        #expect(again.isSetAside && !again.isNew)
        #expect(try await place.ledger.standing() == LedgerStanding(failing: 0, setAside: 1, next: nil, pause: nil))
        // Waits of rows that fail together differ.
        let charges = [1, 2, 4, 5].map { FailureLedger.Charge(key: "\($0)", source: 7, reason: "r") }
        #expect(try await place.ledger.charge(charges + charges, retry: LedgerPlace.retry).count == 4)
        #expect(try await place.lab.number("SELECT count(DISTINCT next_try) FROM backfilld.failure") == 5)
        #expect(try await place.lab.number("SELECT max(attempts) FROM backfilld.failure WHERE key <> '3'") == 1)
    }

    @Test("A row with another text is due at once and starts anew", arguments: PostgresServer.Flavour.allCases)
    func change(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        try await place.setAside("2")
        #expect(try await place.due() == ["1", "3", "4", "5"])
        try await place.lab.run("UPDATE notes SET other = 9 WHERE id = 2")
        #expect(try await place.due() == ["1", "3", "4", "5"])
        try await place.lab.run("UPDATE notes SET topic = 'mended' WHERE id = 2")
        #expect(try await place.due() == ["1", "2", "3", "4", "5"])
        #expect(try await place.ledger.standing().setAside == 0)
        let source = try await place.source("2")
        try await place.fail("2", source: source)
        #expect(try await place.entry("attempts", of: "2") == "1")
        #expect(try await place.due() == ["1", "3", "4", "5"])
        // An unknown text counts on, and what is known of it stays.
        try await place.fail("2", source: nil)
        #expect(try await place.entry("attempts", of: "2") == "2")
        #expect(try await place.entry("source", of: "2") == "\(source)")
        // With nothing known any text is kept back.
        try await place.fail("4", source: nil)
        try await place.lab.run("UPDATE notes SET topic = 'another' WHERE id = 4")
        #expect(try await place.due() == ["1", "3", "5"])
    }

    @Test("The probe sees what is due, and what is not", arguments: PostgresServer.Flavour.allCases)
    func probe(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour, rows: "INSERT INTO notes VALUES (1, 'a'), (2, 'b')")
        try await place.setAside("1")
        #expect(try await place.isPending())
        try await place.setAside("2")
        #expect(try await !place.isPending())
        try await place.lab.run("UPDATE notes SET topic = 'c' WHERE id = 2")
        #expect(try await place.isPending())
        _ = try await Pause.set(true, place.table, on: place.lab.user)
        #expect(try await !place.isPending())
        // Entries of another table's watch say nothing about this one's rows.
        _ = try await Pause.set(false, place.table, on: place.lab.user)
        try await place.lab.run("INSERT INTO notes VALUES (3, 'd')")
        try await place.lab.run(
            """
            INSERT INTO backfilld.watch
                SELECT 7, 'pg_class', key_column, embedding_column, recipe, embedder, model, dimension, notify, now(), 'v'
                FROM backfilld.watch
            """)
        try await place.lab.run("UPDATE backfilld.failure SET watch = 7")
        #expect(try await place.due() == ["1", "2", "3"])
    }

    @Test("One row is looked up by its hash, whatever the planner knows of the ledger", arguments: [false, true])
    func plan(_ isVacuumed: Bool) async throws {
        let place = try await LedgerPlace.make(.pg18WithPgvector)
        if isVacuumed { try await place.lab.run("VACUUM ANALYZE backfilld.failure") }
        for sql in [SQLFile.scanBacklog, SQLFile.probePending] {
            let statement = SQLFile.fill(sql, place.table.fragments).replacing("$1::pg_catalog.int8", with: "20000")
                .replacing("$2", with: "false")
            let rows = try await place.pool.withConnection {
                try await $0.execute(Statement("explain", "EXPLAIN (COSTS OFF) " + statement))
            }
            let plan = try rows.map { try $0.decode(0, as: String.self) }.joined(separator: "\n")
            #expect(plan.contains("Index Scan using failure_pkey"), "\(plan)")
            #expect(plan.contains("Index Cond: (key_hash = "), "\(plan)")
            #expect(plan.contains("backfilld_pending_1 on notes"), "\(plan)")
            #expect(!plan.contains("Join"), "\(plan)")
        }
    }

    @Test("What a reembed fills or counts beside the column asks neither the ledger nor the pause")
    func beside() async throws {
        let place = try await LedgerPlace.make(.debian)
        let beside = WatchedTable(place.table, counting: "other")
        #expect(place.table.hasLedger && !beside.hasLedger)
        for sql in [SQLFile.scanBacklog, SQLFile.probePending] {
            #expect(!SQLFile.fill(sql, beside.fragments).contains("backfilld."))
        }
    }

    @Test("A text that a trigger rewrites is charged by what it failed with, and kept back by what it is now")
    func rewritten() async throws {
        let place = try await LedgerPlace.make(.debian)
        let now = try await place.source("1")
        try await place.fail("1", source: 11, standing: 12)
        #expect(try await place.due().contains("1"))
        try await place.fail("1", source: 12, standing: now)
        #expect(try await place.entry("attempts", of: "1") == "2")
        #expect(try await place.due() == ["2", "3", "4", "5"])
    }

    @Test("An entry whose time has come keeps nothing back", arguments: PostgresServer.Flavour.allCases)
    func comesDue(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        try await place.fail("1", source: try await place.source("1"))
        try await place.fail("2", source: try await place.source("2"))
        try await place.lab.run(
            "UPDATE backfilld.failure SET next_try = now() - interval '1 s' WHERE key = '1'")
        #expect(try await place.due() == ["1", "3", "4", "5"])
        let standing = try await place.ledger.standing()
        #expect(standing.failing == 2)
        #expect(standing.next == .zero)
    }

    @Test(
        "Purging leaves the entries of rows that still fail, and only those", arguments: PostgresServer.Flavour.allCases
    )
    func purge(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        for key in 1...5 { try await place.setAside("\(key)") }
        #expect(try await place.due().isEmpty)
        try await place.lab.run(
            """
            UPDATE notes SET embedding = '\(flavour == .debian ? "{1,2,3,4,5,6,7,8}" : "[1,2,3,4,5,6,7,8]")' WHERE id = 1;
            DELETE FROM notes WHERE id = 2; UPDATE notes SET topic = 'other' WHERE id = 3
            """)
        #expect(try await place.ledger.standing().setAside == 2)
        // A row in flight may be about to be charged with the text that a trigger has just given it.
        try await place.ledger.purge(sparing: ["1", "3"])
        #expect(try await place.lab.values("SELECT key FROM backfilld.failure ORDER BY 1") == ["1", "3", "4", "5"])
        try await place.ledger.purge()
        #expect(try await place.lab.values("SELECT key FROM backfilld.failure ORDER BY 1") == ["4", "5"])
        try await place.lab.run("TRUNCATE notes")
        #expect(try await place.ledger.standing().setAside == 0)
        try await place.ledger.purge()
        #expect(try await place.lab.number("SELECT count(*) FROM backfilld.failure") == 0)
    }

    @Test("Purging waits for nobody")
    func purgeWhileCharged() async throws {
        let place = try await LedgerPlace.make(.debian)
        try await place.fail("1", source: 1)
        try await place.fail("2", source: 1)
        try await place.lab.run("BEGIN; UPDATE backfilld.failure SET attempts = 2 WHERE key = '1'")
        try await place.ledger.purge()
        try await place.lab.run("COMMIT")
        #expect(try await place.lab.values("SELECT key FROM backfilld.failure") == ["1"])
    }

    @Test("Keys that the column's new type cannot read are let go")
    func retyped() async throws {
        let place = try await LedgerPlace.make(
            .debian, LabTable(keyType: "text"), rows: "INSERT INTO notes VALUES ('seven', 't'), ('8', 't')")
        try await place.setAside("seven")
        try await place.setAside("8")
        try await place.lab.run(
            "DELETE FROM notes WHERE id = 'seven'; ALTER TABLE notes ALTER id TYPE bigint USING id::bigint")
        let now = try await LedgerPlace.of(place.lab)
        #expect(try await now.due().isEmpty)
        #expect(try await now.ledger.standing() == LedgerStanding())
        try await now.ledger.purge()
        #expect(try await now.due() == ["8"])
    }

    @Test("Long keys, and keys with everything in them", arguments: PostgresServer.Flavour.allCases)
    func longKeys(_ flavour: PostgresServer.Flavour) async throws {
        // Not of one letter: an index entry is compressed.
        let long = (0..<3000).map { _ in String(UnicodeScalar(UInt8.random(in: 33...126))) }.joined()
        let odd = "a'b\"c\\d:é \u{1F3B8}"
        let place = try await LedgerPlace.make(
            flavour, LabTable(create: "CREATE TABLE notes (id text NOT NULL, topic text, embedding {embedding})"),
            rows: """
                INSERT INTO notes VALUES (\(quoteLiteral(long)), 't'), (\(quoteLiteral(odd)), 't'), ('c', 't')
                """)
        try await place.setAside(RowKey(long))
        try await place.setAside(RowKey(odd))
        #expect(try await place.due() == ["c"])
        try await place.ledger.purge()
        #expect(try await place.ledger.standing().setAside == 2)
        #expect(try await place.ledger.forgive([RowKey(long)]).map(\.text) == [long])
        #expect(try await place.due() == ["c", long].sorted())
    }

    @Test(
        "Keys whose column has a collation of its own or a type of its own are found",
        arguments: [
            #"varchar(20) COLLATE "C""#, #"text COLLATE "de-x-icu""#, "text COLLATE loose", "uuid", "word", "numeric",
        ])
    func keyTypes(_ type: String) async throws {
        let place = try await LedgerPlace.make(
            .debian, LabTable(keyType: type),
            rows: """
                INSERT INTO notes SELECT k::\(type.split(separator: " ")[0]), 'text'
                FROM unnest('{00000000000000000001,2}'::text[]) AS u(k) WHERE '\(type)' <> 'uuid'
                UNION ALL SELECT u::text::\(type.split(separator: " ")[0]), 'text'
                FROM unnest('{00000000-0000-0000-0000-0000000000ab}'::uuid[]) AS u WHERE '\(type)' = 'uuid'
                """,
            before: """
                CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
                CREATE DOMAIN word AS varchar(30)
                """)
        let keys = try await place.due()
        #expect(!keys.isEmpty)
        for key in keys { try await place.setAside(RowKey(key)) }
        #expect(try await place.due().isEmpty)
        #expect(try await place.ledger.standing().setAside == keys.count)
        // As a person may write it.
        #expect(try await place.ledger.forgive(keys.map { RowKey($0.uppercased()) }).count == keys.count)
        #expect(try await place.due() == keys)
    }

    @Test("Partitioned tables have one ledger", arguments: PostgresServer.Flavour.allCases)
    func partitions(_ flavour: PostgresServer.Flavour) async throws {
        let table = LabTable(
            create: """
                CREATE TABLE notes (id bigint PRIMARY KEY, topic text, embedding {embedding}) PARTITION BY RANGE (id);
                CREATE TABLE notes_1 PARTITION OF notes FOR VALUES FROM (0) TO (3);
                CREATE TABLE notes_2 PARTITION OF notes DEFAULT
                """)
        let place = try await LedgerPlace.make(flavour, table)
        try await place.setAside("1")
        try await place.setAside("4")
        #expect(try await place.due() == ["2", "3", "5"])
        try await place.lab.run("DELETE FROM notes WHERE id = 4")
        try await place.ledger.purge()
        #expect(try await place.ledger.standing().setAside == 1)
    }

    @Test("Forgiven rows are due, and the daemons are told", arguments: PostgresServer.Flavour.allCases)
    func forgiven(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        for key in ["1", "2", "3"] as [RowKey] { try await place.setAside(key) }
        let ear = try await place.lab.connect()
        try await ear.script("LISTEN backfilld", name: "LISTEN")
        #expect(try await place.ledger.forgive(["2", "5"]) == ["2"])
        #expect(try await place.due() == ["2", "4", "5"])
        #expect(try await place.ledger.forgive(nil).count == 2)
        #expect(try await place.due() == ["1", "2", "3", "4", "5"])
        #expect(try await place.ledger.forgive(nil).isEmpty)
        try await place.lab.run("NOTIFY backfilld, 'end'")
        let notifications = ear.notifications
        let payloads = try await withDeadline(.seconds(60), "the notifications") {
            var payloads: [String] = []
            for await notification in notifications {
                if notification.payload == "end" { break }
                payloads.append(notification.payload)
            }
            return payloads
        }
        #expect(payloads == ["\(place.table.watch)", "\(place.table.watch)"])
    }

    @Test("What setup --role grants is enough for the ledger, and not for pausing")
    func role() async throws {
        let role = "ledger_\(UInt32.random(in: 0 ... .max))"
        let place = try await LedgerPlace.make(.debian, role: role, before: "CREATE ROLE \(role) LOGIN")
        try await place.setAside("1")
        #expect(try await place.due() == ["2", "3", "4", "5"])
        try await place.ledger.purge()
        #expect(try await place.ledger.standing().setAside == 1)
        #expect(try await place.ledger.forgive(nil) == ["1"])
        let connection = try await PostgresConnection.connect(
            ConnectionOptions(conninfo: place.lab.database.conninfo(user: role)))
        let problem = try await #require(throws: TableProblem.self) {
            try await Pause.set(true, place.table, on: connection)
        }
        #expect(problem.code == "not-permitted")
        #expect("\(problem)".contains("GRANT UPDATE (paused_at, paused_by) ON backfilld.watch"))
        try await place.lab.run("GRANT UPDATE (paused_at, paused_by) ON backfilld.watch TO \(role)")
        #expect(try await Pause.set(true, place.table, on: connection))
    }

    @Test("A paused table has nothing to do, not even for keys at hand", arguments: PostgresServer.Flavour.allCases)
    func paused(_ flavour: PostgresServer.Flavour) async throws {
        let place = try await LedgerPlace.make(flavour)
        #expect(try await Pause.set(true, place.table, on: place.lab.user))
        #expect(try await !Pause.set(true, place.table, on: place.lab.user))
        #expect(try await place.due().isEmpty)
        #expect(try await place.read(["1"]).isEmpty)
        let pause = try #require(try await place.ledger.standing().pause)
        #expect(pause.by == "postgres")
        #expect(pause.since.hasSuffix("Z"))
        #expect(try await Waiting(place.table, on: place.lab.user).missing([]).pending.count == 1)
        #expect(try await Pause.set(false, place.table, on: place.lab.user))
        #expect(try await !Pause.set(false, place.table, on: place.lab.user))
        #expect(try await place.due().count == 5)
        #expect(try await place.read(["1"]).count == 1)
    }

    @Test("Set-up for another key or another embedder forgets the failures, and no other set-up does")
    func setUpAgain() async throws {
        let place = try await LedgerPlace.make(
            .debian,
            LabTable(
                create: """
                    CREATE TABLE notes (
                        id bigint PRIMARY KEY, topic text, other integer UNIQUE NOT NULL, embedding {embedding})
                    """), rows: "INSERT INTO notes VALUES (1, 'a', 11), (2, 'b', 12)")
        try await place.setAside("1")
        try await place.lab.setUp(LabTable(), notify: .wake)
        #expect(try await place.lab.number("SELECT count(*) FROM backfilld.failure") == 1)
        try await place.lab.setUp(LabTable(key: "other"))
        #expect(try await place.lab.number("SELECT count(*) FROM backfilld.failure") == 0)
    }
}
