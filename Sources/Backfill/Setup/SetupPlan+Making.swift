import Embedders
import PostgresClient

extension SetupPlan {
    /// Decides what set-up has to do: a pure function of what is asked and what is there.
    ///
    /// - Throws: ``TableProblem`` when it cannot or must not be done.
    init(_ options: SetupOptions, shape: TableShape, facts: DatabaseFacts) throws(TableProblem) {
        let id = shape.watch?.id ?? facts.nextWatch
        self.init(table: shape.displayName, relations: shape.relations, watch: id)
        try Self.check(options, shape: shape, facts: facts)
        let notify = chooseNotify(options, shape: shape, facts: facts)
        let (kind, column) = chooseColumn(options, shape: shape, facts: facts)
        let set = TriggerSet(watch: id, spec: options.spec, notify: notify, kind: kind, shape: shape)
        warn(options, watch: id, notify: notify, shape: shape)

        var steps = Migration.all.filter { !facts.migrations.contains($0.version) }.map { migration in
            Step(
                title: "schema backfilld, version \(migration.version)",
                sql: migration.sql + "\nINSERT INTO backfilld.migration (version) VALUES (\(migration.version));",
                isUnderLock: false)
        }
        let record = Self.record(id, notify: notify, options: options, shape: shape)
        if let record, !record.isUnderLock { steps.append(record) }
        steps += set.functionsToMake(shape).map {
            Step(title: "function backfilld.\($0.name)", sql: $0.sql, isUnderLock: false)
        }

        let search = SearchFunction(vectorSchema: facts.vectorSchema)
        if options.search || !facts.searchFunctions.isEmpty, !search.isThere(facts.searchFunctions) {
            steps.append(search.step(replacing: facts.searchFunctions))
            if facts.searchFunctions.isEmpty { notes.append(SearchFunction.note) }
        }

        let grants = GrantSet(watch: id, options: options, kind: kind, shape: shape)
        let first = [record.flatMap { $0.isUnderLock ? $0 : nil }, column].compactMap(\.self)
        let locked = Self.underLock(
            first, set, grants, isHeavy: column != nil, watch: id, shape: shape, facts: facts)
        // Grants come last, because the column may have been added just before; they wait for nobody.
        steps += locked + grants.grants(underLock: !locked.isEmpty)
        if !steps.isEmpty { stages.append(Stage(kind: .transaction, steps: steps)) }
        stages += PendingIndex(watch: id, embedding: options.spec.embedding, shape: shape).stages()
    }

    /// The steps that lock the table, those given first, behind the one that gets the lock; none where there are none.
    ///
    /// - Parameter isHeavy: Whether the first ones need the lock that nobody shares.
    private static func underLock(
        _ first: [Step], _ set: TriggerSet, _ grants: GrantSet, isHeavy: Bool, watch id: Int32, shape: TableShape,
        facts: DatabaseFacts
    ) -> [Step] {
        var steps = first
        var needsAccessExclusive = isHeavy
        for trigger in set.triggersToMake(shape) {
            let exists = shape.triggers.contains { $0.relation == trigger.relation && $0.name == trigger.name }
            needsAccessExclusive = needsAccessExclusive || exists && facts.serverVersion < 140_000
            steps.append(
                Step(
                    title: "trigger \(trigger.name) on \(trigger.table)",
                    sql: trigger.sql(serverVersion: facts.serverVersion, replacing: exists), isUnderLock: true))
        }
        for trigger in set.triggersToDrop(watch: id, shape) {
            guard let table = shape.tableName(of: trigger.relation) else { continue }
            needsAccessExclusive = true
            steps.append(
                Step(
                    title: "drop trigger \(trigger.name) on \(table)",
                    sql: "DROP TRIGGER \(quoteIdentifier(trigger.name)) ON \(table.quoted);", isUnderLock: true))
        }
        steps += grants.policies
        guard !steps.isEmpty else { return [] }
        needsAccessExclusive = needsAccessExclusive || !grants.policies.isEmpty
        let lock = Step(
            title: "lock \(shape.displayName) for a moment",
            sql: Self.lock(shape.quoted, mode: needsAccessExclusive ? .accessExclusive : .shareRowExclusive),
            isUnderLock: true)
        return [lock] + steps
    }

