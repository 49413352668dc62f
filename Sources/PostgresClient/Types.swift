/// The object identifier of a type (`pg_type.oid`).
package struct TypeOID: RawRepresentable, Sendable, Hashable {
    /// The number in `pg_type`.
    package let rawValue: UInt32

    /// Wraps a number of `pg_type`.
    package init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    // Built-in types keep their numbers in every server (src/include/catalog/pg_type.dat).
    /// Left to the server.
    package static let inferred = TypeOID(rawValue: 0)
    /// `boolean`
    package static let bool = TypeOID(rawValue: 16)
    /// `bytea`
    package static let bytea = TypeOID(rawValue: 17)
    /// `bigint`
    package static let int8 = TypeOID(rawValue: 20)
    /// `smallint`
    package static let int2 = TypeOID(rawValue: 21)
    /// `integer`
    package static let int4 = TypeOID(rawValue: 23)
    /// `text`
    package static let text = TypeOID(rawValue: 25)
    /// `oid`
    package static let oid = TypeOID(rawValue: 26)
    /// `real`
    package static let float4 = TypeOID(rawValue: 700)
    /// `double precision`
    package static let float8 = TypeOID(rawValue: 701)
    /// `text[]`
    package static let textArray = TypeOID(rawValue: 1009)
    /// `bigint[]`
    package static let int8Array = TypeOID(rawValue: 1016)
    /// `real[]`
    package static let float4Array = TypeOID(rawValue: 1021)
    /// `timestamp with time zone`
    package static let timestamptz = TypeOID(rawValue: 1184)
    /// `uuid`
    package static let uuid = TypeOID(rawValue: 2950)
    /// `uuid[]`
    package static let uuidArray = TypeOID(rawValue: 2951)
    /// `jsonb`
    package static let jsonb = TypeOID(rawValue: 3802)
}

/// A `uuid`: sixteen bytes.
package struct PostgresUUID: Sendable, Hashable, CustomStringConvertible {
    /// The sixteen bytes, in the order in which the text form shows them.
    package let bytes: [UInt8]

    /// Takes sixteen bytes; nil for any other number.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        self.bytes = bytes
    }

    /// Reads 32 hexadecimal digits, hyphens anywhere between them; nil for anything else.
    package init?(_ text: String) {
        let digits = text.utf8.filter { $0 != UInt8(ascii: "-") }.map { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == 32, !digits.contains(nil) else { return nil }
        bytes = stride(from: 0, to: 32, by: 2).map { UInt8(digits[$0]! << 4 | digits[$0 + 1]!) }
    }

    /// With hyphens, in lower case.
    package var description: String {
        let hex = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        var text = ""
        for (index, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }
}

/// A `timestamp with time zone`: a point in time, to the microsecond.
package struct PostgresTimestamp: Sendable, Hashable, Comparable {
    /// Microseconds since 2000-01-01 00:00:00 UTC, PostgreSQL's epoch.
    let microsecondsSince2000: Int64

    /// A point in time by PostgreSQL's epoch.
    package init(microsecondsSince2000: Int64) {
        self.microsecondsSince2000 = microsecondsSince2000
    }

    /// Seconds since 1970-01-01 00:00:00 UTC.
    package var unixSeconds: Double { Double(microsecondsSince2000) / 1e6 + 946_684_800 }

    /// Whether it is earlier.
    package static func < (left: Self, right: Self) -> Bool { left.microsecondsSince2000 < right.microsecondsSince2000 }
}

/// IEEE 754 binary16, in software: Swift's Float16 is not there on every platform.
enum HalfPrecision {
    /// The nearest half to a float, ties to even; infinity where it is too large.
    static func bits(of value: Float) -> UInt16 {
        let bits = value.bitPattern
        let sign = UInt16(truncatingIfNeeded: bits >> 16) & 0x8000
        let magnitude = bits & 0x7fff_ffff
        if magnitude > 0x7f80_0000 { return sign | 0x7e00 }  // NaN
        if magnitude >= 0x4780_0000 { return sign | 0x7c00 }  // 65536 and above
        if magnitude < 0x3880_0000 {
            // A subnormal half counts units of 2^-24.
            let units = (Float(bitPattern: magnitude) * 16_777_216).rounded(.toNearestOrEven)
            return sign | UInt16(units)
        }
        // The carry of rounding may run into the exponent, which is then right too.
        let rounded = magnitude + 0xfff + ((magnitude >> 13) & 1)
        return sign | UInt16(truncatingIfNeeded: (rounded >> 13) &- 0x1c000)
    }

    /// The float that a half stands for, exactly.
    static func float(from bits: UInt16) -> Float {
        let sign = UInt32(bits & 0x8000) << 16
        let exponent = UInt32(bits >> 10) & 0x1f
        let fraction = UInt32(bits) & 0x3ff
        switch exponent {
        case 0:
            let magnitude = Float(fraction) / 16_777_216
            return Float(bitPattern: magnitude.bitPattern | sign)
        case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
        default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
        }
    }
}
