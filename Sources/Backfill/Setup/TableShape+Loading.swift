import Embedders
import PostgresClient

extension TableShape {
    /// Reads what the daemon needs to know of a table: the relation, its columns and what set-up recorded.
    ///
    /// - Throws: ``TableProblem`` when there is no such table, `PostgresError` when the server fails.
    static func load(
        _ spec: TableSpec, facts: DatabaseFacts, on connection: PostgresConnection
    ) async throws -> TableShape {
        let rows: Rows
        do {
            rows = try await connection.execute(
                .inspect("inspect_relation", PackageResources.inspect_relation_sql, [.text(spec.name.quoted)]))
        } catch let error as PostgresError where error.hasState("42501") {
            // The name's schema is one that this role may not look into.
            throw TableProblem.notPermitted(
                table: spec.name.description, what: "look for the table: \(error.message)",
                hint: "Have the table's owner run \"backfilld setup --role\" with the name of this role")
        }
        guard let row = rows.first else {
            throw TableProblem.tableMissing(spec.name, similar: try await similarTables(to: spec.name, on: connection))
        }
        var shape = TableShape(
            relation: try row.decode("relation"),
            name: QualifiedName(schema: try row.decode("schema"), name: try row.decode("name")))
        let kind: String = try row.decode("kind")
        guard kind == "r" || kind == "p" else {
            throw TableProblem.notATable(shape.displayName, kind: Self.phrase(relationKind: kind))
        }
        shape.isPartitioned = kind == "p"
        shape.owner = try row.decode("owner")
        shape.isOwner = try row.decode("is_owner")
        shape.hasChildren = try row.decode("has_children")
        shape.hasRowSecurity = try row.decode("row_security")
        shape.restrictivePolicies = try row.decode("restrictive_policies")
        try await shape.loadColumns(on: connection)
        // A role without privileges on the schema has to hear so from the server: it is not "not set up".
        switch facts.schemaVersion {
        case 0: break
        case 1: try await shape.loadWatch(PackageResources.inspect_watch_1_sql, on: connection)
        default: try await shape.loadWatch(PackageResources.inspect_watch_sql, on: connection)
        }
        return shape
    }

    /// Reads, beyond that, everything set-up compares with what it would make.
    mutating func loadInstallation(
        embedding: String, watch id: Int32?, on connection: PostgresConnection
    ) async throws {
        if isPartitioned { try await loadPartitions(on: connection) }
        let all = PostgresValue.int8Array(relations)
        let triggerRows = try await connection.execute(
            .inspect("inspect_triggers", PackageResources.inspect_triggers_sql, [all]))
        triggers = try triggerRows.map { row in
            Trigger(
                relation: try row.decode("relation"), name: try row.decode("name"), isOurs: try row.decode("is_ours"),
                function: try row.decode("function"), enabled: try row.decode("enabled"),
                hasNewTable: try row.decode("has_new_table"), isInherited: try row.decode("is_inherited"))
        }
        let indexRows = try await connection.execute(
            .inspect("inspect_indexes", PackageResources.inspect_indexes_sql, [all, .text(embedding)]))
        indexes = try indexRows.map { row in
            Index(
                relation: try row.decode("relation"), index: try row.decode("index"),
                name: QualifiedName(schema: try row.decode("schema"), name: try row.decode("name")),
                isValid: try row.decode("is_valid"), parent: try row.decode("parent"),
                isOnEmbedding: try row.decode("is_on_embedding", as: Bool?.self) ?? false)
        }
        if let id {
            let names = TriggerSet.functionNames(id)
            let functionRows = try await connection.execute(
                .inspect("inspect_functions", PackageResources.inspect_functions_sql, [.textArray(names)]))
            for row in functionRows {
                functions[try row.decode("name")] = Function(
                    body: try row.decode("body"), comment: try row.decode("comment"))
            }
        }
    }

    /// Looks whether some row has a vector: of all rows, which may mean reading the whole table, or of some.
    mutating func loadIsFilled(
        _ embedding: String, ofRows limit: Int?, on connection: PostgresConnection
    ) async throws {
        let sql = SQLFile.fill(
            .resource(PackageResources.inspect_filled_sql),
            [
                "relation": quoted, "embedding": quoteIdentifier(embedding),
                "limit": limit.map { " LIMIT \($0)" } ?? "",
            ])
        do {
            isFilled = try await connection.transaction { transaction in
                // Policies that bind this role must not make a filled column look empty: better an error.
                try await transaction.script("SET LOCAL row_security = off", name: "row_security")
                return try await transaction.execute(Statement("inspect_filled", sql)).first?.decode("is_filled")
            }
        } catch let error as PostgresError where error.hasState("42501") {
            isFilled = nil
        }
    }

