/// Reads the text of a JSON value for its contents: keys and leaves, in order, without the punctuation.
///
/// The input comes from PostgreSQL and is valid JSON, but it may have been cut short; whatever is there is used. It
/// works on bytes in one pass and keeps no tree, so depth and size cost nothing. Numbers keep the digits they have.
struct JSONText {
    /// The bytes that JSON is made of, as numbers: `UInt8(ascii:)` is a call in this loop.
    private enum Byte {
        static let tab: UInt8 = 0x09
        static let newline: UInt8 = 0x0a
        static let carriageReturn: UInt8 = 0x0d
        static let space: UInt8 = 0x20
        static let quote: UInt8 = 0x22
        static let comma: UInt8 = 0x2c
        static let colon: UInt8 = 0x3a
        static let openBracket: UInt8 = 0x5b
        static let backslash: UInt8 = 0x5c
        static let closeBracket: UInt8 = 0x5d
        static let openBrace: UInt8 = 0x7b
        static let closeBrace: UInt8 = 0x7d
        static let b: UInt8 = 0x62
        static let f: UInt8 = 0x66
        static let n: UInt8 = 0x6e
        static let r: UInt8 = 0x72
        static let t: UInt8 = 0x74
        static let u: UInt8 = 0x75
    }

    enum Token: Equatable {
        case beginObject, endObject, beginArray, endArray
        case key(String)
        case leaf(String)
        case null
    }

    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next token; nil at the end.
    mutating func next() -> Token? {
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            // All that `endsWord` calls white space: a byte that neither ended a word nor began one would stay for ever.
            case Byte.space, 9...13, Byte.comma, Byte.colon: position += 1
            case Byte.openBrace: return punctuation(.beginObject)
            case Byte.closeBrace: return punctuation(.endObject)
            case Byte.openBracket: return punctuation(.beginArray)
            case Byte.closeBracket: return punctuation(.endArray)
            case Byte.quote:
                let text = string()
                return isColonNext() ? .key(text) : .leaf(text)
            default:
                let start = position
                while position < bytes.count, !Self.endsWord(bytes[position]) { position += 1 }
                let word = String(decoding: bytes[start..<position], as: UTF8.self)
                return word == "null" ? .null : .leaf(word)
            }
        }
        return nil
    }

    /// Passes over the value that comes next, whole.
    mutating func skipValue() {
        var depth = 0
        repeat {
            switch next() {
            case .beginObject, .beginArray: depth += 1
            case .endObject, .endArray: depth -= 1
            case .key: continue
            case .leaf, .null: break
            case nil: return
            }
        } while depth > 0
    }

    private mutating func punctuation(_ token: Token) -> Token {
        position += 1
        return token
    }

    private func isColonNext() -> Bool {
        var at = position
        while at < bytes.count, bytes[at] == Byte.space || (9...13).contains(bytes[at]) { at += 1 }
        return at < bytes.count && bytes[at] == Byte.colon
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case Byte.comma, Byte.closeBrace, Byte.closeBracket, Byte.colon, Byte.space, 9...13: true
        default: false
        }
    }

    /// A string literal, from its opening quote, with the escapes of RFC 8259 resolved.
    private mutating func string() -> String {
        position += 1
        var text: [UInt8] = []
        while position < bytes.count, bytes[position] != Byte.quote {
            let byte = bytes[position]
            position += 1
            guard byte == Byte.backslash, position < bytes.count else {
                text.append(byte)
                continue
            }
            let escape = bytes[position]
            position += 1
            switch escape {
            case Byte.n: text.append(Byte.newline)
            case Byte.t: text.append(Byte.tab)
            case Byte.r: text.append(Byte.carriageReturn)
            case Byte.b, Byte.f: text.append(Byte.space)
            case Byte.u: text.append(contentsOf: String(unicodeEscape()).utf8)
            default: text.append(escape)
            }
        }
        position += 1
        return String(decoding: text, as: UTF8.self)
    }

    /// The scalar of `\uXXXX`, or of two of them that make a surrogate pair.
    private mutating func unicodeEscape() -> Unicode.Scalar {
        let unit = hexDigits()
        guard (0xd800..<0xdc00).contains(unit), position + 1 < bytes.count, bytes[position] == Byte.backslash,
            bytes[position + 1] == Byte.u
        else { return Unicode.Scalar(unit) ?? "\u{fffd}" }
        position += 2
        let low = hexDigits()
        guard (0xdc00..<0xe000).contains(low) else { return "\u{fffd}" }
        return Unicode.Scalar(0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)) ?? "\u{fffd}"
    }

    private mutating func hexDigits() -> UInt32 {
        let digits = bytes[position..<min(position + 4, bytes.count)]
        position += digits.count
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16) ?? 0xfffd
    }
}

extension JSONText {
    /// The contents of a JSON value, readable: `title: Cut the mud\nparameters: frequency: 300, q: 1.4`.
    ///
    /// A string or number alone is itself. Members of the outermost object or array stand on lines of their own, those
    /// further in are separated by commas. A member that is null, or has nothing in it, is left out with its key.
    static func readable(_ json: [UInt8]) -> String {
        var reader = JSONText(json)
        var text = ""
        var depth = 0
        var isNewMember = false
        // Keys that stand before the next leaf; written when that comes, so that an empty member leaves no trace.
        var keys: [(depth: Int, name: String)] = []
        while let token = reader.next() {
            if depth == 1, token != .endObject, token != .endArray { isNewMember = true }
            switch token {
            case .beginObject, .beginArray: depth += 1
            case .endObject, .endArray:
                depth -= 1
                keys.removeAll { $0.depth > depth }
            case .key(let name):
                keys.removeAll { $0.depth >= depth }
                keys.append((depth, name))
            case .null: keys.removeAll { $0.depth >= depth }
            case .leaf(let leaf):
                guard !leaf.isEmpty else { continue }
                if !text.isEmpty { text += isNewMember ? "\n" : ", " }
                isNewMember = false
                for key in keys { text += "\(key.name): " }
                text += leaf
                keys.removeAll()
            }
        }
        return text
    }

    /// The part of a JSON value that a path of object keys leads to; nil where it leads nowhere.
    static func member(_ path: [String], of json: [UInt8]) -> [UInt8]? {
        var reader = JSONText(json)
        for name in path {
            guard reader.next() == .beginObject else { return nil }
            search: while true {
                switch reader.next() {
                case .key(name): break search
                case .key: reader.skipValue()
                default: return nil
                }
            }
        }
        let start = reader.position
        reader.skipValue()
        return Array(json[min(start, json.count)..<min(reader.position, json.count)].drop { $0 == Byte.colon })
    }
}
