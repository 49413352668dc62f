extension JSONReader {
    mutating func string() throws(JSONError) -> [UInt8] {
        let start = at
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            if byte == Byte.quote {
                defer { at += 1 }
                return Array(bytes[start + 1..<at])
            }
            if byte == Byte.backslash { return try escapedString(from: start) }
            guard byte >= 0x20 else { throw error("a control character in a string") }
            at += 1
        }
        throw JSONError(start, "a string without end")
    }

    /// The rest of a string from its first backslash on: what was read of it is copied, the rest decoded.
    private mutating func escapedString(from start: Int) throws(JSONError) -> [UInt8] {
        var decoded = Array(bytes[start + 1..<at])
        while at < bytes.count {
            let byte = bytes[at]
            switch byte {
            case Byte.quote:
                at += 1
                return decoded
            case Byte.backslash: try escape(into: &decoded)
            default:
                guard byte >= 0x20 else { throw error("a control character in a string") }
                decoded.append(byte)
                at += 1
            }
        }
        throw JSONError(start, "a string without end")
    }

    private mutating func escape(into decoded: inout [UInt8]) throws(JSONError) {
        let start = at
        at += 1
        guard let kind = current else { throw JSONError(start, "a string without end") }
        at += 1
        switch kind {
        case Byte.quote, Byte.backslash, 0x2f: decoded.append(kind)
        case 0x62: decoded.append(0x08)
        case 0x66: decoded.append(0x0c)
        case 0x6e: decoded.append(0x0a)
        case 0x72: decoded.append(0x0d)
        case 0x74: decoded.append(0x09)
        case 0x75:
            var code = try hexadecimal(start)
            if 0xd800..<0xdc00 ~= code, at + 1 < bytes.count, bytes[at] == Byte.backslash, bytes[at + 1] == 0x75 {
                at += 2
                let low = try hexadecimal(start)
                guard 0xdc00..<0xe000 ~= low else { throw JSONError(start, "a lone surrogate") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = Unicode.Scalar(code) else { throw JSONError(start, "a lone surrogate") }
            decoded.append(contentsOf: UTF8.encode(scalar)!)
        default: throw JSONError(start, "an unknown escape")
        }
    }

    private mutating func hexadecimal(_ start: Int) throws(JSONError) -> UInt32 {
        guard bytes.count - at >= 4 else { throw JSONError(start, "a string without end") }
        var code: UInt32 = 0
        for byte in bytes[at..<at + 4] {
            switch byte {
            case 0x30...0x39: code = code << 4 | UInt32(byte - 0x30)
            case 0x41...0x46: code = code << 4 | UInt32(byte - 0x41 + 10)
            case 0x61...0x66: code = code << 4 | UInt32(byte - 0x61 + 10)
            default: throw JSONError(start, "an escape without four hexadecimal digits")
            }
        }
        at += 4
        return code
    }
}
