/// What search has to know of a table, beyond what filling it takes: a value, to plan and to test from.
package struct SearchShape: Sendable, Hashable {
    /// A column that this role may read.
    package struct Column: Sendable, Hashable {
        var name: String
        /// For people.
        var type: String
        /// As a cast names it, under any `search_path`.
        var castType: String
        /// The schema of its comparisons.
        var operators = "pg_catalog"
        /// pg_type.typcategory: `S` text, `N` number, `D` date, `B` boolean, `E` enum, `A` array.
        var category = "S"
        /// The text search configuration of a tsvector.
        var configuration: String?
        /// The distinct values in the sample, in order; nil where they are more than ``SearchShape/fewValues``.
        var values: [String]?

        var isArray: Bool { category == "A" }
        var isJSON: Bool { castType == "json" || castType == "jsonb" }
    }

    /// What a row is called by, or sorted by: a column, or something in a json column.
    package struct Place: Sendable, Hashable, CustomStringConvertible {
        var column: String
        var path: [String] = []

        /// `suggestion.title`.
        package var description: String { ([column] + path).joined(separator: ".") }
    }

    /// The columns that this role may read, without the key and the vectors.
    package internal(set) var columns: [Column]
    /// Names of those that it may not.
    var hidden: [String] = []
    /// The tsvector column with the words of the text, if there is one.
    var words: Column?
    /// The configuration by which words are made where there is no such column.
    var configuration = "simple"
    /// The indexes on the vectors.
    package internal(set) var indexes: [VectorIndex] = []
    /// pgvector's version, `[0, 8, 1]`; nil without it.
    var vectorVersion: [Int]?
    /// What rows are called by.
    package internal(set) var title: Place?
    /// What rows are sorted into kinds by.
    package internal(set) var category: Column?

    /// Values to choose from are at most so many.
    static let fewValues = 24

    func column(_ name: String) -> Column? { columns.first { $0.name == name } }

    /// Whether pgvector goes on with its index where filters left too few rows.
    var iterates: Bool { (vectorVersion ?? []).lexicographicallyPrecedes([0, 8]) == false && vectorVersion != nil }

    /// The columns whose values one may compare.
    var filterable: [Column] {
        columns.filter { column in
            ["S", "N", "D", "B", "E", "A", "T", "I"].contains(column.category)
                || column.category == "U" && (column.castType == "uuid" || column.castType.hasSuffix("citext"))
        }
    }

    /// What a row is called by: the first text column with a name that says so, or a json value of such a name that the
    /// text is made from, or else the text's first column.
    ///
    /// - Parameter members: What in json columns of the text is called so, by a look at the rows.
    static func title(of columns: [Column], recipe: TextRecipe, members: [Place] = []) -> Place? {
        // The last two are as often what a row is about, with its title in a json value beside them.
        let names = ["title", "name", "headline", "heading", "subject", "label"]
        let late = ["question", "topic"]
        let texts = columns.filter { $0.category == "S" }
        for name in names {
            if let column = texts.first(where: { $0.name.lowercased() == name }) { return Place(column: column.name) }
        }
        let readable = Set(columns.map(\.name))
        if case .template(let template) = recipe {
            for case .value(let value) in template.parts where readable.contains(value.column) {
                if let last = value.path.last, (names + late).contains(last.lowercased()) {
                    return Place(column: value.column, path: value.path)
                }
            }
        }
        if let member = members.first(where: { readable.contains($0.column) }) { return member }
        for name in late {
            if let column = texts.first(where: { $0.name.lowercased() == name }) { return Place(column: column.name) }
        }
        let first = recipe.columns.first { name in texts.contains { $0.name == name } }
        return first.map { Place(column: $0) }
    }

    /// What rows are sorted by: a column of such a name, or else the first text column with few values.
    static func category(of columns: [Column], recipe: TextRecipe, title: Place?) -> Column? {
        let names = [
            "category", "categories", "kind", "type", "genre", "class", "section", "group", "topic", "tag", "tags",
            "status",
            "language",
        ]
        let candidates = columns.filter { column in
            ["S", "E"].contains(column.category) && column.name != title?.column && column.values != nil
                && (column.values?.count ?? 0) > 0
        }
        for name in names {
            if let column = candidates.first(where: { $0.name.lowercased() == name }) { return column }
        }
        return candidates.first { ($0.values?.count ?? 0) > 1 && !recipe.columns.contains($0.name) }
    }
}
