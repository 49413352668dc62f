/// A tensor of a safetensors file; keeps the file's mapping alive.
struct Tensor: Sendable {
    /// Its name in the file.
    let name: String
    /// The type of its elements in the file.
    let type: TensorType
    /// Its dimensions, outermost first; none for a scalar.
    let shape: [Int]
    /// The file it is in.
    let file: SafeTensors
    let bytes: Range<Int>

    /// The number of elements.
    var count: Int { shape.reduce(1, *) }

    /// The tensor's bytes in the file, little-endian, in row-major order, not necessarily aligned to its type.
    func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try file.withBytes(bytes, body)
    }

    /// Copies elements as Float32.
    /// - Parameters:
    ///   - elements: Which, in row-major order; all if nil.
    ///   - destination: As many floats.
    /// - Throws: If one of them is NaN or infinite, or the type is none of F32, F16 and BF16. The destination's
    ///   contents are then undefined.
    func copyFloats(
        _ elements: Range<Int>? = nil, to destination: UnsafeMutableBufferPointer<Float>
    ) throws(ModelError) {
        let elements = elements ?? 0..<count
        precondition(elements.lowerBound >= 0 && elements.upperBound <= count && destination.count == elements.count)
        guard type.isSupported else {
            throw ModelError(
                file.path, "has tensor \(quote(name)) as \(type.rawValue); only F32, F16 and BF16 are read")
        }
        let isFinite = withUnsafeBytes { bytes in
            let size = type.bits / 8
            let source = UnsafeRawBufferPointer(
                rebasing: bytes[elements.lowerBound * size..<elements.upperBound * size])
            return switch type {
            case .float16: FloatConversion.float16(source, to: destination)
            case .bfloat16: FloatConversion.bfloat16(source, to: destination)
            default: FloatConversion.float32(source, to: destination)
            }
        }
        guard isFinite else { throw ModelError(file.path, "has a NaN or an infinity in tensor \(quote(name))") }
    }

    /// Reads all elements and keeps none; errors as in `copyFloats`.
    func checkFinite() throws(ModelError) {
        let step = 1 << 20
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(step, count))
        defer { buffer.deallocate() }
        for start in stride(from: 0, to: count, by: step) {
            let range = start..<min(start + step, count)
            try copyFloats(range, to: UnsafeMutableBufferPointer(rebasing: buffer[..<range.count]))
        }
    }

    /// All elements as Float32; errors as in `copyFloats`.
    func floats() throws(ModelError) -> [Float] {
        var failure: ModelError?
        let floats = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            do throws(ModelError) {
                try copyFloats(to: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
                initialized = count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return floats
    }
}
