import Embedders
import PostgresClient

/// A `backfilld reembed` that has begun and not ended, as `backfilld.reembed` has it: whoever runs it again goes on.
public struct ReembedRun: Sendable, Hashable {
    /// Where the new vectors go.
    public enum Mode: String, Sendable, Hashable, Encodable {
        /// Into a column of their own, which takes the old one's place in the end.
        case shadow
        /// Into the place of the old ones, row by row.
        case inPlace = "in-place"
    }

    /// How far it is.
    public enum Phase: String, Sendable, Hashable, Encodable {
        /// Rows are being embedded.
        case filling
        /// The new column is full, and its indexes are being built.
        case indexing
    }

    /// Its number: the license of its writes.
    let run: Int64
    /// Where the new vectors go.
    public let mode: Mode
    /// How far it is.
    public let phase: Phase
    /// The column that is being filled; nil in place.
    let nextColumn: String?
    /// What it embeds with.
    public let identity: EmbedderIdentity
    /// In place: whose vectors those are that it has not come to yet.
    let oldEmbedder: String?
    let oldModel: String?
    /// In place: the key of the last row that it has passed.
    var cursor: String?
    /// In place: the rows that it has passed.
    var walked: Int
    /// In place: the rows that had a vector when it began.
    let total: Int
    /// When it began, ISO 8601 in UTC.
    public let startedAt: String

    /// The run of a table; nil where none is under way.
    static func load(watch: Int32, on connection: PostgresConnection) async throws -> ReembedRun? {
        let rows = try await connection.execute(
            .inspect("reembed_run", PackageResources.reembed_run_sql, [.int4(watch)]))
        guard let row = rows.first else { return nil }
        return ReembedRun(
            run: try row.decode("run"), mode: Mode(rawValue: try row.decode("mode")) ?? .shadow,
            phase: Phase(rawValue: try row.decode("phase")) ?? .filling, nextColumn: try row.decode("next_column"),
            identity: try row.identity(), oldEmbedder: try row.decode("old_embedder"),
            oldModel: try row.decode("old_model"), cursor: try row.decode("cursor"), walked: try row.decode("walked"),
            total: try row.decode("total"), startedAt: try row.decode("started_at"))
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
    /// An index of the old column, once it was put out of use; one whose name is cut has its oid in it.
    static func previous(index name: String, oid: Int64) -> String {
        name.utf8.count + 9 <= 63 ? name + "_previous" : fitted(name, "_\(oid)_previous")
    }
    /// The index that is built in the place of the one with this oid.
    static func index(watch: Int32, replacing oid: Int64) -> String { "backfilld_next_\(watch)_\(oid)" }

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
