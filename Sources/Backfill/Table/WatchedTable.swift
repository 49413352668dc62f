import Embedders
import PostgresClient

/// The type of an embedding column.
package enum EmbeddingKind: Sendable, Hashable {
    /// pgvector's `vector`, in the schema that the extension lives in.
    case vector(schema: String)
    /// pgvector's `halfvec`, in the schema that the extension lives in.
    case halfvec(schema: String)
    /// `real[]`, for servers without pgvector.
    case real

    /// The type as a cast names it, under any `search_path`.
    package var castType: String {
        switch self {
        case .vector(let schema): quoteIdentifier(schema) + ".vector"
        case .halfvec(let schema): quoteIdentifier(schema) + ".halfvec"
        case .real: "pg_catalog.float4[]"
        }
    }

    /// The type's schema, where it is not the system's.
    var schema: String? {
        switch self {
        case .vector(let schema), .halfvec(let schema): schema
        case .real: nil
        }
    }
}

/// A set-up table as it is in the database now: what the daemon needs to know to fill it.
package struct WatchedTable: Sendable, Hashable {
    /// The number that its notifications carry.
    package let watch: Int32
    /// What configuration says about it.
    package private(set) var spec: TableSpec
    /// The table's oid.
    let relation: Int64
    /// `"schema"."table"`, for SQL.
    package let quotedRelation: String
    /// The name for people, with its schema.
    package let displayName: String
    /// Whether it is partitioned.
    let isPartitioned: Bool
    /// The key's type as a cast names it, under any `search_path`; a domain's base type.
    package let keyType: String
    /// The oid of `keyType`.
    let keyTypeOID: Int64
    /// The operator that compares keys, under any `search_path`: `OPERATOR("pg_catalog".=)`.
    let keyEquality: String
    /// The schema of the key's operators, quoted.
    let keySchema: String
    /// The embedding column's type.
    package private(set) var embeddingKind: EmbeddingKind
    /// The oid of the embedding column's type.
    private(set) var embeddingTypeOID: Int64
    /// Components in each vector as the column's type has it; nil for `real[]` and a `vector` without a length.
    package private(set) var dimension: Int?
    /// The columns that the text is really made from: generated columns are replaced by what they are made from.
    package let baseColumns: [String]
    /// The types of the recipe's columns, by name, to tell json from text.
    let textTypes: [String: String]
    /// Which wake-ups the triggers send.
    package let notify: NotifyMode
    /// Whether row level security is enabled on it.
    let hasRowSecurity: Bool
    /// What its vectors are made with, as set-up recorded it.
    package private(set) var identity: EmbedderIdentity
    /// Which state of `backfilld.watch` this is. It goes up whenever what is written into the column changes, and a
    /// write of an older state is not carried out.
    let generation: Int32
    /// Whether failures and pauses of the table are about this embedding column: those of the column that is in use are.
    /// What a reembed fills or counts beside it has rows of its own that fail, and is not stopped half way by a pause.
    private(set) var hasLedger = true
    /// The query that has a row as long as this table may be written.
    private(set) var license: String
    /// What the columns that matter are, by their names; see ``TableShape/Column/mark``.
    let marks: [String: String]

    /// The hash of what a row's text is made from.
    package var source: SourceExpression { SourceExpression(columns: baseColumns) }

    /// Looks a set-up table up.
    ///
    /// - Parameters:
    ///   - spec: What configuration says about it.
    ///   - identity: What its vectors are to be made with; nil to take whatever set-up recorded.
    ///   - connection: A connection that is free.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` for everything else.
    package static func load(
        _ spec: TableSpec, identity: EmbedderIdentity?, on connection: PostgresConnection
    ) async throws -> WatchedTable {
        let facts = try await DatabaseFacts.load(on: connection)
        let shape = try await TableShape.load(spec, facts: facts, on: connection)
        return try WatchedTable(spec, identity: identity, shape: shape, facts: facts)
    }

    /// Compares what configuration says with what is there.
    init(_ spec: TableSpec, identity: EmbedderIdentity?, shape: TableShape, facts: DatabaseFacts) throws(TableProblem) {
        try shape.checkColumns(spec, identity: identity, embeddingMayBeMissing: false)
        guard facts.schemaVersion > 0 else { throw .notSetUp(table: shape.displayName) }
        try facts.checkSchema()
        guard let watch = shape.watch else { throw .notSetUp(table: shape.displayName) }
        try watch.checkSpec(spec, table: shape.displayName)
        try watch.checkIdentity(identity, recipe: spec.recipe, table: shape.displayName)
        guard let key = shape.column(spec.key), let embedding = shape.column(spec.embedding),
            let kind = embedding.embeddingKind
        else { throw .notSetUp(table: shape.displayName) }

        self.watch = watch.id
        self.spec = spec
        relation = shape.relation
        quotedRelation = shape.quoted
        displayName = shape.displayName
        isPartitioned = shape.isPartitioned
        keyType = key.castType
        keyTypeOID = key.castTypeOID
        keySchema = quoteIdentifier(key.equalitySchema)
        keyEquality = "OPERATOR(\(keySchema).=)"
        embeddingKind = kind
        embeddingTypeOID = embedding.castTypeOID
        dimension = embedding.dimension
        baseColumns = shape.baseColumns(of: spec.recipe)
        textTypes = Dictionary(
            spec.recipe.columns.compactMap { name in shape.column(name).map { (name, $0.castType) } },
            uniquingKeysWith: { first, _ in first })
        notify = watch.notify
        hasRowSecurity = shape.hasRowSecurity
        self.identity = watch.identity
        generation = watch.generation
        license = """
            SELECT FROM backfilld.watch AS w
                WHERE w.id OPERATOR(pg_catalog.=) \(watch.id) AND w.generation OPERATOR(pg_catalog.=) \(watch.generation)
                    AND w.relation::pg_catalog.oid OPERATOR(pg_catalog.=)
                        pg_catalog.to_regclass(\(quoteLiteral(shape.quoted)))::pg_catalog.oid
            """
        marks = Dictionary(
            ([spec.key, spec.embedding] + spec.recipe.columns + shape.baseColumns(of: spec.recipe)).compactMap { name in
                shape.column(name).map { (name, $0.mark) }
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The same table with a column that `reembed` fills in the place of the one that is in use.
    init(_ table: WatchedTable, filling column: TableShape.Column, kind: EmbeddingKind, for run: ReembedRun) {
        self.init(
            table, embedding: column.name, kind: kind, typeOID: column.castTypeOID, dimension: column.dimension,
            identity: run.identity, license: run.license(watch: table.watch))
    }

    /// The same table with another embedding column, for looking at only: nothing is written by this license.
    init(_ table: WatchedTable, counting embedding: String) {
        self.init(
            table, embedding: embedding, kind: table.embeddingKind, typeOID: table.embeddingTypeOID,
            dimension: table.dimension, identity: table.identity, license: "SELECT WHERE false")
    }

    private init(
        _ table: WatchedTable, embedding: String, kind: EmbeddingKind, typeOID: Int64, dimension: Int?,
        identity: EmbedderIdentity, license: String
    ) {
        self = table
        spec = TableSpec(name: table.spec.name, key: table.spec.key, embedding: embedding, recipe: table.spec.recipe)
        embeddingKind = kind
        embeddingTypeOID = typeOID
        self.dimension = dimension
        self.identity = identity
        self.license = license
        hasLedger = false
    }
}
