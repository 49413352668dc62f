import Embedders
import PostgresClient

/// What the choice of an index on a table's vectors depends on: a value, to decide from.
package struct IndexFacts: Sendable, Hashable {
    /// The table, for people.
    package var table: String
    /// Its rows, as the server estimates them.
    package var rows: Int
    /// The embedding column.
    package var column: String
    /// Its type.
    package var kind: EmbeddingKind
    /// Components of its vectors.
    package var dimension: Int
    /// `maintenance_work_mem`, in bytes.
    package var memory: Int64 = 64 << 20
    /// `max_parallel_maintenance_workers`.
    var workers = 2
    /// pgvector's version, `[0, 8, 1]`; nil without it.
    var vectorVersion: [Int]?
    /// The indexes on the vectors, whole tables first.
    package var indexes: [VectorIndex] = []
    /// Whether this role may build and drop indexes.
    var isOwner = true
    /// Who may.
    package var owner = ""
    /// The table and its partitions.
    var shape: TableShape
    /// Names that are taken in the table's schema, of those an index of ours might have.
    var takenNames: Set<String> = []

    /// Looks a table up.
    package static func load(_ table: WatchedTable, on connection: PostgresConnection) async throws -> IndexFacts {
        let facts = try await DatabaseFacts.load(on: connection)
        var shape = try await TableShape.load(table.spec, facts: facts, on: connection)
        if shape.isPartitioned { try await shape.loadPartitions(on: connection) }
        let stem = IndexPlan.stem(shape.name.name, table.spec.embedding)
        let row = try await connection.execute(
            Statement(
                "what an index on \(table.displayName) depends on", SQLFile.indexFacts,
                [.int8(table.relation), .text(stem)]))[0]
        var rows: Int = try row.decode("rows")
        if rows == 0, try row.decode("is_unknown", as: Bool?.self) ?? true {
            let sql = SQLFile.fill(SQLFile.indexCount, ["table": table.quotedRelation])
            rows = try await connection.execute(
                Statement("rows of \(table.displayName)", sql, [.int8(1_000_000)]))[0].decode(0)
        }
        return IndexFacts(
            table: table.displayName, rows: rows, column: table.spec.embedding, kind: table.embeddingKind,
            dimension: table.dimension ?? table.identity.dimension, memory: try row.decode("memory"),
            workers: try row.decode("workers"),
            vectorVersion: try row.decode("vector_version", as: String?.self).map { version in
                version.split(separator: ".").compactMap { Int($0) }
            },
            indexes: table.embeddingKind == .real ? [] : try await VectorIndex.load(table, on: connection),
            isOwner: try row.decode("is_owner"), owner: try row.decode("owner"), shape: shape,
            takenNames: Set(try row.decode("names", as: [String].self)))
    }

    /// Whether pgvector is at least of this version.
    func has(_ version: [Int]) -> Bool { vectorVersion.map { !$0.lexicographicallyPrecedes(version) } ?? false }

    /// The index that search goes through.
    package var used: VectorIndex? { VectorIndex.best(of: indexes, on: shape.relation) }

    /// Partitions that every search reads whole, while others have an index.
    var bare: [QualifiedName] {
        guard let used, used.relation != shape.relation else { return [] }
        return shape.partitions.filter { partition in
            partition.kind == .leaf && !indexes.contains { $0.relation == partition.relation && $0.obstacle == nil }
        }.map(\.name)
    }

    /// An index of its own that a partition has, and that can be made a part of one on the whole table.
    func standing(on relation: Int64, as choice: IndexChoice) -> VectorIndex? {
        indexes.first {
            $0.relation == relation && $0.parent == nil && $0.obstacle == nil && $0.predicate == nil
                && $0.method == choice.method && $0.operatorClass == choice.operatorClass
                && ($0.expression != nil) == choice.isHalved
        }
    }
}
