/// Makes what a provider says fit for a log: short, on one line, without a text that was sent and without a secret.
struct Redaction {
    /// Keys, and the values of fields and of the query, which may be keys.
    var secrets: [String]

    /// Longer messages are cut.
    static let longest = 200
    /// Shorter texts are in many a message by chance.
    private static let shortestText = 8
    /// So many bytes in a row that are also in a text that was sent are a quotation of it.
    private static let quotation = 24

    /// Nil where nothing of it can be told.
    func told(_ message: String, sent texts: [String]) -> String? {
        let bytes = Array(message.utf8)
        guard !texts.contains(where: { Self.quotes(bytes, $0) }) else { return nil }
        var line = Self.line(withoutSecrets(message))
        // More is said behind it.
        while let last = line.last, last == "." || last == " " { line.removeLast() }
        return line.isEmpty ? nil : line
    }

    private static func quotes(_ message: [UInt8], _ text: String) -> Bool {
        var text = text
        return text.withUTF8 { text in
            if text.count >= shortestText, text.count <= message.count,
                message.indices.dropLast(text.count - 1).contains(where: { message[$0...].starts(with: text) })
            {
                return true
            }
            return shares(message, text)
        }
    }

    /// Whether a run of bytes is in both. Eight bytes at a time are looked up, and what is found is looked at.
    private static func shares(_ message: [UInt8], _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard message.count >= quotation, text.count >= quotation else { return false }
        var places: [UInt64: [Int]] = [:]
        message.withUnsafeBytes { message in
            for place in 0...message.count - quotation {
                places[message.loadUnaligned(fromByteOffset: place, as: UInt64.self), default: []].append(place)
            }
        }
        let raw = UnsafeRawBufferPointer(text)
        for at in 0...text.count - quotation {
            guard let found = places[raw.loadUnaligned(fromByteOffset: at, as: UInt64.self)] else { continue }
            for place in found where message[place..<place + quotation].elementsEqual(text[at..<at + quotation]) {
                return true
            }
        }
        return false
    }

    /// Words with a secret in them, or with a part of one, or with the stars with which a provider hides one.
    private func withoutSecrets(_ message: String) -> String {
        message.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let isSecret = word.contains("***") || secrets.contains { Self.holds(Array(word.utf8), partOf: $0) }
            return isSecret ? "[key]" : String(word)
        }.joined(separator: " ")
    }

    /// Whether a word has eight characters in a row of a secret, or all of a short one.
    private static func holds(_ word: [UInt8], partOf secret: String) -> Bool {
        let secret = Array(secret.utf8)
        guard !secret.isEmpty else { return false }
        let length = min(8, secret.count)
        guard word.count >= length else { return false }
        let parts = Set((0...secret.count - length).map { secret[$0..<$0 + length] })
        return (0...word.count - length).contains { parts.contains(word[$0..<$0 + length]) }
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
