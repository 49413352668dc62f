/// Why a question cannot be asked: what is wrong with it, and what to do.
package enum SearchProblem: Error, Sendable, Hashable, CustomStringConvertible {
    /// A filter names no column of the table, or one that this role may not read.
    case noColumn(table: String, column: String, similar: [String], mayNotRead: Bool)
    /// A filter's value is none of the column's type.
    case badValue(column: String, type: String, value: String)
    /// Values of the column's type cannot be compared so.
    case notComparable(column: String, type: String, comparison: String)
    /// There is nothing to look for.
    case nothingAsked
    /// The mode needs a vector of the query.
    case noVector
    /// The query's vector is not as long as those of the table.
    case otherDimension(table: String, has: Int, query: Int)
    /// More rows, or fewer, than can be asked for.
    case badLimit(Int)
    /// The search took longer than it may.
    case tookTooLong(seconds: Int, isForWords: Bool = false)

    /// What is wrong, and what to do about it.
    package var description: String {
        switch self {
        case .noColumn(let table, let column, _, true):
            "this role may not read column \"\(Self.shown(column))\" of \(table); GRANT SELECT on it, or filter by another"
        case .noColumn(let table, let column, let similar, false):
            "\(table) has no column \"\(Self.shown(column))\" to filter by"
                + (similar.isEmpty
                    ? "; see which it has: backfilld search --columns"
                    : "; did you mean " + similar.joined(separator: " or ") + "?")
        case .badValue(let column, let type, let value):
            "\"\(Self.shown(value))\" is no value of column \"\(column)\", which is of type \(type); write it as SQL does"
        case .notComparable(let column, let type, let comparison):
            "column \"\(column)\" is of type \(type), which cannot be compared by \(comparison); filter by another column"
        case .nothingAsked: "there is nothing to look for; give some words"
        case .noVector: "this mode needs the query's embedding; use mode text, or give its vector"
        case .otherDimension(let table, let has, let query):
            "the query's vector has \(query) dimensions and those of \(table) have \(has); embed it with the model that "
                + "filled the table"
        case .badLimit(let limit):
            "\(limit) rows cannot be asked for; ask for 1 to \(SearchQuery.mostRows)"
        case .tookTooLong(let seconds, false):
            "the search took longer than \(seconds) s and was stopped; an index helps: backfilld index"
        case .tookTooLong(let seconds, true):
            "looking for the words took longer than \(seconds) s and was stopped; a tsvector column with a GIN index helps "
                + "(backfilld check says how), and mode vector does without"
        }
    }

    private static func shown(_ text: String) -> String { text.count > 60 ? text.prefix(60) + "…" : text }
}
