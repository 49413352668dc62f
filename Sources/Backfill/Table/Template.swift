/// A text with places for values: `{topic}. {suggestion.title}: {suggestion.description}`.
///
/// `{column}` stands for a column's value, `{column.path.to.leaf}` for something inside a json or jsonb column, and
/// `{{` and `}}` for the braces themselves. A part with a dot, a brace, a space or a quote in its name goes in double
/// quotes: `{"odd.column"."a key"}`. Names are taken as they are written, never folded to lower case.
package struct Template: Sendable, Hashable, CustomStringConvertible {
    /// A stretch of a template.
    package enum Part: Sendable, Hashable {
        /// Text that stands for itself.
        case text(String)
        /// The place of a value.
        case value(Value)
    }

    /// What stands between a pair of braces.
    package struct Value: Sendable, Hashable {
        /// The column.
        package let column: String
        /// The way into its JSON, outermost key first; empty for the whole column.
        package let path: [String]

        /// A place for a column's value, or for something inside it.
        package init(column: String, path: [String] = []) {
            self.column = column
            self.path = path
        }
    }

    /// The template from left to right; two texts never follow each other.
    package let parts: [Part]

    /// Reads a template.
    ///
    /// - Throws: ``TableProblem/invalidTemplate(_:position:reason:)``, with the place counted in characters from 1.
    package init(parsing text: String) throws(TableProblem) {
        var parser = TemplateParser(text)
        parts = try parser.parse()
    }

    /// The columns in the order of their first appearance.
    package var columns: [String] {
        var seen: Set<String> = []
        return parts.compactMap { part in
            guard case .value(let value) = part, seen.insert(value.column).inserted else { return nil }
            return value.column
        }
    }

    /// The template in the one form that stands for all ways to write it.
    package var description: String {
        parts.map { part in
            switch part {
            case .text(let text): text.map { $0 == "{" || $0 == "}" ? "\($0)\($0)" : "\($0)" }.joined()
            case .value(let value): "{" + ([value.column] + value.path).map(Self.written).joined(separator: ".") + "}"
            }
        }.joined()
    }

    /// A name as a template writes it, in quotes where it must.
    static func written(_ name: String) -> String {
        guard name.isEmpty || name.contains(where: { TemplateParser.needsQuotes($0) }) else { return name }
        return "\"" + name.map { $0 == "\"" ? "\"\"" : "\($0)" }.joined() + "\""
    }
}

/// Reads the text of a ``Template`` once, from left to right.
struct TemplateParser {
    private let source: String
    private let characters: [Character]
    private var position = 0

    init(_ source: String) {
        self.source = source
        characters = Array(source)
    }

    static func needsQuotes(_ character: Character) -> Bool {
        character == "." || character == "{" || character == "}" || character == "\"" || character.isWhitespace
    }

    mutating func parse() throws(TableProblem) -> [Template.Part] {
        var parts: [Template.Part] = []
        var text = ""
        while position < characters.count {
            let character = characters[position]
            if character == "{" || character == "}", peek(1) == character {
                text.append(character)
                position += 2
            } else if character == "}" {
                throw problem(at: position, "this \"}\" closes nothing; write \"}}\" for the character itself")
            } else if character == "{" {
                if !text.isEmpty { parts.append(.text(text)) }
                text = ""
                parts.append(.value(try value()))
            } else {
                text.append(character)
                position += 1
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        guard parts.contains(where: { if case .value = $0 { true } else { false } }) else {
            throw problem(at: 0, "it names no column, so that every row would have the same text; write {column}")
        }
        return parts
    }

    /// From the opening brace to just behind the closing one.
    private mutating func value() throws(TableProblem) -> Template.Value {
        let opening = position
        position += 1
        var names: [String] = []
        while true {
            names.append(try name(opening))
            switch peek(0) {
            case ".": position += 1
            case "}":
                position += 1
                return Template.Value(column: names[0], path: Array(names.dropFirst()))
            case nil: throw problem(at: opening, "this \"{\" is not closed; write \"{{\" for the character itself")
            case let other?:
                throw problem(
                    at: position, "\"\(other)\" cannot stand in a name; put the name in double quotes: {\"odd name\"}")
            }
        }
    }

    private mutating func name(_ opening: Int) throws(TableProblem) -> String {
        let start = position
        var name = ""
        if peek(0) == "\"" {
            position += 1
            while true {
                guard let character = peek(0) else { throw problem(at: start, "this double quote is not closed") }
                position += 1
                if character != "\"" {
                    name.append(character)
                } else if peek(0) == "\"" {
                    name.append(character)
                    position += 1
                } else {
                    break
                }
            }
        } else {
            while let character = peek(0), !Self.needsQuotes(character) {
                name.append(character)
                position += 1
            }
            if name.isEmpty, peek(0) == nil {
                throw problem(at: opening, "this \"{\" is not closed; write \"{{\" for the character itself")
            }
        }
        guard !name.isEmpty || peek(0).map({ $0 != "." && $0 != "}" }) ?? false else {
            throw problem(at: start, "a name is missing here; write {column} or {column.key}")
        }
        return name
    }

    private func peek(_ offset: Int) -> Character? {
        position + offset < characters.count ? characters[position + offset] : nil
    }

    private func problem(at index: Int, _ reason: String) -> TableProblem {
        .invalidTemplate(source, position: index + 1, reason: reason)
    }
}
