import Embedders

/// A table as the catalogs describe it: everything that set-up and the daemon decide from.
struct TableShape: Sendable, Hashable {
    /// A column.
    struct Column: Sendable, Hashable {
        var name: String
        /// For people: `character varying(20)`, `extensions.vector(384)`.
        var type: String
        var castType: String
        var castTypeOID: Int64
        /// The base type's own name and schema.
        var typeName: String
        var typeSchema: String
        /// The schema of the operator `=` of the type.
        var equalitySchema = "pg_catalog"
        var modifier: Int32 = -1
        /// Its number, the type's oid and the modifier: another when the column or its type is.
        var mark = ""
        var isNotNull = false
        var isGenerated = false
        /// What a generated column is made from.
        var baseColumns: [String] = []
        var isUnique = false
        var isIndexed = false

        /// How it can hold vectors; nil when it cannot.
        var embeddingKind: EmbeddingKind? {
            switch (typeSchema, typeName) {
            case ("pg_catalog", "_float4"): .real
            case ("pg_catalog", _): nil
            case (_, "vector"): .vector(schema: typeSchema)
            case (_, "halfvec"): .halfvec(schema: typeSchema)
            default: nil
            }
        }

        /// Components of its vectors, where the type says so.
        var dimension: Int? { embeddingKind == .real || modifier < 1 ? nil : Int(modifier) }
    }

    /// A relation below a partitioned table.
    struct Partition: Sendable, Hashable {
        enum Kind: Sendable, Hashable { case leaf, partitioned, foreign }
        var relation: Int64
        var parent: Int64
        var name: QualifiedName
        var kind: Kind
    }

    /// A trigger: one of ours, or one that runs before each updated row.
    struct Trigger: Sendable, Hashable {
        var relation: Int64
        var name: String
        var isOurs: Bool
        var function: String
        /// `O` on, `A` always, `R` on replicas, `D` disabled (pg_trigger.tgenabled).
        var enabled: String
        var hasNewTable: Bool
        var isInherited: Bool
    }

    /// A trigger function of ours.
    struct Function: Sendable, Hashable {
        var body: String
        var comment: String?
    }

    /// A partial index that is, or may be, one on the pending rows.
    struct Index: Sendable, Hashable {
        var relation: Int64
        var index: Int64
        var name: QualifiedName
        var isValid: Bool
        var parent: Int64?
        var isOnEmbedding: Bool
    }

    /// What set-up recorded about the table.
    struct Watch: Sendable, Hashable {
        var id: Int32
        var key: String
        var embedding: String
        var recipe: String
        var identity: EmbedderIdentity
        var notify: NotifyMode
        var version: String
        /// Goes up whenever what is written into the column changes: see ``WatchedTable/generation``.
        var generation: Int32 = 1
        /// The column that a `reembed` has put out of use and kept.
        var previous: String?
    }

    /// The table's oid.
    var relation: Int64
    var name: QualifiedName
    var isPartitioned = false
    var isOwner = true
    var owner = ""
    var hasChildren = false
    var hasRowSecurity = false
    /// Restrictive policies that bind readers or updaters.
    var restrictivePolicies: [String] = []
    var columns: [Column] = []
    var partitions: [Partition] = []
    var triggers: [Trigger] = []
    var functions: [String: Function] = [:]
    var indexes: [Index] = []
    var watch: Watch?
    /// Whether some row has a vector; nil if nobody looked.
    var isFilled: Bool?
    var grantee: Grantee?

    init(relation: Int64, name: QualifiedName) {
        self.relation = relation
        self.name = name
    }

    /// `"schema"."table"`, for SQL.
    var quoted: String { name.quoted }
    /// The columns of words, in their order.
    var wordColumns: [String] {
        columns.filter { $0.typeName == "tsvector" && $0.typeSchema == "pg_catalog" }.map(\.name)
    }

    /// The name for people, with its schema.
    var displayName: String { name.description }

    /// The column of this name.
    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// The columns that a recipe's text is really made from, in order and without repeats.
    func baseColumns(of recipe: TextRecipe) -> [String] {
        var seen: Set<String> = []
        return recipe.columns
            .flatMap { name in column(name).map { $0.isGenerated ? $0.baseColumns : [name] } ?? [] }
            .filter { seen.insert($0).inserted }
    }

    /// Whether a partition is a foreign table, so that a transition table on the root would fail the INSERT.
    var hasForeignPartition: Bool { partitions.contains { $0.kind == .foreign } }

    /// The table and its partitions, for the queries that look at all of them.
    var relations: [Int64] { [relation] + partitions.map(\.relation) }

    /// Compares the columns with what configuration says about them.
    func checkColumns(
        _ spec: TableSpec, identity: EmbedderIdentity?, embeddingMayBeMissing: Bool
    ) throws(TableProblem) {
        func find(_ name: String, _ role: TableProblem.ColumnRole) throws(TableProblem) -> Column {
            guard let column = column(name) else {
                throw .columnMissing(
                    table: displayName, column: name, role: role,
                    similar: NearestNames.of(name, among: columns.map(\.name)))
            }
            return column
        }
        let key = try find(spec.key, .key)
        for name in spec.recipe.columns { _ = try find(name, .text) }
        if spec.key == spec.embedding {
            throw .columnTwice(table: displayName, column: spec.key, roles: [.key, .embedding])
        }
        if (spec.recipe.columns + baseColumns(of: spec.recipe)).contains(spec.embedding) {
            throw .columnTwice(table: displayName, column: spec.embedding, roles: [.text, .embedding])
        }
        guard key.isNotNull else { throw .keyNullable(table: displayName, column: spec.key) }
        if embeddingMayBeMissing && column(spec.embedding) == nil { return }
        let embedding = try find(spec.embedding, .embedding)
        guard embedding.embeddingKind != nil, !embedding.isGenerated else {
            throw .embeddingType(
                table: displayName, column: spec.embedding,
                type: embedding.type + (embedding.isGenerated ? " and generated" : ""))
        }
        if let dimension = embedding.dimension, let identity, dimension != identity.dimension {
            throw .dimensionMismatch(
                table: displayName, column: spec.embedding, columnDimension: dimension, embedder: identity)
        }
    }
}

/// A role that `setup --role` is to give privileges to, and what it has already.
struct Grantee: Sendable, Hashable {
    var name: String
    var ignoresRowSecurity = false
    var schemas: Set<String> = []
    /// `watch SELECT`, `activity DELETE`: table and privilege in schema backfilld.
    var ownTables: Set<String> = []
    var readable: Set<String> = []
    var writable: Set<String> = []
    /// Commands of our policies that name it: `r` SELECT, `w` UPDATE.
    var policies: Set<String> = []
}

extension TableShape.Watch {
    /// Whether it was set up for the columns that are configured.
    func checkSpec(_ spec: TableSpec, table: String) throws(TableProblem) {
        if key != spec.key {
            throw .setUpDiffers(table: table, what: "key column", recorded: key, configured: spec.key)
        }
        if embedding != spec.embedding {
            throw .setUpDiffers(table: table, what: "embedding column", recorded: embedding, configured: spec.embedding)
        }
    }

    /// Whether its vectors are those that are configured.
    func checkIdentity(
        _ configured: EmbedderIdentity?, recipe configuredRecipe: TextRecipe, table: String
    ) throws(TableProblem) {
        if let configured, configured != identity {
            throw .identityDiffers(table: table, recorded: identity, configured: configured)
        }
        if recipe != configuredRecipe.description {
            throw .recipeDiffers(table: table, recorded: recipe, configured: configuredRecipe.description)
        }
    }
}
