import Foundation
import TestSupport

/// The extension vector as it was a version ago, beside the installed one: the same objects, and the way up that it ships.
///
/// `extension_control_path` (PostgreSQL 18) has the server look there.
struct OlderVector {
    static let before = "0.8.5"
    static let after = "0.8.6"

    private let path: URL

    /// SQL that takes the installed extension away and installs the older one.
    var install: String {
        """
        DROP EXTENSION vector;
        SET extension_control_path = '\(path.path):$system';
        CREATE EXTENSION vector VERSION '\(Self.before)';
        """
    }

    static func folder() async throws -> OlderVector {
        let server = try await PostgresServer.shared(.pg18WithPgvector)
        let share = try await server.psql("SELECT setting FROM pg_config WHERE name = 'SHAREDIR'", database: "postgres")
        let installed = URL(filePath: share).appending(path: "extension")
        let files = FileManager.default
        let path = files.temporaryDirectory.appending(path: "backfilld-vector-\(UUID().uuidString)")
        let extensions = path.appending(path: "extension")
        try files.createDirectory(
            at: extensions, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o755])
        for (from, to) in [
            ("vector.control", "vector.control"), ("vector--\(after).sql", "vector--\(before).sql"),
            ("vector--\(before)--\(after).sql", "vector--\(before)--\(after).sql"),
        ] {
            try files.copyItem(at: installed.appending(path: from), to: extensions.appending(path: to))
        }
        return OlderVector(path: path)
    }

    func remove() { try? FileManager.default.removeItem(at: path) }
}
