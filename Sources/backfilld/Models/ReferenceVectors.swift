import FoundationEssentials

/// A text and the vector that sentence-transformers itself gives for it with the default model, in fp32.
struct ReferenceVectors: Sendable {
    let text: String
    /// Little-endian floats in base64.
    private let encoded: String

    init(text: String, vector: String) {
        self.text = text
        encoded = vector
    }

    /// The vector, of the default model's 384 components.
    var vector: [Float] {
        let bytes = Array(Data(base64Encoded: encoded) ?? Data())
        return stride(from: 0, to: bytes.count - 3, by: 4).map { start in
            Float(bitPattern: bytes[start..<start + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) })
        }
    }
}
