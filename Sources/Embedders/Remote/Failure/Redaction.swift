/// Makes what a provider says fit for a log: short, on one line, without a text that was sent and without a secret.
///
/// It is for failures that are no text's. What is said of a refused text is told by ``RefusalWords``: likeness alone does not
/// make that safe.
struct Redaction {
    /// Keys, and the values of fields, of the query and of the body, which may be keys.
    var secrets: [String]

    /// Longer messages are cut.
    static let longest = 200

    init(secrets: [String]) {
        self.secrets = secrets.flatMap(Self.words)
    }

    /// Nil where nothing of it can be told.
    func told(_ message: String, sent texts: [String]) -> String? {
        let likeness = Likeness(to: message)
        guard !texts.contains(where: likeness.isLike) else { return nil }
        var line = Self.line(withoutSecrets(message))
        // More is said behind it.
        while let last = line.last, last == "." || last == " " { line.removeLast() }
        return line.isEmpty ? nil : line
    }

    /// The parts of a secret between its spaces: `Bearer KEY` is one key, and a word that all such fields have.
    private static func words(_ secret: String) -> [String] {
        let words = secret.split(whereSeparator: \.isWhitespace).map(String.init)
        guard let first = words.first, words.count > 1, schemes.contains(first.lowercased()) else { return words }
        return Array(words.dropFirst())
    }

    private static let schemes: Set<String> = ["bearer", "basic", "token", "apikey", "api-key"]

    /// Words with a secret in them, or with a part of one, or with the stars with which a provider hides one.
    private func withoutSecrets(_ message: String) -> String {
        message.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let isSecret = word.contains("***") || secrets.contains { Self.holds(Array(word.utf8), partOf: $0) }
            return isSecret ? "[key]" : String(word)
        }.joined(separator: " ")
    }

    /// Whether a word has eight characters in a row of a secret, or all of a shorter one, with no letter or digit beside it:
    /// every other word has a secret of one letter.
    private static func holds(_ word: [UInt8], partOf secret: String) -> Bool {
        let secret = Array(secret.utf8)
        let length = min(8, secret.count)
        guard length > 0, word.count >= length else { return false }
        let parts = Set((0...secret.count - length).map { secret[$0..<$0 + length] })
        return (0...word.count - length).contains { start in
            guard parts.contains(word[start..<start + length]) else { return false }
            if length == 8 { return true }
            let end = start + length
            return (start == 0 || !isLetter(word[start - 1])) && (end == word.count || !isLetter(word[end]))
        }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x80...: true
        default: false
        }
    }

    /// One line without what a terminal or a reader of logs would act on.
    private static func line(_ message: String) -> String {
        var line = ""
        var count = 0
        for scalar in message.unicodeScalars {
            let isPrintable =
                switch scalar.properties.generalCategory {
                case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
                default: true
                }
            guard isPrintable || scalar == "\n" || scalar == "\t" else { continue }
            guard count < longest else { return line + "…" }
            line.unicodeScalars.append(isPrintable ? scalar : " ")
            count += 1
        }
        return line
    }
}
