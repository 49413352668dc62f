/// Walks through the statements of a TOML text.
///
/// On the way it finds three mistakes at which the parser (toml++ 3.4) fails an assertion, which
/// ends the process, instead of reporting them: a section without a name, a bracket that closes
/// another one, and a date with a broken time. No setting is a date, so any date is refused.
struct TOMLScanner {
    private let bytes: [UInt8]
    private var position = 0
    private(set) var line = 1
    /// The most dots between two signs of a value.
    private(set) var mostDots = 0
    /// The first mistake found.
    private(set) var mistake: Mistake?
    private var lineStart = 0

    /// A mistake in the syntax and its place.
    struct Mistake: Sendable, Equatable {
        let line: Int
        let column: Int
        let what: String
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() {
        position += 1
        if bytes[position - 1] == UInt8(ascii: "\n") {
            line += 1
            lineStart = position
        }
    }

    private mutating func report(_ what: String) {
        if mistake == nil { mistake = Mistake(line: line, column: position - lineStart + 1, what: what) }
    }

    /// Sees to it that a name follows the brackets of a section.
    mutating func expectName() {
        while let byte = current, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") { advance() }
        guard let byte = current else { return report("expected the name of a section") }
        let scalar = Unicode.Scalar(byte)
        let isName = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
        if !isName, !"_-\"'".unicodeScalars.contains(scalar) { report("expected the name of a section") }
    }

    /// Goes to the next key or section; false at the end.
    mutating func skipToStatement() -> Bool {
        while let byte = current {
            if byte == UInt8(ascii: "#") {
                skipLine()
            } else if byte == UInt8(ascii: "\n") || byte.isBlank {
                advance()
            } else {
                return true
            }
        }
        return false
    }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard let byte = current, byte == UInt8(ascii: character) else { return false }
        advance()
        return true
    }

    mutating func skipLine() {
        while let byte = current, byte != UInt8(ascii: "\n") { advance() }
    }

    /// A dotted key, up to the `=` or `]` after it.
    mutating func key() -> [String] {
        var parts: [String] = []
        var part: [UInt8] = []
        while let byte = current {
            switch byte {
            case UInt8(ascii: "="), UInt8(ascii: "]"), UInt8(ascii: "\n"):
                parts.append(String(decoding: part, as: UTF8.self))
                return parts
            case UInt8(ascii: "."):
                parts.append(String(decoding: part, as: UTF8.self))
                part = []
                advance()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                part += quoted(byte)
            default:
                if !byte.isBlank { part.append(byte) }
                advance()
            }
        }
        parts.append(String(decoding: part, as: UTF8.self))
        return parts
    }

    /// What stands between quotes on one line. Escapes other than of a quote or backslash stay as
    /// they are: none of our keys has any, so such a key is only ever reported as unknown.
    private mutating func quoted(_ quote: UInt8) -> [UInt8] {
        var part: [UInt8] = []
        advance()
        while let byte = current, byte != quote, byte != UInt8(ascii: "\n") {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), position + 1 < bytes.count { advance() }
            part.append(bytes[position])
            advance()
        }
        if current == quote { advance() }
        return part
    }

    /// Skips a value with the strings, arrays and inline tables in it, to the end of its last line.
    mutating func skipValue() {
        var closers: [UInt8] = []
        var dots = 0
        var digits = 0
        while let byte = current {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            if byte == UInt8(ascii: ":") || byte == UInt8(ascii: "-") && digits >= 4 {
                report("a date or a time, or a text without quotes")
            }
            digits = isDigit ? digits + 1 : 0
            switch byte {
            case UInt8(ascii: "."):
                // Perhaps of a key in an inline table.
                dots += 1
                mostDots = max(mostDots, dots)
                advance()
            case UInt8(ascii: "="), UInt8(ascii: ","):
                dots = 0
                advance()
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                if isTriple(byte) { skipTriple(byte) } else { _ = quoted(byte) }
            case UInt8(ascii: "["), UInt8(ascii: "{"):
                // Two places on in ASCII stands the closing bracket.
                closers.append(byte + 2)
                advance()
            case UInt8(ascii: "]"), UInt8(ascii: "}"):
                if closers.popLast() != byte { report("a bracket that closes nothing") }
                advance()
            case UInt8(ascii: "#"):
                skipLine()
            case UInt8(ascii: "\n") where closers.isEmpty:
                return
            default:
                advance()
            }
        }
    }

    private func isTriple(_ quote: UInt8) -> Bool {
        position + 2 < bytes.count && bytes[position + 1] == quote && bytes[position + 2] == quote
    }

    private mutating func skipTriple(_ quote: UInt8) {
        for _ in 0..<3 { advance() }
        while let byte = current, !(byte == quote && isTriple(quote)) {
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), position + 1 < bytes.count { advance() }
            advance()
        }
        // Up to two quotes may stand before the closing three.
        while current == quote { advance() }
    }
}
