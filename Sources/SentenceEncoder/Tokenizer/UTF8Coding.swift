/// UTF-8 that is known to be valid, one code point at a time.
enum UTF8Coding {
    /// The code point at `at`, which is stepped over it. The bytes must be valid and `at` at a first byte.
    @inline(__always)
    static func next(_ bytes: UnsafePointer<UInt8>, _ at: inout Int) -> UInt32 {
        let first = UInt32(bytes[at])
        switch first {
        case ..<0x80:
            at += 1
            return first
        case ..<0xe0:
            defer { at += 2 }
            return (first & 0x1f) << 6 | UInt32(bytes[at + 1] & 0x3f)
        case ..<0xf0:
            defer { at += 3 }
            return (first & 0x0f) << 12 | UInt32(bytes[at + 1] & 0x3f) << 6 | UInt32(bytes[at + 2] & 0x3f)
        default:
            defer { at += 4 }
            return (first & 0x07) << 18 | UInt32(bytes[at + 1] & 0x3f) << 12 | UInt32(bytes[at + 2] & 0x3f) << 6
                | UInt32(bytes[at + 3] & 0x3f)
        }
    }

    /// The code point that ends before `end`, of valid bytes that have one there.
    static func last(_ bytes: UnsafePointer<UInt8>, before end: Int) -> (point: UInt32, start: Int) {
        var start = end - 1
        while bytes[start] & 0xc0 == 0x80 { start -= 1 }
        var at = start
        return (next(bytes, &at), start)
    }

    /// Writes a code point and returns how many bytes it took, at most 4.
    @inline(__always)
    static func write(_ point: UInt32, to bytes: UnsafeMutablePointer<UInt8>) -> Int {
        switch point {
        case ..<0x80:
            bytes[0] = UInt8(point)
            return 1
        case ..<0x800:
            bytes[0] = UInt8(0xc0 | point >> 6)
            bytes[1] = UInt8(0x80 | point & 0x3f)
            return 2
        case ..<0x10000:
            bytes[0] = UInt8(0xe0 | point >> 12)
            bytes[1] = UInt8(0x80 | point >> 6 & 0x3f)
            bytes[2] = UInt8(0x80 | point & 0x3f)
            return 3
        default:
            bytes[0] = UInt8(0xf0 | point >> 18)
            bytes[1] = UInt8(0x80 | point >> 12 & 0x3f)
            bytes[2] = UInt8(0x80 | point >> 6 & 0x3f)
            bytes[3] = UInt8(0x80 | point & 0x3f)
            return 4
        }
    }

    /// Whether the bytes are valid UTF-8.
    static func isValid(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        (try? UTF8Span(validating: bytes.span)) != nil
    }

    /// Whether every byte is ASCII.
    static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let raw = UnsafeRawBufferPointer(bytes)
        var at = 0
        while at + 8 <= raw.count {
            if raw.loadUnaligned(fromByteOffset: at, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
            at += 8
        }
        while at < raw.count {
            if raw[at] >= 0x80 { return false }
            at += 1
        }
        return true
    }
}

/// Writes normalised text.
struct ByteSink: ScalarSink {
    private(set) var bytes: [UInt8] = []

    mutating func receive(_ point: UInt32) {
        if point < 0x80 { return bytes.append(UInt8(point)) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4) { buffer in
            let count = UTF8Coding.write(point, to: buffer.baseAddress!)
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(buffer)[..<count]))
        }
    }
}
