import Embedders
import PostgresClient

/// What a reembed has to know of a table beyond what set-up knows: everything it decides from.
struct ReembedFacts: Sendable, Hashable {
    /// What makes the old column more than its type, to be carried over.
    struct Attributes: Sendable, Hashable {
        /// A privilege on the column; the role is nil for everybody.
        struct Grant: Sendable, Hashable {
            var role: String?
            var privilege: String
            var isGrantable: Bool
        }
        /// pg_attribute.attstorage, where it is not the type's own.
        var storage = ""
        /// pg_attribute.attcompression.
        var compression = ""
        /// The statistics target; -1 where it is the server's.
        var statistics: Int32 = -1
        /// `n_distinct=…`
        var options: [String] = []
        var comment: String?
        var grants: [Grant] = []
    }

    /// An index on a column.
    struct Index: Sendable, Hashable {
        var index: Int64
        var relation: Int64
        var table: QualifiedName
        var name: String
        var isPartitioned = false
        var isValid = true
        var isUnique = false
        /// Whether something has the name that it would get when it is put out of use.
        var isPreviousTaken = false
        var parent: Int64?
        var tablespace: String?
        var comment: String?
        /// Its definition from the method on: `hnsw (embedding vector_cosine_ops) WITH (m='16')`.
        var tail: String
    }

    var serverVersion: Int
    /// The table as the daemon knows it.
    var table: WatchedTable
    var shape: TableShape
    var watch: TableShape.Watch
    var spec: TableSpec
    /// The embedder that is configured.
    var identity: EmbedderIdentity
    /// The embedding column as it is, and its kind.
    var column: TableShape.Column
    var kind: EmbeddingKind
    var attributes = Attributes()
    /// What would stay with the old column, for people.
    var dependents: [String] = []
    var publications: [String] = []
    /// Whether policies may hide rows from this role.
    var isBoundByPolicies = false
    /// Indexes on the old column, parents first; and on the new one, where there is one.
    var indexes: [Index] = []
    var nextIndexes: [Index] = []
    /// What each of the old column's definitions is for the new one.
    var nextTails: [String: String] = [:]
    var run: ReembedRun?
    /// What keeps the column from being dropped that an earlier run put out of use.
    var previousDependents: [String] = []
    /// A hash of what a swap is decided from, computed before all of this was looked up.
    var fingerprint: String?

    /// The query that has this hash.
    var fingerprintQuery: String {
        SQLFile.fill(
            .resource(PackageResources.reembed_fingerprint_sql),
            [
                "relation": String(shape.relation), "watch": String(watch.id),
                "columns": "\(quoteLiteral(spec.embedding)), \(quoteLiteral(next))",
            ])
    }

    /// The column that is filled, or will be.
    var next: String { run?.nextColumn ?? ReembedNames.next(spec.embedding) }
    /// The name that the old column gets.
    var previous: String { ReembedNames.previous(spec.embedding) }
    /// What set-up's parts take the new column for.
    var nextSpec: TableSpec { TableSpec(name: spec.name, key: spec.key, embedding: next, recipe: spec.recipe) }

    /// The new column's type, as DDL has it: of the same family, and as long as the new vectors where the old one has a
    /// length.
    var nextType: String {
        if kind == .real { return "real[]" }
        return column.dimension == nil ? kind.castType : "\(kind.castType)(\(identity.dimension))"
    }

    /// The index on the new column's pending rows.
    var pendingIndex: PendingIndex {
        PendingIndex(watch: watch.id, suffix: "_next", embedding: next, shape: shape)
    }
}
