import Backfill
import HTTPTypes
import NIOCore
import PostgresClient
import Projections

/// Maps of tables: made when somebody asks for one, and anew when somebody asks and rows have come since.
actor TableMaps {
    /// A map, and of when it is.
    struct Made: Sendable {
        /// Nil for a table with too few rows for one.
        var map: TableMap?
        /// As it is sent.
        var body: ByteBuffer
        var at: ContinuousClock.Instant
        var took: Duration
        /// Rows that the daemon had written then.
        var written: Int

        /// Whether it will do, when so many rows were written: a map is made seldom enough to cost the server little.
        func isFresh(_ now: ContinuousClock.Instant, written: Int) -> Bool {
            let age = now - at
            guard map != nil else { return age < .seconds(1) }
            return age < (written == self.written ? TableMaps.age : max(TableMaps.ageAfterNews, took * 50))
        }
    }

    /// Rows of a table that are on its map, at most.
    static let rows = 2000
    /// What others change, or delete, is seen after this.
    static let age = Duration.seconds(600)
    static let ageAfterNews = Duration.seconds(5)
    /// How long nothing is tried after what took too long.
    private static let patience = Duration.seconds(120)

    private let directory: TableDirectory
    private let written: @Sendable () -> [Int32: Int]
    private let executor: (any TaskExecutor)?
    private var known: [Int32: Made] = [:]
    private var making: [Int32: Task<Made, any Error>] = [:]
    private var failed: [Int32: (error: Refused, until: ContinuousClock.Instant)] = [:]

    /// - Parameters:
    ///   - directory: The tables.
    ///   - written: Rows that the daemon has written since it began, by the numbers of the tables.
    init(
        _ directory: TableDirectory, executor: (any TaskExecutor)?, written: @escaping @Sendable () -> [Int32: Int]
    ) {
        self.directory = directory
        self.executor = executor
        self.written = written
    }

    /// The map of a table; the one of before where none can be made now.
    func map(_ slot: Int32, _ table: WatchedTable) async throws -> Made {
        let before = known[slot]
        if let before, before.isFresh(.now, written: written()[slot] ?? 0) { return before }
        if let failed = failed[slot], failed.until > .now { throw failed.error }
        if let task = making[slot] { return try await task.value }
        let task = Task(executorPreference: executor) { try await self.make(slot, table, after: before?.map) }
        making[slot] = task
        defer { making[slot] = nil }
        do {
            let made = try await task.value
            known[slot] = made
            return made
        } catch {
            // Not tried again at once.
            if var before {
                before.at = .now
                known[slot] = before
                return before
            }
            if case let refused as Refused = error { failed[slot] = (refused, .now + Self.patience) }
            throw error
        }
    }

    /// Where a vector falls on the map that is there; nil where none is.
    func point(of vector: [Float], _ slot: Int32) -> (x: Float, y: Float)? { known[slot]?.map?.point(of: vector) }

    /// Where rows fall on the map that is there, by their keys.
    func points(of keys: [RowKey], _ slot: Int32) async -> [String: (x: Float, y: Float)] {
        guard let map = known[slot]?.map, let vectors = try? await directory.vectors(of: keys, slot) else { return [:] }
        return vectors.compactMapValues { map.point(of: $0) }
    }

    private func make(_ slot: Int32, _ table: WatchedTable, after before: TableMap?) async throws -> Made {
        let written = written()
        let standing = await directory.standing(embedded: written)[slot]
        let began = ContinuousClock.now
        let rows: [MapRow]
        do {
            rows = try await directory.mapRows(slot, table, Self.rows, of: standing?.rows ?? 0)
        } catch let error as PostgresError where error.code == .deadlineExceeded {
            throw Refused(.gatewayTimeout, "looking at rows for a map took too long; the next try is in a while")
        }
        let took = ContinuousClock.now - began
        let count = max(standing?.embedded ?? 0, rows.count)
        let made = await BackgroundThread.run { () -> (TableMap?, ByteBuffer) in
            let map = TableMap(of: rows, after: before)
            return (map, Self.tree(of: map, table.displayName, rows: count).buffer)
        }
        guard let (map, body) = made else { throw Refused(.serviceUnavailable, "there is no thread left for a map") }
        return Made(map: map, body: body, at: .now, took: took, written: written[slot] ?? 0)
    }

    /// As the contract has it.
    static func tree(of map: TableMap?, _ table: String, rows: Int) -> JSONTree {
        [
            "table": .string(table), "version": .string(map?.version ?? ""),
            "explained": .array(
                (map?.projection.explained ?? [0, 0]).map { .number(($0 * 10_000).rounded() / 10_000) }),
            "sampled": .integer(map?.points.count ?? 0), "rows": .integer(rows),
            "points": .array(
                (map?.points ?? []).map { point in
                    [
                        "key": .string(point.key), "x": .coordinate(point.x), "y": .coordinate(point.y),
                        "title": .string(point.title), "category": .optional(point.category),
                    ]
                }),
        ]
    }
}

extension JSONTree {
    /// A place on a map, finer than any screen.
    static func coordinate(_ value: Float) -> JSONTree { .number((Double(value) * 10_000).rounded() / 10_000) }

    /// Where something lies on a map; null where that is not known.
    static func point(_ point: (x: Float, y: Float)?) -> JSONTree {
        point.map { [.coordinate($0.x), .coordinate($0.y)] } ?? .null
    }
}