    private static func check(_ options: SetupOptions, shape: TableShape, facts: DatabaseFacts) throws(TableProblem) {
        guard facts.serverVersion >= 130_000 else { throw .serverTooOld(version: facts.serverVersion) }
        if facts.hasSchema && facts.migrations.isEmpty { throw .schemaTaken }
        if facts.schemaVersion > Migration.current {
            throw .schemaTooNew(found: facts.schemaVersion, known: Migration.current)
        }
        try shape.checkColumns(options.spec, identity: options.identity, embeddingMayBeMissing: options.addColumn)
        guard shape.isOwner else {
            throw .notPermitted(
                table: shape.displayName, what: "create triggers and indexes",
                hint: "Run \"backfilld setup\" as the table's owner, \(shape.owner); add --role \(facts.role) for this "
                    + "role to run the daemon")
        }
        guard facts.hasSchema || facts.mayCreateSchema else {
            throw .notPermitted(
                table: shape.displayName, what: "create the schema backfilld",
                hint: "GRANT CREATE ON DATABASE \(quoteIdentifier(facts.database)) TO \(quoteIdentifier(facts.role))")
        }
        // Vectors of two kinds must not meet in one column. An empty one takes whatever is configured now.
        if let watch = shape.watch, shape.isFilled ?? true, watch.embedding == options.spec.embedding {
            try watch.checkIdentity(options.identity, recipe: options.spec.recipe, table: shape.displayName)
        }
    }

    private mutating func chooseNotify(
        _ options: SetupOptions, shape: TableShape, facts: DatabaseFacts
    ) -> NotifyMode {
        let chosen = options.notify ?? shape.watch?.notify
        guard facts.maxPreparedTransactions > 0 else { return chosen ?? .ids }
        let setting =
            "max_prepared_transactions is \(facts.maxPreparedTransactions) on this server, and a transaction "
            + "that has notified cannot be prepared"
        guard let chosen else {
            warnings.append(
                "\(setting): no wake-up triggers are made, and rows are found by the daemon's sweep, within one "
                    + "heartbeat. If nothing here uses PREPARE TRANSACTION: backfilld setup --set notify=ids")
            return .off
        }
        if chosen != .off {
            warnings.append(
                "\(setting): with notify = \(chosen.rawValue), PREPARE TRANSACTION fails after an INSERT of pending "
                    + "rows or an UPDATE of their text.")
        }
        return chosen
    }

    /// The embedding column's type, and the step that adds the column where that was asked for.
    private mutating func chooseColumn(
        _ options: SetupOptions, shape: TableShape, facts: DatabaseFacts
    ) -> (EmbeddingKind, Step?) {
        if let kind = shape.column(options.spec.embedding)?.embeddingKind { return (kind, nil) }
        let dimension = options.identity.dimension
        let kind: EmbeddingKind
        var type = "vector(\(dimension))"
        var sql = ""
        if dimension > 16_000 {
            kind = .real
            notes.append("The column is real[]: a vector of pgvector has at most 16,000 components.")
        } else if let schema = facts.vectorSchema {
            kind = .vector(schema: schema)
            notes.append("The column is vector(\(dimension)): pgvector is installed in schema \(schema).")
        } else if facts.vectorInstallable ?? false {
            kind = .vector(schema: facts.vectorInstallationSchema)
            sql = facts.vectorInstallation + "\n"
            notes.append("The column is vector(\(dimension)): pgvector is not installed, and this role can install it.")
        } else {
            kind = .real
            notes.append(
                facts.vectorAvailable
                    ? "The column is real[]: this role may not install pgvector. For vector(\(dimension)), have a "
                        + "superuser run CREATE EXTENSION vector first."
                    : "The column is real[]: the server has no pgvector to install.")
        }
        if kind == .real { type = "real[]" }
        let castType = kind == .real ? "real[]" : "\(kind.castType)(\(dimension))"
        let step = Step(
            title: "add column \(options.spec.embedding) \(type) to \(shape.displayName)",
            sql: sql + "ALTER TABLE \(shape.quoted) ADD COLUMN \(quoteIdentifier(options.spec.embedding)) \(castType);",
            isUnderLock: true)
        return (kind, step)
    }

