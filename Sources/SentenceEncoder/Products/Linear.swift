import COneDNN

/// The four products of a layer.
enum LinearRole: Int, CaseIterable, Sendable {
    /// To queries, keys and values, in one.
    case attentionInput
    /// Of the attention's result, added to what went into the layer.
    case attentionOutput
    /// The first of the feed-forward network, with its activation.
    case intermediate
    /// The second, added to what went into it.
    case output
}

/// A linear layer's weights, packed for the products of one precision.
///
/// Immutable once made, so that all lanes share it.
struct Linear: Sendable {
    /// At int8, what is done to the input before it is rounded, and what gives the sums of a column back.
    let inputScaling: InputScaling
    let columnScales: [Float]
    let bias: [Float]
    let weights: ProductMemory
    /// The bias for oneDNN.
    let biasMemory: ProductMemory

    /// Packs weights.
    /// - Parameters:
    ///   - rows: The weights as [out, in], row-major, in memory that may be overwritten.
    ///   - bias: One for each output.
    ///   - scaling: Of the input, at int8; nil at other precisions.
    ///   - plan: Says the layout.
    init(
        _ engine: ProductEngine, _ stream: ProductStream, rows: AlignedMemory, bias: [Float], inputs: Int,
        scaling: InputScaling?, plan: ProductPlan
    ) throws(ProductError) {
        let outputs = bias.count
        let plain: ProductMemory
        if let scaling {
            let bytes = AlignedMemory(bytes: inputs * outputs)
            (columnScales, self.bias) = scaling.quantize(
                rows.bound(to: Float.self), bias, to: bytes.bound(to: Int8.self))
            inputScaling = scaling
            plain = try ProductMemory(
                engine, rows: inputs, columns: outputs, transposed: true, type: dnnl_s8, data: bytes)
        } else {
            columnScales = []
            inputScaling = InputScaling(factors: [], offsets: [])
            self.bias = bias
            plain = try ProductMemory(
                engine, rows: inputs, columns: outputs, transposed: true, type: dnnl_f32, data: rows)
        }
        weights = try ProductMemory(engine, weightsOf: plan)
        try ProductError.check(
            onednn_reorder(engine.handle, stream.handle, plain.handle, weights.handle), "pack weights")
        let floats = AlignedMemory(bytes: outputs * 4)
        floats.bound(to: Float.self).update(from: self.bias, count: outputs)
        biasMemory = try ProductMemory(engine, rows: 1, columns: outputs, type: dnnl_f32, data: floats)
    }
}

/// What a product of a role is, apart from its number of rows.
struct LinearShape: Sendable {
    let inputs: Int
    let outputs: Int
    let source: dnnl_data_type_t
    let weights: dnnl_data_type_t
    let result: dnnl_data_type_t
    let hasBias: Bool
    let adds: Bool
    let activation: dnnl_alg_kind_t

    init(_ role: LinearRole, _ configuration: BERTConfiguration, _ precision: Precision) {
        let hidden = configuration.hiddenSize
        inputs = role == .output ? configuration.intermediateSize : hidden
        outputs =
            switch role {
            case .attentionInput: 3 * hidden
            case .intermediate: configuration.intermediateSize
            case .attentionOutput, .output: hidden
            }
        let addsUp = role == .attentionOutput || role == .output
        switch precision {
        case .fp32: (source, weights, result) = (dnnl_f32, dnnl_f32, dnnl_f32)
        case .bf16: (source, weights, result) = (dnnl_bf16, dnnl_bf16, addsUp ? dnnl_f32 : dnnl_bf16)
        // What an activation gives has no negative half worth a bit.
        case .int8: (source, weights, result) = (role == .output ? dnnl_u8 : dnnl_s8, dnnl_s8, dnnl_s32)
        }
        // At int8 scales, bias and activation are the kernels' work: oneDNN knows no scale a row.
        hasBias = precision != .int8
        adds = addsUp && precision != .int8
        activation =
            role == .intermediate && precision != .int8 ? configuration.activation.algorithm : dnnl_alg_kind_undef
    }

    /// The product of a number of rows.
    func product(rows: Int) -> onednn_product {
        onednn_product(
            rows: Int64(rows), inner: Int64(inputs), columns: Int64(outputs), source: source,
            weights: weights, result: result, bias: hasBias, adds: adds, activation: activation)
    }
}

extension Activation {
    /// oneDNN's name for it.
    var algorithm: dnnl_alg_kind_t {
        switch self {
        case .gelu: dnnl_eltwise_gelu_erf
        case .geluTanh: dnnl_eltwise_gelu_tanh
        case .relu: dnnl_eltwise_relu
        }
    }
}
