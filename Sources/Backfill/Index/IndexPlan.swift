import PostgresClient

/// Builds what ``IndexAdvice`` recommends: on the table, or on each partition and attached, concurrently; left-overs go
/// first, and what is replaced goes last.
struct IndexPlan: Sendable, Hashable {
    let facts: IndexFacts
    let advice: IndexAdvice

    /// What all names of ours begin with.
    static func stem(_ table: String, _ column: String) -> String {
        // With room for the ending, and for the number of a partition.
        cut("\(table)_\(column)", 40)
    }

    /// The steps; none where nothing is to be built.
    func plan(memory: Int64? = nil) -> SetupPlan {
        var plan = SetupPlan(table: facts.table, relations: facts.shape.relations)
        var first = leftovers.map { drop($0, "which is invalid") }
        guard let choice = advice.choice, advice.verdict == .build || advice.verdict == .rebuild else {
            if !first.isEmpty { plan.stages = [.init(kind: .alone, steps: first)] }
            return plan
        }
        if let memory {
            first.append(
                .init(
                    title: "memory for the build: \(memory >> 20) MB",
                    sql: "SET maintenance_work_mem = '\(memory >> 10)kB';", isUnderLock: false))
        }
        if facts.shape.isPartitioned {
            plan.stages = [.init(kind: .alone, steps: first)].filter { !$0.steps.isEmpty } + partitioned(choice)
        } else {
            let old = advice.verdict == .rebuild ? facts.used : nil
            let name = freeName(choice, excluding: leftovers)
            let create = create(choice, name, on: facts.shape.name, concurrently: true)
            // By the old one's name, which somebody may know it by.
            let replacement = old.map { [drop($0, "which it replaces"), rename(name, to: $0)] } ?? []
            plan.stages = [.init(kind: .alone, steps: first + [create] + replacement)]
        }
        return plan
    }

    /// What builds left that were cut off, on tables and leaves of partitioned ones.
    private var leftovers: [VectorIndex] {
        facts.indexes.filter { !$0.isValid && $0.builder == nil && !$0.isPartitioned && $0.metric != nil }
    }

    private func partitioned(_ choice: IndexChoice) -> [SetupPlan.Stage] {
        let name = freeName(choice, excluding: leftovers)
        var parents = [create(choice, name, on: facts.shape.name, concurrently: false)]
        var alone: [SetupPlan.Step] = []
        var attachments: [SetupPlan.Stage] = []
        var names = [facts.shape.relation: QualifiedName(schema: facts.shape.name.schema, name: name)]
        for partition in facts.shape.partitions where partition.kind != .foreign {
            guard let parent = names[partition.parent] else { continue }
            // What is too coarse is built anew, on every partition.
            let isKept = partition.kind == .leaf && advice.verdict == .build
            let standing = isKept ? facts.standing(on: partition.relation, as: choice) : nil
            let own = QualifiedName(
                schema: partition.name.schema,
                name: standing?.name ?? "\(Self.cut(name, 63 - 12))_\(partition.relation)")
            names[partition.relation] = own
            let attach = SetupPlan.Step(
                title: "attach index \(own.name)",
                sql: "ALTER INDEX \(parent.quoted) ATTACH PARTITION \(own.quoted);", isUnderLock: true)
            if partition.kind == .partitioned {
                parents += [create(choice, own.name, on: partition.name, concurrently: false), attach]
            } else {
                if standing == nil { alone.append(create(choice, own.name, on: partition.name, concurrently: true)) }
                attachments.append(.init(kind: .transaction, steps: [attach]))
            }
        }
        var stages: [SetupPlan.Stage] = [.init(kind: .transaction, steps: parents)]
        if !alone.isEmpty { stages.append(.init(kind: .alone, steps: alone)) }
        stages += attachments
        if advice.verdict == .rebuild, let old = facts.used {
            let step = SetupPlan.Step(
                title: "drop index \(old.name), which it replaces",
                sql: "DROP INDEX \(QualifiedName(schema: old.table.schema, name: old.name).quoted);", isUnderLock: true)
            stages.append(.init(kind: .transaction, steps: [step, rename(name, to: old)]))
        }
        return stages
    }

    /// `CREATE INDEX` as it would be typed.
    func create(_ choice: IndexChoice, _ name: String, on table: QualifiedName, concurrently: Bool) -> SetupPlan.Step {
        let schema = facts.kind.schema.map { quoteIdentifier($0) + "." } ?? ""
        let column = quoteIdentifier(facts.column)
        let indexed = choice.isHalved ? "(\(column)::\(schema)halfvec(\(facts.dimension)))" : column
        let options = choice.options.map { "\($0.name) = \($0.value)" }.joined(separator: ", ")
        return SetupPlan.Step(
            title: "index \(name) on \(table), \(choice.method) with \(options)"
                + (concurrently ? ", concurrently" : ", for those of the partitions to be attached to"),
            sql: "CREATE INDEX \(concurrently ? "CONCURRENTLY " : "")\(quoteIdentifier(name)) "
                + "ON \(concurrently ? "" : "ONLY ")\(table.quoted) USING \(choice.method) "
                + "(\(indexed) \(schema)\(choice.operatorClass)) WITH (\(options));", isUnderLock: !concurrently)
    }

    private func drop(_ index: VectorIndex, _ why: String) -> SetupPlan.Step {
        let name = QualifiedName(schema: index.table.schema, name: index.name)
        return SetupPlan.Step(
            title: "drop index \(index.name), \(why)",
            // One that is part of a partitioned index can't go alone.
            sql: "DROP INDEX CONCURRENTLY \(name.quoted);", isUnderLock: false)
    }

    private func rename(_ name: String, to old: VectorIndex) -> SetupPlan.Step {
        let new = QualifiedName(schema: old.table.schema, name: name)
        return SetupPlan.Step(
            title: "call index \(name) \(old.name)",
            sql: "ALTER INDEX \(new.quoted) RENAME TO \(quoteIdentifier(old.name));",
            isUnderLock: facts.shape.isPartitioned)
    }

    private func freeName(_ choice: IndexChoice, excluding dropped: [VectorIndex]) -> String {
        let stem = "\(Self.stem(facts.shape.name.name, facts.column))_\(choice.method)"
        let taken = facts.takenNames.subtracting(dropped.map(\.name))
        return ([stem] + (2...99).map { "\(stem)_\($0)" }).first { !taken.contains($0) } ?? stem
    }

    private static func cut(_ name: String, _ bytes: Int) -> String {
        var cut = ""
        for character in name {
            guard cut.utf8.count + character.utf8.count <= bytes else { break }
            cut.append(character)
        }
        return cut
    }
}
