import PostgresClient

/// What a role lacks to run the daemon on one table.
///
/// The daemon reads and writes through the table's own name only, so privileges and policies on the root of a
/// partitioned table are enough: the server does not look at those of a partition then. It needs no more of
/// pg_stat_activity than it has: every role sees its own sessions.
struct GrantSet: Sendable, Hashable {
    /// Policies under row level security: they need the table to itself for a moment.
    let policies: [SetupPlan.Step]
    private let sql: [String]
    private let title: String

    init(watch: Int32, options: SetupOptions, kind: EmbeddingKind, shape: TableShape) {
        guard let grantee = shape.grantee else {
            policies = []
            sql = []
            title = ""
            return
        }
        let role = quoteIdentifier(grantee.name)
        let table = shape.quoted
        var sql: [String] = []
        for schema in ["backfilld", shape.name.schema, kind.schema].compactMap({ $0 })
        where !grantee.schemas.contains(schema) {
            sql.append("GRANT USAGE ON SCHEMA \(quoteIdentifier(schema)) TO \(role);")
        }
        let own =
            [
                ("watch", ["SELECT"]), ("migration", ["SELECT"]), ("reembed", ["SELECT"]),
            ] + ["activity", "failure", "lease", "quality"].map { ($0, ["SELECT", "INSERT", "UPDATE", "DELETE"]) }
        for (name, privileges) in own {
            let missing = privileges.filter { !grantee.ownTables.contains("\(name) \($0)") }
            if !missing.isEmpty {
                sql.append("GRANT \(missing.joined(separator: ", ")) ON backfilld.\(name) TO \(role);")
            }
        }
        let spec = options.spec
        var seen: Set<String> = []
        // Search looks for words in a column of them, where there is one.
        let words = [SearchShape.words(among: shape.wordColumns)].compactMap(\.self)
        let text = spec.recipe.columns + shape.baseColumns(of: spec.recipe)
        let read = ([spec.key] + text + words + [spec.embedding] + WatchedTable.systemColumns)
            .filter { seen.insert($0).inserted && !grantee.readable.contains($0) }
        let written = grantee.writable.contains(spec.embedding) ? [] : [spec.embedding]
        for (privilege, columns) in [("SELECT", read), ("UPDATE", written)] where !columns.isEmpty {
            sql.append("GRANT \(privilege) (\(quoteIdentifiers(columns))) ON \(table) TO \(role);")
            let rows = columns.map {
                "(\(watch), \(quoteLiteral(grantee.name)), '\(privilege)', \(quoteLiteral($0)))"
            }
            sql.append(
                "INSERT INTO backfilld.granted (watch, role, privilege, column_name) VALUES "
                    + "\(rows.joined(separator: ", ")) ON CONFLICT DO NOTHING;")
        }
        self.sql = sql
        title = "privileges for role \(grantee.name)"

        // Without a policy the role would read nothing, or its updates would change nothing, silently.
        let wanted =
            shape.hasRowSecurity && !grantee.ignoresRowSecurity
            ? [("r", "select", "USING (true)"), ("w", "update", "USING (true) WITH CHECK (true)")] : []
        policies = wanted.filter { !grantee.policies.contains($0.0) }.map { _, command, check in
            let name = Self.policyName(watch, command, grantee.name)
            return SetupPlan.Step(
                title: "policy \(name) on \(shape.displayName)",
                sql: "CREATE POLICY \(quoteIdentifier(name)) ON \(table) FOR \(command.uppercased()) "
                    + "TO \(role) \(check);",
                isUnderLock: true)
        }
    }

    /// The step that grants, or none.
    func grants(underLock: Bool) -> [SetupPlan.Step] {
        sql.isEmpty ? [] : [.init(title: title, sql: sql.joined(separator: "\n"), isUnderLock: underLock)]
    }

    /// A policy's name: with the role's, or, where 63 bytes have no room for it, with its beginning and a hash of it.
    static func policyName(_ watch: Int32, _ command: String, _ role: String) -> String {
        let start = "backfilld_\(watch)_\(command)_"
        if (start + role).utf8.count <= 63 { return start + role }
        // FNV-1a: the same in every run.
        let hash = role.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        var name = start
        for character in role {
            guard name.utf8.count + character.utf8.count <= 63 - 9 else { break }
            name.append(character)
        }
        return name + "_" + String(hash, radix: 16)
    }
}
