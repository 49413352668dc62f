import Backfill
import Embedders
import PostgresClient
import Synchronization
import TestSupport
import Testing

/// A model of its own: its vectors are like no other's, and it can be held up between reading and writing.
final class ModelEmbedder: Embedder {
    let identity: EmbedderIdentity
    let limits = EmbedderLimits(rows: 10_000, bytes: 64 << 20)
    private let hash: HashEmbedder
    private let before: @Sendable ([String]) async throws -> Void
    private let given = Mutex<[String]>([])

    /// - Parameter before: What happens between reading a batch and writing it.
    init(
        _ model: String, dimension: Int = 8, traits: [String: String] = [:],
        before: @escaping @Sendable ([String]) async throws -> Void = { _ in }
    ) {
        identity = EmbedderIdentity(embedder: "test", model: model, dimension: dimension, traits: traits)
        hash = HashEmbedder(dimension: dimension)
        self.before = before
    }

    func embed(_ texts: [String]) async throws -> Embeddings {
        given.withLock { $0 += texts }
        try await before(texts)
        return Embeddings(texts.map(vector))
    }

    func vector(of text: String) -> [Float] { hash.vector(of: "\(identity.model): \(text)") }

    /// Every text that it was given, in order.
    var texts: [String] { given.withLock(\.self) }
}

/// How often something happened.
final class Tally: Sendable {
    private let state = Mutex(0)
    var count: Int { state.withLock(\.self) }
    /// Counts one more, and says how many that makes.
    @discardableResult
    func next() -> Int {
        state.withLock { count in
            count += 1
            return count
        }
    }
}

/// What a test throws in the middle of a run, as if it had been killed there.
struct Interrupted: Error {}

extension Lab {
    /// A lab whose table has this many rows, embedded by the old model.
    static func filled(
        _ flavour: PostgresServer.Flavour, _ table: LabTable = LabTable(), rows: Int = 100, indexes: String = ""
    ) async throws -> Lab {
        let lab = try await make(flavour, [table])
        if rows > 0 {
            try await lab.run(
                "INSERT INTO \(table.name.quoted) (\(quoteIdentifier(table.key)), topic) "
                    + "SELECT i, 'text ' || i FROM generate_series(1, \(rows)) AS i")
        }
        try await lab.drain(lab.embedder)
        if !indexes.isEmpty { try await lab.run(indexes) }
        return lab
    }

    /// Fills what is pending, once, as a daemon with this embedder would.
    @discardableResult
    func drain(_ embedder: any Embedder) async throws -> Drain.Result {
        let table = try await watched(by: embedder.identity)
        let pool = ConnectionPool(sessions, limit: 4)
        let result = try await Drain(
            table: table, embedder: embedder, sessions: nil, pool: pool, settings: Self.small
        ).run { _ in }
        await pool.discardIdle()
        return result
    }

    /// Small batches, so that few rows make many of them.
    static var small: PipelineSettings {
        var settings = PipelineSettings()
        settings.backlogRows = 10
        settings.inFlight = 2
        return settings
    }

    /// Runs `body` with a reembed that has the table for itself.
    func withReembed<T: Sendable>(
        _ embedder: any Embedder, user: String = "postgres", _ body: (Reembed) async throws -> T
    ) async throws -> T {
        let connection = try await SessionFactory(ConnectionOptions(conninfo: database.conninfo(user: user))).open()
        try await connection.script("RESET enable_seqscan; RESET enable_bitmapscan", name: "planner settings")
        let pool = ConnectionPool(sessions, limit: 4)
        let result: Result<T, any Error>
        do {
            let work = try await Reembed(
                spec(tables[0]), embedder: embedder, on: connection, pool: pool, settings: Self.small)
            result = .success(try await body(work))
        } catch {
            result = .failure(error)
        }
        await pool.discardIdle()
        await connection.close()
        return try result.get()
    }

    /// Embeds the table anew.
    @discardableResult
    func reembed(
        _ embedder: any Embedder, inPlace: Bool = false, dropsOld: Bool = false, user: String = "postgres"
    ) async throws -> Reembed.Result {
        try await withReembed(embedder, user: user) { try await $0.run(inPlace: inPlace, dropsOld: dropsOld) }
    }

    /// Takes a run away that has not ended.
    @discardableResult
    func abandon() async throws -> String? {
        let connection = try await sessions.open()
        let result: Result<String?, any Error>
        do {
            result = .success(try await Reembed.abandon(spec(tables[0]), on: connection))
        } catch {
            result = .failure(error)
        }
        await connection.close()
        return try result.get()
    }

    /// The problem that embedding anew ends in.
    func problem(
        _ embedder: any Embedder, inPlace: Bool = false, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> TableProblem {
        try await #require(throws: TableProblem.self, sourceLocation: sourceLocation) {
            try await reembed(embedder, inPlace: inPlace)
        }
    }

    /// How many rows of a column have a vector, and how many of those it is the one of this model and their present text.
    func vectors(of embedder: ModelEmbedder, in column: String? = nil) async throws -> (filled: Int, right: Int) {
        let table = tables[0]
        let column = quoteIdentifier(column ?? table.embedding)
        let rows = try await user.execute(
            Statement(
                "the referee",
                "SELECT (\(table.expected))::text, \(column)::text FROM \(table.name.quoted) WHERE \(column) IS NOT NULL"
            ))
        let right = try rows.count { row in
            let numbers = try row.decode(1, as: String.self).dropFirst().dropLast().split(separator: ",")
                .compactMap { Float($0) }
            let wanted = embedder.vector(of: try row.decode(0, as: String?.self) ?? "")
            return numbers.count == wanted.count && zip(numbers, wanted).allSatisfy { abs($0 - $1) < 0.001 }
        }
        return (rows.count, right)
    }

    /// Fails unless every row has the vector of this model and its present text.
    func expectAll(
        _ count: Int, of embedder: ModelEmbedder, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let found = try await vectors(of: embedder)
        #expect(found.filled == count && found.right == count, "\(found)", sourceLocation: sourceLocation)
    }

    /// The columns of the table that is there, in order.
    func columns() async throws -> [String] {
        try await values(
            """
            SELECT attname FROM pg_attribute WHERE attrelid = \(quoteLiteral(tables[0].name.quoted))::regclass AND attnum > 0
                AND NOT attisdropped ORDER BY attnum
            """
        ).compactMap(\.self)
    }

    /// Fails unless set-up finds everything as it should be for this model.
    func expectSetUp(_ embedder: any Embedder, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let connection = try await connect()
        let options = SetupOptions(spec: spec(tables[0]), identity: embedder.identity, version: "test")
        #expect(try await Setup.plan(options, on: connection).steps.map(\.title) == [], sourceLocation: sourceLocation)
        #expect(try await Setup.problems(with: options, on: connection) == [], sourceLocation: sourceLocation)
        #expect(try await number("SELECT count(*) FROM backfilld.reembed") == 0, sourceLocation: sourceLocation)
        await connection.close()
    }
}