    /// The row in backfilld.watch; nil when it is right already.
    private static func record(
        _ id: Int32, notify: NotifyMode, options: SetupOptions, shape: TableShape
    ) -> Step? {
        let spec = options.spec
        let identity = options.identity
        let values: [(column: String, value: String)] = [
            ("key_column", quoteLiteral(spec.key)), ("embedding_column", quoteLiteral(spec.embedding)),
            ("recipe", quoteLiteral(spec.recipe.description)), ("embedder", quoteLiteral(identity.embedder)),
            ("model", quoteLiteral(identity.model)), ("dimension", String(identity.dimension)),
            ("traits", identity.traitsLiteral),
            ("notify", quoteLiteral(notify.rawValue)), ("set_up_by_version", quoteLiteral(options.version)),
        ]
        guard let watch = shape.watch else {
            let columns = values.map(\.column).joined(separator: ", ")
            return Step(
                title: "record \(shape.displayName) as watched table \(id)",
                sql: """
                    INSERT INTO backfilld.watch (id, relation, \(columns))
                    VALUES (\(id), \(quoteLiteral(shape.quoted))::pg_catalog.regclass,
                        \(values.map(\.value).joined(separator: ", ")));
                    SELECT pg_catalog.setval('backfilld.watch_id_seq', GREATEST(\(id), s.last_value))
                    FROM backfilld.watch_id_seq AS s;
                    """,
                isUnderLock: false)
        }
        let isRight =
            watch.key == spec.key && watch.embedding == spec.embedding
            && watch.recipe == spec.recipe.description && watch.identity == identity && watch.notify == notify
        if isRight { return nil }
        var assignments = values.map { "\($0.column) = \($0.value)" }
        // From the commit on no daemon of the old kind writes: its writes wait for the table's lock, and then see the new
        // generation. Without the lock one that has just looked could still bring its vectors in.
        let supersedes =
            watch.embedding != spec.embedding || watch.recipe != spec.recipe.description || watch.identity != identity
        if supersedes { assignments.append("generation = generation + 1") }
        // Keys of another column are of other rows, and what one embedder refused another may take.
        let isForgiven = supersedes || watch.key != spec.key
        let forget = isForgiven ? "\nDELETE FROM backfilld.failure WHERE watch = \(id);" : ""
        return Step(
            title: "record what \(shape.displayName) is set up for now",
            sql: """
                UPDATE backfilld.watch
                SET \(assignments.joined(separator: ",\n    ")),
                    set_up_at = pg_catalog.now()
                WHERE id = \(id);\(forget)
                """,
            isUnderLock: supersedes)
    }
}

extension EmbedderIdentity {
    /// The traits as SQL makes jsonb of them.
    var traitsLiteral: String {
        let sorted = traits.sorted { $0.key < $1.key }
        let array = { (texts: [String]) in
            "ARRAY[\(texts.map(quoteLiteral).joined(separator: ", "))]::pg_catalog.text[]"
        }
        return "pg_catalog.jsonb_object(\(array(sorted.map(\.key))), \(array(sorted.map(\.value))))"
    }
}

extension DatabaseFacts {
    /// The schema that pgvector would be installed into.
    var vectorInstallationSchema: String { hasExtensionsSchema ? "extensions" : "public" }

    /// The statement that would install it.
    var vectorInstallation: String {
        "CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA \(quoteIdentifier(vectorInstallationSchema));"
    }
}

extension TableShape {
    /// The name of the table or of one of its partitions.
    func tableName(of relation: Int64) -> QualifiedName? {
        relation == self.relation ? name : partitions.first { $0.relation == relation }?.name
    }
}
