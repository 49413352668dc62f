@testable import SentenceEncoder

/// The files of a tiny BERT model, to be changed by a test before they are written. Values are JSON as it is written.
struct TinyModel: Sendable {
    typealias Object = [String: String]

    var config: Object = [
        "model_type": "\"bert\"", "architectures": "[\"BertModel\"]", "hidden_size": "4", "num_hidden_layers": "2",
        "num_attention_heads": "2", "intermediate_size": "6", "vocab_size": "10", "max_position_embeddings": "8",
        "type_vocab_size": "2", "hidden_act": "\"gelu\"", "layer_norm_eps": "1e-12",
    ]
    var modules: String? = TinyModel.modules(["Transformer", "Pooling", "Normalize"])
    var pooling: Object? = ["word_embedding_dimension": "4", "pooling_mode_mean_tokens": "true"]
    var sentence: Object? = ["max_seq_length": "6", "do_lower_case": "false"]
    var tokenizer: Object? = ["model_max_length": "7"]
    var settings: Object?
    var normalize: Object?
    var others: [String: String] = [:]

    static func modules(_ kinds: [String], package: String = "sentence_transformers.models") -> String {
        let entries = kinds.enumerated().map { index, kind in
            let path = kind == "Transformer" ? "" : "\(index)_\(kind)"
            return #"{"idx":\#(index),"name":"\#(index)","path":"\#(path)","type":"\#(package).\#(kind)"}"#
        }
        return "[" + entries.joined(separator: ",") + "]"
    }

    static func text(_ object: Object) -> String {
        "{" + object.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ") + "}"
    }

    func write(to folder: ScratchFolder) throws {
        try folder.write("config.json", Self.text(config))
        if let modules { try folder.write("modules.json", modules) }
        let objects = [
            ("1_Pooling/config.json", pooling), ("2_Normalize/config.json", normalize),
            ("sentence_bert_config.json", sentence), ("tokenizer_config.json", tokenizer),
            ("config_sentence_transformers.json", settings),
        ]
        for case (let name, let object?) in objects { try folder.write(name, Self.text(object)) }
        for (name, text) in others { try folder.write(name, text) }
    }

    /// Writes the folder and reads it.
    func load() throws -> ModelFolder {
        let folder = try ScratchFolder()
        try write(to: folder)
        return try ModelFolder(path: folder.path)
    }

    /// The model with a change.
    static func with(_ change: (inout TinyModel) -> Void) -> TinyModel {
        var model = TinyModel()
        change(&model)
        return model
    }

    /// The tensors that the configuration of `TinyModel()` asks for, with distinct values, of a prefix and type.
    static func tensors(prefix: String = "") -> [TestTensor] {
        let (hidden, wide) = (4, 6)
        var shapes: [(String, [Int])] = [
            ("embeddings.word_embeddings.weight", [10, hidden]),
            ("embeddings.position_embeddings.weight", [8, hidden]),
            ("embeddings.token_type_embeddings.weight", [2, hidden]), ("embeddings.LayerNorm.weight", [hidden]),
            ("embeddings.LayerNorm.bias", [hidden]),
        ]
        for layer in 0..<2 {
            let linear = [
                ("attention.self.query", hidden, hidden), ("attention.self.key", hidden, hidden),
                ("attention.self.value", hidden, hidden), ("attention.output.dense", hidden, hidden),
                ("intermediate.dense", hidden, wide), ("output.dense", wide, hidden),
            ]
            for (name, inputs, outputs) in linear {
                shapes.append(("encoder.layer.\(layer).\(name).weight", [outputs, inputs]))
                shapes.append(("encoder.layer.\(layer).\(name).bias", [outputs]))
            }
            for name in ["attention.output.LayerNorm", "output.LayerNorm"] {
                shapes.append(("encoder.layer.\(layer).\(name).weight", [hidden]))
                shapes.append(("encoder.layer.\(layer).\(name).bias", [hidden]))
            }
        }
        return shapes.enumerated().map { index, shape in
            TestTensor(
                prefix + shape.0, shape.1, [Float](repeating: Float(index), count: shape.1.reduce(1, *)))
        }
    }
}
