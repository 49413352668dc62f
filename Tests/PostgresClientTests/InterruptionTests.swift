import PostgresClient
import TestSupport
import Testing

@Suite struct InterruptionTests {
    private let sleep = Statement("sleep", "SELECT pg_sleep(60)")

    @Test(
        "After the deadline the server is asked to cancel, and the connection is usable",
        arguments: PostgresServer.Flavour.allCases)
    func deadline(_ flavour: PostgresServer.Flavour) async throws {
        let database = try await database(flavour)
        let connection = try await database.connect()
        let observer = try await database.connect()
        for _ in 0..<3 {
            let error = await postgresError { try await connection.execute(sleep, deadline: .milliseconds(50)) }
            #expect(error?.code == .deadlineExceeded && error?.statement == "sleep")
            #expect(try await !observer.isRunning(connection.backendPID))
            #expect(try await connection.value("SELECT 5") == 5)
        }
        let error = await postgresError {
            try await connection.script("SELECT pg_sleep(60)", name: "script", deadline: .milliseconds(50))
        }
        #expect(error?.code == .deadlineExceeded)
        #expect(
            try await connection.execute(Statement("in time", "SELECT 6"), deadline: .seconds(3_600))[0].decode(0) == 6)
        // Longer than anybody lives is for ever, not at once.
        #expect(
            try await connection.execute(Statement("in time", "SELECT 7"), deadline: .seconds(20_000_000_000))[0]
                .decode(0) == 7)
    }

    @Test(
        "A cancelled task cancels its statement, and the connection is usable",
        arguments: PostgresServer.Flavour.allCases)
    func cancellation(_ flavour: PostgresServer.Flavour) async throws {
        let database = try await database(flavour)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let pid = await connection.backendPID
        let task = Task { try await connection.execute(sleep) }
        try await eventually("the statement runs") { try await observer.isRunning(pid) }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await withDeadline(patience) { try await task.value } }
        #expect(try await !observer.isRunning(pid))
        #expect(try await connection.value("SELECT 5") == 5)
        let unsent = Statement("never sent", "SELECT 41 + 1")
        let before = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await connection.execute(unsent)
        }
        await #expect(throws: CancellationError.self) { try await before.value }
        // What was not sent is not prepared.
        try await connection.transaction { transaction in
            let rows = try await transaction.execute(unsent)
            #expect(rows.count == 1)
        }
    }

    @Test("A cancelled transaction is rolled back")
    func transaction() async throws {
        let database = try await database(.debian)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let pid = await connection.backendPID
        try await connection.script("CREATE TABLE t (v int)", name: "create")
        let task = Task {
            try await connection.transaction { transaction in
                try await transaction.execute(Statement("insert", "INSERT INTO t VALUES (1)"))
                try await transaction.execute(sleep)
            }
        }
        try await eventually("the transaction sleeps") {
            try await observer.value(
                "SELECT query LIKE '%sleep%' AND state = 'active' FROM pg_stat_activity WHERE pid = $1", .int4(pid))
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await withDeadline(patience) { try await task.value } }
        #expect(try await connection.value("SELECT count(*) FROM t") == 0)
        #expect(try await observer.value("SELECT state FROM pg_stat_activity WHERE pid = $1", .int4(pid)) == "idle")
    }

    @Test("A task that waits for its turn can be cancelled, and disturbs nobody")
    func queued() async throws {
        let database = try await database(.debian)
        let connection = try await database.connect()
        let observer = try await database.connect()
        let pid = await connection.backendPID
        let first = Task { try await connection.execute(sleep, deadline: .seconds(30)) }
        try await eventually("the statement runs") { try await observer.isRunning(pid) }
        let second = Task { try await connection.value("SELECT 2", as: Int.self) }
        let third = Task { try await connection.value("SELECT 3", as: Int.self) }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await withDeadline(patience) { try await second.value } }
        #expect(try await observer.isRunning(pid))
        first.cancel()
        #expect(try await withDeadline(patience) { try await third.value } == 3)
        await #expect(throws: CancellationError.self) { try await first.value }
    }

    @Test("Many tasks on one connection each have their own answer")
    func manyTasks() async throws {
        let connection = try await database(.debian).connect()
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<400 {
                group.addTask {
                    try await connection.value("SELECT $1", .int8(Int64(number))) == number
                }
            }
            for try await isRight in group { #expect(isRight) }
        }
    }

    @Test("Statements run in the order in which they were asked for")
    func order() async throws {
        let connection = try await database(.debian).connect()
        try await connection.script("CREATE TABLE t (n serial, v int)", name: "create")
        try await connection.transaction { transaction in
            for number in 0..<50 {
                try await transaction.execute(
                    Statement("insert", "INSERT INTO t (v) VALUES ($1)", [.int4(Int32(number))], prepared: true))
            }
        }
        #expect(try await connection.value("SELECT array_agg(v ORDER BY n)::int8[] FROM t") == Array(0..<50))
    }

    @Test(
        "Random cancellations and deadlines leave a connection that works and answers each its own",
        arguments: UInt64(1)...4)
    func storm(seed: UInt64) async throws {
        let connection = try await database(.debian).connect()
        var random = SeededRandom(seed: seed)
        for number in 0..<60 {
            let pause = Double.random(in: 0...0.01, using: &random)
            let limit = Duration.microseconds(Int.random(in: 50...15_000, using: &random))
            let isCancelled = Bool.random(using: &random)
            let task = Task {
                try await connection.execute(
                    Statement("storm", "SELECT $1::int8, pg_sleep($2)", [.int8(Int64(number)), .float8(pause)]),
                    deadline: isCancelled ? nil : limit)
            }
            let killer = Task {
                try await Task.sleep(for: limit)
                if isCancelled { task.cancel() }
            }
            if let rows = try? await task.value { #expect(try rows[0].decode(0) == number) }
            killer.cancel()
            #expect(try await connection.value("SELECT $1", .int8(Int64(-number))) == -number)
        }
    }
}
