import PostgresClient

extension String {
    /// The text of an SQL file that is built in, without the line end at its end.
    static func resource(_ bytes: [UInt8]) -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        while text.last == "\n" { text.removeLast() }
        return text
    }

    /// The text between dollar quotes that it does not contain itself.
    var dollarQuoted: String {
        var tag = "$backfilld$"
        var number = 0
        // By bytes, as the server looks for its end: a combining mark makes another Character of the last "$".
        while Array(utf8).contains(Array(tag.utf8)) {
            number += 1
            tag = "$backfilld\(number)$"
        }
        return "\(tag)\n\(self)\n\(tag)"
    }
}

/// Identifiers in quotes with commas between them.
func quoteIdentifiers(_ names: [String]) -> String {
    names.map(quoteIdentifier).joined(separator: ", ")
}
