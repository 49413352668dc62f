import Backfill

/// `GET /api/search?q=…`, read and checked: pure.
struct SearchRequest: Equatable {
    var query: SearchQuery
    /// Nil for the first.
    var table: String?

    /// - Throws: ``Refused``.
    init(_ pairs: [(name: String, value: String)]) throws(Refused) {
        query = SearchQuery("")
        var seen: Set<String> = []
        for (name, value) in pairs {
            // PostgreSQL's texts have no such character.
            guard !name.utf8.contains(0), !value.utf8.contains(0) else { throw .bad("a parameter has a NUL character") }
            guard name.hasPrefix("filter.") || seen.insert(name).inserted else {
                throw .bad("\(name) is given twice")
            }
            switch name {
            case "q":
                guard value.utf8.count <= 8192 else { throw .bad("q is longer than 8 KiB") }
                query.text = value
            case "k":
                guard let limit = Int(value), (1...SearchQuery.mostRows).contains(limit) else {
                    throw .bad("k must be a number from 1 to \(SearchQuery.mostRows)")
                }
                query.limit = limit
            case "table": table = value
            case "mode":
                guard let mode = SearchQuery.Mode(rawValue: value) else {
                    throw .bad(
                        "mode must be one of \(SearchQuery.Mode.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                query.mode = mode
            case "exact":
                guard ["true", "false", "1", "0", ""].contains(value) else { throw .bad("exact must be true or false") }
                query.isExact = value == "true" || value == "1"
            case _ where name.hasPrefix("filter."): query.filters.append(Self.filter(name, value))
            default:
                throw .bad("there is no such parameter; there are q, k, table, mode, exact and filter.COLUMN")
            }
        }
        guard query.filters.count <= 32 else { throw .bad("there are more than 32 filters") }
        guard !query.text.allSatisfy(\.isWhitespace) else { throw .bad("q is missing: some words to look for") }
    }

    /// `filter.COLUMN=VALUE` or `filter.COLUMN.gte=VALUE`; what looks like a comparison and is none belongs to the name.
    private static func filter(_ name: String, _ value: String) -> SearchQuery.Filter {
        let column = name.dropFirst("filter.".count)
        if let dot = column.lastIndex(of: "."), dot > column.startIndex,
            let comparison = SearchQuery.Filter.Comparison(rawValue: String(column[column.index(after: dot)...]))
        {
            return SearchQuery.Filter(String(column[..<dot]), comparison, value)
        }
        return SearchQuery.Filter(String(column), .eq, value)
    }
}

extension SearchAnswer {
    /// As the contract has it.
    func tree(embedding: Duration, took: Duration, point: (x: Float, y: Float)?) -> JSONTree {
        [
            "table": .string(table), "mode": .string(mode.rawValue), "took_ms": .number(took.inMillisecondsRounded),
            "embed_ms": .number(embedding.inMillisecondsRounded), "way": .string(way.rawValue),
            "index": .optional(index), "hits": .array(hits.map(\.tree)), "point": .point(point),
        ]
    }
}

extension SearchHit {
    var tree: JSONTree {
        [
            "key": .string(key), "title": .string(title), "category": .optional(category), "score": .number(score),
            "similarity": .optional(similarity), "distance": .optional(distance),
            "rank": ["vector": .optional(vectorRank), "text": .optional(textRank)],
            "columns": .object(columns.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }),
            "parts": .array(
                parts.map { part in
                    [
                        "column": .string(part.column), "text": .string(part.text),
                        "marks": .array(part.marks.map { [.integer($0.lowerBound), .integer($0.upperBound)] }),
                    ]
                }), "why": .string(why),
        ]
    }
}

extension SearchTable {
    var tree: JSONTree {
        [
            "name": .string(name), "key": .string(key), "embedding": .string(embedding),
            "dimension": .integer(dimension), "embedder": .string(embedder), "title": .string(title),
            "category": .optional(category),
            "filters": .array(
                filters.map { filter in
                    [
                        "column": .string(filter.column), "type": .string(filter.type),
                        "values": filter.values.map { .array($0.map { .string($0) }) } ?? .null,
                    ]
                }), "columns": .array(columns.map { .string($0) }),
        ]
    }
}

extension Duration {
    /// Milliseconds with two digits behind the point.
    var inMillisecondsRounded: Double { (inSeconds * 100_000).rounded() / 100 }
}
