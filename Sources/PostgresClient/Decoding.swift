/// A Swift type that a value of a result can be read as.
package protocol PostgresDecodable {
    /// Reads a value; nil where the bytes are not of a fitting type, or NULL.
    init?(cell: PostgresCell)
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    /// Reads the binary form: none where it is NULL; nil where the type or the bytes do not fit.
    package init?(cell: PostgresCell) {
        guard cell.bytes != nil else {
            self = .none
            return
        }
        guard let value = Wrapped(cell: cell) else { return nil }
        self = .some(value)
    }
}

extension String: PostgresDecodable {
    /// Any type whose binary form is its text: text, varchar, char, name, json, xml, and those that are not built in,
    /// such as citext and enums. jsonb is turned into its text.
    package init?(cell: PostgresCell) {
        guard let bytes = cell.bytes else { return nil }
        switch cell.type.rawValue {
        case TypeOID.jsonb.rawValue: self = String(decoding: bytes.dropFirst(), as: UTF8.self)
        // "char", name, text, json, xml, unknown, bpchar, varchar; from 16384 on are types that somebody created.
        case 18, 19, 25, 114, 142, 705, 1042, 1043, 16_384...: self = String(decoding: bytes, as: UTF8.self)
        default: return nil
        }
    }
}

extension FixedWidthInteger {
    init?(bigEndianBytes bytes: some Collection<UInt8>) {
        guard bytes.count == Self.bitWidth / 8 else { return nil }
        self = bytes.reduce(0) { $0 << 8 | Self(truncatingIfNeeded: $1) }
    }

    init?(integerCell cell: PostgresCell) {
        guard let bytes = cell.bytes else { return nil }
        let value: Int64?
        switch cell.type {
        case .int2: value = Int16(bigEndianBytes: bytes).map(Int64.init)
        case .int4: value = Int32(bigEndianBytes: bytes).map(Int64.init)
        case .int8: value = Int64(bigEndianBytes: bytes)
        case .oid: value = UInt32(bigEndianBytes: bytes).map(Int64.init)
        default: return nil
        }
        guard let value else { return nil }
        self.init(exactly: value)
    }
}

extension Int: PostgresDecodable {
    /// Reads any integer type whose value fits.
    package init?(cell: PostgresCell) { self.init(integerCell: cell) }
}
extension Int32: PostgresDecodable {
    /// Reads any integer type whose value fits.
    package init?(cell: PostgresCell) { self.init(integerCell: cell) }
}
extension Int64: PostgresDecodable {
    /// Reads any integer type whose value fits.
    package init?(cell: PostgresCell) { self.init(integerCell: cell) }
}
extension UInt32: PostgresDecodable {
    /// Reads any integer type whose value fits.
    package init?(cell: PostgresCell) { self.init(integerCell: cell) }
}

extension Bool: PostgresDecodable {
    /// Reads the binary form; nil where the type or the bytes do not fit, or it is NULL.
    package init?(cell: PostgresCell) {
        guard cell.type == .bool, let bytes = cell.bytes, bytes.count == 1 else { return nil }
        self = bytes[0] != 0
    }
}

extension Double: PostgresDecodable {
    /// Reads the binary form; nil where the type or the bytes do not fit, or it is NULL.
    package init?(cell: PostgresCell) {
        guard let bytes = cell.bytes else { return nil }
        if cell.type == .float8, let bits = UInt64(bigEndianBytes: bytes) {
            self.init(bitPattern: bits)
        } else if let value = Float(cell: cell) {
            self.init(value)
        } else {
            return nil
        }
    }
}

extension Float: PostgresDecodable {
    /// Reads the binary form; nil where the type or the bytes do not fit, or it is NULL.
    package init?(cell: PostgresCell) {
        guard cell.type == .float4, let bytes = cell.bytes, let bits = UInt32(bigEndianBytes: bytes) else { return nil }
        self.init(bitPattern: bits)
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    /// A one-dimensional array whose element type fits `Element`; NULL elements only where `Element` is an Optional.
    package init?(cell: PostgresCell) {
        guard let bytes = cell.bytes, let elements = PostgresCell.elements(ofArray: bytes) else { return nil }
        var values: [Element] = []
        values.reserveCapacity(elements.count)
        for element in elements {
            guard let value = Element(cell: element) else { return nil }
            values.append(value)
        }
        self = values
    }
}

extension PostgresCell {
    /// The elements of array_send's form; nil where it has more than one dimension or does not hold together.
    static func elements(ofArray bytes: [UInt8]) -> [PostgresCell]? {
        func word(_ at: Int) -> Int32? {
            at + 4 <= bytes.count ? Int32(bigEndianBytes: bytes[at..<at + 4]) : nil
        }
        guard let dimensions = word(0), let type = word(8) else { return nil }
        if dimensions == 0 { return [] }
        guard dimensions == 1, let count = word(12), count >= 0 else { return nil }
        var at = 20
        var elements: [PostgresCell] = []
        for _ in 0..<count {
            guard let length = word(at) else { return nil }
            at += 4
            guard length >= 0 else {
                elements.append(PostgresCell(type: TypeOID(rawValue: UInt32(bitPattern: type)), bytes: nil))
                continue
            }
            guard at + Int(length) <= bytes.count else { return nil }
            elements.append(
                PostgresCell(
                    type: TypeOID(rawValue: UInt32(bitPattern: type)), bytes: Array(bytes[at..<at + Int(length)])))
            at += Int(length)
        }
        return at == bytes.count ? elements : nil
    }

    /// The components of pgvector's `vector`; nil where the bytes are no vector.
    package var vector: [Float]? {
        components(width: 4) { Float(bitPattern: UInt32(bigEndianBytes: $0)!) }
    }

    /// The components of pgvector's `halfvec`; nil where the bytes are none.
    package var halfvec: [Float]? {
        components(width: 2) { HalfPrecision.float(from: UInt16(bigEndianBytes: $0)!) }
    }

    private func components(width: Int, _ read: (ArraySlice<UInt8>) -> Float) -> [Float]? {
        guard let bytes, bytes.count >= 4, let count = UInt16(bigEndianBytes: bytes[0..<2]),
            bytes.count == 4 + Int(count) * width
        else { return nil }
        return (0..<Int(count)).map { read(bytes[4 + $0 * width..<4 + ($0 + 1) * width]) }
    }
}
