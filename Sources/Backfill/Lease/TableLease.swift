import PostgresClient

/// Keeps a table's lease in `backfilld.lease`: one daemon a table, where a pooler in transaction mode is in between and
/// locks of a session can't tell daemons apart.
///
/// ``hold(as:)`` is called with every heartbeat, and before work is begun; the table is worked on only while it says so.
/// What was begun may end after the lease did: the guard of the write keeps that right, it is only work done twice.
actor TableLease {
    private var watch: Int32
    private let daemon: DaemonName
    private let pool: ConnectionPool
    private var heartbeat: Duration
    private let clock = ContinuousClock()
    private var lease: Lease
    private var isOver = false
    /// Why the server could not be asked, the last time; nil where it answered.
    private(set) var trouble: (any Error)?

    private static let deadline = Duration.seconds(10)

    /// - Parameters:
    ///   - watch: The table's number in `backfilld.watch`.
    ///   - pool: Lends sessions.
    ///   - daemon: Who takes it.
    ///   - heartbeat: How often ``hold(as:)`` is called; the lease lasts for three of them.
    init(watch: Int32, pool: ConnectionPool, daemon: DaemonName, heartbeat: Duration) {
        self.watch = watch
        self.pool = pool
        self.daemon = daemon
        self.heartbeat = heartbeat
        lease = Lease(heartbeat: heartbeat)
    }

    /// From now on ``hold(as:)`` is called so often; what is held is held anew, for three of these.
    func apply(heartbeat: Duration) {
        guard heartbeat != self.heartbeat else { return }
        self.heartbeat = heartbeat
        lease = Lease(heartbeat: heartbeat)
    }

    /// Takes the lease or makes it longer where that is due, and says whether the table is ours.
    ///
    /// Costs a round trip at most twice a heartbeat, nothing otherwise. Where the server can't be asked the table stays
    /// ours until the lease's time is over.
    ///
    /// - Parameter present: The number that the table has now, which is another when it was made anew and set up again.
    func hold(as present: Int32? = nil) async -> Bool {
        let now = clock.now
        if isOver { return false }
        if let present, present != watch {
            watch = present
            lease = Lease(heartbeat: heartbeat)
        }
        guard lease.isDue(at: now) else { return lease.isHeld(at: now) }
        do {
            let rows = try await pool.withConnection { [watch, daemon, length = lease.length] in
                try await $0.execute(
                    Statement(
                        "take the lease of a table", SQLFile.leaseTake,
                        [
                            .int4(watch), .text(daemon.description), .text(daemon.host), .float8(length.inSeconds),
                        ]), deadline: Self.deadline)
            }
            let holder = try rows.first?.decode("daemon", as: String.self)
            let remaining = try rows.first?.decode("remaining", as: Double.self) ?? 0
            lease.answered(
                holder, remaining: .seconds(max(0, remaining)), isUs: holder == daemon.description, asked: now)
            trouble = nil
        } catch {
            lease.failed(asked: now)
            trouble = error
        }
        return isHeld
    }

    /// Whether the table is ours, without asking.
    var isHeld: Bool { !isOver && lease.isHeld(at: clock.now) }

    /// The daemon that has the table, where that is another one.
    var otherHolder: String? {
        if case .other(let daemon, _) = lease.holder { daemon } else { nil }
    }

    /// Gives it back for good, so that another daemon need not wait for its end. What fails here ends with its time.
    func release() async {
        isOver = true
        _ = try? await pool.withConnection { [watch, daemon] in
            try await $0.execute(
                Statement(
                    "give back the lease of a table", SQLFile.leaseRelease, [.int4(watch), .text(daemon.description)]),
                deadline: Self.deadline)
        }
    }
}
