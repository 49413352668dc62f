import Embedders
import PostgresClient

/// A `backfilld reembed` that has begun and not ended, as `backfilld.reembed` has it: whoever runs it again goes on.
package struct ReembedRun: Sendable, Hashable {
    /// Where the new vectors go.
    package enum Mode: String, Sendable, Hashable, Encodable {
        /// Into a column of their own, which takes the old one's place in the end.
        case shadow
        /// Into the place of the old ones, row by row.
        case inPlace = "in-place"
    }

    /// How far it is.
    package enum Phase: String, Sendable, Hashable, Encodable {
        /// Rows are being embedded.
        case filling
        /// The new column is full, and its indexes are being built.
        case indexing
        /// In place: every row was passed, and some took no new vector. The next run tries those again.
        case failed
    }

    /// Its number: the license of its writes.
    let run: Int64
    /// Where the new vectors go.
    package let mode: Mode
    /// How far it is.
    package internal(set) var phase: Phase
    /// The column that is being filled; nil in place.
    let nextColumn: String?
    /// The column that is in use.
    let embedding: String
    /// What it embeds with.
    package let identity: EmbedderIdentity
    /// In place: whose vectors those are that it has not come to yet.
    let old: EmbedderIdentity?
    /// In place: the key of the last row that it has passed.
    var cursor: String?
    /// In place: the rows that it has passed.
    var walked: Int
    /// In place: the rows that had a vector when it began.
    let total: Int
    /// In place: the rows that took no new vector, all of them.
    var failedRows = 0
    /// Their keys, as many as are remembered, and the hashes of the vectors that they keep.
    var failed: [Failed] = []
    /// When it began, ISO 8601 in UTC.
    let startedAt: String

    /// A row that took no new vector.
    struct Failed: Sendable, Hashable {
        var key: RowKey
        var vector: Int64
    }
    /// So many failed rows are remembered by key; where there are more, the next run walks through all rows again.
    static let mostFailed = 10_000

    /// The run of a table; nil where none is under way.
    static func load(watch: Int32, on connection: PostgresConnection) async throws -> ReembedRun? {
        let rows = try await connection.execute(
            .inspect("reembed_run", PackageResources.reembed_run_sql, [.int4(watch)]))
        guard let row = rows.first else { return nil }
        let identity = try row.identity()
        var old: EmbedderIdentity?
        if let embedder = try row.decode("old_embedder", as: String?.self) {
            let names: [String] = try row.decode("old_trait_names")
            let values: [String] = try row.decode("old_trait_values")
            // In place the dimension stays.
            old = EmbedderIdentity(
                embedder: embedder, model: try row.decode("old_model", as: String?.self) ?? "",
                dimension: identity.dimension, traits: Dictionary(zip(names, values)) { $1 })
        }
        let keys: [String] = try row.decode("failed")
        let vectors: [Int64] = try row.decode("failed_vectors")
        return ReembedRun(
            run: try row.decode("run"), mode: Mode(rawValue: try row.decode("mode")) ?? .shadow,
            phase: Phase(rawValue: try row.decode("phase")) ?? .filling, nextColumn: try row.decode("next_column"),
            embedding: try row.decode("embedding_column"), identity: identity, old: old,
            cursor: try row.decode("cursor"), walked: try row.decode("walked"), total: try row.decode("total"),
            failedRows: try row.decode("failed_rows"),
            failed: zip(keys, vectors).map { Failed(key: RowKey($0), vector: $1) },
            startedAt: try row.decode("started_at"))
    }

    /// The query that has a row as long as this run may write.
    func license(watch: Int32) -> String {
        """
        SELECT FROM backfilld.reembed AS r
            WHERE r.watch OPERATOR(pg_catalog.=) \(watch) AND r.run OPERATOR(pg_catalog.=) \(run)
        """
    }
}

/// The names that a reembed gives: a name with an ending, in the 63 bytes that PostgreSQL's names have.
enum ReembedNames {
    /// The column that is being filled.
    static func next(_ embedding: String) -> String { fitted(embedding, "_next") }
    /// The column that was put out of use.
    static func previous(_ embedding: String) -> String { fitted(embedding, "_previous") }
    /// An index of the old column, once it was put out of use; one whose name is cut, or would be another's, has its oid
    /// in it.
    static func previous(index name: String, oid: Int64, isTaken: Bool = false) -> String {
        name.utf8.count + 9 <= 63 && !isTaken ? name + "_previous" : fitted(name, "_\(oid)_previous")
    }
    /// The index that is built in the place of one of this name and definition: what a dump or a REINDEX keeps of it.
    static func index(watch: Int32, replacing name: String, tail: String) -> String {
        indexes(watch: watch) + FNV1a.digits(Array(name.utf8) + [0] + Array(tail.utf8))
    }
    /// What the names of the new column's indexes begin with.
    static func indexes(watch: Int32) -> String { "backfilld_next_\(watch)_" }

    private static func fitted(_ name: String, _ ending: String) -> String {
        var kept = ""
        // By scalars: a Character of many marks may be longer than any name.
        for scalar in name.unicodeScalars {
            guard kept.utf8.count + UTF8.width(scalar) + ending.utf8.count <= 63 else { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept + ending
    }
}
