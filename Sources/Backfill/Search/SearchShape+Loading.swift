import PostgresClient

extension SearchShape {
    /// Looks at a table: its catalogs, and a sample of at most 5,000 rows.
    static func load(_ table: WatchedTable, on connection: PostgresConnection) async throws -> SearchShape {
        let described = try await connection.execute(
            .inspect("inspect_columns", PackageResources.inspect_columns_sql, [.int8(table.relation)]))
        let more = try await connection.execute(
            Statement("columns of \(table.displayName)", SQLFile.searchColumns, [.int8(table.relation)]))
        let server = try await connection.execute(
            Statement("what search depends on", SQLFile.searchServer, [.int8(table.relation)]))[0]
        var facts: [String: (mayRead: Bool, category: String, configuration: String?)] = [:]
        for row in more {
            facts[try row.decode("name")] = (
                try row.decode("may_read"), try row.decode("category"), try row.decode("configuration")
            )
        }
        var shape = SearchShape(columns: [])
        var tsvectors: [Column] = []
        for row in described {
            let name: String = try row.decode("name")
            guard let fact = facts[name], name != table.spec.embedding else { continue }
            guard fact.mayRead else {
                shape.hidden.append(name)
                continue
            }
            let column = Column(
                name: name, type: try row.decode("type"), castType: try row.decode("cast_type"),
                operators: try row.decode("equality_schema"), category: fact.category,
                configuration: fact.configuration)
            if column.castType == "tsvector" { tsvectors.append(column) } else { shape.columns.append(column) }
        }
        let words = words(among: tsvectors.map(\.name))
        shape.words = tsvectors.first { $0.name == words }
        shape.configuration = try server.decode("configuration")
        shape.vectorVersion = try server.decode("vector_version", as: String?.self).map { version in
            version.split(separator: ".").compactMap { Int($0) }
        }
        if table.embeddingKind != .real { shape.indexes = try await VectorIndex.load(table, on: connection) }
        let rows = try server.decode("rows", as: Double?.self) ?? 0
        let members = try await shape.sample(table, rows: rows, on: connection)
        shape.title = title(
            of: shape.columns.filter { $0.name != table.spec.key }, recipe: table.spec.recipe, members: members)
        shape.category = category(
            of: shape.columns.filter { $0.name != table.spec.key }, recipe: table.spec.recipe, title: shape.title)
        return shape
    }

    /// Of tsvector columns, in the order that the table has them, the one with the words of the text: the first with a
    /// usual name, or else the first.
    static func words(among columns: [String]) -> String? {
        columns.first { ["fts", "tsv", "search", "search_vector"].contains($0) } ?? columns.first
    }

    /// Which columns have few values; and which members of json columns that the text is made from are titles.
    private mutating func sample(
        _ table: WatchedTable, rows: Double, on connection: PostgresConnection
    ) async throws -> [Place] {
        let chosen = columns.indices.filter { at in
            ["S", "B", "E"].contains(columns[at].category) && columns[at].name != table.spec.key
        }.prefix(64)
        // json that is not jsonb may hold a character that no text can.
        let members = columns.filter { $0.castType == "jsonb" && table.spec.recipe.columns.contains($0.name) }.prefix(8)
            .flatMap { column in ["title", "name", "headline"].map { Place(column: column.name, path: [$0]) } }
        guard !chosen.isEmpty || !members.isEmpty else { return [] }
        var values = chosen.map { "pg_catalog.left(t.\(quoteIdentifier(columns[$0].name))::pg_catalog.text, 80)" }
        values += members.map { member in
            // Of anything but an object this is NULL.
            "pg_catalog.left(t.\(quoteIdentifier(member.column)) "
                + "OPERATOR(pg_catalog.->>) '\(member.path[0])', 1)"
        }
        let share = rows > 5000 ? max(0.01, min(100, 500_000 / rows)) : 100
        let sample = try await connection.execute(
            Statement(
                "sample of \(table.displayName)",
                SQLFile.fill(
                    SQLFile.searchSample,
                    ["values": values.joined(separator: ", "), "table": table.quotedRelation]),
                [.float4(Float(share))]), deadline: .seconds(10))
        for (number, at) in chosen.enumerated() {
            var seen: Set<String> = []
            for row in sample {
                // What was cut is no value that can be asked for.
                guard let value = try row.decode(number, as: String?.self), seen.count <= Self.fewValues else {
                    continue
                }
                if value.unicodeScalars.count < 80 {
                    seen.insert(value)
                } else {
                    seen.formUnion((0...24).map(String.init))
                }
            }
            columns[at].values = seen.count > Self.fewValues ? nil : seen.sorted()
        }
        return try members.enumerated().filter { number, _ in
            let named = try sample.count { row in
                try row.decode(chosen.count + number, as: String?.self)?.isEmpty == false
            }
            return named * 2 > sample.count
        }.map(\.element)
    }
}
