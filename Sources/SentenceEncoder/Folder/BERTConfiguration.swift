/// The function between the two linear layers of a feed-forward block.
enum Activation: String, Sendable {
    /// x·Φ(x), with the error function.
    case gelu
    /// GELU by its approximation with tanh.
    case geluTanh
    case relu

    /// By the names of transformers' `ACT2FN`. All of one case compute the same function.
    init?(name: String) {
        switch name {
        case "gelu", "gelu_python": self = .gelu
        case "gelu_new", "gelu_fast", "gelu_accurate", "gelu_pytorch_tanh", "gelu_python_tanh": self = .geluTanh
        case "relu": self = .relu
        default: return nil
        }
    }
}

/// The sizes and options of a BERT encoder, from config.json as transformers' `BertConfig` reads it.
package struct BERTConfiguration: Sendable, Equatable {
    /// Components of a token's vector.
    let hiddenSize: Int
    /// Transformer layers.
    package let layers: Int
    /// Attention heads; divides `hiddenSize`.
    let heads: Int
    /// Components between the linear layers of a feed-forward block.
    let intermediateSize: Int
    /// The function of a feed-forward block.
    let activation: Activation
    /// Added to the variance by every LayerNorm.
    let layerNormEpsilon: Float
    /// Rows of the table of word embeddings.
    let vocabularySize: Int
    /// Rows of the table of position embeddings: the most tokens of a sequence.
    let maxPositions: Int
    /// Rows of the table of token type embeddings.
    let typeVocabularySize: Int

    /// Components of one head's vectors.
    var headSize: Int { hiddenSize / heads }

    /// Whether a head's components come in pairs, which is how bfloat16 is multiplied.
    var hasEvenHeads: Bool { headSize % 2 == 0 }
}

extension BERTConfiguration {
    /// Reads config.json; refuses a model that is no BERT encoder with absolute positions, and sizes beyond any that
    /// exist. What is absent has `BertConfig`'s default.
    init(_ file: JSONFile) throws(ModelError) {
        try Self.checkArchitecture(file)
        hiddenSize = try file.integer("hidden_size", in: 1...16_384) ?? 768
        layers = try file.integer("num_hidden_layers", in: 1...256) ?? 12
        heads = try file.integer("num_attention_heads", in: 1...1024) ?? 12
        intermediateSize = try file.integer("intermediate_size", in: 1...131_072) ?? 3072
        vocabularySize = try file.integer("vocab_size", in: 1...4_000_000) ?? 30_522
        maxPositions = try file.integer("max_position_embeddings", in: 1...131_072) ?? 512
        typeVocabularySize = try file.integer("type_vocab_size", in: 1...1024) ?? 2
        guard hiddenSize % heads == 0 else {
            throw file.error("gives \(heads) attention heads, which do not divide the hidden size \(hiddenSize)")
        }
        let epsilon = try file.number("layer_norm_eps") ?? 1e-12
        // As a Float: what rounds to nothing would divide by nothing.
        guard Float(epsilon) > 0, epsilon < 1 else {
            throw file.error("has \(epsilon) as 'layer_norm_eps'; a small positive number is expected")
        }
        layerNormEpsilon = Float(epsilon)
        let name = try file.text("hidden_act") ?? "gelu"
        guard let activation = Activation(name: name) else {
            throw file.error("has \(quote(name)) as 'hidden_act'; gelu, gelu_new and relu can be run")
        }
        self.activation = activation
    }

    private static func checkArchitecture(_ file: JSONFile) throws(ModelError) {
        let type = try file.text("model_type")
        guard type == "bert" else {
            throw file.error(
                "has \(type.map(quote) ?? "no name") as 'model_type'; only models of type 'bert' can be run")
        }
        for architecture in file["architectures"]?.elements ?? [] {
            // Code of their own under BERT's type: JinaBertForMaskedLM and the like.
            guard let name = architecture.text, name.hasPrefix("Bert") else {
                throw file.error(
                    "names the architecture \(architecture.text.map(quote) ?? architecture.kind); only Bert… can be run"
                )
            }
        }
        let positions = try file.text("position_embedding_type") ?? "absolute"
        guard positions == "absolute" else {
            throw file.error("has \(quote(positions)) as 'position_embedding_type'; only 'absolute' can be run")
        }
        try file.refuse("is_decoder", because: "a decoder cannot be run, only an encoder")
        try file.refuse("add_cross_attention", because: "cross-attention cannot be run")
        try file.refuse("is_encoder_decoder", because: "only an encoder alone can be run")
        try file.refuse("auto_map", because: "a model that brings its own Python code cannot be run")
        try file.refuse("pruned_heads", because: "pruned attention heads cannot be run")
        try file.refuse(
            "quantization_config", because: "quantised weights cannot be read; use the model's F32, F16 or BF16 version"
        )
    }
}
