import Dispatch
import PostgresClient
import TestSupport
import Testing

/// Runs tasks on a queue of its own, as the console does on its thread.
private final class QueueTasks: TaskExecutor {
    private let queue = DispatchQueue(label: "backfilld.tests.tasks")

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

@Suite("Tasks that prefer an executor of their own") struct ExecutorPreferenceTests {
    @Test("miss no answer, and no turn", arguments: PostgresServer.Flavour.allCases)
    func answers(_ flavour: PostgresServer.Flavour) async throws {
        let connection = try await database(flavour).connect()
        // Statements that are new to the session: their answers come in several pieces.
        try await withTaskExecutorPreference(QueueTasks()) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for caller in 0..<4 {
                    group.addTask {
                        for number in 0..<500 {
                            let statement = Statement("ask \(caller)", "SELECT \(number)::int4 AS a\(caller)_\(number)")
                            let rows = try await connection.execute(statement, deadline: .seconds(10))
                            #expect(try rows[0].decode(0) == Int32(number))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        // A connection of its own is a chain of waits, too.
        try await withTaskExecutorPreference(QueueTasks()) {
            for _ in 0..<20 {
                let other = try await database(flavour).connect()
                await other.close()
            }
        }
    }
}
