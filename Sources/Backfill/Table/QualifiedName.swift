import PostgresClient

/// The name of a table, with its schema where one was given.
///
/// It is written as SQL would write it: `music_knowledge`, `public.music_knowledge`, `"My Schema"."Odd ""Table"""`.
/// Names without quotes are folded to lower case, as the server does; a name without a schema is looked up through
/// `search_path`.
package struct QualifiedName: Sendable, Hashable, CustomStringConvertible {
    /// The schema, or nil for whatever `search_path` finds.
    package let schema: String?
    /// The table's own name.
    package let name: String

    /// A name whose parts are known.
    package init(schema: String? = nil, name: String) {
        self.schema = schema
        self.name = name
    }

    /// Reads a name as SQL would write it.
    ///
    /// - Throws: ``TableProblem/invalidName(_:reason:)``.
    package init(parsing text: String) throws(TableProblem) {
        var parts: [String] = []
        // By scalars: a combining mark behind a quote makes another Character of the two, for Swift and not for SQL.
        var rest = Substring(text).unicodeScalars
        while true {
            parts.append(try Self.identifier(from: &rest, of: text))
            if rest.isEmpty { break }
            guard rest.first == "." else {
                throw .invalidName(text, reason: Self.oddCharacter(Substring(rest)))
            }
            rest = rest.dropFirst()
        }
        guard parts.count <= 2 else {
            throw .invalidName(
                text,
                reason: "it has \(parts.count) parts; write schema.table, the database is chosen "
                    + "by the connection")
        }
        self.init(schema: parts.count == 2 ? parts[0] : nil, name: parts[parts.count - 1])
    }

    /// The name for use in SQL, every part in quotes.
    package var quoted: String {
        (schema.map { quoteIdentifier($0) + "." } ?? "") + quoteIdentifier(name)
    }

    /// The name for people, with quotes only where SQL needs them; ``init(parsing:)`` reads it back.
    package var description: String {
        (schema.map { Self.readable($0) + "." } ?? "") + Self.readable(name)
    }

    /// An identifier with quotes only where SQL needs them.
    static func readable(_ identifier: String) -> String {
        let plain = identifier.unicodeScalars.allSatisfy { isPlain($0) && !("A"..."Z").contains($0) }
        return plain && !startsWithDigit(identifier) && !identifier.isEmpty ? identifier : quoteIdentifier(identifier)
    }

    private static func identifier(
        from rest: inout Substring.UnicodeScalarView, of text: String
    ) throws(TableProblem) -> String {
        var name = ""
        if rest.first == "\"" {
            rest = rest.dropFirst()
            while true {
                guard let scalar = rest.popFirst() else {
                    throw .invalidName(text, reason: "a double quote is not closed")
                }
                if scalar != "\"" {
                    name.unicodeScalars.append(scalar)
                } else if rest.first == "\"" {
                    name.unicodeScalars.append(rest.removeFirst())
                } else {
                    break
                }
            }
        } else {
            guard !startsWithDigit(Substring(rest)) else {
                throw .invalidName(text, reason: "a name that starts with a digit needs double quotes")
            }
            let plain = rest.prefix(while: isPlain)
            name = String(String.UnicodeScalarView(plain.map(lowercased)))
            rest = rest[plain.endIndex...]
            guard !name.isEmpty || !(rest.isEmpty || rest.first == ".") else {
                throw .invalidName(text, reason: "a part of it is empty")
            }
            if name.isEmpty {
                throw .invalidName(text, reason: Self.oddCharacter(Substring(rest)))
            }
        }
        guard !name.isEmpty else { throw .invalidName(text, reason: "a part of it is empty") }
        guard !name.utf8.contains(0) else { throw .invalidName(text, reason: "it has a zero byte in it") }
        guard name.utf8.count <= 63 else {
            throw .invalidName(text, reason: "PostgreSQL's names have at most 63 bytes")
        }
        return name
    }

    private static func oddCharacter(_ rest: Substring) -> String {
        "\"\(rest.prefix(1))\" cannot stand here; put names with such characters in double quotes"
    }

    private static func startsWithDigit(_ text: some StringProtocol) -> Bool {
        text.utf8.first.map { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "$") } ?? false
    }

    private static func isPlain(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "$": true
        default: scalar.value >= 0x80
        }
    }

    private static func lowercased(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) + 32) : scalar
    }
}
