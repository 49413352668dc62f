import Backfill
import HTTPTypes
import NIOCore
import PostgresClient

/// Figures about the vectors of tables: measured when somebody asks, one table after the other, and kept for a while.
actor TableQuality {
    /// Measures a table; answers JSON.
    typealias Measure = @Sendable (WatchedTable, PostgresConnection) async throws -> [UInt8]

    private struct Told {
        var body: ByteBuffer
        var at: ContinuousClock.Instant
    }

    /// Measuring takes seconds of the server and of the encoder.
    private static let age = Duration.seconds(60)

    private let measure: Measure
    private let pool: ConnectionPool
    private var told: [Int32: Told] = [:]
    private var measuring: [Int32: Task<ByteBuffer, any Error>] = [:]
    private var last: Task<Void, Never>?

    init(pool: ConnectionPool, measure: @escaping Measure) {
        self.pool = pool
        self.measure = measure
    }

    /// The figures of a table, of the last minute at most. Whoever goes away meanwhile does not end the measuring: its
    /// figures are there for the next.
    func figures(_ slot: Int32, _ table: WatchedTable) async throws -> ByteBuffer {
        if let told = told[slot], .now - told.at < Self.age { return told.body }
        if let task = measuring[slot] { return try await task.value }
        // Off the console's thread: it is arithmetic for a while.
        let task = Task(executorPreference: globalConcurrentExecutor) { [measure, pool, last] in
            await last?.value
            return ByteBuffer(bytes: try await pool.withConnection { try await measure(table, $0) })
        }
        measuring[slot] = task
        last = Task { _ = await task.result }
        defer { measuring[slot] = nil }
        let body = try await task.value
        told[slot] = Told(body: body, at: .now)
        return body
    }
}
