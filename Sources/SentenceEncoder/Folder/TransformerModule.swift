/// What sentence_bert_config.json and tokenizer_config.json say about cutting and lower-casing texts, as
/// sentence-transformers' `Transformer` module uses them.
struct TransformerModule: Sendable, Equatable {
    /// Tokens of a sequence, special ones included; at most the model's positions.
    let maxSequenceLength: Int
    /// Whether texts are lower-cased before the tokenizer's own normalisation.
    let lowercasesText: Bool

    /// The names that the file has had; the first that is there and not empty counts.
    static let fileNames = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
        .map { "sentence_\($0)_config.json" }

    /// - Parameters:
    ///   - file: sentence_bert_config.json, if there is one and the folder has a modules.json.
    ///   - tokenizer: tokenizer_config.json, if there is one.
    init(_ file: JSONFile?, tokenizer: JSONFile?, maxPositions: Int) throws(ModelError) {
        if let file { try Self.checkOptions(file) }
        lowercasesText = try file?.flag("do_lower_case") ?? false
        let ofTokenizer = try tokenizer.flatMap(Self.modelMaxLength)
        let ofModule = try file.flatMap { (file) throws(ModelError) in
            try file.integer("max_seq_length", in: 1...Int.max)
        }
        // With a length of its own the reference does not look at the positions, and fails with an index error on the
        // first text that is longer than they are.
        maxSequenceLength = min(ofModule ?? ofTokenizer ?? maxPositions, maxPositions)
        // [CLS], [SEP] and something in between.
        guard maxSequenceLength >= 3 else {
            throw (file ?? tokenizer)?.error("limits texts to \(maxSequenceLength) tokens, and two of them are special")
                ?? ModelError("config.json", "has too few positions for a text")
        }
    }

    /// The tokenizer's limit. Where there is none, transformers writes 10 to the power of 30.
    private static func modelMaxLength(_ tokenizer: JSONFile) throws(ModelError) -> Int? {
        let name = tokenizer["model_max_length"] == nil ? "max_len" : "model_max_length"
        guard let limit = try tokenizer.number(name) else { return nil }
        guard limit >= 1 else { throw tokenizer.error("has \(limit) as '\(name)'") }
        return limit < 0x1p53 ? Int(limit) : nil
    }

    private static func checkOptions(_ file: JSONFile) throws(ModelError) {
        try file.refuseUnknown(except: [
            "max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name",
            // Without padding or with, the result is the same.
            "unpad_inputs",
            "model_args", "model_kwargs", "config_args", "config_kwargs", "tokenizer_args", "processor_kwargs",
        ])
        let task = try file.text("transformer_task") ?? "feature-extraction"
        guard task == "feature-extraction" else {
            throw file.error("has \(quote(task)) as 'transformer_task'; only 'feature-extraction' can be run")
        }
        let output = try file.text("module_output_name") ?? "token_embeddings"
        guard output == "token_embeddings" else {
            throw file.error("has \(quote(output)) as 'module_output_name'; only 'token_embeddings' can be run")
        }
        if let modalities = file["modality_config"] {
            guard modalities.members?.count == 1, let text = modalities["text"],
                text["method"]?.text == "forward", text["method_output_name"]?.text == "last_hidden_state"
            else { throw file.error("has a 'modality_config' other than that of a text encoder") }
        }
        // What these say about loading is of no consequence here; anything else could change the result.
        let harmless: Set = ["trust_remote_code", "add_pooling_layer", "attn_implementation", "torch_dtype", "dtype"]
        for key in ["model_args", "model_kwargs", "config_args", "config_kwargs", "tokenizer_args", "processor_kwargs"]
        {
            for member in file[key]?.members ?? [] where !harmless.contains(member.name) && !member.value.isVoid {
                throw file.error("sets \(quote(member.name)) in '\(key)', which is not known here")
            }
        }
    }
}
