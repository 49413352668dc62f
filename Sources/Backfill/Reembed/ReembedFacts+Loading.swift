import Embedders
import PostgresClient

extension ReembedFacts {
    /// Looks at a table that is set up.
    ///
    /// - Parameters:
    ///   - spec: What configuration says about it.
    ///   - identity: What is configured; nil for what is recorded.
    ///   - connection: A connection that is free.
    /// - Throws: ``TableProblem`` for what a person has to mend, `PostgresError` for everything else.
    static func load(
        _ spec: TableSpec, identity: EmbedderIdentity?, on connection: PostgresConnection
    ) async throws -> ReembedFacts {
        let facts = try await DatabaseFacts.load(on: connection)
        var shape = try await TableShape.load(spec, facts: facts, on: connection)
        // Everything that must be right for any identity; the rest is what a reembed is for.
        let table = try WatchedTable(spec, identity: nil, shape: shape, facts: facts)
        guard let watch = shape.watch, let column = shape.column(spec.embedding), let kind = column.embeddingKind
        else { throw TableProblem.notSetUp(table: shape.displayName) }
        guard shape.isOwner else {
            throw TableProblem.notPermitted(
                table: shape.displayName, what: "change columns and indexes",
                hint: "Run \"backfilld reembed\" as the table's owner, \(shape.owner)")
        }
        let run = try await ReembedRun.load(watch: watch.id, on: connection)
        // The pending index that it looks for is that of the new column.
        let next = run?.nextColumn ?? ReembedNames.next(spec.embedding)
        try await shape.loadInstallation(embedding: next, watch: watch.id, on: connection)
        var result = ReembedFacts(
            serverVersion: facts.serverVersion, table: table, shape: shape, watch: watch, spec: spec,
            identity: identity ?? watch.identity, column: column, kind: kind, run: run)
        try await result.loadColumn(on: connection)
        result.indexes = try await Self.indexes(of: shape, column: spec.embedding, on: connection)
        if shape.column(next) != nil {
            result.nextIndexes = try await Self.indexes(of: shape, column: next, on: connection)
        }
        return result
    }

    private mutating func loadColumn(on connection: PostgresConnection) async throws {
        let sql = SQLFile.fill(
            .resource(PackageResources.reembed_column_sql),
            ["compression": serverVersion >= 140_000 ? "a.attcompression::pg_catalog.text" : "''"])
        let rows = try await connection.execute(
            Statement("reembed_column", sql, [.int8(shape.relation), .text(spec.embedding)]))
        guard let row = rows.first else { throw TableProblem.notSetUp(table: shape.displayName) }
        attributes.storage = try row.decode("storage")
        attributes.compression = try row.decode("compression")
        attributes.statistics = try row.decode("statistics")
        attributes.options = try row.decode("options")
        attributes.comment = try row.decode("comment")
        attributes.grants = try row.decode("grants", as: [String].self).compactMap { text in
            // y or n, the privilege, a space, the role: a role's name may have spaces in it.
            guard let space = text.firstIndex(of: " ") else { return nil }
            let role = String(text[text.index(after: space)...])
            return Attributes.Grant(
                role: role.isEmpty ? nil : role, privilege: String(text[..<space].dropFirst()),
                isGrantable: text.hasPrefix("y"))
        }
        isBoundByPolicies = try row.decode("row_security")
        publications = try row.decode("publications")
        dependents = try await Self.dependents(of: spec.embedding, shape, keepingIt: false, on: connection)
        if let previous = watch.previous {
            previousDependents = try await Self.dependents(of: previous, shape, keepingIt: true, on: connection)
        }
        dependents += shape.partitions.filter { $0.kind == .foreign }.map {
            "foreign table \($0.name), whose server does not have the new column"
        }
        if shape.hasChildren { dependents.append("tables that inherit from it, with indexes and vectors of their own") }
    }

    private static func dependents(
        of column: String, _ shape: TableShape, keepingIt: Bool, on connection: PostgresConnection
    ) async throws -> [String] {
        let rows = try await connection.execute(
            .inspect(
                "reembed_dependents", PackageResources.reembed_dependents_sql,
                [.int8Array(shape.relations), .text(column), .bool(keepingIt)]))
        return try rows.map { try $0.decode("object") }
    }

    private static func indexes(
        of shape: TableShape, column: String, on connection: PostgresConnection
    ) async throws -> [Index] {
        let rows = try await connection.transaction { transaction in
            // Operator classes and functions are written with their schemas then, whatever the session's search_path is.
            try await transaction.script(deparsing, name: "search_path")
            return try await transaction.execute(
                .inspect(
                    "reembed_indexes", PackageResources.reembed_indexes_sql,
                    [.int8Array(shape.relations), .text(column)]))
        }
        return try rows.map { row in
            let name: String = try row.decode("name")
            let (head, definition): (String, String) = (try row.decode("head"), try row.decode("definition"))
            // By bytes: a combining mark makes another Character of the one before it.
            guard definition.utf8.starts(with: head.utf8) else {
                throw TableProblem.indexImpossible(
                    table: shape.displayName, index: name, reason: "its definition reads otherwise than expected")
            }
            return Index(
                index: try row.decode("index"), relation: try row.decode("relation"),
                table: QualifiedName(schema: try row.decode("schema"), name: try row.decode("table")), name: name,
                isPartitioned: try row.decode("is_partitioned"), isValid: try row.decode("is_valid"),
                isUnique: try row.decode("is_unique"),
                isPreviousTaken: try row.decode("is_previous_taken"), parent: try row.decode("parent"),
                tablespace: try row.decode("tablespace"), comment: try row.decode("comment"),
                tail: String(decoding: definition.utf8.dropFirst(head.utf8.count), as: UTF8.self))
        }
    }

    static let deparsing = "SET LOCAL search_path = ''; SET LOCAL quote_all_identifiers = off"
}
