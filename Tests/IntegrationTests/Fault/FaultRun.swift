import Backfill
import PostgresClient
import TestSupport

/// One run of the fault suite: users write, daemons embed, and everything that can go wrong does.
struct FaultRun {
    let plan: FaultPlan

    init(seed: UInt64) { plan = FaultPlan(seed: seed) }

    /// What came of it, in a line; throws ``FaultRunFailed`` where a promise was broken.
    func run() async throws -> String {
        let settings = [
            "max_connections": "100", "log_statement": "none", "deadlock_timeout": "200ms",
            // Whole statements, for who watches which of them wait.
            "track_activity_query_size": "64kB",
        ]
        return try await PostgresServer.with(plan.flavour, settings: settings) { server in
            let table = LabTable(create: FaultScript.table)
            let lab = try await Lab.make(plan.flavour, [table], on: server, notify: plan.notify)
            let hash = lab.embedder
            let provider = try Provider(seed: plan.seed) { hash.vector(of: $0) }
            provider.take(plan.latency)
            let options = ["--table", "notes", "--rows", "\(plan.rows)", "--in-flight", "\(plan.inFlight)"]
            let daemons = try (0..<plan.daemons).map {
                try FaultDaemon(
                    $0, options, database: lab.database, provider: provider.port, seed: plan.isGentle ? nil : plan.seed)
            }
            let users = FaultUsers(lab.database, plan)
            let sampler = FaultSampler(lab.database)
            let conductor = FaultConductor(plan, lab.database, users, daemons, provider)
            var violations: [String] = []
            var settling = Duration.zero
            do {
                try await withThrowingTaskGroup(of: Void.self) { tasks in
                    for daemon in daemons { tasks.addTask { try await daemon.run() } }
                    tasks.addTask { try await sampler.run() }
                    async let work: Void = users.run()
                    try await conductor.run()
                    try await work
                    // The session of before may have ended with a server.
                    let again = Lab(
                        database: lab.database, tables: lab.tables, embedder: lab.embedder,
                        user: try await lab.connect())
                    let referee = FaultReferee(lab: again, provider: provider, daemons: daemons)
                    violations += try await referee.charges()
                    try await conductor.heal()
                    settling = try await referee.settled()
                    violations += try await referee.locks()
                    violations += try await referee.ledger()
                    violations += try await referee.rows()
                    violations += referee.doubleWork()
                    for daemon in daemons { violations += try await daemon.finish() }
                    tasks.cancelAll()
                }
            } catch {
                violations.append("\(error)")
            }
            violations += users.violations + sampler.violations
            violations += users.deadlocks.filter { text in
                sampler.daemonPIDs.contains { text.contains("rocess \($0) ") || text.contains("rocess \($0).") }
            }.map { "a user's deadlock with a daemon: \($0)" }
            guard violations.isEmpty else {
                throw FaultRunFailed(
                    plan: plan, violations: violations, log: conductor.log,
                    daemons: daemons.flatMap { daemon in
                        daemon.lives.map { "\($0.name)\n" + $0.story.joined(separator: "\n") }
                    },
                    server: server.log.split(separator: "\n").suffix(30).joined(separator: "\n"))
            }
            let tally = provider.tally
            let lives = daemons.reduce(0) { $0 + $1.lives.count }
            return "seed \(plan.seed): \(plan.flavour), \(plan.isGentle ? "gentle, " : "")\(plan.daemons) daemons "
                + "(\(lives) processes), \(plan.faults.count) faults, \(tally.embedded.count) texts embedded, "
                + "\(tally.embedded.values.count { $0.count > 1 }) more than once, settled in \(settling / .milliseconds(1)) ms, "
                + "longest wait for a daemon \(sampler.longest), most locks \(sampler.mostLocks), users' errors \(users.errors)"
        }
    }
}

/// A run in which a promise was broken, with all that is known of it.
struct FaultRunFailed: Error, CustomStringConvertible {
    let plan: FaultPlan
    let violations: [String]
    let log: [String]
    let daemons: [String]
    let server: String

    var description: String {
        """
        seed \(plan.seed) FAILED: \(violations.count) violations
        \(violations.prefix(20).joined(separator: "\n"))
        -- the plan: \(plan.flavour), \(plan.daemons) daemons, \(plan.users) users of \(plan.steps) steps, \
        rows \(plan.rows), in flight \(plan.inFlight), latency \(plan.latency), notify \(plan.notify), gentle \(plan.isGentle)
        \(log.joined(separator: "\n"))
        -- the daemons
        \(daemons.joined(separator: "\n"))
        -- the server
        \(server)
        again with: make soak SEEDS=1 FROM=\(plan.seed)
        """
    }
}
