import Glibc
import PostgresClient
import Synchronization
import TestSupport
import Testing

@testable import Backfill

@Suite("The lock of those who poll", .inTwoLanes)
struct FaultPollingLockTests {
    @Test(
        "is known to be ours when it was granted just as the wait for it ended",
        arguments: PostgresServer.Flavour.allCases)
    func grantedTooLate(_ flavour: PostgresServer.Flavour) async throws {
        let database = try await PostgresServer.shared(flavour).createDatabase()
        let options = ConnectionOptions(conninfo: database.conninfo)
        let (holder, observer) = (
            try await PostgresConnection.connect(options), try await PostgresConnection.connect(options)
        )
        let key = "\(AdvisoryLock.polling), 7"
        try await holder.script("SELECT pg_advisory_lock(\(key))", name: "hold")
        @Sendable func pids(_ isGranted: Bool) async throws -> [Int32] {
            let question = """
                SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = \(AdvisoryLock.polling) AND objid = 7
                    AND granted = \(isGranted) AND pid <> \(await holder.backendPID)
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                """
            return try await observer.execute(Statement("who", question)).map { try $0.decode(0) }
        }
        let locks = PollingLocks(SessionFactory(options))
        let isLast = Mutex(false)
        let waiting = Task { () -> Bool in
            // Until the server process was stopped while it waited.
            while true {
                let isDone = await locks.perform(.lockPolling, for: 7) != nil
                if isDone || isLast.withLock(\.self) { return isDone }
            }
        }
        // Its 100 ms may be over before the signal arrives: then it is the next wait.
        let pid = try await eventuallyValue("a process stopped in its wait") { () -> Int32? in
            guard let pid = try await pids(false).first else { return nil }
            kill(pid, SIGSTOP)
            if try await pids(false) == [pid], !Self.hasAlarm(pid) { return pid }
            kill(pid, SIGCONT)
            return nil
        }
        try await holder.script("SELECT pg_advisory_unlock(\(key))", name: "give back")
        try await eventually("granted") { try await pids(true) == [pid] }
        try await eventually("the end of its wait") { Self.hasAlarm(pid) }
        isLast.withLock { $0 = true }
        kill(pid, SIGCONT)
        let isDone = await waiting.value
        // The statement has failed, and the session has the lock all the same: what was said must be what is so.
        #expect(try await pids(true) == (isDone ? [pid] : []))
        #expect(await locks.perform(.unlockPolling, for: 7) != nil)
        #expect(try await pids(true).isEmpty)
        await locks.close()
        await holder.close()
        await observer.close()
    }

    /// Whether SIGALRM waits for a process that is stopped.
    private static func hasAlarm(_ pid: Int32) -> Bool {
        let pending = ProcessTable.pendingSignals(pid)
        return pending & (1 << UInt64(SIGALRM - 1)) != 0
    }
}
