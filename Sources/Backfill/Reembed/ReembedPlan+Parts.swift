import Embedders
import PostgresClient

/// The steps and statements that the parts of a reembed are made of.
extension ReembedPlan {
    func plan() -> SetupPlan {
        SetupPlan(table: facts.shape.displayName, relations: facts.shape.relations)
    }

    func lock(_ mode: SetupPlan.LockMode) -> SetupPlan.Step {
        .init(
            title: "lock \(facts.shape.displayName) for a moment", sql: SetupPlan.lock(table, mode: mode),
            isUnderLock: true)
    }

    func warnings() -> [String] {
        var warnings: [String] = []
        if facts.isBoundByPolicies {
            warnings.append(
                "Row level security binds this role: rows that it hides are embedded anew only after the swap, by the "
                    + "daemon, and have no vector until then.")
        }
        if !facts.publications.isEmpty {
            warnings.append(
                "The table is in publication \(facts.publications.joined(separator: ", ")): a subscriber needs the "
                    + "columns \"\(facts.next)\" and \"\(facts.previous)\" too, or its replication stops.")
        }
        return warnings
    }

    func record(mode: ReembedRun.Mode, total: Int = 0, isUnderLock: Bool) -> SetupPlan.Step {
        let identity = facts.identity
        let next = mode == .shadow ? quoteLiteral(facts.next) : "NULL"
        let old =
            mode == .inPlace
            ? "\(quoteLiteral(facts.watch.identity.embedder)), \(quoteLiteral(facts.watch.identity.model)), "
                + facts.watch.identity.traitsLiteral
            : "NULL, NULL, '{}'"
        return .init(
            title: "record that \(facts.shape.displayName) is embedded anew by \(identity.summary)",
            sql: """
                DELETE FROM backfilld.reembed WHERE watch = \(watch);
                INSERT INTO backfilld.reembed (watch, mode, phase, embedding_column, next_column, embedder, model, dimension,
                    traits, old_embedder, old_model, old_traits, total)
                VALUES (\(watch), '\(mode.rawValue)', 'filling', \(quoteLiteral(facts.spec.embedding)), \(next),
                    \(quoteLiteral(identity.embedder)),
                    \(quoteLiteral(identity.model)), \(identity.dimension), \(identity.traitsLiteral), \(old), \(total));
                """, isUnderLock: isUnderLock)
    }

    /// What the old model refused the new one may take.
    var forgettingFailures: String { "DELETE FROM backfilld.failure WHERE watch = \(watch);" }

    func identityAssignments(_ identity: EmbedderIdentity) -> String {
        "embedder = \(quoteLiteral(identity.embedder)), model = \(quoteLiteral(identity.model)), "
            + "dimension = \(identity.dimension), traits = \(identity.traitsLiteral)"
    }

    /// The column with everything that the old one has beyond its type.
    func addingColumn() -> [String] {
        let attributes = facts.attributes
        let alter = "ALTER TABLE \(table) ALTER COLUMN \(quotedNext)"
        var sql = ["ALTER TABLE \(table) ADD COLUMN \(quotedNext) \(facts.nextType);"]
        let storages = ["p": "PLAIN", "e": "EXTERNAL", "m": "MAIN", "x": "EXTENDED"]
        if let storage = storages[attributes.storage] { sql.append("\(alter) SET STORAGE \(storage);") }
        let compressions = ["p": "pglz", "l": "lz4"]
        if let compression = compressions[attributes.compression] {
            sql.append("\(alter) SET COMPRESSION \(compression);")
        }
        if attributes.statistics >= 0 { sql.append("\(alter) SET STATISTICS \(attributes.statistics);") }
        for option in attributes.options {
            let parts = option.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            sql.append("\(alter) SET (\(quoteIdentifier(parts[0])) = \(quoteLiteral(parts[1])));")
        }
        if let comment = attributes.comment {
            sql.append("COMMENT ON COLUMN \(table).\(quotedNext) IS \(quoteLiteral(comment));")
        }
        for grant in attributes.grants {
            sql.append(
                "GRANT \(grant.privilege) (\(quotedNext)) ON \(table) TO "
                    + "\(grant.role.map(quoteIdentifier) ?? "PUBLIC")\(grant.isGrantable ? " WITH GRANT OPTION" : "");")
        }
        sql.append(
            """
            INSERT INTO backfilld.granted (watch, role, privilege, column_name)
            SELECT watch, role, privilege, \(quoteLiteral(facts.next)) FROM backfilld.granted
            WHERE watch = \(watch) AND column_name = \(quoteLiteral(facts.spec.embedding)) ON CONFLICT DO NOTHING;
            """)
        return sql
    }

