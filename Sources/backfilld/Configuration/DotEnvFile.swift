/// The variables of a `.env` file.
///
/// `NAME=value`, with `export` before it or not; a value bare, in single quotes as it stands, or
/// in double quotes with `\n`, `\r`, `\t`, `\"`, `\\` and `\$`, over several lines if need be.
/// A comment begins with `#` at the start of a line or after a blank, so that a password may have
/// a `#` in it. References to other variables are not expanded. A later line wins.
struct DotEnvFile: Sendable {
    /// The variables, with the line each is on.
    private(set) var variables: [String: (value: String, line: Int)] = [:]
    /// The lines that were not understood and are skipped; the others count.
    private(set) var skippedLines: [Int] = []

    init(_ text: String) {
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        var index = 0
        while index < lines.count {
            let number = index + 1
            let line = Self.trimmed(lines[index])
            index += 1
            if line.isEmpty || line.first == UInt8(ascii: "#") { continue }
            guard let (name, rest) = Self.assignment(line) else {
                skippedLines.append(number)
                continue
            }
            if let quote = rest.first, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
                // Quotes that are not closed cost their own line only, never the rest of the file.
                let last = quote == UInt8(ascii: "\"") ? lines.count : index
                let whole = text.utf8[rest.startIndex..<lines[last - 1].endIndex]
                if let (value, end) = Self.quoted(whole) {
                    set(name, value, line: number)
                    index += whole[..<end].count { $0 == UInt8(ascii: "\n") }
                } else {
                    skippedLines.append(number)
                }
            } else {
                set(name, String(Substring(Self.withoutComment(rest))), line: number)
            }
        }
    }

    private mutating func set(_ name: Substring.UTF8View, _ value: String, line: Int) {
        // No variable of a process can hold a NUL.
        if value.utf8.contains(0) {
            skippedLines.append(line)
        } else {
            variables[String(Substring(name))] = (value, line)
        }
    }

    /// The name and what follows the `=`.
    private static func assignment(
        _ line: Substring.UTF8View
    ) -> (name: Substring.UTF8View, rest: Substring.UTF8View)? {
        var line = line
        if line.starts(with: "export ".utf8) || line.starts(with: "export\t".utf8) {
            line = trimmed(line.dropFirst(7))
        }
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
        let name = trimmed(line[..<equals])
        let isName = name.allSatisfy { byte in
            let isLetter = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            return isLetter || isDigit || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
        }
        guard isName, !name.isEmpty else { return nil }
        return (name, trimmed(line[line.index(after: equals)...]))
    }

    /// The value of a quoted text and the end of its closing quote, which only a comment may follow on its line.
    private static func quoted(_ text: Substring.UTF8View) -> (value: String, end: String.Index)? {
        guard let quote = text.first else { return nil }
        var bytes: [UInt8] = []
        var index = text.index(after: text.startIndex)
        while index < text.endIndex {
            let byte = text[index]
            index = text.index(after: index)
            if byte == quote {
                let tail = trimmed(text[index...].prefix { $0 != UInt8(ascii: "\n") })
                guard tail.isEmpty || tail.first == UInt8(ascii: "#") else { return nil }
                return (String(decoding: bytes, as: UTF8.self), index)
            }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\""), index < text.endIndex {
                switch text[index] {
                case UInt8(ascii: "n"): bytes.append(UInt8(ascii: "\n"))
                case UInt8(ascii: "r"): bytes.append(UInt8(ascii: "\r"))
                case UInt8(ascii: "t"): bytes.append(UInt8(ascii: "\t"))
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "$"): bytes.append(text[index])
                default: bytes += [byte, text[index]]
                }
                index = text.index(after: index)
            } else {
                bytes.append(byte)
            }
        }
        return nil
    }

    private static func withoutComment(_ text: Substring.UTF8View) -> Substring.UTF8View {
        var previous = UInt8(ascii: " ")
        for index in text.indices {
            if text[index] == UInt8(ascii: "#"), previous.isBlank { return trimmed(text[..<index]) }
            previous = text[index]
        }
        return text
    }

    private static func trimmed(_ text: Substring.UTF8View) -> Substring.UTF8View {
        let head = text.drop { $0.isBlank }
        guard let last = head.lastIndex(where: { !$0.isBlank }) else { return head.prefix(0) }
        return head[...last]
    }
}

extension UInt8 {
    /// Whether it is white space within a line of a configuration, one that ends with CR LF too.
    var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") || self == UInt8(ascii: "\r") }
}
