import PostgresClient

/// The partial index that makes pending rows cheap to find: on the table, or on each partition and attached.
///
/// Its key is a constant, so that a new entry goes to the end of the index, wherever the row's key sorts, and a scan
/// gives the rows in the order of the heap: docs/adr/0001-pending-index.md.
struct PendingIndex: Sendable, Hashable {
    let watch: Int32
    /// What its names end with: one on a column that `reembed` fills stands beside set-up's.
    var suffix = ""
    let embedding: String
    let shape: TableShape

    /// Its name on the table itself.
    var name: String { "backfilld_pending_\(watch)\(suffix)" }

    /// Its name on a partition. The server gives others to the indexes that it makes with later partitions.
    func name(on partition: TableShape.Partition) -> String { "\(name)_\(partition.relation)" }

    /// What is wrong with it, for people: relation, index, state. Empty when it is as it should be.
    func faults() -> [(table: String, index: String, state: String)] {
        guard let root = existing(name, on: shape.relation) else {
            return [(shape.displayName, name, "is not there")]
        }
        guard root.isOnEmbedding else { return [(shape.displayName, name, "is on another column")] }
        if !shape.isPartitioned { return root.isValid ? [] : [(shape.displayName, name, "is invalid")] }
        // The owner's partial indexes have parents too: ours are those that come down from the root's.
        var indexes = [shape.relation: root]
        for partition in shape.partitions {
            guard let parent = indexes[partition.parent] else { continue }
            indexes[partition.relation] = shape.indexes.first {
                $0.relation == partition.relation && $0.parent == parent.index
            }
        }
        return shape.partitions.filter { $0.kind == .leaf }.compactMap { partition in
            guard let index = indexes[partition.relation]
            else { return (partition.name.description, name(on: partition), "is not there") }
            return index.isValid ? nil : (partition.name.description, index.name.name, "is invalid")
        }
    }

    /// What has to be done to have it.
    func stages() -> [SetupPlan.Stage] {
        shape.isPartitioned ? partitionedStages() : tableStages()
    }

    private func tableStages() -> [SetupPlan.Stage] {
        let found = existing(name, on: shape.relation)
        if let found, found.isValid, found.isOnEmbedding { return [] }
        // What a CREATE INDEX CONCURRENTLY left that was cut off, or an index on the column of an earlier set-up.
        let dropping = found.map { [drop($0, concurrently: true)] } ?? []
        return [.init(kind: .alone, steps: dropping + [create(name, on: shape.name, concurrently: true)])]
    }

    private func partitionedStages() -> [SetupPlan.Stage] {
        var stages: [SetupPlan.Stage] = []
        var parents: [SetupPlan.Step] = []
        // For each partitioned relation its index: the name, and the oid if it is there already.
        var indexes: [Int64: (name: QualifiedName, index: Int64?)] = [:]
        let rootName = QualifiedName(schema: shape.name.schema, name: name)
        var root = existing(name, on: shape.relation)
        if let found = root, !found.isOnEmbedding {
            // Dropping it takes the partitions' with it; any that belonged to none go below, one by one.
            parents.append(drop(found, concurrently: false))
            root = nil
        }
        let known = shape.indexes.filter { index in root != nil || index.parent == nil }
        if root == nil { parents.append(create(name, on: shape.name, concurrently: false)) }
        indexes[shape.relation] = (rootName, root?.index)

        var alone: [SetupPlan.Step] = []
        var attachments: [SetupPlan.Stage] = []
        for partition in shape.partitions where partition.kind != .foreign {
            guard let parent = indexes[partition.parent] else { continue }
            let own = QualifiedName(schema: partition.name.schema, name: name(on: partition))
            let attached = parent.index.flatMap { oid in
                known.first { $0.relation == partition.relation && $0.parent == oid }
            }
            if let attached {
                indexes[partition.relation] = (attached.name, attached.index)
                continue
            }
            let found = known.first { $0.relation == partition.relation && $0.name == own && $0.parent == nil }
            let usable = found.map { $0.isOnEmbedding && ($0.isValid || partition.kind == .partitioned) } ?? false
            indexes[partition.relation] = (own, usable ? found?.index : nil)
            let attach = SetupPlan.Step(
                title: "attach index \(own.name)",
                sql: "ALTER INDEX \(parent.name.quoted) ATTACH PARTITION \(own.quoted);", isUnderLock: true)
            if partition.kind == .partitioned {
                if let found, !usable { parents.append(drop(found, concurrently: false)) }
                if !usable { parents.append(create(own.name, on: partition.name, concurrently: false)) }
                parents.append(attach)
            } else {
                if let found, !usable { alone.append(drop(found, concurrently: true)) }
                if !usable { alone.append(create(own.name, on: partition.name, concurrently: true)) }
                attachments.append(.init(kind: .transaction, steps: [attach]))
            }
        }
        if !parents.isEmpty { stages.append(.init(kind: .transaction, steps: parents)) }
        if !alone.isEmpty { stages.append(.init(kind: .alone, steps: alone)) }
        return stages + attachments
    }

    private func existing(_ name: String, on relation: Int64) -> TableShape.Index? {
        shape.indexes.first { $0.relation == relation && $0.name.name == name }
    }

    private func create(_ name: String, on table: QualifiedName, concurrently: Bool) -> SetupPlan.Step {
        SetupPlan.Step(
            title: "index \(name) on \(table), "
                + (concurrently ? "concurrently" : "for those of the partitions to be attached to"),
            sql: "CREATE INDEX \(concurrently ? "CONCURRENTLY " : "")\(quoteIdentifier(name)) "
                + "ON \(concurrently ? "" : "ONLY ")\(table.quoted) ((true)) "
                + "WHERE \(quoteIdentifier(embedding)) IS NULL;",
            isUnderLock: !concurrently)
    }

    private func drop(_ index: TableShape.Index, concurrently: Bool) -> SetupPlan.Step {
        SetupPlan.Step(
            title: "drop index \(index.name.name), which is "
                + (index.isOnEmbedding ? "invalid" : "on another column"),
            sql: "DROP INDEX \(concurrently ? "CONCURRENTLY " : "")\(index.name.quoted);", isUnderLock: !concurrently)
    }
}
