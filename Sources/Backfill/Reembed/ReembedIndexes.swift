import PostgresClient

/// The indexes of the new column, built in the place of each of the old one's: on the table, or on each partition and
/// attached, as ``PendingIndex`` does it.
struct ReembedIndexes: Sendable, Hashable {
    let facts: ReembedFacts

    /// What has to be built, and the left-overs of builds that were cut off.
    func stages() -> [SetupPlan.Stage] {
        var parents: [SetupPlan.Step] = []
        var alone: [SetupPlan.Step] = []
        var attachments: [SetupPlan.Stage] = []
        for orphan in orphans {
            if orphan.isPartitioned { parents.append(drop(orphan)) } else { alone.append(drop(orphan)) }
        }
        for old in facts.indexes {
            let found = existing(old)
            let usable = found.map { $0.isValid || $0.isPartitioned } ?? false
            if let found, !usable { alone.append(drop(found)) }
            if !usable {
                if old.isPartitioned { parents += create(old) } else { alone += create(old) }
            }
            guard found?.parent == nil, let parent = parent(of: old) else { continue }
            let attach = SetupPlan.Step(
                title: "attach index \(name(old)) to \(name(parent))",
                sql: "ALTER INDEX \(qualified(parent, existing(parent)?.name ?? name(parent))) "
                    + "ATTACH PARTITION \(qualified(old, name(old)));",
                isUnderLock: true)
            if old.isPartitioned {
                parents.append(attach)
            } else {
                attachments.append(.init(kind: .transaction, steps: [attach]))
            }
        }
        var stages: [SetupPlan.Stage] = []
        if !parents.isEmpty { stages.append(.init(kind: .transaction, steps: parents)) }
        if !alone.isEmpty { stages.append(.init(kind: .alone, steps: alone)) }
        return stages + attachments
    }

    /// The swap of the names: what was searched with goes by the name that it had, whoever looks for it.
    func renames() -> [String] {
        facts.indexes.flatMap { old -> [String] in
            // They are all there by then; a script that is only shown comes before them.
            let new = existing(old)?.name ?? name(old)
            let aside = ReembedNames.previous(index: old.name, oid: old.index, isTaken: old.isPreviousTaken)
            var sql = [
                "ALTER INDEX \(qualified(old, old.name)) RENAME TO \(quoteIdentifier(aside));",
                "ALTER INDEX \(qualified(old, new)) RENAME TO \(quoteIdentifier(old.name));",
            ]
            if let comment = old.comment {
                sql.append("COMMENT ON INDEX \(qualified(old, old.name)) IS \(quoteLiteral(comment));")
            }
            return sql
        }
    }

    /// The names of indexes that are still to be built or to be attached.
    var missing: [String] {
        facts.indexes.filter { old in
            guard let found = existing(old) else { return true }
            return !found.isValid && old.isValid || parent(of: old) != nil && found.parent == nil
        }.map(\.name)
    }

    /// The new index that stands for an old one: by its name, or, where the server made it with a new partition, as the
    /// part of its parent's.
    func existing(_ old: ReembedFacts.Index) -> ReembedFacts.Index? {
        if let found = facts.nextIndexes.first(where: { $0.relation == old.relation && $0.name == name(old) }) {
            return found
        }
        guard let parent = parent(of: old), let new = existing(parent) else { return nil }
        return facts.nextIndexes.first { $0.relation == old.relation && $0.parent == new.index }
    }

    /// Those that were built for an index that is not there any more, or has another definition by now.
    private var orphans: [ReembedFacts.Index] {
        let used = Set(facts.indexes.compactMap { existing($0)?.index })
        let names = Set(facts.indexes.map(name))
        return facts.nextIndexes.filter { index in
            index.parent == nil && !used.contains(index.index) && !names.contains(index.name)
                && index.name.hasPrefix(ReembedNames.indexes(watch: facts.watch.id))
        }
    }

    private func parent(of old: ReembedFacts.Index) -> ReembedFacts.Index? {
        old.parent.flatMap { oid in facts.indexes.first { $0.index == oid } }
    }

    private func name(_ old: ReembedFacts.Index) -> String {
        ReembedNames.index(watch: facts.watch.id, replacing: old.name, tail: old.tail)
    }

    private func qualified(_ old: ReembedFacts.Index, _ name: String) -> String {
        QualifiedName(schema: old.table.schema, name: name).quoted
    }

    /// CONCURRENTLY takes one statement at a time, so that a tablespace is a step of its own.
    private func create(_ old: ReembedFacts.Index) -> [SetupPlan.Step] {
        let title = "index \(name(old)) on \(old.table), in the place of \(old.name)"
        let create =
            "CREATE \(old.isUnique ? "UNIQUE " : "")INDEX \(old.isPartitioned ? "" : "CONCURRENTLY ")"
            + "\(quoteIdentifier(name(old))) ON \(old.isPartitioned ? "ONLY " : "")\(old.table.quoted) "
            + "USING \(facts.nextTails[old.tail] ?? old.tail);"
        let step = SetupPlan.Step(title: title, sql: create, isUnderLock: old.isPartitioned)
        guard let tablespace = old.tablespace else { return [step] }
        let set = "SET\(old.isPartitioned ? " LOCAL" : "") default_tablespace"
        return [
            .init(
                title: "tablespace \(tablespace)", sql: "\(set) = \(quoteIdentifier(tablespace));",
                isUnderLock: old.isPartitioned),
            step,
            .init(title: "the usual tablespace", sql: "\(set) TO DEFAULT;", isUnderLock: old.isPartitioned),
        ]
    }

    private func drop(_ index: ReembedFacts.Index) -> SetupPlan.Step {
        SetupPlan.Step(
            title: "drop index \(index.name), which is \(index.isValid ? "of no use any more" : "invalid")",
            sql: "DROP INDEX \(index.isPartitioned ? "" : "CONCURRENTLY ")\(qualified(index, index.name));",
            isUnderLock: index.isPartitioned)
    }
}
