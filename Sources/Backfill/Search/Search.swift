import Embedders
import PostgresClient

/// Answers questions to one watched table.
///
/// A value: what it knows of the table is of the moment when it was loaded. A column that came since can't be asked for,
/// and an index that came since is used where it orders by the same distance; load it anew now and then.
package struct Search: Sendable {
    /// The table, as it was when it was looked at.
    package let watched: WatchedTable
    /// What it knows of the table.
    package let shape: SearchShape
    private let rendering: [String: Bool]

    /// Looks at a table: its catalogs, and a sample of its rows.
    ///
    /// - Parameters:
    ///   - table: A table that is set up.
    ///   - connection: A connection that is free.
    /// - Throws: `PostgresError`; `CancellationError`.
    package init(_ table: WatchedTable, on connection: PostgresConnection) async throws {
        self.init(table, shape: try await SearchShape.load(table, on: connection))
    }

    init(_ table: WatchedTable, shape: SearchShape) {
        watched = table
        self.shape = shape
        rendering = Dictionary(shape.columns.map { ($0.name, $0.isJSON) }) { first, _ in first }
    }

    /// What can be asked of the table.
    package var table: SearchTable {
        let filters = shape.filterable.filter { $0.name != watched.spec.key }.map { column in
            SearchTable.Filter(
                column: column.name, type: column.type,
                values: column.values.flatMap { $0.isEmpty || column.name == shape.title?.column ? nil : $0 })
        }
        return SearchTable(
            name: watched.displayName, key: watched.spec.key, embedding: watched.spec.embedding,
            dimension: watched.dimension ?? watched.identity.dimension,
            embedder: "\(watched.identity.embedder):\(watched.identity.model)",
            title: shape.title?.description ?? watched.spec.key, category: shape.category?.name, filters: filters,
            columns: SearchPlan.columns(watched, shape))
    }

    /// Words are looked for so long, at most: most answers take milliseconds, and a server may have many to give.
    static let wordsDeadline = Duration.seconds(5)

    /// Answers a question, in a transaction that can only read. Row level security applies as to any query of the role.
    ///
    /// Where looking for words takes too long, a question to both is answered by nearness alone, and the answer's mode
    /// says so.
    ///
    /// - Parameters:
    ///   - query: What is asked.
    ///   - connection: A connection that is free.
    ///   - deadline: When to ask the server to stop.
    /// - Throws: ``SearchProblem`` for what cannot be asked, or took too long; `PostgresError`; `CancellationError`.
    package func answer(
        _ query: SearchQuery, on connection: PostgresConnection, deadline: Duration = .seconds(30)
    ) async throws -> SearchAnswer {
        guard query.mode != .vector else { return try await answered(query, on: connection, deadline: deadline) }
        do {
            return try await answered(query, on: connection, deadline: min(deadline, Self.wordsDeadline))
        } catch SearchProblem.tookTooLong where query.mode == .hybrid && deadline > Self.wordsDeadline {
            var near = query
            near.mode = .vector
            return try await answered(near, on: connection, deadline: deadline - Self.wordsDeadline)
        }
    }

    private func answered(
        _ query: SearchQuery, on connection: PostgresConnection, deadline: Duration
    ) async throws -> SearchAnswer {
        let plan = try SearchPlan(query, table: watched, shape: shape)
        let began = ContinuousClock.now
        let results: [Rows]
        do {
            results = try await connection.transaction { transaction in
                try await transaction.pipeline([plan.settings, plan.explanation, plan.search], deadline: deadline)
            }
        } catch let error as PostgresError {
            throw try await explained(error, query, deadline, on: connection)
        }
        let took = ContinuousClock.now - began
        let index = try query.mode == .text ? nil : SearchWay.index(in: results[1].map { try $0.decode(0) })
        let words = SearchWords(query.text)
        return SearchAnswer(
            table: watched.displayName, mode: query.mode,
            hits: try results[2].map { try hit($0, plan.columns, words) },
            way: index == nil ? .exact : .index, index: index, took: took)
    }

    func hit(_ row: Row, _ columns: [String], _ words: SearchWords) throws -> SearchHit {
        let key: String = try row.decode("key")
        let (readable, title) = try texts(of: row, columns)
        // The title is shown as it is: passages are of the rest, where there is one.
        let texts = columns.filter { $0 != shape.category?.name || watched.spec.recipe.columns.contains($0) }
            .compactMap { column in readable[column].map { (column, $0) } }
        let others = texts.filter { $0.0 != shape.title?.column || !(shape.title?.path.isEmpty ?? true) }
            .flatMap { column, text in
                guard rendering[column] ?? false else { return [(column, text)] }
                return SearchPassages.members(of: text, without: shape.title?.column == column ? title : nil)
                    .map { (column, $0) }
            }
        let passages = SearchPassages(others.isEmpty ? texts : others, words)
        let matched = SearchPassages(texts, words).matched
        // Last, and only where it is marked: the title itself, under the name that the table has for it.
        let named = title.flatMap { title in
            SearchPassages([(shape.title?.description ?? "", title)], words).parts
                .first { !$0.marks.isEmpty && $0.text == title }
        }
        let near = try row.decode("vector_rank", as: Int?.self)
        let text = try row.decode("text_rank", as: Int?.self)
        return SearchHit(
            key: key, title: title ?? key,
            category: shape.category.flatMap { readable[$0.name] }, score: Self.number(try row.decode("score")) ?? 0,
            similarity: Self.number(try row.decode("similarity")), distance: Self.number(try row.decode("distance")),
            vectorRank: near, textRank: text, columns: readable,
            parts: passages.parts + [named].compactMap(\.self).filter { !passages.parts.contains($0) },
            why: Self.why(isNear: near != nil, hasWords: text != nil, matched))
    }

    /// The columns of a row for people, and what it is called by them; nil where it is called nothing.
    func texts(of row: Row, _ columns: [String]) throws -> (readable: [String: String], title: String?) {
        var raw: [String: String] = [:]
        var readable: [String: String] = [:]
        for (number, column) in columns.enumerated() {
            guard let value = try row.decode("c\(number)", as: String?.self) else { continue }
            raw[column] = value
            readable[column] = rendering[column] ?? false ? JSONText.readable(Array(value.utf8)) : value
        }
        let title = shape.title.flatMap { place -> String? in
            guard !place.path.isEmpty else { return readable[place.column] }
            return raw[place.column].flatMap { JSONText.member(place.path, of: Array($0.utf8)).map(JSONText.readable) }
        }.map(Self.heading)
        return (readable, title.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// - Parameters:
    ///   - hasWords: Whether the server found the query's words in the row; where it was not asked, or did not, words of it
    ///     can still be like the query's.
    ///   - matched: Words of the query that the row's texts have, as far as ``SearchWords`` can tell.
    static func why(isNear: Bool, hasWords: Bool, _ matched: [String]) -> String {
        var reasons: [String] = []
        if isNear { reasons.append("close in meaning") }
        let words = matched.isEmpty ? "" : ": " + matched.joined(separator: ", ")
        if hasWords {
            reasons.append("words matched" + words)
        } else if !matched.isEmpty {
            reasons.append("words alike" + words)
        }
        return reasons.joined(separator: "; ")
    }

    private static func heading(_ text: String) -> String {
        let line = SearchPassages.oneLine(String(text.prefix(400)))
        return line.count > 160 ? line.prefix(159) + "…" : line
    }

    private static func number(_ value: Double?) -> Double? { value.flatMap { $0.isFinite ? $0 : nil } }

    /// What was wrong with the question, where that is what the server complains of.
    private func explained(
        _ error: PostgresError, _ query: SearchQuery, _ deadline: Duration, on connection: PostgresConnection
    ) async throws -> any Error {
        if error.code == .deadlineExceeded {
            return SearchProblem.tookTooLong(
                seconds: Int(deadline.components.seconds), isForWords: query.mode != .vector)
        }
        guard error.hasState("22") || error.hasState("42883") || error.hasState("42725") else { return error }
        for filter in query.filters {
            guard let column = shape.column(filter.column) else { continue }
            let plan = try SearchPlan(
                SearchQuery("a", mode: .text, limit: 1, filters: [filter]), table: watched, shape: shape)
            do {
                try await connection.execute(plan.explanation)
            } catch let cause as PostgresError where cause.hasState("22") {
                return SearchProblem.badValue(column: column.name, type: column.type, value: filter.value)
            } catch let cause as PostgresError where cause.hasState("42883") || cause.hasState("42725") {
                return SearchProblem.notComparable(
                    column: column.name, type: column.type, comparison: filter.comparison.rawValue)
            }
        }
        return error
    }
}
