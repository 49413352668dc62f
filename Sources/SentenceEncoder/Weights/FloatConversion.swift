/// Little-endian bytes to Float32, in loops that compilers turn into vector instructions of any processor.
///
/// Each function returns whether all elements are finite. Pointers, since a model has tens of millions of elements and
/// the bytes come from a mapping, and wrapping arithmetic on indices, since a trap in a loop keeps it scalar; lengths
/// are checked once.
enum FloatConversion {
    private static var infinity: Int32 { 0x7f80_0000 }

    static func float32(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>) -> Bool {
        precondition(source.count == destination.count * 4)
        guard let source = source.baseAddress, let target = destination.baseAddress else { return true }
        var largest: Int32 = 0
        for index in 0..<destination.count {
            let bits = UInt32(littleEndian: source.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            // Without its sign, a float that is not finite is at least infinity, as a number and as an integer.
            largest = max(largest, Int32(bitPattern: bits & 0x7fff_ffff))
            target[index] = Float(bitPattern: bits)
        }
        return largest < infinity
    }

    static func bfloat16(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>) -> Bool {
        precondition(source.count == destination.count * 2)
        guard let source = source.baseAddress, let target = destination.baseAddress else { return true }
        var largest: Int32 = 0
        for index in 0..<destination.count {
            let half = UInt16(littleEndian: source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self))
            let bits = UInt32(truncatingIfNeeded: half) << 16
            largest = max(largest, Int32(bitPattern: bits & 0x7fff_ffff))
            target[index] = Float(bitPattern: bits)
        }
        return largest < infinity
    }

    /// Not through `Float16`: without the F16C instructions, which a build for any x86-64 can't use, each conversion
    /// is a call into the runtime library.
    static func float16(_ source: UnsafeRawBufferPointer, to destination: UnsafeMutableBufferPointer<Float>) -> Bool {
        precondition(source.count == destination.count * 2)
        guard let source = source.baseAddress, let target = destination.baseAddress else { return true }
        var largest: Int32 = 0
        for index in 0..<destination.count {
            let half = UInt32(
                truncatingIfNeeded: UInt16(
                    littleEndian: source.loadUnaligned(fromByteOffset: index &* 2, as: UInt16.self)))
            let magnitude = half & 0x7fff
            largest = max(largest, Int32(bitPattern: magnitude))
            // Exponent and mantissa at a float's place, with the exponent 112 too small: exact for subnormals too.
            let scaled = Float(bitPattern: magnitude << 13) * 0x1p112
            target[index] = Float(bitPattern: scaled.bitPattern | (half & 0x8000) << 16)
        }
        return largest < 0x7c00
    }
}
