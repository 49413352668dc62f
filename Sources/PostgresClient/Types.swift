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
    /// `jsonb`
    package static let jsonb = TypeOID(rawValue: 3802)
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
