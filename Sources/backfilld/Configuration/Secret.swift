/// A value that must not be printed: a password, or an address that may contain one.
///
/// String interpolation, `print` and `dump` show `<redacted>`; whoever needs the value has to
/// write `reveal`, which is easy to search for.
struct Secret: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// What is shown in place of every secret.
    static let mask = "<redacted>"

    /// The value itself.
    let reveal: String

    init(_ value: String) {
        reveal = value
    }

    var description: String { Self.mask }
    var debugDescription: String { Self.mask }
    var customMirror: Mirror { Mirror(self, children: []) }
}
