/// The element types of the safetensors format.
enum TensorType: String, Sendable {
    case bool = "BOOL"
    case float4 = "F4"
    case float6e2m3 = "F6_E2M3"
    case float6e3m2 = "F6_E3M2"
    case int8 = "I8"
    case unsigned8 = "U8"
    case float8e5m2 = "F8_E5M2"
    case float8e4m3 = "F8_E4M3"
    case float8e8m0 = "F8_E8M0"
    case float8e5m2fnuz = "F8_E5M2FNUZ"
    case float8e4m3fnuz = "F8_E4M3FNUZ"
    case int16 = "I16"
    case unsigned16 = "U16"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case int32 = "I32"
    case unsigned32 = "U32"
    case float32 = "F32"
    case int64 = "I64"
    case unsigned64 = "U64"
    case float64 = "F64"
    case complex64 = "C64"

    /// The size of an element in bits.
    var bits: Int {
        switch self {
        case .float4: 4
        case .float6e2m3, .float6e3m2: 6
        case .bool, .int8, .unsigned8: 8
        case .float8e5m2, .float8e4m3, .float8e8m0, .float8e5m2fnuz, .float8e4m3fnuz: 8
        case .int16, .unsigned16, .float16, .bfloat16: 16
        case .int32, .unsigned32, .float32: 32
        case .int64, .unsigned64, .float64, .complex64: 64
        }
    }

    /// Whether `Tensor.copyFloats` reads it.
    var isSupported: Bool { self == .float32 || self == .float16 || self == .bfloat16 }
}
