/// The lines on which the keys of a TOML text stand, which the parser does not tell.
///
/// A scanner and no parser: it is right for text that is valid TOML, and harmless for any other.
/// Keys inside inline tables are found at the line of the key that holds them.
struct TOMLLineIndex: Sendable {
    private var lines: [[String]: Int] = [:]
    /// The parts of the longest key or section name.
    private(set) var deepestKey = 0
    /// The first mistake that the parser must not see.
    private(set) var mistake: TOMLScanner.Mistake?

    /// The line of a key, or of the nearest key or section around it.
    func line(of path: [String]) -> Int? {
        var path = path
        while !path.isEmpty {
            if let line = lines[path] { return line }
            path.removeLast()
        }
        return nil
    }

    init(_ text: String) {
        var scanner = TOMLScanner(text)
        var section: [String] = []
        var counts: [[String]: Int] = [:]
        while scanner.skipToStatement() {
            let line = scanner.line
            if scanner.take("[") {
                let isItem = scanner.take("[")
                scanner.expectName()
                var path = scanner.key()
                deepestKey = max(deepestKey, path.count)
                // The sections under an item of [[a]] belong to its latest item: a.0.b.
                for length in 1..<max(min(path.count, 16), 1) {
                    if let count = counts[Array(path[..<length])] {
                        path.insert(String(count - 1), at: length)
                    }
                }
                if isItem {
                    counts[path, default: 0] += 1
                    record(path, line)
                    path.append(String(counts[path, default: 1] - 1))
                }
                section = path
                record(path, line)
                scanner.skipLine()
            } else {
                let key = scanner.key()
                deepestKey = max(deepestKey, key.count)
                for length in 1..<(min(key.count, 16) + 1) { record(section + key[..<length], line) }
                scanner.skipValue()
            }
        }
        deepestKey = max(deepestKey, scanner.mostDots)
        mistake = scanner.mistake
    }

    private mutating func record(_ path: [String], _ line: Int) {
        // A hostile key of thousands of parts is refused by whoever asks; it need not be kept.
        if path.count <= 16, lines[path] == nil { lines[path] = line }
    }
}
