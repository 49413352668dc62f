/// The text form of a row's key, as the server gives it.
///
/// A type of its own because Swift calls texts equal that Unicode calls equivalent, such as é as one scalar and as two,
/// while to PostgreSQL they are two keys: here bytes decide.
public struct RowKey: Sendable, Hashable, Comparable, ExpressibleByStringInterpolation,
    CustomStringConvertible
{
    /// The key's text.
    public let text: String

    /// A key from its text form.
    public init(_ text: String) {
        self.text = text
    }

    public init(stringLiteral text: String) {
        self.init(text)
    }

    public static func == (left: Self, right: Self) -> Bool {
        left.text.utf8.elementsEqual(right.text.utf8)
    }

    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        for byte in text.utf8 { hasher.combine(byte) }
    }

    public var description: String { text }
}
