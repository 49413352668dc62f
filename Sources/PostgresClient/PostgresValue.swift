/// A parameter of a statement: a type, and its value in the binary form of the wire protocol.
///
/// Source: PostgreSQL documentation, "Formats and Format Codes"; the `*_send` functions of each type.
package struct PostgresValue: Sendable, Hashable {
    /// The parameter's type; 0 leaves it to the server to infer.
    package let type: TypeOID
    /// The value, nil for NULL.
    package let bytes: [UInt8]?

    /// A value of any type from its binary form.
    package init(type: TypeOID, bytes: [UInt8]?) {
        self.type = type
        self.bytes = bytes
    }

    /// NULL, of a type that the server infers.
    package static let null = PostgresValue(type: .inferred, bytes: nil)

    /// `text`.
    package static func text(_ value: String) -> Self { .init(type: .text, bytes: Array(value.utf8)) }
    /// `boolean`.
    package static func bool(_ value: Bool) -> Self { .init(type: .bool, bytes: [value ? 1 : 0]) }
    /// `integer`.
    package static func int4(_ value: Int32) -> Self { .init(type: .int4, bytes: value.bigEndianBytes) }
    /// `bigint`.
    package static func int8(_ value: Int64) -> Self { .init(type: .int8, bytes: value.bigEndianBytes) }
    /// `real`.
    package static func float4(_ value: Float) -> Self { .init(type: .float4, bytes: value.bitPattern.bigEndianBytes) }
    /// `double precision`.
    package static func float8(_ value: Double) -> Self { .init(type: .float8, bytes: value.bitPattern.bigEndianBytes) }
    /// `bytea`.
    package static func bytea(_ value: [UInt8]) -> Self { .init(type: .bytea, bytes: value) }
    /// `jsonb`, from its text.
    package static func jsonb(_ text: String) -> Self { .init(type: .jsonb, bytes: [1] + Array(text.utf8)) }

    /// `text[]`; nil stands for NULL.
    package static func textArray(_ values: [String?]) -> Self {
        array(values.map { $0.map { .text($0) } ?? .null }, of: .text, as: .textArray)
    }
    /// `bigint[]`.
    package static func int8Array(_ values: [Int64]) -> Self {
        array(values.map { .int8($0) }, of: .int8, as: .int8Array)
    }
    /// `real[]`, one dimension, lower bound 1.
    package static func float4Array(_ values: [Float]) -> Self {
        var bytes = arrayHeader(count: values.count, hasNull: false, element: .float4)
        bytes.append(words: values.count * 2) { words in
            for (index, value) in values.enumerated() {
                words[index * 2] = UInt32(4).bigEndian
                words[index * 2 + 1] = value.bitPattern.bigEndian
            }
        }
        return .init(type: .float4Array, bytes: bytes)
    }

    /// pgvector's `vector`: dimension, two bytes kept at zero, then the components.
    package static func vector(_ components: [Float], type: TypeOID = .inferred) -> Self {
        var bytes = UInt16(components.count).bigEndianBytes + [0, 0]
        bytes.append(words: components.count) { words in
            for (index, component) in components.enumerated() { words[index] = component.bitPattern.bigEndian }
        }
        return .init(type: type, bytes: bytes)
    }

    /// pgvector's `halfvec`: as `vector`, with IEEE 754 half precision components.
    package static func halfvec(_ components: [Float], type: TypeOID = .inferred) -> Self {
        var bytes = UInt16(components.count).bigEndianBytes + [0, 0]
        for component in components { bytes += HalfPrecision.bits(of: component).bigEndianBytes }
        return .init(type: type, bytes: bytes)
    }

    /// A one-dimensional array of any element type.
    package static func array(_ elements: [PostgresValue], of element: TypeOID, as type: TypeOID) -> Self {
        var bytes = arrayHeader(
            count: elements.count, hasNull: elements.contains { $0.bytes == nil }, element: element)
        for value in elements {
            guard let value = value.bytes else {
                bytes += Int32(-1).bigEndianBytes
                continue
            }
            bytes += Int32(value.count).bigEndianBytes
            bytes += value
        }
        return .init(type: type, bytes: bytes)
    }

    /// array_send: dimensions, a flag for NULLs, element type, then length and lower bound of the one dimension.
    private static func arrayHeader(count: Int, hasNull: Bool, element: TypeOID) -> [UInt8] {
        let dimensions: Int32 = count == 0 ? 0 : 1
        var bytes = dimensions.bigEndianBytes + Int32(hasNull ? 1 : 0).bigEndianBytes + element.rawValue.bigEndianBytes
        if count > 0 { bytes += Int32(count).bigEndianBytes + Int32(1).bigEndianBytes }
        return bytes
    }
}

extension FixedWidthInteger {
    /// Its bytes in network order.
    var bigEndianBytes: [UInt8] {
        withUnsafeBytes(of: bigEndian) { Array($0) }
    }
}

extension [UInt8] {
    /// Appends 32-bit words that `fill` writes, in network order already.
    ///
    /// Through memory that is not initialised first: a vector is some hundred words, and they are most of what is sent.
    mutating func append(words count: Int, _ fill: (UnsafeMutableBufferPointer<UInt32>) -> Void) {
        let words = [UInt32](unsafeUninitializedCapacity: count) { buffer, initialised in
            fill(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialised = count
        }
        words.withUnsafeBytes { append(contentsOf: $0) }
    }
}
