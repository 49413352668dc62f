import Glibc
import Testing
@testable import SentenceEncoder

@Suite("Model folder") struct FolderTests {
    @Test("A folder is read for what it says")
    func plain() throws {
        let folder = try ScratchFolder()
        try TinyModel().write(to: folder)
        let model = try ModelFolder(path: folder.path + "/")
        #expect(
            model.configuration
                == BERTConfiguration(
                    hiddenSize: 4, layers: 2, heads: 2, intermediateSize: 6, activation: .gelu, layerNormEpsilon: 1e-12,
                    vocabularySize: 10, maxPositions: 8, typeVocabularySize: 2))
        #expect(model.configuration.headSize == 2)
        #expect(model.pooling.modes == [.mean] && model.pooling.includesPrompt)
        #expect(model.normalizes)
        #expect(model.maxSequenceLength == 6)
        #expect(!model.lowercasesText)
        #expect(model.dimension == 4)
        #expect(model.prompts == .none && model.prompt(for: .query) == "")
        #expect(model.name == folder.path.split(separator: "/").last.map(String.init))
        #expect(model.encoderPath == folder.path + "/")
    }

    @Test("What config.json leaves out has BertConfig's default")
    func defaults() throws {
        let configuration = try TinyModel.with {
            $0.config = ["model_type": "\"bert\""]
            $0.pooling = ["embedding_dimension": "768"]
        }.load().configuration
        #expect(
            configuration
                == BERTConfiguration(
                    hiddenSize: 768, layers: 12, heads: 12, intermediateSize: 3072, activation: .gelu,
                    layerNormEpsilon: 1e-12, vocabularySize: 30_522, maxPositions: 512, typeVocabularySize: 2))
    }

    @Test(
        "Activations are known by the names that compute the same",
        arguments: [
            ("gelu", Activation.gelu), ("gelu_python", .gelu), ("gelu_new", .geluTanh),
            ("gelu_pytorch_tanh", .geluTanh),
            ("relu", .relu),
        ])
    func activations(name: String, expected: Activation) throws {
        let model = try TinyModel.with { $0.config["hidden_act"] = "\"\(name)\"" }.load()
        #expect(model.configuration.activation == expected)
    }

    @Test(
        "Pooling modes are read as flags, as a name and as a list, in the order of the reference",
        arguments: [
            ([:], [.mean]), (["pooling_mode_mean_tokens": "false"], [.mean]),
            (["pooling_mode_cls_token": "true", "pooling_mode_mean_tokens": "false"], [.cls]),
            (["pooling_mode_max_tokens": "true"], [.max]),
            (["pooling_mode_mean_sqrt_len_tokens": "true"], [.meanSqrtLength]),
            (
                [
                    "pooling_mode_mean_sqrt_len_tokens": "true", "pooling_mode_mean_tokens": "true",
                    "pooling_mode_max_tokens": "true", "pooling_mode_cls_token": "true",
                ], [.cls, .max, .mean, .meanSqrtLength]
            ),
            (["pooling_mode": "\"cls\"", "pooling_mode_mean_tokens": "true"], [.cls]),
            (["pooling_mode": "[\"mean_sqrt_len_tokens\", \"max\", \"cls\"]"], [.meanSqrtLength, .max, .cls]),
            (["pooling_mode": "[\"mean\", \"mean\"]"], [.mean, .mean]),
        ] as [([String: String], [PoolingMode])])
    func pooling(object: [String: String], expected: [PoolingMode]) throws {
        let model = try TinyModel.with {
            $0.pooling = object.merging(["word_embedding_dimension": "4"]) { given, _ in given }
        }.load()
        #expect(model.pooling.modes == expected)
        #expect(model.dimension == 4 * expected.count)
    }

    @Test("Modules are known by the names of all versions, and a Transformer may have a folder of its own")
    func modules() throws {
        for package in ["sentence_transformers.models", "sentence_transformers.base.modules.transformer"] {
            let model = TinyModel.with { $0.modules = TinyModel.modules(["Transformer", "Pooling"], package: package) }
            #expect(try model.load().normalizes == false)
        }
        let folder = try ScratchFolder()
        try TinyModel.with {
            $0.modules = TinyModel.modules(["Transformer", "Pooling"]).replacing(
                "\"path\":\"\"", with: "\"path\":\"0_BERT\"")
        }.write(to: folder)
        for name in ["config.json", "sentence_bert_config.json", "tokenizer_config.json"] {
            let bytes = try readFile(folder.path + "/" + name, limit: 10_000)
            try folder.write("0_BERT/" + name, bytes)
            try folder.write(name, "no JSON")
        }
        let model = try ModelFolder(path: folder.path)
        #expect(model.encoderPath == folder.path + "/0_BERT")
        #expect(model.maxSequenceLength == 6)
    }

    @Test("Without modules.json pooling is the mean, nothing is normalised, and the files of modules do not count")
    func withoutModules() throws {
        let model = try TinyModel.with {
            $0.modules = nil
            $0.pooling = ["word_embedding_dimension": "4", "pooling_mode": "\"cls\""]
            $0.settings = ["prompts": "{\"query\": \"q: \"}"]
        }.load()
        #expect(model.pooling.modes == [.mean])
        #expect(!model.normalizes)
        #expect(model.prompt(for: .query) == "")
        #expect(model.maxSequenceLength == 7)
    }

    @Test(
        "The length of a sequence is the module's, else the tokenizer's, and never more than the positions",
        arguments: [
            ("6", "7", 6), ("7", "5", 7), ("9", "7", 8), ("null", "7", 7), (nil, "7", 7), (nil, "9", 8), (nil, nil, 8),
            (nil, "1000000000000000019884624838656", 8), (nil, "1e30", 8), (nil, "null", 8), ("6", nil, 6),
        ] as [(String?, String?, Int)])
    func lengths(module: String?, tokenizer: String?, expected: Int) throws {
        let model = try TinyModel.with {
            $0.sentence = module.map { ["max_seq_length": $0] }
            $0.tokenizer = tokenizer.map { ["model_max_length": $0] } ?? [:]
        }.load()
        #expect(model.maxSequenceLength == expected)
    }

    @Test("The first file of a Transformer's names counts that is there and not empty")
    func olderNames() throws {
        let model = TinyModel.with {
            $0.sentence = [:]
            $0.others = [
                "sentence_roberta_config.json": "{\"max_seq_length\": 5, \"do_lower_case\": true}",
                "sentence_xlnet_config.json": "{\"max_seq_length\": 4}",
            ]
        }
        #expect(try model.load().maxSequenceLength == 5)
        #expect(try model.load().lowercasesText)
    }

    @Test(
        "A role's prompt is the first of its names that the model has, and the default is for texts of no role",
        arguments: [
            (#"{"query": "q: ", "passage": "p: "}"#, nil, "q: ", "p: ", ""),
            (#"{"query": "q: ", "document": "", "passage": "p: "}"#, nil, "q: ", "", ""),
            (#"{"corpus": "c: ", "passage": "p: "}"#, nil, "", "p: ", ""),
            (#"{"corpus": "c: ", "STS": "s: "}"#, "STS", "", "c: ", "s: "), (#"{"q": "q: "}"#, "query", "", "", ""),
            (#"{"query": null, "passage": "p: "}"#, "passage", "", "p: ", "p: "),
            (#"{"query": "q: "}"#, "query", "q: ", "", "q: "),
            ("{}", nil, "", "", ""), ("null", nil, "", "", ""),
        ] as [(String, String?, String, String, String)])
    func prompts(prompts: String, name: String?, query: String, passage: String, neither: String) throws {
        let model = try TinyModel.with {
            $0.settings = ["prompts": prompts, "default_prompt_name": name.map { "\"\($0)\"" } ?? "null"]
        }.load()
        #expect(model.prompt(for: .query) == query)
        #expect(model.prompt(for: .passage) == passage)
        #expect(model.prompts.defaultText == neither)
    }

    @Test("The folder's name is its own however the path is written")
    func names() throws {
        let folder = try ScratchFolder()
        try TinyModel().write(to: folder)
        let name = try #require(folder.path.split(separator: "/").last.map(String.init))
        for path in [folder.path, folder.path + "//", folder.path + "/1_Pooling/..", folder.path + "/."] {
            #expect(try ModelFolder(path: path).name == name)
        }
    }

    @Test("Paths that are no folder of a model are refused")
    func noFolder() throws {
        let folder = try ScratchFolder()
        let file = try folder.write("file", "x")
        let cases = [
            ("", "does not exist"), (folder.path + "/absent", "does not exist"), (file, "is not a folder"),
            (folder.path, "there is no"), ("/dev/null", "is not a folder"), (folder.path + "\u{0}", "does not exist"),
        ]
        for (path, problem) in cases {
            let error = #expect(throws: ModelError.self) { try ModelFolder(path: path) }
            #expect(error?.problem.contains(problem) == true, "\(path): \(String(describing: error))")
        }
    }
}
