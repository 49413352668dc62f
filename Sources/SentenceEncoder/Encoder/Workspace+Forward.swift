import CEncoderKernels

/// One step through the encoder for a group of sequences whose tokens lie one after the other, without padding.
extension Workspace {
    /// Looks at the input of a linear layer: its number, its role, its rows and how many columns they have.
    typealias Observer = (Int, LinearRole, UnsafePointer<Float>, Int) -> Void

    /// Computes the last layer's vectors of all tokens, into the first rows of `hidden`.
    ///
    /// - Parameters:
    ///   - sequences: Token ids, each of the vocabulary; together at most `capacity`, each at most the model's number of
    ///     positions.
    ///   - observe: Called at fp32 with what goes into the linear layers.
    func run(_ sequences: [ArraySlice<Int32>], observe: Observer = { _, _, _, _ in }) throws {
        let tokens = sequences.reduce(0) { $0 + $1.count }
        // Products are compiled for each number of rows, so those come in eights. The rows behind the last token are
        // computed with the others, from zeros, and looked at by nobody.
        let rows = (tokens + 7) / 8 * 8
        precondition(rows <= capacity)
        let isInt8 = network.precision == .int8
        try embed(sequences, tokens: tokens, rows: rows)
        for (number, layer) in network.layers.enumerated() {
            if isInt8 { quantize(for: layer.attentionInput, rows: rows) }
            observe(number, .attentionInput, hidden, width)
            try multiply(.attentionInput, layer.attentionInput, rows: rows)
            if isInt8 { dequantizeAttention(layer.attentionInput, rows: rows) }
            attend(sequences)
            if isInt8 { quantizeContext(for: layer.attentionOutput, rows: rows) }
            try multiply(.attentionOutput, layer.attentionOutput, rows: rows)
            if isInt8 { add(layer.attentionOutput, scales: contextScales, rows: rows) }
            normalize(layer.attentionNorm, rows: rows)
            if isInt8 { quantize(for: layer.intermediate, rows: rows) }
            observe(number, .intermediate, hidden, width)
            try multiply(.intermediate, layer.intermediate, rows: rows)
            if isInt8 { activate(layer.intermediate, for: layer.output, rows: rows) }
            observe(
                number, .output, intermediate.assumingMemoryBound(to: Float.self),
                network.configuration.intermediateSize)
            try multiply(.output, layer.output, rows: rows)
            if isInt8 { add(layer.output, scales: intermediateScales, rows: rows) }
            normalize(layer.outputNorm, rows: rows)
        }
    }

    private var width: Int { network.configuration.hiddenSize }

    private func embed(_ sequences: [ArraySlice<Int32>], tokens: Int, rows: Int) throws {
        var row = hidden
        for sequence in sequences {
            precondition(sequence.count <= network.configuration.maxPositions)
            for (position, token) in sequence.enumerated() {
                let word = Int(token) * width
                try network.wordEmbeddings.copyFloats(
                    word..<word + width, to: UnsafeMutableBufferPointer(start: row, count: width))
                network.positionEmbeddings.withUnsafeBufferPointer { positions in
                    for index in 0..<width { row[index] += positions[position * width + index] }
                }
                row += width
            }
        }
        row.update(repeating: 0, count: (rows - tokens) * width)
        normalize(network.embeddingNorm, rows: rows)
    }

    private func attend(_ sequences: [ArraySlice<Int32>]) {
        let heads = Int64(network.configuration.heads)
        let headSize = Int64(network.configuration.headSize)
        var first = 0
        for sequence in sequences {
            let length = Int64(sequence.count)
            if usesNarrowAttention, let attention = kernels.pointee.attention_bf16 {
                attention(
                    self.attention.assumingMemoryBound(to: ek_bf16.self) + first * 3 * width, length, heads, headSize,
                    context.assumingMemoryBound(to: ek_bf16.self) + first * width, scratch)
            } else {
                kernels.pointee.attention_f32(
                    self.attention.assumingMemoryBound(to: Float.self) + first * 3 * width, length, heads, headSize,
                    context.assumingMemoryBound(to: Float.self) + first * width, scratch)
            }
            first += sequence.count
        }
    }

    /// LayerNorm of the residual stream, with a copy for the next product at bf16.
    private func normalize(_ norm: Network.Norm, rows: Int) {
        kernels.pointee.layer_norm(
            hidden, Int64(rows), Int64(width), norm.weight, norm.bias, network.configuration.layerNormEpsilon,
            network.precision == .bf16 ? operands.assumingMemoryBound(to: ek_bf16.self) : nil)
    }
}

/// What oneDNN does not do at int8, where every row has a scale of its own.
extension Workspace {
    /// Whether attention works on bfloat16; at int8 too, where the processor can.
    private var usesNarrowAttention: Bool {
        network.precision == .bf16
            || network.precision == .int8 && kernels.pointee.attention_bf16 != nil
                && network.configuration.hasEvenHeads
    }

    private func quantize(for linear: Linear, rows: Int) {
        kernels.pointee.quantize(
            hidden, Int64(rows), Int64(width), linear.inputScaling.factors,
            operands.assumingMemoryBound(to: Int8.self), operandScales)
    }

    private func dequantizeAttention(_ linear: Linear, rows: Int) {
        let narrow = usesNarrowAttention
        kernels.pointee.dequantize(
            narrow ? nil : attention.assumingMemoryBound(to: Float.self),
            narrow ? attention.assumingMemoryBound(to: ek_bf16.self) : nil,
            sums, Int64(rows), Int64(3 * width), linear.columnScales, operandScales, linear.bias)
    }

    private func quantizeContext(for linear: Linear, rows: Int) {
        let count = Int64(rows * width)
        var floats = context.assumingMemoryBound(to: Float.self)
        if usesNarrowAttention {
            // The memory of queries, keys and values is free again.
            floats = attention.assumingMemoryBound(to: Float.self)
            kernels.pointee.widen(floats, context.assumingMemoryBound(to: ek_bf16.self), count)
        }
        kernels.pointee.quantize(
            floats, Int64(rows), Int64(width), linear.inputScaling.factors, contextBytes, contextScales)
    }

    private func add(_ linear: Linear, scales: UnsafePointer<Float>, rows: Int) {
        kernels.pointee.dequantize_add(
            hidden, sums, Int64(rows), Int64(width), linear.columnScales, scales, linear.bias)
    }

    private func activate(_ linear: Linear, for next: Linear, rows: Int) {
        let configuration = network.configuration
        kernels.pointee.activate(
            intermediate.assumingMemoryBound(to: UInt8.self), intermediateScales, sums, Int64(rows),
            Int64(configuration.intermediateSize), linear.columnScales, operandScales, linear.bias,
            configuration.activation.kernel, next.inputScaling.factors, next.inputScaling.offsets,
            scratch.assumingMemoryBound(to: Float.self))
    }
}

extension Activation {
    fileprivate var kernel: ek_activation {
        switch self {
        case .gelu: ek_gelu_erf
        case .geluTanh: ek_gelu_tanh
        case .relu: ek_relu
        }
    }
}
