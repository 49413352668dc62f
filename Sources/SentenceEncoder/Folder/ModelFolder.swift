import Glibc

/// A sentence-transformers folder of a BERT encoder: what its JSON files say, read and checked, without the weights.
///
/// Every field is used as sentence-transformers 6.2 and transformers 5.23 use it. What cannot be run exactly as they run
/// it is refused with the reason.
package struct ModelFolder: Sendable {
    /// The folder.
    package let path: String
    /// The folder's own name.
    package let name: String
    /// Where config.json, the weights and the tokenizer are: `path` or a folder in it.
    let encoderPath: String
    /// The encoder's sizes.
    package let configuration: BERTConfiguration
    /// How a sequence's vectors become one.
    package let pooling: Pooling
    /// Whether vectors are divided by their L2 norm.
    package let normalizes: Bool
    /// What is put before texts.
    package let prompts: Prompts
    /// Tokens of a sequence, [CLS] and [SEP] included.
    package let maxSequenceLength: Int
    /// Whether texts are lower-cased before the tokenizer's own normalisation, which may do so too.
    let lowercasesText: Bool

    /// Components of a text's vector.
    package var dimension: Int { configuration.hiddenSize * pooling.modes.count }

    /// The prompt for texts of a role; "" for none.
    package func prompt(for role: TextRole) -> String { prompts.text(for: role) }

    /// Reads and checks a folder.
    ///
    /// Without modules.json it is a plain transformers folder, for which sentence-transformers takes mean pooling, no
    /// normalisation and no prompts.
    package init(path: String) throws(ModelError) {
        self.path = path
        name = try Self.name(ofFolder: path)
        let modulesPath = path + "/modules.json"
        let modules: Modules? =
            exists(modulesPath)
            ? try Modules(bytes: try readFile(modulesPath, limit: configurationFileLimit), path: modulesPath) : nil
        let encoderPath = Self.join(path, modules?.transformer ?? "")
        self.encoderPath = encoderPath
        guard !exists(encoderPath + "/adapter_config.json") else {
            throw ModelError(
                encoderPath,
                "holds an adapter (PEFT); merge it into its base model with 'merge_and_unload' and save that")
        }
        let configurationPath = encoderPath + "/config.json"
        guard exists(configurationPath) else {
            throw ModelError(path, "is not the folder of a model: there is no \(configurationPath)")
        }
        let configuration = try BERTConfiguration(JSONFile(path: configurationPath))
        self.configuration = configuration
        if let modules {
            let folder = Self.join(path, modules.pooling)
            pooling = try Pooling(JSONFile(path: folder + "/config.json"), hiddenSize: configuration.hiddenSize)
        } else {
            pooling = .standard
        }
        normalizes = modules?.normalize != nil
        if let folder = modules?.normalize, let file = try JSONFile.ifPresent(Self.join(path, folder) + "/config.json")
        {
            try Modules.checkNormalize(file)
        }
        let module = try TransformerModule(
            modules == nil ? nil : Self.moduleFile(in: encoderPath),
            tokenizer: JSONFile.ifPresent(encoderPath + "/tokenizer_config.json"),
            maxPositions: configuration.maxPositions)
        maxSequenceLength = module.maxSequenceLength
        lowercasesText = module.lowercasesText
        if modules != nil, let file = try JSONFile.ifPresent(path + "/config_sentence_transformers.json") {
            try Self.checkSettings(file, dimension: configuration.hiddenSize * pooling.modes.count)
            prompts = try Prompts(file)
        } else {
            prompts = .none
        }
    }

    private static func name(ofFolder path: String) throws(ModelError) -> String {
        var facts = stat()
        guard !path.isEmpty, !path.utf8.contains(0), stat(path, &facts) == 0 else {
            throw ModelError(path, "does not exist or cannot be read; a folder of a model is needed")
        }
        guard facts.st_mode & S_IFMT == S_IFDIR else { throw ModelError(path, "is not a folder") }
        let last = path.split(separator: "/").last.map(String.init)
        if let last, last != ".", last != ".." { return last }
        // "." and the like have no name of their own.
        guard let resolved = realpath(path, nil) else { throw ModelError(path, "cannot be resolved") }
        defer { free(resolved) }
        return String(cString: resolved).split(separator: "/").last.map(String.init) ?? "/"
    }

    private static func join(_ path: String, _ folder: String) -> String { folder.isEmpty ? path : path + "/" + folder }

    private static func moduleFile(in folder: String) throws(ModelError) -> JSONFile? {
        for name in TransformerModule.fileNames {
            if let file = try JSONFile.ifPresent(folder + "/" + name), !file.members.isEmpty { return file }
        }
        return nil
    }

    private static func checkSettings(_ file: JSONFile, dimension: Int) throws(ModelError) {
        let type = try file.text("model_type") ?? "SentenceTransformer"
        guard type == "SentenceTransformer" else {
            throw file.error("is for a \(quote(type)); only a 'SentenceTransformer' can be run")
        }
        if let truncated = try file.integer("truncate_dim", in: 1...Int.max), truncated < dimension {
            throw file.error(
                "cuts vectors to \(truncated) of \(dimension) components ('truncate_dim'), which cannot be done")
        }
    }
}
