/// Floats as JSON writes them, read to the nearest `Float`.
///
/// The digits make a whole number below 10¹⁹, which is multiplied with a power of ten as a `Double`: off by less than
/// three units in its last place. Unless a point in the middle between two floats is that near, rounding it gives the
/// float nearest to what was written. Where it is that near, and far out, the standard library reads the digits again.
enum FloatText {
    enum End { case closed, tooMany, noNumber, noComma, cut }

    private typealias Byte = AnswerReader.Byte

    /// 10⁰ to 10⁶⁴, each the nearest double: the smallest float is above 10⁻⁴⁶, and up to 19 digits stand before it.
    private static let powers: [Double] = (0...64).map { Double("1e\($0)")! }
    /// Converting digits may take time of a higher order than their number.
    private static let longest = 1024

    /// Reads from an opening bracket to the closing one.
    static func scanArray(
        _ bytes: UnsafeBufferPointer<UInt8>, at: inout Int, most: Int, into floats: inout [Float]
    ) -> End {
        var place = at
        let end = powers.withUnsafeBufferPointer { scanArray(bytes, &place, most, &floats, $0) }
        at = place
        return end
    }

    private static func scanArray(
        _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ most: Int, _ floats: inout [Float],
        _ powers: UnsafeBufferPointer<Double>
    ) -> End {
        skipSpace(bytes, &at, past: 1)
        guard at < bytes.count else { return .cut }
        if bytes[at] == Byte.closeBracket {
            at += 1
            return .closed
        }
        while true {
            guard floats.count < most else { return .tooMany }
            guard let float = scan(bytes, &at, powers) else { return at < bytes.count ? .noNumber : .cut }
            floats.append(float)
            guard at < bytes.count else { return .cut }
            if bytes[at] <= 0x20 { skipSpace(bytes, &at, past: 0) }
            guard at < bytes.count else { return .cut }
            switch bytes[at] {
            case Byte.comma:
                at += 1
                if at < bytes.count, bytes[at] <= 0x20 { skipSpace(bytes, &at, past: 0) }
            case Byte.closeBracket:
                at += 1
                return .closed
            default: return .noComma
            }
        }
    }

    /// Reads one number; nil where there is none, or one that is written otherwise than JSON does.
    static func scan(_ bytes: UnsafeBufferPointer<UInt8>, at: inout Int) -> Float? {
        powers.withUnsafeBufferPointer { scan(bytes, &at, $0) }
    }

    private static func skipSpace(_ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int, past: Int) {
        at += past
        while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x0a || bytes[at] == 0x0d || bytes[at] == 0x09 {
            at += 1
        }
    }

    @inline(__always)
    private static func scan(
        _ bytes: UnsafeBufferPointer<UInt8>, _ at: inout Int, _ powers: UnsafeBufferPointer<Double>
    ) -> Float? {
        let (start, end) = (at, bytes.count)
        var place = at
        // Not yet true of what is in `at` when this returns early: the reader tells where the number began.
        guard place < end else { return nil }
        let isNegative = bytes[place] == Byte.minus
        if isNegative { place += 1 }
        guard place < end, bytes[place] &- Byte.zero < 10 else { return nil }
        var digits: UInt64 = 0
        var exponent = 0
        if bytes[place] == Byte.zero {
            place += 1
            if place < end, bytes[place] &- Byte.zero < 10 { return nil }
        } else {
            while place < end, bytes[place] &- Byte.zero < 10 {
                if digits < mostDigits {
                    digits = digits &* 10 &+ UInt64(bytes[place] &- Byte.zero)
                } else {
                    exponent += 1
                }
                place += 1
            }
        }
        if place < end, bytes[place] == Byte.point {
            place += 1
            let first = place
            let base = UnsafeRawPointer(bytes.baseAddress!)
            while place + 8 <= end, digits < 100_000_000_000 {
                let eight = UInt64(littleEndian: base.loadUnaligned(fromByteOffset: place, as: UInt64.self))
                guard isDigits(eight) else { break }
                digits = digits &* 100_000_000 &+ number(eight)
                exponent -= 8
                place += 8
            }
            while place < end, bytes[place] &- Byte.zero < 10 {
                if digits < mostDigits {
                    digits = digits &* 10 &+ UInt64(bytes[place] &- Byte.zero)
                    exponent -= 1
                }
                place += 1
            }
            if place == first { return nil }
        }
        if place < end, bytes[place] | 0x20 == 0x65 {
            guard let power = power(bytes, &place) else { return nil }
            exponent += power
        }
        at = place
        // The literal 0 has no sign to turn.
        if digits == 0 { return isNegative ? -0.0 : 0.0 }
        guard -64 <= exponent, exponent <= 64 else { return exact(bytes, start..<place) }
        let value =
            exponent < 0 ? Double(digits) / powers[-exponent] : Double(digits) * powers[exponent]
        // How far beyond a float: half way is 1 << 28. And only where floats have all their digits.
        let beyond = value.bitPattern & 0x1fff_ffff
        guard beyond &- 0x0fff_fff8 > 16, value > 1.2e-38, value < 3.4e38 else { return exact(bytes, start..<place) }
        return Float(isNegative ? -value : value)
    }

    /// With less than this another digit fits.
    private static var mostDigits: UInt64 { 1_000_000_000_000_000_000 }

    /// `e`, sign and digits; from 9999 on all the same.
    private static func power(_ bytes: UnsafeBufferPointer<UInt8>, _ place: inout Int) -> Int? {
        place += 1
        guard place < bytes.count else { return nil }
        let isNegative = bytes[place] == Byte.minus
        if isNegative || bytes[place] == 0x2b { place += 1 }
        let first = place
        var power = 0
        while place < bytes.count, bytes[place] &- Byte.zero < 10 {
            power = min(9999, power * 10 + Int(bytes[place] &- Byte.zero))
            place += 1
        }
        return place == first ? nil : isNegative ? -power : power
    }

    /// What the standard library makes of it; beyond all floats infinity, which whoever looks at the vector finds.
    @inline(never)
    private static func exact(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Float? {
        guard range.count <= longest else { return nil }
        return Float(String(decoding: UnsafeBufferPointer(rebasing: bytes[range]), as: UTF8.self))
    }

    /// Whether eight bytes are eight digits.
    @inline(__always)
    private static func isDigits(_ eight: UInt64) -> Bool {
        let high = eight & 0xf0f0_f0f0_f0f0_f0f0
        let carried = ((eight &+ 0x0606_0606_0606_0606) & 0xf0f0_f0f0_f0f0_f0f0) >> 4
        return high | carried == 0x3333_3333_3333_3333
    }

    /// The number that eight digits write: pairs are joined, then pairs of pairs, in one multiplication each.
    @inline(__always)
    private static func number(_ eight: UInt64) -> UInt64 {
        var pairs = eight &- 0x3030_3030_3030_3030
        pairs = pairs &* 10 &+ pairs >> 8
        let even = (pairs & 0x0000_00ff_0000_00ff) &* 0x000f_4240_0000_0064
        let odd = (pairs >> 16 & 0x0000_00ff_0000_00ff) &* 0x0000_2710_0000_0001
        return (even &+ odd) >> 32
    }
}
