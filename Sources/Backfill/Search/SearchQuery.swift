/// A question to a watched table: what is looked for, how, and among which rows.
package struct SearchQuery: Sendable, Hashable {
    /// How rows are found.
    package enum Mode: String, Sendable, Hashable, CaseIterable, Codable {
        /// By nearness of their embedding to the query's.
        case vector
        /// By the words in them.
        case text
        /// By both; see `ReciprocalRankFusion`.
        case hybrid
    }

    /// A condition on a column.
    package struct Filter: Sendable, Hashable {
        /// How the column's value has to stand to the given one.
        package enum Comparison: String, Sendable, Hashable, CaseIterable {
            /// Equal; of an array, that it has the value in it.
            case eq
            /// Not equal, or NULL.
            case ne
            /// Greater, or equal.
            case gte
            /// Less, or equal.
            case lte
        }

        /// The column.
        package var column: String
        /// How it is compared.
        package var comparison: Comparison
        /// The value, in the text form of the column's type.
        package var value: String

        /// A condition.
        package init(_ column: String, _ comparison: Comparison = .eq, _ value: String) {
            self.column = column
            self.comparison = comparison
            self.value = value
        }

        /// Reads `column=value`, `column!=value`, `column>=value` or `column<=value`; nil for anything else.
        package init?(parsing text: String) {
            guard let sign = text.firstIndex(of: "="), sign > text.startIndex else { return nil }
            let before = text.index(before: sign)
            let value = String(text[text.index(after: sign)...])
            let signs: [Character: Comparison] = ["!": .ne, ">": .gte, "<": .lte]
            if let comparison = signs[text[before]] {
                self.init(String(text[..<before]), comparison, value)
            } else {
                self.init(String(text[..<sign]), .eq, value)
            }
            guard !column.isEmpty else { return nil }
        }
    }

    /// What is looked for, in a person's words.
    package var text: String
    /// The embedding of that text; not needed for ``Mode/text``.
    package var vector: [Float]?
    /// How rows are found.
    package var mode: Mode
    /// Rows in the answer, at most.
    package var limit: Int
    /// Conditions that every row of the answer fulfils.
    package var filters: [Filter]
    /// Whether every row is compared, whatever index there is.
    package var isExact: Bool

    /// The most rows of an answer.
    package static let mostRows = 1000

    /// A question.
    package init(
        _ text: String, vector: [Float]? = nil, mode: Mode = .hybrid, limit: Int = 10, filters: [Filter] = [],
        isExact: Bool = false
    ) {
        self.text = text
        self.vector = vector
        self.mode = mode
        self.limit = limit
        self.filters = filters
        self.isExact = isExact
    }
}
