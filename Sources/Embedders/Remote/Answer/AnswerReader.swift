/// What is wrong with an answer: said without any of its text.
package struct AnswerProblem: Error, Equatable {
    /// For people.
    package let text: String
    /// Whether the vectors are written in another way than was asked for.
    let concernsEncoding: Bool
    /// Whether they have another length than the one that is configured.
    let concernsDimension: Bool
    /// Whether there are not as many as texts, each in a place of its own.
    let concernsNumber: Bool

    init(
        _ text: String, concernsEncoding: Bool = false, concernsDimension: Bool = false, concernsNumber: Bool = false
    ) {
        self.concernsNumber = concernsNumber
        self.text = text
        self.concernsEncoding = concernsEncoding
        self.concernsDimension = concernsDimension
    }
}

/// Reads JSON that a stranger sent, once and from front to back, and makes nothing of what nobody wants of it.
///
/// Beside SentenceEncoder's `JSON`, which makes a tree of everything: an answer has millions of numbers.
struct AnswerReader {
    /// As numbers: `UInt8(ascii:)` is a call in a debug build.
    enum Byte {
        static let quote: UInt8 = 0x22
        static let comma: UInt8 = 0x2c
        static let minus: UInt8 = 0x2d
        static let point: UInt8 = 0x2e
        static let zero: UInt8 = 0x30
        static let colon: UInt8 = 0x3a
        static let openBracket: UInt8 = 0x5b
        static let letterN: UInt8 = 0x6e
        static let backslash: UInt8 = 0x5c
        static let closeBracket: UInt8 = 0x5d
        static let openBrace: UInt8 = 0x7b
        static let closeBrace: UInt8 = 0x7d
    }

    /// The bytes of a name, as they stand between its quotation marks.
    struct Name {
        let range: Range<Int>
    }

    private static let deepest = 32

    let bytes: [UInt8]
    var at = 0
    private var depth = 0

    /// Takes an answer, which has to be UTF-8.
    init(_ bytes: [UInt8]) throws(AnswerProblem) {
        do throws(UTF8.ValidationError) {
            _ = try UTF8Span(validating: bytes.span)
        } catch {
            throw AnswerProblem("it is not UTF-8 at byte \(error.byteOffsets.lowerBound)")
        }
        self.bytes = bytes
    }

    /// Reads the one value that an answer is, with nothing behind it.
    mutating func document(_ value: (inout AnswerReader) throws(AnswerProblem) -> Void) throws(AnswerProblem) {
        skipSpace()
        try value(&self)
        skipSpace()
        guard at == bytes.count else { throw problem("there is more behind its end") }
    }

    func problem(_ text: String) -> AnswerProblem { AnswerProblem("\(text) (byte \(at) of \(bytes.count))") }

    var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0a, 0x0d, 0x09: at += 1
            default: return
            }
        }
    }

    /// Whether a name is this one. One that is written with escapes is no name that is looked for.
    func name(_ name: Name, is text: StaticString) -> Bool {
        name.range.count == text.utf8CodeUnitCount
            && text.withUTF8Buffer { bytes[name.range].elementsEqual($0) }
    }

    /// Reads an object; `member` reads the value of each name.
    mutating func object(
        _ what: StaticString, _ member: (inout AnswerReader, Name) throws(AnswerProblem) -> Void
    ) throws(AnswerProblem) {
        guard current == Byte.openBrace else { throw problem("\(what) is no object") }
        var more = try opens(Byte.closeBrace)
        while more {
            guard current == Byte.quote else { throw problem("a name is missing in an object") }
            let name = Name(range: try string())
            skipSpace()
            guard current == Byte.colon else { throw problem("':' is missing in an object") }
            at += 1
            skipSpace()
            try member(&self, name)
            more = try continues(Byte.closeBrace)
        }
    }

    /// Reads an array; `element` reads each of its elements.
    mutating func array(
        _ what: StaticString, _ element: (inout AnswerReader) throws(AnswerProblem) -> Void
    ) throws(AnswerProblem) {
        guard current == Byte.openBracket else { throw problem("\(what) is no array") }
        var more = try opens(Byte.closeBracket)
        while more {
            try element(&self)
            more = try continues(Byte.closeBracket)
        }
    }

    /// Steps over an opening bracket; false if the closing one follows at once, which is stepped over too.
    private mutating func opens(_ close: UInt8) throws(AnswerProblem) -> Bool {
        guard depth < Self.deepest else { throw problem("it is nested too deep") }
        at += 1
        skipSpace()
        if current == close {
            at += 1
            return false
        }
        depth += 1
        return true
    }

    /// Steps over a comma (true) or a closing bracket (false).
    private mutating func continues(_ close: UInt8) throws(AnswerProblem) -> Bool {
        skipSpace()
        switch current {
        case Byte.comma:
            at += 1
            skipSpace()
            return true
        case close:
            at += 1
            depth -= 1
            return false
        case nil: throw problem("it ends too early")
        default: throw problem("',' is missing")
        }
    }
}
