/// Turns a model's weights into packed linear layers.
struct Packing {
    let engine: ProductEngine
    let stream: ProductStream
    let shapes: [LinearShape]
    let plans: [ProductPlan]
    /// At int8; nil at other precisions.
    let calibration: Calibration?

    /// Packs one linear layer, or several of the same input as one.
    ///
    /// - Parameters:
    ///   - parts: Their outputs come one after the other.
    ///   - layer: The number of the transformer layer.
    ///   - scale: What weights and bias of the first part are multiplied with.
    func pack(
        _ parts: [BERTWeights.Linear], _ layer: Int, _ role: LinearRole, scalingFirstBy scale: Float = 1
    ) throws -> Linear {
        let shape = shapes[role.rawValue]
        let rows = AlignedMemory(bytes: shape.inputs * shape.outputs * 4)
        var bias: [Float] = []
        for (number, part) in parts.enumerated() {
            let target = UnsafeMutableBufferPointer(
                start: rows.bound(to: Float.self) + bias.count * shape.inputs, count: part.weight.count)
            try part.weight.copyFloats(to: target)
            var partBias = try part.bias.floats()
            if number == 0, scale != 1 {
                for index in target.indices { target[index] *= scale }
                for index in partBias.indices { partBias[index] *= scale }
            }
            bias += partBias
        }
        let scaling = calibration?.scaling(
            layer, role, weights: rows.bound(to: Float.self), inputs: shape.inputs, outputs: shape.outputs)
        return try Linear(
            engine, stream, rows: rows, bias: bias, inputs: shape.inputs, scaling: scaling,
            plan: plans[role.rawValue])
    }
}
