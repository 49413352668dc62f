import CEncoderKernels

/// What the encoder computes with.
package enum Precision: String, Sendable, Hashable, CaseIterable {
    /// 32-bit floats throughout.
    case fp32
    /// Products of bfloat16 with sums in float; LayerNorm and softmax in float.
    case bf16
    /// The linear layers' products of bytes, scaled by output channel and by token; the rest as in the others.
    case int8

    /// Whether this processor has instructions for it. Without them it would be emulated, and slower than fp32.
    var isAvailable: Bool {
        switch self {
        case .fp32: true
        case .bf16: Kernels.best.pointee.attention_bf16 != nil
        case .int8: ek_processor_multiplies_bytes()
        }
    }

    /// bf16 where the processor has it, else fp32.
    package static var best: Precision { Precision.bf16.isAvailable ? .bf16 : .fp32 }

    /// What vectors of it may be mixed with: those of fp32 and bf16 differ by less than one part in a thousand, so a
    /// column begun on one machine may be continued on another.
    package var vectorClass: String { self == .int8 ? "int8" : "float" }
}

/// The kernels in C.
enum Kernels {
    // The table is constant.
    nonisolated(unsafe) static let best = ek_kernels_for_this_processor(0)
}
