import PostgresClient

/// The triggers and trigger functions that a watched table should have.
struct TriggerSet: Sendable, Hashable {
    /// A trigger that should be there.
    struct Trigger: Sendable, Hashable {
        let relation: Int64
        let table: QualifiedName
        let name: String
        let function: String
        /// When it fires: what CREATE TRIGGER has between its name and ON.
        let event: String
        /// What CREATE TRIGGER has between the table and EXECUTE.
        let action: String
        let hasNewTable: Bool
        /// Fires for changes that logical replication applies too.
        let firesAlways: Bool
    }

    /// A function that should be there.
    struct Function: Sendable, Hashable {
        let name: String
        let body: String
        /// Holds whatever of its trigger's definition the catalogs do not show in a form that can be compared.
        let comment: String
    }

    let functions: [Function]
    let triggers: [Trigger]

    /// The names of a watch's functions in schema backfilld.
    static func functionNames(_ watch: Int32) -> [String] {
        ["inserted_\(watch)", "wake_\(watch)", "cleared_\(watch)"]
    }

    /// The name of the function that clears the column that `reembed` fills. Not set-up's, which would take it away.
    static func shadowFunction(_ watch: Int32) -> String { "cleared_\(watch)_next" }

    /// Decides what should be there.
    init(watch: Int32, spec: TableSpec, notify: NotifyMode, kind: EmbeddingKind, shape: TableShape) {
        let base = shape.baseColumns(of: spec.recipe)
        let values = [
            "watch": String(watch), "key": quoteIdentifier(spec.key), "embedding": quoteIdentifier(spec.embedding),
            "polling": String(AdvisoryLock.polling), "skipped": String(AdvisoryLock.skipped),
        ]
        let everywhere = [(shape.relation, shape.name)] + shape.partitions.map { ($0.relation, $0.name) }
        var functions: [Function] = []
        var triggers: [Trigger] = []

        if let (function, trigger) = Self.clearing(watch, spec: spec, kind: kind, shape: shape) {
            functions.append(function)
            triggers.append(trigger)
        }
        if notify != .off {
            functions.append(
                Function(
                    name: "wake_\(watch)", body: SQLFile.fill(.resource(PackageResources.trigger_wake_sql), values),
                    comment: "Wakes backfilld. A trigger fires after UPDATE OF \(quoteIdentifiers(base))"))
            for (relation, table) in everywhere where !base.isEmpty {
                triggers.append(
                    Trigger(
                        relation: relation, table: table, name: "backfilld_changed_\(watch)",
                        function: "wake_\(watch)",
                        event: "AFTER UPDATE OF \(quoteIdentifiers(base))", action: "FOR EACH STATEMENT",
                        hasNewTable: false, firesAlways: false))
            }
            if notify == .ids {
                functions.append(
                    Function(
                        name: "inserted_\(watch)",
                        body: SQLFile.fill(.resource(PackageResources.trigger_inserted_sql), values),
                        comment: "Tells backfilld the keys of the rows that an INSERT brought"))
            }
            for (relation, table) in everywhere {
                // A transition table makes an INSERT that reaches a foreign partition fail.
                let names = notify == .ids && !shape.reachesForeignTable(relation)
                triggers.append(
                    Trigger(
                        relation: relation, table: table, name: "backfilld_inserted_\(watch)",
                        function: names ? "inserted_\(watch)" : "wake_\(watch)",
                        event: "AFTER INSERT",
                        action: (names ? "REFERENCING NEW TABLE AS backfilld_inserted " : "") + "FOR EACH STATEMENT",
                        hasNewTable: names, firesAlways: false))
            }
        }
        self.functions = functions
        self.triggers = triggers
    }

    /// Sorts behind the names that people give: the triggers of an event run in the order of their names.
    static func clearedName(_ watch: Int32) -> String { "zzzz_backfilld_cleared_\(watch)" }

