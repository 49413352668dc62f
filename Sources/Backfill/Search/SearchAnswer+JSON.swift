extension SearchAnswer: Encodable {
    private enum Key: String, CodingKey { case table, mode, took = "took_ms", way, index, hits }

    /// As `backfilld search --json` gives it: what is not there is null, and spans are milliseconds. The console's answer has more
    /// members, and is made there.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(table, forKey: .table)
        try object.encode(mode, forKey: .mode)
        try object.encode(Self.milliseconds(took), forKey: .took)
        try object.encode(way, forKey: .way)
        try object.encode(index, forKey: .index)
        try object.encode(hits, forKey: .hits)
    }

    /// A span in milliseconds, to the microsecond.
    package static func milliseconds(_ span: Duration) -> Double {
        (span / .microseconds(1)).rounded() / 1000
    }
}

extension SearchHit: Encodable {
    private enum Key: String, CodingKey {
        case key, title, category, score, similarity, distance, rank, columns, parts, why
    }
    private enum Rank: String, CodingKey { case vector, text }

    /// As `backfilld search --json` gives it.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(key, forKey: .key)
        try object.encode(title, forKey: .title)
        try object.encode(category, forKey: .category)
        try object.encode(score, forKey: .score)
        try object.encode(similarity, forKey: .similarity)
        try object.encode(distance, forKey: .distance)
        var rank = object.nestedContainer(keyedBy: Rank.self, forKey: .rank)
        try rank.encode(vectorRank, forKey: .vector)
        try rank.encode(textRank, forKey: .text)
        try object.encode(columns, forKey: .columns)
        try object.encode(parts, forKey: .parts)
        try object.encode(why, forKey: .why)
    }
}

extension SearchPart: Encodable {
    private enum Key: String, CodingKey { case column, text, marks }

    /// As `backfilld search --json` gives it: a mark is `[from, to)`.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(column, forKey: .column)
        try object.encode(text, forKey: .text)
        try object.encode(marks.map { [$0.lowerBound, $0.upperBound] }, forKey: .marks)
    }
}

extension SearchTable: Encodable {
    private enum Key: String, CodingKey {
        case name, key, embedding, dimension, embedder, title, category, filters, columns
    }

    /// As `backfilld search --json` gives it: a category that is not there is null.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(name, forKey: .name)
        try object.encode(key, forKey: .key)
        try object.encode(embedding, forKey: .embedding)
        try object.encode(dimension, forKey: .dimension)
        try object.encode(embedder, forKey: .embedder)
        try object.encode(title, forKey: .title)
        try object.encode(category, forKey: .category)
        try object.encode(filters, forKey: .filters)
        try object.encode(columns, forKey: .columns)
    }
}

extension SearchTable.Filter: Encodable {
    private enum Key: String, CodingKey { case column, type, values }

    /// As `backfilld search --json` gives it: without values it is null.
    package func encode(to encoder: any Encoder) throws {
        var object = encoder.container(keyedBy: Key.self)
        try object.encode(column, forKey: .column)
        try object.encode(type, forKey: .type)
        try object.encode(values, forKey: .values)
    }
}
