/// Answers of HTTP/1.1 and compressed bodies, byte by byte.
public enum HTTPBytes {
    /// A whole answer with its length.
    public static func answer(
        _ status: Int = 200, _ fields: [(name: String, value: String)] = [], _ body: [UInt8] = []
    ) -> [UInt8] {
        head(status, fields + [("Content-Length", "\(body.count)")]) + body
    }

    /// The same with a body of text.
    public static func answer(
        _ status: Int = 200, _ fields: [(name: String, value: String)] = [], _ body: String
    ) -> [UInt8] {
        answer(status, fields, Array(body.utf8))
    }

    /// All before the body.
    public static func head(_ status: Int, _ fields: [(name: String, value: String)]) -> [UInt8] {
        let lines = ["HTTP/1.1 \(status) Said"] + fields.map { "\($0.name): \($0.value)" }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// A chunk of a body whose length nobody knows.
    public static func chunk(_ bytes: [UInt8]) -> [UInt8] {
        Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8)
    }

    /// Bytes as gzip, not made smaller.
    public static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        precondition(bytes.count < 65_536)
        let length = UInt16(bytes.count)
        return gzipHead + [1] + little(UInt32(length), 2) + little(UInt32(~length), 2) + bytes
            + little(checksum(bytes), 4) + little(UInt32(length), 4)
    }

    /// The beginning of a gzip stream of zeros: each 13 bytes of it are 2,064 when they are read.
    public static func gzipBomb(_ rounds: Int) -> [UInt8] {
        // A block of fixed codes that is not the last: one zero, then again and again "258 bytes from one byte back".
        var bits: [UInt8] = [0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0]
        let again: [UInt8] = [1, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]
        for _ in 0..<8 * rounds { bits += again }
        let whole = bits.count / 8
        return gzipHead + (0..<whole).map { byte in (0..<8).reduce(0) { $0 | bits[byte * 8 + $1] << UInt8($1) } }
    }

    private static let gzipHead: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]

    private static func little(_ value: UInt32, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt32($0))) }
    }

    /// CRC-32.
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { value, _ in value >> 1 ^ (value & 1 == 1 ? 0xedb8_8320 : 0) }
        }
    }
}
