import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

@Suite("A reembed beside writers", .inLanes)
struct ReembedWritersTests {
    @Test("Behind a long transaction it waits itself: no INSERT waits for it longer than its own short try")
    func writers() async throws {
        let lab = try await Lab.filled(
            .pg18WithPgvector, rows: 100, indexes: "CREATE INDEX graph ON notes USING hnsw (embedding vector_l2_ops)")
        let holder = try await lab.connect()
        let waits = Tally()
        let model = ModelEmbedder("new", dimension: 12)
        let isOver = Mutex(false)
        // A writer that is made to wait for longer is told so by the server.
        let writing = Task {
            let writer = try await lab.connect()
            try await writer.script("SET lock_timeout = '2s'", name: "lock_timeout")
            var number = 0
            while !isOver.withLock(\.self) {
                number += 1
                // No faster than it can be embedded beside it, or there is no end to that.
                try await writer.script(
                    "INSERT INTO notes VALUES (1000 + \(number), 'w'); COMMIT; SELECT pg_sleep(0.01)",
                    name: "the writer")
            }
            await writer.close()
            return number
        }
        let running = Task {
            try await lab.withReembed(model) { work in
                try await work.run { progress in
                    if case .schema(.waiting(_, let holders, _)) = progress, !holders.isEmpty { waits.next() }
                }
            }
        }
        try await holder.script("BEGIN; INSERT INTO notes VALUES (999, 'held')", name: "the holder")
        try await eventually("it has tried twice") { waits.count >= 2 }
        try await holder.script("COMMIT", name: "the holder")
        _ = try await running.value
        isOver.withLock { $0 = true }
        let inserted = try await writing.value
        try await lab.drain(model)
        try await lab.expectAll(101 + inserted, of: model)
        await holder.close()
    }
}
