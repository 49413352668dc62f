/// Makes the text of a row from the values of its columns, as the recipe says.
///
/// A pure function of the recipe and the values' text. With a list of columns each value stands on a line of its own;
/// NULLs and empty values leave no line. A json value contributes its contents; see `JSONText`. A text
/// with nothing but white space is no text.
struct TextRendering: Sendable {
    private let recipe: TextRecipe
    /// The recipe's columns, in the order in which values are given.
    private let columns: [String]
    private let jsonColumns: Set<String>
    private let textBytes: Int

    /// - Parameters:
    ///   - recipe: How texts are made.
    ///   - jsonColumns: Which of its columns are json or jsonb.
    ///   - textBytes: The most UTF-8 bytes of a text; what is over it is cut off at a character's boundary.
    init(_ recipe: TextRecipe, jsonColumns: Set<String>, textBytes: Int) {
        self.recipe = recipe
        columns = recipe.columns
        self.jsonColumns = jsonColumns
        self.textBytes = textBytes
    }

    /// The text of a row.
    ///
    /// - Parameter values: The text form of the recipe's columns, in order; nil for NULL.
    /// - Returns: The text, empty where there is none, and whether it was cut.
    func text(_ values: [String?]) -> (text: String, isCut: Bool) {
        let value = Dictionary(uniqueKeysWithValues: zip(columns, values))
        let whole: String
        switch recipe {
        case .columns(let names):
            whole = names.map { readable(value[$0] ?? nil, of: $0, path: []) }.filter { !$0.isEmpty }
                .joined(separator: "\n")
        case .template(let template):
            var hasValue = false
            let text = template.parts.map { part in
                guard case .value(let place) = part else {
                    if case .text(let text) = part { return text }
                    return ""
                }
                let text = readable(value[place.column] ?? nil, of: place.column, path: place.path)
                if !text.allSatisfy(\.isWhitespace) { hasValue = true }
                return text
            }.joined()
            // The template's own words alone say nothing about the row.
            whole = hasValue ? text : ""
        }
        let (text, isCut) = Self.cut(whole, to: textBytes)
        return text.allSatisfy(\.isWhitespace) ? ("", isCut) : (text, isCut)
    }

    private func readable(_ value: String?, of column: String, path: [String]) -> String {
        guard let value else { return "" }
        guard jsonColumns.contains(column) else { return path.isEmpty ? value : "" }
        let json = Array(value.utf8)
        guard !path.isEmpty else { return JSONText.readable(json) }
        return JSONText.member(path, of: json).map(JSONText.readable) ?? ""
    }

    /// The longest prefix of whole characters that fits; of whole scalars where the first character alone does not.
    static func cut(_ text: String, to bytes: Int) -> (text: String, isCut: Bool) {
        guard text.utf8.count > bytes else { return (text, false) }
        var size = 0
        let characters = text.prefix { character in
            size += character.utf8.count
            return size <= bytes
        }
        if !characters.isEmpty { return (String(characters), true) }
        size = 0
        let scalars = text.unicodeScalars.prefix { scalar in
            size += UTF8.width(scalar)
            return size <= bytes
        }
        return (String(scalars), true)
    }
}
