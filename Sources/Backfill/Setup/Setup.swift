import Embedders
import PostgresClient

/// What `backfilld setup` does in the database: look, decide, do.
package enum Setup {
    /// Looks at the database and decides what set-up has to do. Nothing is changed.
    ///
    /// - Parameters:
    ///   - options: What is to be there in the end.
    ///   - earlier: Plans for other tables that will have been carried out first: what they do is not done again.
    ///   - connection: A connection that is free, of the table's owner.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` for everything else.
    package static func plan(
        _ options: SetupOptions, after earlier: [SetupPlan] = [], on connection: PostgresConnection
    ) async throws -> SetupPlan {
        var (shape, facts) = try await inspect(options, on: connection)
        if shape.watch == nil, shape.isOwner {
            facts.nextWatch = try await nextWatch(shape, facts, after: earlier, on: connection)
        }
        var plan = try SetupPlan(options, shape: shape, facts: facts)
        plan.leaveOut(earlier)
        return plan
    }

    /// Lists everything that keeps a table from being filled, or from being filled at once: for `check`.
    ///
    /// - Returns: The problems, the gravest first; none when all is as it should be.
    /// - Throws: `PostgresError` when the server fails.
    package static func problems(
        with options: SetupOptions, on connection: PostgresConnection
    ) async throws -> [TableProblem] {
        do {
            let (shape, facts) = try await inspect(options, on: connection)
            let table = try WatchedTable(options.spec, identity: options.identity, shape: shape, facts: facts)
            let set = TriggerSet(
                watch: table.watch, spec: options.spec, notify: table.notify, kind: table.embeddingKind, shape: shape)
            let broken = set.triggersToMake(shape)
            let triggers = broken.map { trigger in
                TableProblem.triggerMissing(
                    table: trigger.table.description, trigger: trigger.name,
                    state: set.state(of: trigger, in: shape) ?? "is not as it should be")
            }
            let functions = set.functionsToMake(shape)
                .filter { function in !broken.contains { $0.function == function.name } }
                .map { function in
                    TableProblem.triggerMissing(
                        table: shape.displayName, trigger: "function \(function.name)",
                        state: "is not as this release makes it")
                }
            let index = PendingIndex(watch: table.watch, embedding: options.spec.embedding, shape: shape)
            let indexes = index.faults().map { fault in
                TableProblem.indexMissing(table: fault.table, index: fault.index, state: fault.state)
            }
            return triggers + functions + indexes
        } catch let problem as TableProblem {
            return [problem]
        }
    }

    /// Decides how to take `backfilld.search` away, and nothing else.
    package static func searchRemoval(on connection: PostgresConnection) async throws -> SetupPlan {
        var plan = SetupPlan(table: "backfilld.search", relations: [])
        let facts = try await DatabaseFacts.load(on: connection)
        guard facts.schemaVersion > 0 else { return plan }
        let found = try await SearchFunction.load(on: connection)
        if !found.isEmpty { plan.stages = [.init(kind: .transaction, steps: [SearchFunction.removal(found)])] }
        return plan
    }

    /// Decides what has to be taken away: triggers, functions, indexes, policies and grants of tables, and with the
    /// last of them the schema. Rows and embedding columns stay.
    ///
    /// - Parameters:
    ///   - tables: The tables, or nil for all and the schema.
    ///   - connection: A connection that is free, of the tables' owner.
    package static func removal(
        of tables: [QualifiedName]?, on connection: PostgresConnection
    ) async throws -> SetupPlan {
        let facts = try await DatabaseFacts.load(on: connection)
        guard facts.hasSchema else { return SetupPlan(removing: [], alsoSchema: false) }
        guard !facts.migrations.isEmpty else { throw TableProblem.schemaTaken }
        var targets = try await RemovalTarget.loadAll(facts, on: connection)
        if let tables {
            var wanted: Set<Int64> = []
            for name in tables {
                let rows = try await connection.execute(
                    .inspect("inspect_relation", PackageResources.inspect_relation_sql, [.text(name.quoted)]))
                guard let row = rows.first else { throw TableProblem.tableMissing(name, similar: []) }
                wanted.insert(try row.decode("relation"))
            }
            targets = targets.filter { wanted.contains($0.shape?.relation ?? 0) }
        }
        if let mixed = targets.first(where: \.isMixed), let shape = mixed.shape {
            throw TableProblem.reembedUnderWay(
                table: shape.displayName,
                what: "in place, so that its column has vectors of two models, which nothing would tell any more",
                inPlace: true)
        }
        return SetupPlan(removing: targets, alsoSchema: tables == nil)
    }

    /// The number of a new watch: no index that is left of an earlier schema has it in its name, but the table's own, and
    /// no table that is set up first takes it.
    private static func nextWatch(
        _ shape: TableShape, _ facts: DatabaseFacts, after earlier: [SetupPlan], on connection: PostgresConnection
    ) async throws -> Int32 {
        let taken = earlier.compactMap(\.watch)
        let numbers = try await connection.execute(
            .inspect(
                "inspect_index_numbers", PackageResources.inspect_index_numbers_sql, [.int8(shape.relation)]))
        let found: Int32? = try numbers.first?.decode("own")
        let own = found.flatMap { taken.contains($0) ? nil : $0 }
        let named: Int32 = try numbers.first?.decode("largest", as: Int32?.self) ?? 0
        let largest = max(named, taken.max() ?? 0)
        guard facts.schemaVersion > 0 else { return own ?? largest + 1 }
        do {
            let rows = try await connection.execute(
                .inspect(
                    "inspect_next_watch", PackageResources.inspect_next_watch_sql,
                    [own.map { .int4($0) } ?? .null, .int4(largest)]))
            return try rows.first?.decode("id") ?? 1
        } catch let error as PostgresError where error.hasState("42501") {
            throw TableProblem.notPermitted(
                table: shape.displayName, what: "add to schema backfilld: \(error.message)",
                hint: "Run it as the owner of the table and of the schema backfilld")
        }
    }

    private static func inspect(
        _ options: SetupOptions, on connection: PostgresConnection
    ) async throws -> (TableShape, DatabaseFacts) {
        let spec = options.spec
        var facts = try await DatabaseFacts.load(on: connection)
        var shape = try await TableShape.load(spec, facts: facts, on: connection)
        try await shape.loadInstallation(embedding: spec.embedding, watch: shape.watch?.id, on: connection)
        if facts.schemaVersion > 0 { facts.searchFunctions = try await SearchFunction.load(on: connection) }
        if let role = options.role { try await shape.loadGrantee(role, facts: facts, on: connection) }
        let isThere = shape.column(spec.embedding) != nil
        let differs = shape.watch.map {
            $0.identity != options.identity || $0.recipe != spec.recipe.description
        }
        if let watch = shape.watch {
            // What is being filled is cleared by the text as it is set up now, beside the column that is in use now, and
            // walked through by the key.
            let moves = watch.embedding != spec.embedding || watch.key != spec.key
            if differs ?? false || moves, facts.schemaVersion > 1, shape.isOwner,
                let run = try await ReembedRun.load(watch: watch.id, on: connection)
            {
                throw TableProblem.reembedUnderWay(
                    table: shape.displayName, what: "by \(run.identity.summary)",
                    inPlace: run.mode == .inPlace)
            }
        }
        if let differs, isThere {
            if differs { try await shape.loadIsFilled(spec.embedding, ofRows: nil, on: connection) }
        } else if isThere, shape.isOwner {
            try await shape.loadIsFilled(spec.embedding, ofRows: 1000, on: connection)
        }
        if options.addColumn, !isThere, facts.vectorSchema == nil, facts.vectorAvailable {
            facts.vectorInstallable = try await canInstallVector(facts, on: connection)
        }
        return (shape, facts)
    }

    /// Whether this role can install pgvector. Asking the catalogs is not enough: some providers let roles do it that
    /// are no superusers. So it is tried, and rolled back.
    private static func canInstallVector(
        _ facts: DatabaseFacts, on connection: PostgresConnection
    ) async throws -> Bool {
        struct TakenBack: Error {}
        do {
            try await connection.transaction { transaction in
                try await transaction.script(facts.vectorInstallation, name: "try CREATE EXTENSION vector")
                throw TakenBack()
            }
            return true
        } catch is TakenBack {
            return true
        } catch let error as PostgresError where error.code == .server && !error.isConnectionFailure {
            return false
        }
    }
}
