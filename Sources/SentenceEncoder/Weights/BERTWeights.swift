/// The tensors of a BERT encoder by their roles, their shapes and types checked against the configuration. Nothing is
/// copied or converted.
struct BERTWeights: Sendable {
    /// y = W·x + b.
    struct Linear: Sendable {
        /// [outputs, inputs]
        let weight: Tensor
        /// [outputs]
        let bias: Tensor
    }

    /// A LayerNorm's scale and shift, each [hidden].
    struct Norm: Sendable {
        let weight: Tensor
        let bias: Tensor
    }

    /// One transformer layer.
    struct Layer: Sendable {
        let query: Linear
        let key: Linear
        let value: Linear
        let attentionOutput: Linear
        let attentionNorm: Norm
        let intermediate: Linear
        let output: Linear
        let outputNorm: Norm
    }

    /// [vocabulary, hidden]
    let wordEmbeddings: Tensor
    /// [positions, hidden]
    let positionEmbeddings: Tensor
    /// [types, hidden]
    let tokenTypeEmbeddings: Tensor
    let embeddingNorm: Norm
    let layers: [Layer]

    /// Finds all tensors; everything that is missing, of another shape or of a type that is not read is named in one
    /// error. Tensors that an encoder does not need (`pooler`, `cls`, `position_ids`) may be there and are left alone.
    init(_ file: SafeTensors, _ configuration: BERTConfiguration) throws(ModelError) {
        var reader = RoleReader(file)
        let hidden = configuration.hiddenSize
        let embeddings = "embeddings"
        let words = reader.tensor("\(embeddings).word_embeddings.weight", [configuration.vocabularySize, hidden])
        let positions = reader.tensor("\(embeddings).position_embeddings.weight", [configuration.maxPositions, hidden])
        let types = reader.tensor(
            "\(embeddings).token_type_embeddings.weight", [configuration.typeVocabularySize, hidden])
        let norm = reader.norm("\(embeddings).LayerNorm", hidden)
        let layers = (0..<configuration.layers).map { reader.layer("encoder.layer.\($0)", configuration) }
        try reader.finish()
        // Without a problem in `finish` everything was found.
        guard let words, let positions, let types, let norm else { preconditionFailure("a tensor lost without a word") }
        wordEmbeddings = words
        positionEmbeddings = positions
        tokenTypeEmbeddings = types
        embeddingNorm = norm
        self.layers = layers.compactMap { $0 }
    }
}

/// Looks tensors up by name and keeps account of what was wrong.
private struct RoleReader {
    private static let reported = 4

    private let file: SafeTensors
    private let prefix: String
    private var problems: [String] = []
    private var problemCount = 0

    init(_ file: SafeTensors) {
        self.file = file
        // Saved from a model with a head (BertForMaskedLM and the like), the encoder's names have its prefix.
        let first = "embeddings.word_embeddings.weight"
        prefix = file.tensor(named: first) == nil && file.tensor(named: "bert." + first) != nil ? "bert." : ""
    }

    private mutating func note(_ problem: String) {
        problemCount += 1
        if problems.count < Self.reported { problems.append(problem) }
    }

    mutating func tensor(_ name: String, olderName: String? = nil, _ shape: [Int]) -> Tensor? {
        let name = prefix + name
        guard let tensor = file.tensor(named: name) ?? olderName.flatMap({ file.tensor(named: prefix + $0) }) else {
            note("no tensor '\(name)' \(shape)")
            return nil
        }
        guard tensor.shape == shape else {
            note("'\(tensor.name)' is \(describe(tensor.shape)) where \(shape) is expected")
            return nil
        }
        guard tensor.type.isSupported else {
            note("'\(tensor.name)' is \(tensor.type.rawValue) where F32, F16 or BF16 is expected")
            return nil
        }
        return tensor
    }

    mutating func linear(_ name: String, _ inputs: Int, _ outputs: Int) -> BERTWeights.Linear? {
        let weight = tensor("\(name).weight", [outputs, inputs])
        let bias = tensor("\(name).bias", [outputs])
        guard let weight, let bias else { return nil }
        return BERTWeights.Linear(weight: weight, bias: bias)
    }

    mutating func norm(_ name: String, _ size: Int) -> BERTWeights.Norm? {
        // The first BERT models were converted from TensorFlow with its names.
        let weight = tensor("\(name).weight", olderName: "\(name).gamma", [size])
        let bias = tensor("\(name).bias", olderName: "\(name).beta", [size])
        guard let weight, let bias else { return nil }
        return BERTWeights.Norm(weight: weight, bias: bias)
    }

    mutating func layer(_ name: String, _ configuration: BERTConfiguration) -> BERTWeights.Layer? {
        let (hidden, intermediate) = (configuration.hiddenSize, configuration.intermediateSize)
        let query = linear("\(name).attention.self.query", hidden, hidden)
        let key = linear("\(name).attention.self.key", hidden, hidden)
        let value = linear("\(name).attention.self.value", hidden, hidden)
        let attentionOutput = linear("\(name).attention.output.dense", hidden, hidden)
        let attentionNorm = norm("\(name).attention.output.LayerNorm", hidden)
        let widening = linear("\(name).intermediate.dense", hidden, intermediate)
        let narrowing = linear("\(name).output.dense", intermediate, hidden)
        let outputNorm = norm("\(name).output.LayerNorm", hidden)
        guard let query, let key, let value, let attentionOutput, let attentionNorm, let widening, let narrowing,
            let outputNorm
        else { return nil }
        return BERTWeights.Layer(
            query: query, key: key, value: value, attentionOutput: attentionOutput, attentionNorm: attentionNorm,
            intermediate: widening, output: narrowing, outputNorm: outputNorm)
    }

    func finish() throws(ModelError) {
        guard problemCount > 0 else { return }
        let more = problemCount > problems.count ? "; and \(problemCount - problems.count) more" : ""
        throw ModelError(
            file.path, "does not fit the model's config.json: " + problems.joined(separator: "; ") + more)
    }
}
