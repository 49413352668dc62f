import Embedders
import PostgresClient

/// Reads and writes the rows that a reembed in place walks through: those that have a vector, page by page in the order
/// of their keys.
struct Walk: Sendable {
    /// A row with a vector, as it was read.
    struct Row: Sendable, Hashable {
        let row: PendingRow
        /// A hash of the vector that it has.
        let vector: Int64
    }

    let table: WatchedTable
    let pool: ConnectionPool
    let embedder: any Embedder
    let textBytes: Int
    let bytes: Int

    private static let deadline = Duration.seconds(60)

    init(_ table: WatchedTable, embedder: any Embedder, pool: ConnectionPool, settings: PipelineSettings) {
        self.table = table
        self.pool = pool
        self.embedder = embedder
        textBytes = settings.textBytes
        bytes = min(settings.bytes, embedder.limits.bytes)
    }

    /// The next page behind a key; from the first row on where there is none.
    func page(after cursor: String?, rows: Int) async throws -> [Row] {
        let first = "($1::pg_catalog.text[])[1]::\(table.keyType)"
        let which = "t.\(quoteIdentifier(table.spec.key)) OPERATOR(\(table.keySchema).>) \(first) AND "
        return try await read(cursor == nil ? "" : which, [cursor].compactMap { $0 }, rows)
    }

    /// The next page, as large as may be in hand at once; nil behind the last row.
    func nextPage(after cursor: String?, _ settings: PipelineSettings) async throws -> [Row]? {
        let page = try await page(after: cursor, rows: settings.backlogRows * settings.inFlight)
        return page.isEmpty ? nil : page
    }

    /// These rows again, where they still have a vector.
    func rows(_ keys: [RowKey]) async throws -> [Row] {
        let which =
            "t.\(quoteIdentifier(table.spec.key)) \(table.keyEquality) ANY (\(table.fragments["keys"] ?? "")) AND "
        return try await read(which, keys.map(\.text), keys.count)
    }

    private func read(_ which: String, _ keys: [String], _ limit: Int) async throws -> [Row] {
        let columns = table.spec.recipe.columns
        let fragments = ["which": which]
        let statement = Statement(
            "read rows of \(table.displayName)",
            SQLFile.fill(SQLFile.walkRead, table.fragments.merging(fragments) { $1 }),
            [
                .textArray(keys), .int4(Int32(clamping: textBytes * RowReader.columnFactor)), .int8(Int64(limit)),
            ])
        let rows = try await pool.withConnection { try await $0.execute(statement, deadline: Self.deadline) }
        let rendering = TextRendering(table.spec.recipe, jsonColumns: table.jsonColumns, textBytes: textBytes)
        return try rows.map { row in
            let (text, isCut) = rendering.text(try columns.indices.map { try row.decode("c\($0)") })
            let pending = PendingRow(
                key: RowKey(try row.decode("key")), source: try row.decode("source"), text: text, isCut: isCut)
            return Row(row: pending, vector: try row.decode("vector"))
        }
    }

    /// What became of rows that were given new vectors.
    enum Outcome: Sendable, Hashable {
        case written
        /// It changed, or somebody has it locked: another look tells.
        case unwritten
        /// It was free, and took no vector: it moved at that moment, or a trigger of the owner's keeps it so.
        case refused
        case failed(String)
    }

    /// Embeds rows and writes them.
    ///
    /// - Throws: What is no row's own failure; ``TableProblem/superseded(table:embedder:)`` where another run has begun.
    func embed(_ rows: [Row]) async throws -> [RowKey: Outcome] {
        let dimension = embedder.identity.dimension
        var vectors: [RowKey: [Float]] = [:]
        // As in a batch: a row without text gets the zero vector.
        for row in rows where row.row.text.isEmpty {
            vectors[row.row.key] = [Float](repeating: 0, count: dimension)
        }
        let texts = rows.map(\.row).filter { !$0.text.isEmpty }
        for call in Batch.calls(texts, rows: embedder.limits.rows, bytes: bytes) {
            let answer = try await embedder.embed(call.map(\.text)).vectors
            try EmbeddingError.check(answer, count: call.count, dimension: dimension)
            for (row, vector) in zip(call, answer) { vectors[row.key] = vector }
        }
        return try await write(rows.map { ($0, vectors[$0.row.key] ?? []) })
    }

    /// An error that may be one row's own splits the rows until it is found.
    private func write(_ rows: [(row: Row, vector: [Float])]) async throws -> [RowKey: Outcome] {
        guard !rows.isEmpty else { return [:] }
        do {
            return try await writeOnce(rows)
        } catch let error as PostgresError where error.mayBeOneRowsOwn {
            guard rows.count > 1 else { return [rows[0].row.row.key: .failed(error.description)] }
            let half = rows.count / 2
            return try await write(Array(rows[..<half])).merging(write(Array(rows[half...]))) { $1 }
        }
    }

    private func writeOnce(_ rows: [(row: Row, vector: [Float])]) async throws -> [RowKey: Outcome] {
        let keys = PostgresValue.textArray(rows.map(\.row.row.key.text))
        let sources = PostgresValue.int8Array(rows.map(\.row.row.source))
        let vectors = table.parameter(for: rows.map(\.vector))
        let statements = [
            Statement(
                "write rows of \(table.displayName)", SQLFile.fill(SQLFile.walkWrite, table.fragments),
                [
                    keys, sources, vectors, .int4(Int32(rows[0].vector.count)),
                    .int8Array(rows.map(\.row.vector)),
                ], prepared: true),
            Statement(
                "clear rewritten rows of \(table.displayName)", SQLFile.fill(SQLFile.batchClear, table.fragments),
                [keys, sources], prepared: true),
        ]
        let answers = try await pool.withConnection {
            try await $0.pipelineWithTriggers(statements, deadline: .seconds(30))
        }
        var outcomes: [RowKey: Outcome] = [:]
        for row in rows { outcomes[row.row.row.key] = .unwritten }
        for answer in answers[0] {
            let number: Int = try answer.decode(0)
            guard number > 0 else {
                throw TableProblem.superseded(table: table.displayName, embedder: embedder.identity)
            }
            let key = rows[number - 1].row.row.key
            if try answer.decode(1) {
                outcomes[key] = .written
            } else if outcomes[key] == .unwritten {
                outcomes[key] = .refused
            }
        }
        return outcomes
    }
}
