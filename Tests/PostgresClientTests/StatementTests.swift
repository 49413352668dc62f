import PostgresClient
import TestSupport
import Testing

@Suite struct StatementTests {
    @Test("An error has the server's fields and the statement's name", arguments: PostgresServer.Flavour.allCases)
    func fields(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        let missing = await postgresError {
            try await connection.execute(Statement("find rows", "SELECT * FROM missing"))
        }
        #expect(missing?.code == .server && missing?.sqlState == "42P01" && missing?.severity == "ERROR")
        #expect(missing?.statement == "find rows")
        #expect(missing?.description == "relation \"missing\" does not exist (SQLSTATE 42P01) in find rows")
        #expect(missing?.hasState("42") == true && missing?.hasState("42P02") == false)
        #expect(missing?.isConnectionFailure == false)
        try await connection.script("CREATE TABLE t (secret text UNIQUE)", name: "create")
        let insert = Statement("insert row", "INSERT INTO t VALUES ($1)", [.text("hunter2")])
        try await connection.execute(insert)
        let unique = await postgresError { try await connection.execute(insert) }
        #expect(unique?.sqlState == "23505")
        #expect(unique?.detail?.contains("hunter2") == true)
        #expect(unique.map { "\($0)" }?.contains("hunter2") == false)
        #expect(unique.map { String(reflecting: $0) }?.contains("hunter2") == true)
        #expect(try await connection.value("SELECT count(*) FROM t") == 1)
    }

    @Test(
        "A message in which the server quotes data is kept from the description",
        arguments: PostgresServer.Flavour.allCases)
    func dataInMessages(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        let raise = "DO $$ BEGIN RAISE EXCEPTION 'hunter2' USING HINT = 'hunter2'; END $$"
        for (sql, parameters, state) in [
            ("SELECT $1::text::uuid", [PostgresValue.text("hunter2")], "22P02"),
            ("SELECT $1::text::int8", [.text("hunter2")], "22P02"), (raise, [], "P0001"),
            // Whatever SQLSTATE an owner's function makes up, and what it makes a statement of.
            ("DO $$ BEGIN RAISE 'hunter2' USING ERRCODE = 'check_violation'; END $$", [], "23514"),
            ("DO $$ BEGIN RAISE 'hunter2' USING ERRCODE = 'BZ001', HINT = 'hunter2'; END $$", [], "BZ001"),
            ("DO $$ BEGIN RAISE 'hunter2' USING ERRCODE = '53100'; END $$", [], "53100"),
            ("DO $$ BEGIN EXECUTE 'SELECT hunter2'; END $$", [], "42703"),
        ] {
            let error = await postgresError { try await connection.execute(Statement("cast", sql, parameters)) }
            #expect(error?.sqlState == state)
            #expect(error?.description.contains("hunter2") == false)
            #expect(error?.description.contains(state) == true && error?.description.contains("in cast") == true)
            #expect(error?.debugDescription.contains("hunter2") == true)
        }
    }

