/// The reader behind `JSON.parse`: one pass over bytes that are known to be UTF-8, recursive to a fixed depth.
struct JSONReader {
    /// As numbers: `UInt8(ascii:)` is a call in a debug build.
    enum Byte {
        static let quote: UInt8 = 0x22
        static let plus: UInt8 = 0x2b
        static let comma: UInt8 = 0x2c
        static let minus: UInt8 = 0x2d
        static let point: UInt8 = 0x2e
        static let zero: UInt8 = 0x30
        static let colon: UInt8 = 0x3a
        static let openBracket: UInt8 = 0x5b
        static let backslash: UInt8 = 0x5c
        static let closeBracket: UInt8 = 0x5d
        static let openBrace: UInt8 = 0x7b
        static let closeBrace: UInt8 = 0x7d
    }

    /// Converting digits to `Double` may take time of a higher order than their number.
    private static let longestNumber = 1024

    let bytes: [UInt8]
    var at = 0
    private var depth = 0
    private var valuesLeft: Int

    init(_ bytes: [UInt8], values: Int) {
        self.bytes = bytes
        valuesLeft = values
    }

    mutating func document() throws(JSONError) -> JSON {
        skipSpace()
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw error("more text after the value") }
        return value
    }

    func error(_ problem: String) -> JSONError { JSONError(at, problem) }

    var current: UInt8? { at < bytes.count ? bytes[at] : nil }

    private mutating func skipSpace() {
        while at < bytes.count {
            switch bytes[at] {
            case 0x20, 0x0a, 0x0d, 0x09: at += 1
            default: return
            }
        }
    }

    private mutating func value() throws(JSONError) -> JSON {
        guard valuesLeft > 0 else { throw error("too many values") }
        valuesLeft -= 1
        guard let first = current else { throw error("end of the text where a value should be") }
        switch first {
        case Byte.quote: return .string(try string())
        case Byte.openBrace: return try object()
        case Byte.openBracket: return try array()
        case Byte.minus, 0x30...0x39: return try number()
        case 0x74: return try literal("true", .bool(true))
        case 0x66: return try literal("false", .bool(false))
        case 0x6e: return try literal("null", .null)
        default: throw error("not a value")
        }
    }

    private mutating func literal(_ word: StaticString, _ value: JSON) throws(JSONError) -> JSON {
        let length = word.utf8CodeUnitCount
        guard at + length <= bytes.count,
            word.withUTF8Buffer({ bytes[at..<at + length].elementsEqual($0) })
        else { throw error("not a value") }
        at += length
        return value
    }

    /// Steps over an opening bracket; true if the closing one follows at once, which is stepped over too.
    private mutating func opens(_ close: UInt8) throws(JSONError) -> Bool {
        guard depth < JSON.maximumDepth else { throw error("nested deeper than \(JSON.maximumDepth)") }
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
    private mutating func continues(_ close: UInt8) throws(JSONError) -> Bool {
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
        default: throw error(close == Byte.closeBrace ? "',' or '}' missing" : "',' or ']' missing")
        }
    }

    private mutating func array() throws(JSONError) -> JSON {
        var elements: [JSON] = []
        var more = try opens(Byte.closeBracket)
        while more {
            elements.append(try value())
            more = try continues(Byte.closeBracket)
        }
        return .array(elements)
    }

    private mutating func object() throws(JSONError) -> JSON {
        var members: [JSON.Member] = []
        var more = try opens(Byte.closeBrace)
        while more {
            guard current == Byte.quote else { throw error("no string where a name should be") }
            let key = try string()
            skipSpace()
            guard current == Byte.colon else { throw error("':' missing") }
            at += 1
            skipSpace()
            members.append(JSON.Member(key: key, value: try value()))
            more = try continues(Byte.closeBrace)
        }
        return .object(members)
    }

    private mutating func number() throws(JSONError) -> JSON {
        let start = at
        if current == Byte.minus { at += 1 }
        let integerStart = at
        try digits()
        guard bytes[integerStart] != Byte.zero || at == integerStart + 1 else {
            throw JSONError(integerStart, "a number with a leading zero")
        }
        var isWhole = true
        if current == Byte.point {
            isWhole = false
            at += 1
            try digits()
        }
        if current == 0x65 || current == 0x45 {
            isWhole = false
            at += 1
            if current == Byte.plus || current == Byte.minus { at += 1 }
            try digits()
        }
        guard at - start <= Self.longestNumber else { throw JSONError(start, "a number too long to be read") }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if isWhole, let whole = Int(text) { return .integer(whole) }
        guard let value = Double(text), value.isFinite else { throw JSONError(start, "a number out of range") }
        return .number(value)
    }

    private mutating func digits() throws(JSONError) {
        let start = at
        while at < bytes.count, bytes[at] &- Byte.zero < 10 { at += 1 }
        guard at > start else { throw error("a digit missing in a number") }
    }
}
