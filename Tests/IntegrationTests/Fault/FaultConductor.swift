import Glibc
import PostgresClient
import Synchronization
import TestSupport

/// Lets a plan's faults happen, each at its step, and in the end puts everything right.
final class FaultConductor: Sendable {
    private let plan: FaultPlan
    private let database: TestDatabase
    private let users: FaultUsers
    private let daemons: [FaultDaemon]
    private let provider: Provider
    private let done = Mutex<[String]>([])

    init(
        _ plan: FaultPlan, _ database: TestDatabase, _ users: FaultUsers, _ daemons: [FaultDaemon],
        _ provider: Provider
    ) {
        self.plan = plan
        self.database = database
        self.users = users
        self.daemons = daemons
        self.provider = provider
    }

    /// What was done, in order, with what came in between.
    var log: [String] { done.withLock(\.self) }

    /// Works through the plan; returns when the last fault is over.
    func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { ends in
            for (step, fault) in plan.faults {
                try await users.reach(step)
                note("step \(step): \(fault)")
                do {
                    if let end = try await begin(fault) {
                        ends.addTask {
                            try await self.users.reachOrStandStill(step + end.steps)
                            try await end.heal()
                        }
                    }
                } catch let error as PostgresError {
                    // What was to be done in the database could not be: the server is away at the moment.
                    note("  not done: \(error)")
                }
            }
            try await ends.waitForAll()
        }
    }

    /// Puts everything right.
    func heal() async throws {
        provider.behave()
        for daemon in daemons { daemon.heal() }
        // A provider that was wrong about a row may have had it set aside: that is put right by hand.
        try await atLast("UPDATE backfilld.watch SET paused_at = NULL; DELETE FROM backfilld.failure")
    }

    private func note(_ line: String) { done.withLock { $0.append(line) } }

    private struct End: Sendable {
        let steps: Int
        let heal: @Sendable () async throws -> Void
    }

    private func begin(_ fault: Fault) async throws -> End? {
        switch fault {
        case .kill(let daemon): daemons[daemon].send(SIGKILL)
        case .terminate(let daemon): daemons[daemon].send(SIGTERM)
        case .stop(let daemon, let steps):
            // This very process, also when another has followed it by then.
            let process = daemons[daemon].current
            process?.send(SIGSTOP)
            return End(steps: steps) { process?.send(SIGCONT) }
        case .restart(let fault): try await restart(fault)
        case .network(let daemon, let fault, let steps): return try await begin(fault, daemons[daemon].server, steps)
        case .providerNetwork(let daemon, let fault, let steps):
            return try await begin(fault, daemons[daemon].provider, steps)
        case .provider(let faults, let chance, let steps):
            provider.misbehave(faults, chance: chance)
            return End(steps: steps) { [provider] in provider.behave() }
        case .terminateSessions: try await sql(Self.each("pg_terminate_backend"))
        case .cancelStatements: try await sql(Self.each("pg_cancel_backend"))
        case .garbage(let count): try await sql(Self.garbage(count))
        case .pause(let steps):
            try await sql("UPDATE backfilld.watch SET paused_at = now()")
            return End(steps: steps) { try await self.atLast("UPDATE backfilld.watch SET paused_at = NULL") }
        case .clock(let daemon, let hours): try daemons[daemon].clock.set(hours: hours)
        }
        return nil
    }

    private func begin(_ fault: NetworkFault, _ proxy: TCPProxy, _ steps: Int) async throws -> End? {
        switch fault {
        case .cut: try await proxy.cut()
        case .reset: try await proxy.reset()
        case .cutAfter(let bytes, let direction, let ending): proxy.end(ending, after: bytes, direction)
        case .refuse: try await proxy.refuseConnections()
        case .silent(let directions): for direction in directions { proxy.goSilent(direction) }
        case .delay(let milliseconds): proxy.delay(.milliseconds(milliseconds))
        }
        return End(steps: steps) { proxy.forward() }
    }

    private func restart(_ fault: ServerFault) async throws {
        let server = database.server
        switch fault {
        case .fast: try await server.restart(.fast)
        case .immediate: try await server.restart(.immediate)
        case .kill9:
            try await server.kill9()
            try await server.start()
        case .killBackend:
            // The server ends every other session for it, and begins anew, a moment after the signal.
            let checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
            let before = try await database.psql(checkpointer)
            var victim: pid_t?
            try await eventually("the server anew after a killed backend", polling: .milliseconds(50)) {
                guard let now = try? await database.psql(checkpointer) else { return false }
                guard now == before else { return !now.isEmpty }
                // One that was just about to end takes nobody with it: then it is another's turn.
                let ours = try? await database.psql("SELECT max(pid) FROM pg_stat_activity WHERE \(Self.ours)")
                if let pid = ours.flatMap({ pid_t($0) }), pid != victim {
                    (victim, _) = (pid, Glibc.kill(pid, SIGKILL))
                }
                return false
            }
        }
    }

    /// What must be done in the end, whatever goes wrong with the server meanwhile.
    private func atLast(_ sql: String) async throws {
        try await eventually(sql, polling: .milliseconds(50)) {
            do {
                try await self.sql(sql)
                return true
            } catch is PostgresError {
                return false
            }
        }
    }

    private func sql(_ sql: String) async throws {
        let connection = try await eventuallyValue("a session for the conductor", polling: .milliseconds(50)) {
            try? await PostgresConnection.connect(ConnectionOptions(conninfo: database.conninfo))
        }
        do {
            try await connection.script(sql, name: "the conductor", deadline: .seconds(30))
        } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }

    private static let ours = "application_name = 'lab-daemon' AND datname = current_database()"
    private static func each(_ function: String) -> String {
        "SELECT \(function)(pid) FROM pg_stat_activity WHERE \(ours)"
    }

    /// Notifications of strangers: no payload, half a payload, keys that are none, keys of nobody, in great number.
    private static func garbage(_ count: Int) -> String {
        """
        SELECT pg_notify('backfilld', (ARRAY[
            '', 'nonsense', '1 [', '1 ["no number"]', '1 ["-1","1000001","5000003"]', '1', '999999 ["1"]', '1 []',
            '1 ["' || repeat('9', 5000) || '"]', '-1', '1 {"a":1}', '1 ["' || i || '"]'])[1 + i % 12])
        FROM generate_series(1, \(count)) AS i
        """
    }
}