    private mutating func loadColumns(on connection: PostgresConnection) async throws {
        let rows = try await connection.execute(
            .inspect("inspect_columns", PackageResources.inspect_columns_sql, [.int8(relation)]))
        columns = try rows.map { row in
            Column(
                name: try row.decode("name"), type: try row.decode("type"), castType: try row.decode("cast_type"),
                castTypeOID: try row.decode("cast_type_oid"), typeName: try row.decode("type_name"),
                typeSchema: try row.decode("type_schema"), equalitySchema: try row.decode("equality_schema"),
                modifier: try row.decode("modifier"), mark: try row.decode("mark"),
                isNotNull: try row.decode("not_null"), isGenerated: try row.decode("is_generated"),
                baseColumns: try row.decode("base_columns"), isUnique: try row.decode("is_unique"),
                isIndexed: try row.decode("is_indexed"))
        }
    }

    private mutating func loadWatch(_ file: [UInt8], on connection: PostgresConnection) async throws {
        let rows = try await connection.execute(.inspect("inspect_watch", file, [.int8(relation)]))
        guard let row = rows.first else { return }
        watch = Watch(
            id: try row.decode("id"), key: try row.decode("key_column"), embedding: try row.decode("embedding_column"),
            recipe: try row.decode("recipe"),
            identity: try row.identity(),
            notify: NotifyMode(rawValue: try row.decode("notify")) ?? .off,
            version: try row.decode("set_up_by_version"), generation: try row.decode("generation"),
            previous: try row.decode("previous_column"))
    }

    mutating func loadPartitions(on connection: PostgresConnection) async throws {
        let rows = try await connection.execute(
            .inspect("inspect_partitions", PackageResources.inspect_partitions_sql, [.int8(relation)]))
        partitions = try rows.map { row in
            let kind: String = try row.decode("kind")
            return Partition(
                relation: try row.decode("relation"), parent: try row.decode("parent"),
                name: QualifiedName(schema: try row.decode("schema"), name: try row.decode("name")),
                kind: kind == "f" ? .foreign : kind == "p" ? .partitioned : .leaf)
        }
    }

    /// Reads what a role has already.
    mutating func loadGrantee(
        _ role: String, facts: DatabaseFacts, on connection: PostgresConnection
    ) async throws {
        let schemas = ["backfilld", name.schema, facts.vectorSchema].compactMap { $0 }
        let rows = try await connection.execute(
            .inspect(
                "inspect_role", PackageResources.inspect_role_sql,
                [.text(role), .int8(relation), .textArray(schemas)]))
        guard let row = rows.first else { throw TableProblem.roleMissing(role) }
        grantee = Grantee(
            name: role, ignoresRowSecurity: try row.decode("ignores_row_security"),
            schemas: Set(try row.decode("schemas", as: [String].self)),
            ownTables: Set(try row.decode("own_tables", as: [String].self)),
            readable: Set(try row.decode("readable", as: [String].self)),
            writable: Set(try row.decode("writable", as: [String].self)),
            policies: Set(try row.decode("policies", as: [String].self)))
    }

    private static func similarTables(
        to name: QualifiedName, on connection: PostgresConnection
    ) async throws -> [String] {
        let rows = try await connection.execute(.inspect("inspect_tables", PackageResources.inspect_tables_sql))
        let tables: [QualifiedName] = try rows.map {
            QualifiedName(schema: try $0.decode("schema"), name: try $0.decode("name"))
        }
        return Self.similar(to: name, among: tables)
    }

    /// The tables somebody who wrote `name` may have meant: of the same name elsewhere, or of nearly that name.
    static func similar(to name: QualifiedName, among tables: [QualifiedName]) -> [String] {
        let sameName = tables.filter { $0.name == name.name }
        if !sameName.isEmpty { return sameName.prefix(3).map(\.description) }
        let nearest = NearestNames.of(name.name, among: Array(Set(tables.map(\.name))))
        return Array(nearest.flatMap { near in tables.filter { $0.name == near }.map(\.description) }.prefix(3))
    }

    private static func phrase(relationKind: String) -> String {
        switch relationKind {
        case "v": "a view"
        case "m": "a materialized view"
        case "f": "a foreign table"
        case "i", "I": "an index"
        case "S": "a sequence"
        case "c": "a composite type"
        default: "something else"
        }
    }
}

extension Row {
    /// An embedder's identity out of the columns that `watch` and `reembed` have of it.
    func identity(_ prefix: String = "") throws -> EmbedderIdentity {
        let names: [String] = try decode(prefix + "trait_names")
        let values: [String] = try decode(prefix + "trait_values")
        return EmbedderIdentity(
            embedder: try decode(prefix + "embedder"), model: try decode(prefix + "model"),
            dimension: try decode(prefix + "dimension"),
            traits: Dictionary(zip(names, values)) { first, _ in first })
    }
}
