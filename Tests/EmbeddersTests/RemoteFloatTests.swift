import TestSupport
import Testing

@testable import Embedders

@Suite("Floats in JSON") struct RemoteFloatTests {
    /// What a text is read as; nil where it is no number as a whole.
    private func read(_ text: String) -> Float? {
        var at = 0
        let bytes = Array(text.utf8)
        let float = bytes.withUnsafeBufferPointer { FloatText.scan($0, at: &at) }
        return at == bytes.count ? float : nil
    }

    private func check(_ text: String) {
        guard let expected = Float(text) else { return }
        #expect(read(text)?.bitPattern == expected.bitPattern, "\(text)")
    }

    @Test("Each is read as the float nearest to it, as the standard library reads it")
    func nearest() {
        var random = SeededRandom(seed: 7)
        for _ in 0..<20_000 {
            let float = Float(bitPattern: UInt32(truncatingIfNeeded: random.next()))
            guard float.isFinite else { continue }
            check("\(float)")
            check("\(Double(float))")
            // As numpy and C write them: with an exponent of any form, and more digits than are needed.
            check("\(Double(float) * 1.000000030000001)")
            check("\(float)".replacing("e", with: "E"))
        }
    }

    @Test("Points in the middle between two floats, and next to it, go where they belong")
    func middles() {
        var random = SeededRandom(seed: 8)
        for _ in 0..<5_000 {
            let low = Float(random.below(1 << 24) + 1) * Float.exp2(Float(random.below(60)) - 50)
            let middle = (Double(low) + Double(low.nextUp)) / 2
            for value in [middle, middle.nextUp, middle.nextDown, middle.nextUp.nextUp.nextUp] {
                check("\(value)")
                // The digits of the middle with another one far behind.
                if !"\(value)".contains("e"), "\(value)".contains(".") { check("\(value)000000000000000000000001") }
            }
        }
    }

    @Test(
        "Numbers at the ends of what floats can be, and with very many digits",
        arguments: [
            "0", "-0", "0.0", "-0.0e5", "1", "9", "10", "123456789012345678901234567890", "0.1", "1e0", "1E+5", "1e-5",
            "3.4028235e38", "3.4028236e38", "3.40282357e38", "1e39", "-1e400", "1.17549435e-38", "1.1754942e-38",
            "1e-45",
            "7e-46", "7.1e-46", "1e-400", "0.000000000000000000000000000000000000000000001", "16777217", "16777219",
            "9999999999999999999", "18446744073709551615", "18446744073709551616", "0.9999999999999999999999999",
            "4.70197740328915e-38", "1e22", "1e23", "8.5899345e9", "0.00000000000000000000000000000000000000117549435",
            "1" + String(repeating: "0", count: 38), "0." + String(repeating: "0", count: 300) + "1",
            "1e99999999999999999999", "0e99999999999999999999", "1e-99999999999999999999",
            "00001e2".replacing("0000", with: ""),
            "0." + String(repeating: "3", count: 500), "5e-324", "1.5", "-2.5", "0.30000001192092896",
        ])
    func ends(text: String) {
        let expected = Float(text)
        #expect(read(text)?.bitPattern == expected?.bitPattern, "\(text)")
    }

    @Test(
        "What JSON does not call a number is none",
        arguments: [
            "", "-", "+1", ".5", "1.", "1.e5", "01", "-01", "1e", "1e+", "1e-", "0x10", "inf", "nan", "NaN", "Infinity",
            "1_000", "1,5", "--1", "１", "1" + String(repeating: "0", count: 2000),
        ])
    func others(text: String) { #expect(read(text) == nil) }
}

extension Float {
    /// A power of two.
    fileprivate static func exp2(_ exponent: Float) -> Float {
        Float(sign: .plus, exponent: Int(exponent), significand: 1)
    }
}
