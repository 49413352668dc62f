import PostgresClient
import Synchronization
import TestSupport

/// The users' sessions of a run, and how far they are.
final class FaultUsers: Sendable {
    private struct State {
        var steps = 0
        var isOver = false
        var errors: [String: Int] = [:]
        var violations: [String] = []
        var deadlocks: [String] = []
    }

    private let database: TestDatabase
    private let plan: FaultPlan
    private let state = Mutex(State())

    init(_ database: TestDatabase, _ plan: FaultPlan) {
        self.database = database
        self.plan = plan
    }

    /// Steps that all users together have made; the whole number when they are done.
    var steps: Int { state.withLock { $0.isOver ? .max : $0.steps } }
    /// What went wrong with users' statements, by SQLSTATE.
    var errors: [String: Int] { state.withLock(\.errors) }
    /// Errors that no user should ever see.
    var violations: [String] { state.withLock(\.violations) }

    /// What the server said of users' deadlocks: which processes were in them.
    var deadlocks: [String] { state.withLock(\.deadlocks) }

    /// Waits until all of them together have made so many steps, or are done.
    func reach(_ step: Int) async throws {
        try await eventually("step \(step) of the load", within: .seconds(180)) { steps >= step }
    }

    /// Waits until all of them together have made so many steps, are done, or stand still: what they all wait for may be what is
    /// to end then, such as a daemon that was stopped while it wrote.
    func reachOrStandStill(_ step: Int) async throws {
        let last = Mutex((steps: -1, at: ContinuousClock.now))
        try await eventually("step \(step) of the load, or a standstill", within: .seconds(180)) {
            last.withLock { last in
                if last.steps != steps { last = (steps, .now) }
                return steps >= step || .now - last.at > .milliseconds(300)
            }
        }
    }

    /// Works until all have made their steps.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { users in
            for user in 0..<plan.users { users.addTask { try await self.work(user) } }
            try await users.waitForAll()
        }
        state.withLock { $0.isOver = true }
    }

    private func work(_ user: Int) async throws {
        var script = FaultScript(
            user: user, of: plan.users, seed: plan.seed, hasVectors: plan.flavour == .pg18WithPgvector)
        var connection: PostgresConnection?
        for _ in 0..<plan.steps {
            let statements = script.next()
            let open: PostgresConnection
            if let connection, await connection.isOpen { open = connection } else { open = try await connect() }
            connection = open
            do {
                for statement in statements {
                    try await open.script(statement, name: "a user's statement", deadline: .seconds(60))
                }
            } catch let error as PostgresError {
                note(error, statements)
                try? await open.script("ROLLBACK", name: "rollback", deadline: .seconds(30))
            }
            state.withLock { $0.steps += 1 }
        }
        await connection?.close()
    }

    private func connect() async throws -> PostgresConnection {
        try await eventuallyValue("a user connected", within: .seconds(60), polling: .milliseconds(50)) {
            try? await PostgresConnection.connect(
                ConnectionOptions(conninfo: database.conninfo, applicationName: "user"))
        }
    }

    private func note(_ error: PostgresError, _ statements: [String]) {
        state.withLock { state in
            state.errors[error.sqlState ?? "\(error.code)", default: 0] += 1
            if error.hasState("40P01") { state.deadlocks.append(error.detail ?? "") }
            // A server that goes away, and users who meet each other, are nobody's fault.
            // A server that is restarted ends the programs that it has started for COPY first.
            let isOfRestart = error.hasState("38000") && error.detail?.contains("terminated by signal") ?? false
            let isFair =
                error.isConnectionFailure || isOfRestart || ["40P01", "23505"].contains { error.hasState($0) }
            if !isFair || error.code == .deadlineExceeded {
                state.violations.append("a user's statement failed: \(error.debugDescription) in \(statements)")
            }
        }
    }
}
