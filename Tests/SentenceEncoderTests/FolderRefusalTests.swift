import Testing
@testable import SentenceEncoder

/// A change to a model that works, and words of the reason for which it then is refused.
struct Refusal: Sendable, CustomTestStringConvertible {
    let file: String
    let reason: String
    let change: @Sendable (inout TinyModel) -> Void

    init(_ file: String, _ reason: String, _ change: @escaping @Sendable (inout TinyModel) -> Void) {
        (self.file, self.reason, self.change) = (file, reason, change)
    }

    static func config(_ key: String, _ value: String, _ reason: String) -> Refusal {
        Refusal("config.json", reason) { $0.config[key] = value }
    }

    static func sentence(_ key: String, _ value: String, _ reason: String) -> Refusal {
        Refusal("sentence_bert_config.json", reason) { $0.sentence?[key] = value }
    }

    static func pooling(_ key: String, _ value: String, _ reason: String) -> Refusal {
        Refusal("1_Pooling/config.json", reason) { $0.pooling?[key] = value }
    }

    static func settings(_ key: String, _ value: String, _ reason: String) -> Refusal {
        Refusal("config_sentence_transformers.json", reason) { $0.settings = [key: value] }
    }

    static func modules(_ text: String, _ reason: String) -> Refusal {
        Refusal("modules.json", reason) { $0.modules = text }
    }

    static func path(_ path: String) -> Refusal {
        modules(
            #"[{"name":"0","path":"\#(path)","type":"sentence_transformers.models.Transformer"}]"#, "leads out of")
    }

    var testDescription: String { "\(file): \(reason)" }
}

@Suite("Model folder, refused") struct FolderRefusalTests {
    private static let configuration: [Refusal] = [
        .config("model_type", "\"roberta\"", "'roberta' as 'model_type'"),
        .config("model_type", "\"mpnet\"", "'mpnet'"), .config("model_type", "\"distilbert\"", "'distilbert'"),
        .config("model_type", "\"nomic_bert\"", "'nomic_bert'"),
        .config("model_type", "null", "no name as 'model_type'"),
        .config("model_type", "3", "a number as 'model_type'"),
        .config("architectures", "[\"JinaBertForMaskedLM\"]", "'JinaBertForMaskedLM'"),
        .config("architectures", "[1]", "a number"),
        .config("position_embedding_type", "\"relative_key\"", "only 'absolute'"),
        .config("position_embedding_type", "\"alibi\"", "only 'absolute'"),
        .config("is_decoder", "true", "a decoder"), .config("add_cross_attention", "true", "cross-attention"),
        .config("is_encoder_decoder", "true", "only an encoder"),
        .config("auto_map", "{\"AutoModel\": \"modeling.Model\"}", "its own Python code"),
        .config("pruned_heads", "{\"0\": [1]}", "pruned"),
        .config("quantization_config", "{\"bits\": 8}", "quantised"),
        .config("hidden_act", "\"silu\"", "'silu' as 'hidden_act'"),
        .config("hidden_act", "\"quick_gelu\"", "'quick_gelu'"),
        .config("num_attention_heads", "3", "3 attention heads, which do not divide"),
        .config("num_attention_heads", "0", "0 as 'num_attention_heads'"),
        .config("num_hidden_layers", "1000000000000000000", "1000000000000000000 as 'num_hidden_layers'"),
        .config("num_hidden_layers", "0", "0 as"), .config("num_hidden_layers", "-1", "-1 as"),
        .config("hidden_size", "9223372036854775807", "as 'hidden_size'"),
        .config("hidden_size", "92233720368547758070", "a whole number"),
        .config("hidden_size", "4.0", "a whole number"),
        .config("hidden_size", "\"4\"", "a string as 'hidden_size'"),
        .config("intermediate_size", "1099511627776", "as 'intermediate_size'"),
        .config("vocab_size", "1099511627776", "as 'vocab_size'"),
        .config("max_position_embeddings", "1099511627776", "as 'max_position_embeddings'"),
        .config("max_position_embeddings", "0", "as 'max_position_embeddings'"),
        .config("type_vocab_size", "0", "as 'type_vocab_size'"),
        .config("layer_norm_eps", "0", "as 'layer_norm_eps'"),
        .config("layer_norm_eps", "-1e-5", "as 'layer_norm_eps'"),
        .config("layer_norm_eps", "1e-60", "as 'layer_norm_eps'"), .config("layer_norm_eps", "1e999", "out of range"),
        Refusal("config.json", "is not valid JSON") { $0.config = ["a": "}"] },
    ]

    private static let modules: [Refusal] = [
        .modules("{}", "not a list"), .modules("[]", "no module"), .modules("[1]", "without 'type' or 'path'"),
        .modules("[", "not valid JSON"),
        .modules(TinyModel.modules(["Transformer"]), "lists Transformer;"),
        .modules(TinyModel.modules(["Pooling", "Transformer"]), "lists Pooling, Transformer;"),
        .modules(TinyModel.modules(["Transformer", "Pooling", "Dense"]), "models.Dense'"),
        .modules(TinyModel.modules(["Transformer", "Pooling", "Dropout"]), "models.Dropout'"),
        .modules(TinyModel.modules(["Transformer", "Pooling", "Normalize", "Normalize"]), "Normalize, Normalize;"),
        .modules(TinyModel.modules(["Transformer", "Pooling"], package: "custom_st"), "custom_st.Transformer'"),
        .modules(
            TinyModel.modules(["Transformer", "Pooling"], package: "sentence_transformers.sparse_encoder.models"),
            "sparse"),
        .modules(
            TinyModel.modules(["Transformer", "Pooling"]).replacing("\"name\":\"1\"", with: "\"name\":\"0\""),
            "a 'name' of their own"),
        .path(".."), .path("a/../../b"), .path("/etc"), .path("C:/x"), .path("a\\\\..\\\\b"), .path("a\\u0000b"),
    ]

