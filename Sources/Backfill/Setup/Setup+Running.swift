import PostgresClient

/// What a running plan says about itself.
package enum SetupProgress: Sendable, Hashable {
    /// A step begins, or those that go together with it.
    case step(title: String, number: Int, of: Int)
    /// The table was busy; it is tried again after a pause.
    case waiting(attempt: Int, holders: [String], pause: Duration)
}

extension Setup {
    /// Waits until no other set-up works in this database, and keeps others out for as long as the session lasts.
    ///
    /// It asks again and again: who waits inside a statement has a snapshot, and CREATE INDEX CONCURRENTLY of the other would
    /// wait for that.
    ///
    /// - Parameters:
    ///   - connection: A connection that is free, for as long as set-up works.
    ///   - waiting: Called once, where there is somebody to wait for.
    /// - Throws: `PostgresError`, `CancellationError`.
    package static func enter(
        on connection: PostgresConnection, waiting: @Sendable () -> Void = {}
    ) async throws {
        let attempt = Statement("enter set-up", SQLFile.advisoryTry, [.int4(AdvisoryLock.setup), .int4(0)])
        var isTold = false
        while try await !connection.execute(attempt)[0].decode(0, as: Bool.self) {
            if !isTold { waiting() }
            isTold = true
            try await Task.sleep(for: .milliseconds(200))
        }
    }

    /// Does what a plan says.
    ///
    /// Every transaction waits at most 0.8 s for its locks, in which writers wait too, then lets go for longer than
    /// that and tries again, so that a long transaction of somebody's delays set-up and nobody else.
    ///
    /// - Parameters:
    ///   - plan: What is to be done.
    ///   - connection: A connection that is free; `statement_timeout` and `lock_timeout` of its session are changed.
    ///   - limit: For how long one transaction is tried.
    ///   - progress: Called before each step and each pause.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` for everything else. What was done
    ///   stays done: set-up goes on from there when it is run again.
    package static func run(
        _ plan: SetupPlan, on connection: PostgresConnection, limit: Duration = .seconds(600),
        progress: @Sendable (SetupProgress) -> Void = { _ in }
    ) async throws {
        let total = plan.steps.count
        var number = 0
        for stage in plan.stages {
            switch stage.kind {
            case .alone:
                // CONCURRENTLY waits for older transactions and blocks nobody meanwhile: it may take its time.
                try await connection.script("SET statement_timeout = 0", name: "statement_timeout")
                try await connection.script("SET lock_timeout = 0", name: "lock_timeout")
                for step in stage.steps {
                    number += 1
                    progress(.step(title: step.title, number: number, of: total))
                    try await mapping(step.title, plan) {
                        try await connection.script(step.sql, name: step.title)
                    }
                }
            case .transaction:
                for step in stage.steps {
                    number += 1
                    progress(.step(title: step.title, number: number, of: total))
                }
                try await runInTransaction(stage, plan, on: connection, limit: limit, progress: progress)
            }
        }
    }

    private static func runInTransaction(
        _ stage: SetupPlan.Stage, _ plan: SetupPlan, on connection: PostgresConnection, limit: Duration,
        progress: @Sendable (SetupProgress) -> Void
    ) async throws {
        let clock = ContinuousClock()
        let start = clock.now
        var pauses = LockPauses()
        while true {
            do {
                try await connection.transaction { transaction in
                    try await transaction.script(SetupPlan.transactionSettings, name: "set-up's settings")
                    for step in stage.steps where !step.isUnderLock {
                        try await mapping(step.title, plan) {
                            try await transaction.script(step.sql, name: step.title)
                        }
                    }
                    // From the lock to the commit in one message: while others wait, the network must not matter.
                    let locked = stage.steps.filter(\.isUnderLock)
                    if let first = locked.first {
                        try await mapping(first.title, plan) {
                            try await transaction.script(locked.map(\.sql).joined(separator: "\n"), name: first.title)
                        }
                    }
                }
                return
            } catch let error as PostgresError where error.meansBusy {
                let holders = try await holders(of: plan.relations, on: connection)
                guard clock.now - start < limit else {
                    let seconds = Int((clock.now - start).components.seconds)
                    throw TableProblem.lockNotObtained(table: plan.table, seconds: seconds, holders: holders)
                }
                let pause = pauses.next(random: Double.random(in: 0..<1))
                progress(.waiting(attempt: pauses.count, holders: holders, pause: pause))
                try await Task.sleep(for: pause)
            }
        }
    }

    private static func mapping(_ title: String, _ plan: SetupPlan, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as PostgresError where error.hasState("42501") {
            throw TableProblem.notPermitted(
                table: plan.table, what: "make \(title): \(error.message)",
                hint: "Run it as the owner of the table and of the schema backfilld")
        } catch let error as PostgresError
            where ["23505", "42P06", "42P07", "42710"].contains(where: { error.hasState($0) })
        {
            throw TableProblem.changedMeanwhile(table: plan.table, what: "somebody else made it too (\(error.message))")
        }
    }

    private static func holders(of relations: [Int64], on connection: PostgresConnection) async throws -> [String] {
        let rows = try await connection.execute(
            .inspect("inspect_blockers", PackageResources.inspect_blockers_sql, [.int8Array(relations)]))
        return try rows.map { row in
            let application: String = try row.decode("application")
            let seconds = Int(try row.decode("seconds", as: Double.self))
            let who = [try row.decode("role"), application].filter { !$0.isEmpty }.joined(separator: ", ")
            let pid: Int32 = try row.decode("pid")
            let state: String = try row.decode("state")
            return "process \(pid) (\(who), \(state), transaction open for \(seconds) s)"
        }
    }
}

/// The pauses between tries for a lock: from one second to five, jittered, so that writers have the table to
/// themselves for most of the time.
struct LockPauses: Sendable, Hashable {
    private(set) var count = 0

    /// The next pause; `random` is from 0 up to 1.
    mutating func next(random: Double) -> Duration {
        count += 1
        let base = min(5, 1 + 0.5 * Double(count - 1))
        return .milliseconds(Int(base * (0.75 + 0.5 * random) * 1000))
    }
}

extension PostgresError {
    /// A lock was not to be had in time, or a deadlock was broken at our cost: nothing was done, it can be tried again.
    var meansBusy: Bool { ["55P03", "57014", "40P01"].contains { hasState($0) } && code == .server }
}
