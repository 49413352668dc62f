import PostgresClient

/// A watched table that is to be let go, with what set-up made for it.
struct RemovalTarget: Sendable, Hashable {
    /// A column that a role may read or write by name.
    struct Grant: Sendable, Hashable {
        let role: String
        let privilege: String
        let column: String
    }

    let watch: Int32
    /// The table; nil when it was dropped.
    var shape: TableShape?
    var policies: [String] = []
    var grants: [Grant] = []
    /// The column that a reembed is filling.
    var nextColumn: String?
    /// The column that a reembed has put out of use and kept.
    var previousColumn: String?
    /// Whether a reembed in place is under way, so that the column has vectors of two models.
    var isMixed = false

    static func loadAll(
        _ facts: DatabaseFacts, on connection: PostgresConnection
    ) async throws -> [RemovalTarget] {
        var columns: [Int32: (next: String?, previous: String?, isMixed: Bool)] = [:]
        if facts.schemaVersion > 1 {
            let runs = try await connection.execute(.inspect("reembed_runs", PackageResources.reembed_runs_sql))
            for run in runs {
                columns[try run.decode("watch")] = (
                    try run.decode("next_column"), try run.decode("previous_column"), try run.decode("is_mixed")
                )
            }
        }
        let rows = try await connection.execute(.inspect("inspect_watches", PackageResources.inspect_watches_sql))
        var targets: [RemovalTarget] = []
        for row in rows {
            var target = RemovalTarget(watch: try row.decode("id"))
            target.nextColumn = columns[target.watch]?.next
            target.previousColumn = columns[target.watch]?.previous
            target.isMixed = columns[target.watch]?.isMixed ?? false
            if let name = try row.decode("name", as: String?.self) {
                let relation: Int64 = try row.decode("relation")
                var shape = TableShape(
                    relation: relation, name: QualifiedName(schema: try row.decode("schema"), name: name))
                shape.isPartitioned = try row.decode("kind", as: String.self) == "p"
                try await shape.loadInstallation(
                    embedding: try row.decode("embedding_column"), watch: target.watch, on: connection)
                target.shape = shape
                target.policies = try row.decode("policies")
                let grants = try await connection.execute(
                    .inspect(
                        "inspect_grants", PackageResources.inspect_grants_sql, [.int8(relation), .int4(target.watch)]))
                target.grants = try grants.map {
                    Grant(
                        role: try $0.decode("role"), privilege: try $0.decode("privilege"),
                        column: try $0.decode("column"))
                }
            }
            targets.append(target)
        }
        return targets
    }
}

extension SetupPlan {
    /// Decides how to let tables go. The index goes first: until the last transaction the table is known, so that a
    /// removal that was cut off can be run again.
    init(removing targets: [RemovalTarget], alsoSchema: Bool) {
        let names = targets.compactMap { $0.shape?.displayName }
        self.init(
            table: names.isEmpty ? "backfilld" : names.joined(separator: ", "),
            relations: targets.flatMap { $0.shape?.relations ?? [] })
        for target in targets {
            let indexes = target.shape.map { Self.indexesToDrop(target.watch, $0) } ?? []
            let concurrent = indexes.filter { !$0.isUnderLock }
            if !concurrent.isEmpty { stages.append(Stage(kind: .alone, steps: concurrent)) }
            var steps = target.shape.map { Self.tableSteps(target, $0) } ?? []
            let underLock = !steps.isEmpty
            steps += indexes.filter(\.isUnderLock)
            // CASCADE: a partition that was detached has kept its triggers, and is no part of the table any more.
            let functions = (TriggerSet.functionNames(target.watch) + [TriggerSet.shadowFunction(target.watch)])
                .map { "DROP FUNCTION IF EXISTS backfilld.\($0)() CASCADE;" }.joined(separator: "\n")
            steps.append(
                Step(
                    title: "forget watched table \(target.watch)",
                    sql: functions + "\nDELETE FROM backfilld.watch WHERE id = \(target.watch);",
                    isUnderLock: underLock))
            stages.append(Stage(kind: .transaction, steps: steps))
        }
        if alsoSchema {
            let step = Step(title: "drop schema backfilld", sql: "DROP SCHEMA backfilld CASCADE;", isUnderLock: false)
            stages.append(Stage(kind: .transaction, steps: [step]))
        }
        for target in targets {
            guard let column = target.previousColumn, let shape = target.shape else { continue }
            notes.append(
                "Column \(column) of \(shape.displayName), which a reembed has put out of use and kept, stays; "
                    + "this drops it: ALTER TABLE \(shape.quoted) DROP COLUMN \(quoteIdentifier(column));")
        }
        if targets.contains(where: { !$0.grants.isEmpty }) {
            notes.append("USAGE on the schemas of the table and of pgvector stays with the roles that were given it.")
        }
    }

    private static func tableSteps(_ target: RemovalTarget, _ shape: TableShape) -> [Step] {
        var steps = [
            Step(
                title: "lock \(shape.displayName) for a moment", sql: lock(shape.quoted, mode: .accessExclusive),
                isUnderLock: true)
        ]
        let functions = TriggerSet.functionNames(target.watch) + [TriggerSet.shadowFunction(target.watch)]
        for trigger in shape.triggers
        where trigger.isOurs && !trigger.isInherited && functions.contains(trigger.function) {
            guard let table = shape.tableName(of: trigger.relation) else { continue }
            steps.append(
                Step(
                    title: "drop trigger \(trigger.name) on \(table)",
                    sql: "DROP TRIGGER \(quoteIdentifier(trigger.name)) ON \(table.quoted);", isUnderLock: true))
        }
        for policy in target.policies {
            steps.append(
                Step(
                    title: "drop policy \(policy) on \(shape.displayName)",
                    sql: "DROP POLICY \(quoteIdentifier(policy)) ON \(shape.quoted);", isUnderLock: true))
        }
        if let column = target.nextColumn {
            steps.append(
                Step(
                    title: "drop column \(column) of \(shape.displayName), which a reembed was filling",
                    sql: "ALTER TABLE \(shape.quoted) DROP COLUMN IF EXISTS \(quoteIdentifier(column));",
                    isUnderLock: true))
        }
        // Those on that column went with it.
        let grants = target.grants.filter { $0.column != target.nextColumn }
        if !grants.isEmpty {
            let revokes = grants.map {
                "REVOKE \($0.privilege) (\(quoteIdentifier($0.column))) ON \(shape.quoted) "
                    + "FROM \(quoteIdentifier($0.role));"
            }
            steps.append(
                Step(
                    title: "take back privileges on columns of \(shape.displayName)",
                    sql: revokes.joined(separator: "\n"), isUnderLock: true))
        }
        return steps
    }

    /// The index on a plain table and left-overs on partitions are dropped concurrently; that on a partitioned table
    /// cannot be, and takes the attached ones with it.
    private static func indexesToDrop(_ watch: Int32, _ shape: TableShape) -> [Step] {
        let index = PendingIndex(watch: watch, embedding: "", shape: shape)
        return shape.indexes.filter { found in
            found.parent == nil && (found.name.name == index.name || found.name.name.hasPrefix(index.name + "_"))
        }.map { found in
            let isRoot =
                shape.isPartitioned
                && shape.partitions.allSatisfy { partition in
                    partition.relation != found.relation || partition.kind == .partitioned
                }
            return Step(
                title: "drop index \(found.name.name)",
                sql: "DROP INDEX \(isRoot ? "" : "CONCURRENTLY ")\(found.name.quoted);", isUnderLock: isRoot)
        }
    }
}
