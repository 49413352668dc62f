/// How the text of a row is made from its columns.
package enum TextRecipe: Sendable, Hashable, CustomStringConvertible {
    /// The values of these columns, one after the other.
    case columns([String])
    /// A text with places for values.
    case template(Template)

    /// The columns it reads, in order and without repeats.
    package var columns: [String] {
        switch self {
        case .columns(let names):
            var seen: Set<String> = []
            return names.filter { seen.insert($0).inserted }
        case .template(let template): return template.columns
        }
    }

    /// The recipe in one stable form: part of the identity that set-up records beside the vectors.
    ///
    /// Two recipes that give every row the same text by being written the same have the same description. What it
    /// looks like never changes between releases: a change would make every daemon refuse its table.
    package var description: String {
        switch self {
        case .columns: "columns " + columns.map(Template.written).joined(separator: ", ")
        case .template(let template): "template " + template.description
        }
    }
}