    /// What the swap looks at again once it has the lock: nothing that it was planned on may have changed.
    func checkingUnderLock() -> String {
        var conditions = [
            (
                "NOT EXISTS (\(facts.run?.license(watch: watch) ?? "SELECT"))", "duplicate_object",
                "this reembed is not the one under way any more"
            )
        ]
        if let fingerprint = facts.fingerprint {
            conditions.append(
                (
                    "(\(facts.fingerprintQuery)) IS DISTINCT FROM \(quoteLiteral(fingerprint))", Self.changedState,
                    "the table has changed since the swap was planned"
                ))
        }
        let checks = conditions.map { condition, state, message in
            "    IF \(condition) THEN\n        RAISE EXCEPTION '\(message)' USING ERRCODE = '\(state)';\n    END IF;"
        }
        return "DO \("BEGIN\n\(checks.joined(separator: "\n"))\nEND".dollarQuoted);"
    }

    /// The SQLSTATE of a swap that was planned on what has changed since.
    static let changedState = "BF001"

    /// For a script that is only shown: whoever runs it without the filling must not lose the vectors from sight.
    func checkingFilled() -> SetupPlan.Step {
        let condition =
            "SELECT FROM \(table) WHERE \(quotedNext) IS NULL AND \(quoteIdentifier(facts.spec.embedding)) IS NOT NULL"
        return .init(
            title: "every row that has a vector has to have its new one",
            sql:
                "DO \("""
                BEGIN
                    IF EXISTS (\(condition)) THEN
                        RAISE EXCEPTION 'rows have no new vector yet: they are what "backfilld reembed" embeds';
                    END IF;
                END
                """.dollarQuoted);", isUnderLock: false)
    }

    func droppingClearing() -> [String] {
        guard let (function, trigger) = clearing else { return [] }
        return [
            "DROP TRIGGER IF EXISTS \(quoteIdentifier(trigger.name)) ON \(table);",
            "DROP FUNCTION IF EXISTS backfilld.\(function.name)();",
        ]
    }

    /// The old column's index on pending rows goes, the new one's takes its name, on each partition too.
    func pendingSwap() -> [String] {
        let usual = PendingIndex(watch: watch, embedding: facts.spec.embedding, shape: facts.shape)
        let next = facts.pendingIndex
        var sql: [String] = []
        for found in facts.shape.indexes where found.parent == nil {
            let partition = facts.shape.partitions.first { $0.relation == found.relation }
            if found.name.name == partition.map({ usual.name(on: $0) }) ?? usual.name {
                sql.append("DROP INDEX \(found.name.quoted);")
            }
        }
        let names = [facts.shape.relation: (next.name, usual.name)].merging(
            facts.shape.partitions.filter { $0.kind != .foreign }
                .map { ($0.relation, (next.name(on: $0), usual.name(on: $0))) }
        ) { $1 }
        for relation in facts.shape.relations {
            guard let (name, wanted) = names[relation], let table = facts.shape.tableName(of: relation) else {
                continue
            }
            // The server gives other names to those that it makes with a new partition; a script that is only shown
            // comes before all of them.
            let isThere = facts.shape.indexes.contains { $0.relation == relation && $0.name.name == name }
            guard isThere || facts.run == nil else { continue }
            let index = QualifiedName(schema: table.schema, name: name)
            sql.append("ALTER INDEX \(index.quoted) RENAME TO \(quoteIdentifier(wanted));")
        }
        return sql
    }
}