    @Test("A pipeline is all or nothing; its first error is thrown, with that statement's name")
    func pipeline() async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("CREATE TABLE t (v int PRIMARY KEY)", name: "create")
        let insert = "INSERT INTO t VALUES ($1) RETURNING v"
        let rows = try await connection.pipeline([
            Statement("one", insert, [.int4(1)]), Statement("two", insert, [.int4(2)], prepared: true),
            Statement("three", insert, [.int4(3)], prepared: true), Statement("count", "SELECT count(*)::int4 FROM t"),
        ])
        #expect(try rows.map { try $0[0].decode(0, as: Int.self) } == [1, 2, 3, 3])
        let error = await postgresError {
            try await connection.pipeline([
                Statement("four", insert, [.int4(4)]), Statement("again", insert, [.int4(1)]),
                Statement("wrong", "SELECT nonsense"), Statement("five", insert, [.int4(5)], prepared: true),
            ])
        }
        #expect(error?.sqlState == "23505" && error?.statement == "again")
        #expect(try await connection.value("SELECT count(*) FROM t") == 3)
        #expect(try await connection.pipeline([]).isEmpty)
    }

    @Test("A prepared statement survives a change of the result's type and DEALLOCATE ALL, with one error at most")
    func prepared() async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("CREATE TABLE t (v int); INSERT INTO t VALUES (7)", name: "create")
        let all = Statement("all", "SELECT * FROM t", prepared: true)
        let count = "SELECT count(*) FROM pg_prepared_statements"
        for _ in 0..<3 { #expect(try await connection.execute(all)[0].decode(0) == 7) }
        #expect(try await connection.value(count) == 1)
        try await connection.script("ALTER TABLE t ALTER v TYPE text", name: "alter")
        do { try await connection.execute(all) } catch let error as PostgresError { #expect(error.sqlState == "0A000") }
        #expect(try await connection.execute(all)[0].decode(0) == "7")
        try await connection.script("DEALLOCATE ALL", name: "deallocate")
        do { try await connection.execute(all) } catch let error as PostgresError { #expect(error.sqlState == "26000") }
        #expect(try await connection.execute(all)[0].decode(0) == "7")
        #expect(try await connection.value(count) == 1)
    }

    @Test("A prepared statement that fails each time does not pile up on the server")
    func failingPrepared() async throws {
        let connection = try await database(.debian).connect()
        for _ in 0..<10 {
            let error = await postgresError {
                try await connection.execute(Statement("divide", "SELECT 1 / $1", [.int4(0)], prepared: true))
            }
            #expect(error?.sqlState == "22012")
        }
        #expect(try await connection.value("SELECT count(*) FROM pg_prepared_statements", as: Int.self) <= 1)
    }

    @Test("A transaction is rolled back when its scope throws, and committed when it does not")
    func transaction() async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("CREATE TABLE t (v int)", name: "create")
        let insert = Statement("insert", "INSERT INTO t VALUES (1)")
        let value = try await connection.transaction { transaction in
            try await transaction.execute(insert)
            try await transaction.pipeline([insert, insert])
            try await transaction.script("SAVEPOINT s; INSERT INTO t VALUES (2); ROLLBACK TO s", name: "savepoint")
            return "done"
        }
        #expect(value == "done")
        #expect(try await connection.value("SELECT count(*) FROM t") == 3)
        struct Mine: Error {}
        await #expect(throws: Mine.self) {
            try await connection.transaction { transaction in
                try await transaction.execute(insert)
                throw Mine()
            }
        }
        let error = await postgresError {
            try await connection.transaction { transaction in
                try await transaction.execute(insert)
                try await transaction.execute(Statement("wrong", "SELECT 1 / 0"))
            }
        }
        #expect(error?.sqlState == "22012")
        #expect(try await connection.value("SELECT count(*) FROM t") == 3)
        #expect(try await connection.value("SELECT pg_current_xact_id_if_assigned() IS NULL"))
    }

    @Test("A transaction that the server rolled back does not look committed")
    func abortedTransaction() async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("CREATE TABLE t (v int)", name: "create")
        await #expect(throws: (any Error).self) {
            try await connection.transaction { transaction in
                try await transaction.execute(Statement("insert", "INSERT INTO t VALUES (1)"))
                // An error that the scope swallows leaves the transaction aborted: COMMIT answers ROLLBACK.
                _ = try? await transaction.execute(Statement("wrong", "SELECT 1 / 0"))
            }
        }
        #expect(try await connection.value("SELECT count(*) FROM t") == 0)
    }

    @Test(
        "A call that no server would take is the caller's error and costs no connection", arguments: [65_535, 65_536])
    func parameters(count: Int) async throws {
        let connection = try await database(.debian).connect()
        let parameters = Array(repeating: PostgresValue.int4(1), count: count)
        let statement = Statement("many", "SELECT $\(count)::int4", parameters)
        if count == 65_535 {
            #expect(try await connection.execute(statement)[0].decode(0) == 1)
        } else {
            #expect(await postgresError { try await connection.execute(statement) }?.code == .misuse)
        }
        #expect(try await connection.value("SELECT 5") == 5)
    }

    @Test("An empty statement leaves the connection as it was")
    func emptyStatement() async throws {
        let connection = try await database(.debian).connect()
        #expect(try await connection.execute(Statement("nothing", "-- only a comment")).isEmpty)
        #expect(try await connection.value("SELECT 5") == 5)
    }

    @Test("Thirty megabytes go there, and come back", arguments: PostgresServer.Flavour.allCases)
    func big(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect(over: .tcp)
        let megabytes = 30 << 20
        var bytes = [UInt8](repeating: 0, count: megabytes)
        for at in stride(from: 0, to: megabytes, by: 4096) { bytes[at] = UInt8(truncatingIfNeeded: at >> 12) }
        let rows = try await connection.execute(
            Statement("big", "SELECT $1 AS there, octet_length($1) AS n", [.bytea(bytes)]))
        #expect(try rows[0].decode("n") == megabytes)
        let text = try await connection.value("SELECT repeat('0123456789', 3145728)", as: String.self)
        #expect(text.utf8.count == megabytes)
        let many = try await connection.execute(Statement("many", "SELECT i FROM generate_series(1, 500000) AS i"))
        #expect(many.count == 500_000)
        #expect(try many[499_999].decode(0) == 500_000)
    }
}