    private static let pooling: [Refusal] = [
        .pooling("pooling_mode_weightedmean_tokens", "true", "'weightedmean'"),
        .pooling("pooling_mode_lasttoken", "true", "'lasttoken'"),
        .pooling("pooling_mode", "\"lasttoken\"", "'lasttoken'"),
        .pooling("pooling_mode", "[]", "not a list of 1 to 16"),
        .pooling("pooling_mode", "[1]", "not a list of 1 to 16"),
        .pooling("pooling_mode", "{}", "an object as 'pooling_mode'"), .pooling("pooling_mode", "\"Mean\"", "'Mean'"),
        .pooling("pooling_mode_mean_tokens", "1", "a number as 'pooling_mode_mean_tokens'"),
        .pooling("word_embedding_dimension", "8", "vectors of 8 components, the model has 4"),
        .pooling("word_embedding_dimension", "null", "no known number"),
        .pooling("pooling_mode_median_tokens", "true", "'pooling_mode_median_tokens', which is not known"),
        Refusal("1_Pooling/config.json", "No such file") { $0.pooling = nil },
    ]

    private static let others: [Refusal] = [
        .sentence("max_seq_length", "\"6\"", "a string as 'max_seq_length'"),
        .sentence("max_seq_length", "2", "limits texts to 2 tokens"), .sentence("max_seq_length", "0", "0 as"),
        .sentence("do_lower_case", "1", "a number as 'do_lower_case'"),
        .sentence("transformer_task", "\"fill-mask\"", "'fill-mask'"),
        .sentence("module_output_name", "\"sentence_embedding\"", "'sentence_embedding'"),
        .sentence("modality_config", #"{"text": {"method": "get_text_features"}}"#, "modality_config"),
        .sentence("modality_config", #"{"message": {"method": "forward"}}"#, "modality_config"),
        .sentence("query_length", "32", "'query_length', which is not known"),
        .sentence("query_expansion", "{\"length\": 32}", "'query_expansion'"),
        .sentence("processing_kwargs", "{\"text\": {\"max_length\": 3}}", "'processing_kwargs'"),
        .sentence("mask_prompt", "true", "'mask_prompt'"),
        .sentence("model_args", "{\"rope_theta\": 2}", "'rope_theta' in 'model_args'"),
        .sentence("tokenizer_args", "{\"do_lower_case\": true}", "'do_lower_case' in 'tokenizer_args'"),
        .settings("model_type", "\"SparseEncoder\"", "'SparseEncoder'"),
        .settings("truncate_dim", "2", "cuts vectors to 2 of 4"), .settings("prompts", "[1]", "an array as 'prompts'"),
        .settings("prompts", "{\"a\": 1}", "a number as prompt 'a'"),
        .settings("default_prompt_name", "\"x\"", "'x' as default prompt"),
        Refusal("tokenizer_config.json", "0.0 as 'model_max_length'") {
            $0.sentence = nil
            $0.tokenizer = ["model_max_length": "0"]
        },
        Refusal("2_Normalize/config.json", "'token_embeddings' as 'module_input_name'") {
            $0.normalize = ["module_input_name": "\"token_embeddings\""]
        },
        Refusal("", "an adapter (PEFT)") { $0.others = ["adapter_config.json": "{}"] },
        Refusal("config.json", "more than the 1048576") {
            $0.config["x"] = "\"" + String(repeating: "x", count: 1 << 20) + "\""
        },
    ]

    @Test(
        "A model that cannot be run exactly is refused with the file and the reason",
        arguments: configuration + modules + pooling + others)
    func refused(refusal: Refusal) throws {
        var model = TinyModel()
        refusal.change(&model)
        let folder = try ScratchFolder()
        try model.write(to: folder)
        let error = #expect(throws: ModelError.self) { try ModelFolder(path: folder.path) }
        #expect(error?.problem.contains(refusal.reason) == true, "\(String(describing: error))")
        #expect(error?.path == folder.path + (refusal.file.isEmpty ? "" : "/" + refusal.file))
    }

    @Test("Options that are written but not used, or change nothing, do not refuse a model")
    func harmless() throws {
        let model = TinyModel.with {
            $0.config.merge([
                "is_decoder": "false", "position_embedding_type": "\"absolute\"", "pruned_heads": "{}",
                "auto_map": "null",
                "architectures": "[\"BertForMaskedLM\"]", "gradient_checkpointing": "false", "dtype": "\"float16\"",
            ]) { _, new in new }
            $0.sentence?.merge([
                "transformer_task": "\"feature-extraction\"", "module_output_name": "\"token_embeddings\"",
                "modality_config": #"{"text": {"method": "forward", "method_output_name": "last_hidden_state"}}"#,
                "query_length": "null", "mask_prompt": "false", "model_args": #"{"add_pooling_layer": false}"#,
                "unpad_inputs": "true",
            ]) { _, new in new }
            $0.pooling?["include_prompt"] = "false"
            $0.normalize = ["module_input_name": "\"sentence_embedding\""]
            $0.settings = [
                "truncate_dim": "4", "model_type": "\"SentenceTransformer\"", "similarity_fn_name": "\"cosine\"",
                "default_prompt_name": "null",
            ]
        }
        let loaded = try model.load()
        #expect(!loaded.pooling.includesPrompt)
    }
}
