/// A JSON value as RFC 8259 writes it, with the bytes of its strings and every member in its place.
///
/// Written here because `JSONDecoder` makes keys Swift Strings, which are equal when they are canonically equivalent: a
/// vocabulary with both a composed and a decomposed accent would lose one of them, and duplicates with it.
package enum JSON: Sendable, Equatable {
    case null
    case bool(Bool)
    /// A number written without fraction and exponent that an `Int` holds.
    case integer(Int)
    /// Any other number; finite.
    case number(Double)
    /// Valid UTF-8.
    case string([UInt8])
    case array([JSON])
    /// In the order of the text, duplicates included.
    case object([Member])

    /// A name and its value.
    package struct Member: Sendable, Equatable {
        /// Valid UTF-8.
        package let key: [UInt8]
        package let value: JSON

        /// The name as text.
        package var name: String { String(decoding: key, as: UTF8.self) }
    }

    /// Deeper nesting is refused.
    static let maximumDepth = 64
    /// More values in one text are refused: at less than 100 bytes each they bound the memory whatever the text is.
    /// The largest vocabulary of a BERT model (LaBSE) has half a million entries.
    static let maximumValues = 1_000_000

    /// Reads one JSON text.
    ///
    /// Refused are: anything after the value, invalid UTF-8, a byte order mark, control characters in strings, lone
    /// surrogates (as serde_json does, which reads these files for the reference), numbers beyond `Double`.
    /// - Parameters:
    ///   - bytes: The text in UTF-8.
    ///   - values: The largest number of values, names of members not counted.
    package static func parse(_ bytes: [UInt8], values: Int = maximumValues) throws(JSONError) -> JSON {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw JSONError(error.byteOffsets.lowerBound, "invalid UTF-8")
        }
        var reader = JSONReader(bytes, values: values)
        return try reader.document()
    }
}

/// Why a text is not JSON, or not JSON that this reader takes.
package struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Bytes before the wrong one.
    package let offset: Int
    package let problem: String

    init(_ offset: Int, _ problem: String) {
        self.offset = offset
        self.problem = problem
    }

    /// `PROBLEM at byte OFFSET`.
    package var description: String { "\(problem) at byte \(offset)" }
}

extension JSON {
    /// The value of an object's member; of duplicates the last counts, as in Python and serde. Nil for other values.
    package subscript(_ key: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.last { $0.key.elementsEqual(key.utf8) }?.value
    }

    /// The bytes of a string.
    package var bytes: [UInt8]? {
        if case .string(let bytes) = self { bytes } else { nil }
    }

    /// A string as text.
    package var text: String? {
        bytes.map { String(decoding: $0, as: UTF8.self) }
    }

    /// A whole number, written as one.
    package var int: Int? {
        if case .integer(let value) = self { value } else { nil }
    }

    /// Any number.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// A truth value.
    package var flag: Bool? {
        if case .bool(let value) = self { value } else { nil }
    }

    /// The elements of an array.
    package var elements: [JSON]? {
        if case .array(let elements) = self { elements } else { nil }
    }

    /// The members of an object, duplicates included.
    package var members: [Member]? {
        if case .object(let members) = self { members } else { nil }
    }

    /// Whether this is the literal `null`.
    package var isNull: Bool { self == .null }

    /// What kind of value this is, for an error.
    package var kind: String {
        switch self {
        case .null: "null"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .string: "a string"
        case .array: "an array"
        case .object: "an object"
        }
    }
}