    /// What clears the embedding when the text changes; nil for a text that is made from no column.
    ///
    /// - Parameter suffix: What its names end with: that of a column that `reembed` fills is not set-up's to replace.
    static func clearing(
        _ watch: Int32, suffix: String = "", spec: TableSpec, kind: EmbeddingKind, shape: TableShape
    ) -> (Function, Trigger)? {
        let base = shape.baseColumns(of: spec.recipe)
        guard !base.isEmpty else { return nil }
        // The comparison is in WHEN, which is resolved now: in a body it would depend on the writer's search_path.
        // record_image_ne compares the stored bytes: json has no "=", and citext and nondeterministic collations
        // call different texts equal.
        let embedding = quoteIdentifier(spec.embedding)
        let equals = "OPERATOR(\(kind.schema.map(quoteIdentifier) ?? "pg_catalog").=)"
        let row = { (alias: String) in base.map { "\(alias).\(quoteIdentifier($0))" }.joined(separator: ", ") }
        // What is pending is looked at no further: the daemon's own writes pay for this trigger too.
        let condition = """
            OLD.\(embedding) IS NOT NULL AND NEW.\(embedding) IS NOT NULL
                AND pg_catalog.record_image_ne(ROW(\(row("OLD"))), ROW(\(row("NEW"))))
                AND OLD.\(embedding) \(equals) NEW.\(embedding)
            """
        let function = Function(
            name: "cleared_\(watch)\(suffix)",
            body: SQLFile.fill(.resource(PackageResources.trigger_cleared_sql), ["embedding": embedding]),
            comment: "Clears the embedding when the text changes. Its trigger fires when \(condition)")
        let trigger = Trigger(
            relation: shape.relation, table: shape.name, name: clearedName(watch) + suffix, function: function.name,
            event: "BEFORE UPDATE", action: "FOR EACH ROW\n    WHEN (\(condition))",
            hasNewTable: false, firesAlways: true)
        return (function, trigger)
    }

    /// The functions that are not there, or not like this.
    func functionsToMake(_ shape: TableShape) -> [Function] {
        functions.filter { wanted in
            guard let found = shape.functions[wanted.name] else { return true }
            return found.body != "\n\(wanted.body)\n" || found.comment != wanted.comment
        }
    }

    /// The triggers that are not there, not like this, or disabled. A function whose comment is another had a trigger
    /// of another definition.
    func triggersToMake(_ shape: TableShape) -> [Trigger] {
        triggers.filter { wanted in
            if let function = functions.first(where: { $0.name == wanted.function }),
                shape.functions[wanted.function]?.comment != function.comment
            {
                return true
            }
            return state(of: wanted, in: shape) != nil
        }
    }

    /// What is wrong with a trigger, for people; nil when it is as it should be.
    func state(of wanted: Trigger, in shape: TableShape) -> String? {
        let found = shape.triggers.filter { $0.isOurs && $0.name == wanted.name }
        guard let own = found.first(where: { $0.relation == wanted.relation }) else { return "is not there" }
        if own.function != wanted.function || own.hasNewTable != wanted.hasNewTable { return "is not as it should be" }
        // A row trigger on a partitioned table has a copy on each partition, which can be disabled by itself.
        let copies = wanted.firesAlways ? found : [own]
        if copies.contains(where: { $0.enabled == "D" }) { return "is disabled" }
        let expected: Set<String> = wanted.firesAlways ? ["A"] : ["O", "A"]
        return copies.allSatisfy { expected.contains($0.enabled) } ? nil : "does not fire for every change"
    }

    /// Triggers of this watch that should not be there any more.
    func triggersToDrop(watch: Int32, _ shape: TableShape) -> [TableShape.Trigger] {
        let functions = Self.functionNames(watch)
        return shape.triggers.filter { found in
            found.isOurs && !found.isInherited && functions.contains(found.function)
                && !triggers.contains { $0.relation == found.relation && $0.name == found.name }
        }
    }
}

extension TriggerSet.Function {
    /// The statements that make it, or bring it up to date.
    var sql: String {
        """
        CREATE OR REPLACE FUNCTION backfilld.\(name)() RETURNS trigger LANGUAGE plpgsql AS \(body.dollarQuoted);
        COMMENT ON FUNCTION backfilld.\(name)() IS \(quoteLiteral(comment));
        """
    }
}

extension TriggerSet.Trigger {
    /// The statements that make it, in place of one of that name where `replacing`.
    func sql(serverVersion: Int, replacing: Bool) -> String {
        let quoted = quoteIdentifier(name)
        let create =
            "TRIGGER \(quoted) \(event) ON \(table.quoted) \(action)\n"
            + "    EXECUTE FUNCTION backfilld.\(function)();"
        var lines: [String] = []
        if !replacing {
            lines.append("CREATE " + create)
        } else if serverVersion >= 140_000 {
            lines.append("CREATE OR REPLACE " + create)
        } else {
            lines += ["DROP TRIGGER \(quoted) ON \(table.quoted);", "CREATE " + create]
        }
        if firesAlways { lines.append("ALTER TABLE \(table.quoted) ENABLE ALWAYS TRIGGER \(quoted);") }
        return lines.joined(separator: "\n")
    }
}

extension TableShape {
    /// Whether an INSERT into this relation may end in a foreign table.
    func reachesForeignTable(_ relation: Int64) -> Bool {
        partitions.contains { partition in
            partition.kind == .foreign
                && (partition.relation == relation || ancestors(of: partition).contains(relation))
        }
    }

    private func ancestors(of partition: Partition) -> [Int64] {
        var result = [partition.parent]
        while let next = partitions.first(where: { $0.relation == result[result.count - 1] }) {
            result.append(next.parent)
        }
        return result
    }
}
