import COneDNN

/// A BERT encoder's weights as a precision needs them, ready to be multiplied with; shared by all lanes.
struct Network: Sendable {
    struct Norm: Sendable {
        let weight: [Float]
        let bias: [Float]

        init(_ norm: BERTWeights.Norm) throws(ModelError) {
            weight = try norm.weight.floats()
            bias = try norm.bias.floats()
        }
    }

    struct Layer: Sendable {
        let attentionInput: Linear
        let attentionOutput: Linear
        let attentionNorm: Norm
        let intermediate: Linear
        let output: Linear
        let outputNorm: Norm
    }

    let configuration: BERTConfiguration
    let precision: Precision
    let engine: ProductEngine
    /// Looked up row by row, and left in the file's mapping until then.
    let wordEmbeddings: Tensor
    /// Those of each position with those of the first token type, [positions, hidden].
    let positionEmbeddings: [Float]
    let embeddingNorm: Norm
    let layers: [Layer]
    /// How the weights of each role lie, for products of any number of rows.
    let plans: [ProductPlan]
    let shapes: [LinearShape]

    /// Packs the weights of a model.
    ///
    /// - Parameters:
    ///   - calibration: How large activations are; needed at int8.
    ///   - capacity: Rows of the largest product; the layout of the weights is made for it.
    init(
        _ weights: BERTWeights, _ configuration: BERTConfiguration, _ precision: Precision,
        calibration: Calibration? = nil, capacity: Int
    ) throws {
        self.configuration = configuration
        self.precision = precision
        let engine = try ProductEngine()
        let stream = try ProductStream(engine)
        self.engine = engine
        shapes = LinearRole.allCases.map { LinearShape($0, configuration, precision) }
        let plans = try shapes.map { try ProductPlan(engine, $0.product(rows: capacity), weightsOf: nil) }
        self.plans = plans

        wordEmbeddings = weights.wordEmbeddings
        // What was read once is given back, or the whole file would count as the process's: single rows of the
        // embeddings come back when they are needed, and the linear layers get a copy of their own.
        let file = weights.wordEmbeddings.file
        file.release()
        positionEmbeddings = try Self.positions(weights, configuration)
        embeddingNorm = try Norm(weights.embeddingNorm)

        let packing = Packing(
            engine: engine, stream: stream, shapes: shapes, plans: plans,
            calibration: precision == .int8 ? calibration : nil)
        // Scores are divided by √width: done once, in the weights of the queries.
        let scale = 1 / Float(configuration.headSize).squareRoot()
        layers = try weights.layers.enumerated().map { number, layer in
            defer { file.release() }
            return Layer(
                attentionInput: try packing.pack(
                    [layer.query, layer.key, layer.value], number, .attentionInput, scalingFirstBy: scale),
                attentionOutput: try packing.pack([layer.attentionOutput], number, .attentionOutput),
                attentionNorm: try Norm(layer.attentionNorm),
                intermediate: try packing.pack([layer.intermediate], number, .intermediate),
                output: try packing.pack([layer.output], number, .output),
                outputNorm: try Norm(layer.outputNorm))
        }
    }

    private static func positions(
        _ weights: BERTWeights, _ configuration: BERTConfiguration
    ) throws(ModelError) -> [Float] {
        var positions = try weights.positionEmbeddings.floats()
        let types = try weights.tokenTypeEmbeddings.floats()
        let hidden = configuration.hiddenSize
        for index in positions.indices { positions[index] += types[index % hidden] }
        return positions
    }
}
