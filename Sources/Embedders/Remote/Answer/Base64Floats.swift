/// Little-endian 32-bit floats in base64 (RFC 4648, with its padding), as `encoding_format: base64` gives them.
enum Base64Floats {
    /// Four tables of 256 values, one for each place in a group of four digits: its bits where they belong among the three
    /// bytes. No digit: the highest bit.
    private static let tables: [UInt32] = {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var tables = [UInt32](repeating: 1 << 31, count: 1024)
        for (value, digit) in digits.enumerated() {
            let (value, place) = (UInt32(value), Int(digit))
            tables[place] = value << 2
            tables[256 + place] = value >> 4 | (value & 15) << 12
            tables[512 + place] = (value >> 2) << 8 | (value & 3) << 22
            tables[768 + place] = value << 16
        }
        return tables
    }()

    /// Nil where it is not base64, or not of whole floats.
    static func decode(_ text: UnsafeBufferPointer<UInt8>) -> [Float]? {
        guard text.count % 4 == 0, text.count > 0 else { return nil }
        var digits = text.count
        for _ in 0..<2 where text[digits - 1] == 0x3d { digits -= 1 }
        let count = digits * 3 / 4
        guard count % 4 == 0 else { return nil }
        var isRight = false
        // One float more, for groups are written as four bytes each.
        let floats = [Float](unsafeUninitializedCapacity: count / 4 + 1) { floats, filled in
            isRight = tables.withUnsafeBufferPointer {
                decode(UnsafeBufferPointer(rebasing: text[..<digits]), into: UnsafeMutableRawBufferPointer(floats), $0)
            }
            filled = isRight ? count / 4 : 0
        }
        return isRight ? floats : nil
    }

    private static func decode(
        _ digits: UnsafeBufferPointer<UInt8>, into bytes: UnsafeMutableRawBufferPointer,
        _ tables: UnsafeBufferPointer<UInt32>
    ) -> Bool {
        var wrong: UInt32 = 0
        var (from, to) = (0, 0)
        while from + 4 <= digits.count {
            let group =
                tables[Int(digits[from])] | tables[256 + Int(digits[from + 1])] | tables[512 + Int(digits[from + 2])]
                | tables[768 + Int(digits[from + 3])]
            wrong |= group
            bytes.storeBytes(of: group.littleEndian, toByteOffset: to, as: UInt32.self)
            from += 4
            to += 3
        }
        if from < digits.count {
            // Two or three digits are left: one or two bytes.
            var group: UInt32 = 0
            for place in 0..<digits.count - from { group |= tables[256 * place + Int(digits[from + place])] }
            wrong |= group
            bytes.storeBytes(of: group.littleEndian, toByteOffset: to, as: UInt32.self)
        }
        return wrong >> 31 == 0
    }
}
