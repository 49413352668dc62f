import Glibc
import Testing
@testable import SentenceEncoder

@Suite("Weights of a BERT encoder") struct WeightsBERTTests {
    private func load(_ tensors: [TestTensor], _ model: TinyModel = TinyModel()) throws -> BERTWeights {
        let folder = try ScratchFolder()
        try model.write(to: folder)
        try folder.write("model.safetensors", safetensors(tensors))
        let loaded = try ModelFolder(path: folder.path)
        return try BERTWeights(SafeTensors(path: loaded.weightsPath()), loaded.configuration)
    }

    private func problem(_ tensors: [TestTensor]) throws -> String? {
        try #require(throws: ModelError.self) { try load(tensors) }.problem
    }

    @Test(
        "Every tensor has its role, with and without the prefix, in whatever order the file has them",
        arguments: ["", "bert."])
    func roles(prefix: String) throws {
        let unused = TestTensor("bert.pooler.dense.weight", [4, 4], [Float](repeating: .nan, count: 16))
        let positions = TestTensor(
            prefix + "embeddings.position_ids", type: "I64", [1, 1], bytes: [UInt8](repeating: 0, count: 8))
        let all = TinyModel.tensors(prefix: prefix)
        let weights = try load([unused] + all.reversed() + [positions])
        func isNamed(_ tensor: Tensor, _ name: String) throws -> Bool {
            let expected = try #require(all.first { $0.name == prefix + name })
            return try tensor.name == expected.name && tensor.shape == expected.shape
                && tensor.withUnsafeBytes { Array($0) } == expected.bytes && tensor.floats().count == tensor.count
        }
        #expect(try isNamed(weights.wordEmbeddings, "embeddings.word_embeddings.weight"))
        #expect(try isNamed(weights.positionEmbeddings, "embeddings.position_embeddings.weight"))
        #expect(try isNamed(weights.tokenTypeEmbeddings, "embeddings.token_type_embeddings.weight"))
        #expect(try isNamed(weights.embeddingNorm.weight, "embeddings.LayerNorm.weight"))
        #expect(try isNamed(weights.embeddingNorm.bias, "embeddings.LayerNorm.bias"))
        #expect(weights.layers.count == 2)
        for (index, layer) in weights.layers.enumerated() {
            let linear = [
                (layer.query, "attention.self.query"), (layer.key, "attention.self.key"),
                (layer.value, "attention.self.value"), (layer.attentionOutput, "attention.output.dense"),
                (layer.intermediate, "intermediate.dense"), (layer.output, "output.dense"),
            ]
            for (linear, name) in linear {
                #expect(try isNamed(linear.weight, "encoder.layer.\(index).\(name).weight"))
                #expect(try isNamed(linear.bias, "encoder.layer.\(index).\(name).bias"))
            }
            for (norm, name) in [
                (layer.attentionNorm, "attention.output.LayerNorm"), (layer.outputNorm, "output.LayerNorm"),
            ] {
                #expect(try isNamed(norm.weight, "encoder.layer.\(index).\(name).weight"))
                #expect(try isNamed(norm.bias, "encoder.layer.\(index).\(name).bias"))
            }
        }
    }

    @Test("LayerNorms with the names of the first conversions are found")
    func olderNames() throws {
        let tensors = TinyModel.tensors(prefix: "bert.").map { tensor in
            var tensor = tensor
            tensor.name.replace("LayerNorm.weight", with: "LayerNorm.gamma")
            tensor.name.replace("LayerNorm.bias", with: "LayerNorm.beta")
            return tensor
        }
        let weights = try load(tensors)
        #expect(weights.layers[1].outputNorm.bias.name == "bert.encoder.layer.1.output.LayerNorm.beta")
    }

    @Test("A tensor that is missing, of another shape or another type is named with what is expected")
    func wrong() throws {
        let tensors = TinyModel.tensors()
        for (index, tensor) in tensors.enumerated() {
            var without = tensors
            without.remove(at: index)
            #expect(try problem(without)?.contains("no tensor '\(tensor.name)' \(tensor.shape)") == true)
            var other = tensors
            other[index].shape.append(1)
            #expect(
                try problem(other)?.contains(
                    "'\(tensor.name)' is \(tensor.shape + [1]) where \(tensor.shape) is expected")
                    == true)
            other[index].shape = tensor.shape
            other[index].type = "I32"
            #expect(try problem(other)?.contains("'\(tensor.name)' is I32 where F32, F16 or BF16 is expected") == true)
        }
        // A square matrix the wrong way round cannot be found out, any other can.
        var transposed = tensors
        let index = try #require(tensors.firstIndex { $0.name.hasSuffix("0.intermediate.dense.weight") })
        transposed[index].shape.reverse()
        #expect(try problem(transposed)?.contains("is [4, 6] where [6, 4] is expected") == true)
    }

    @Test("All that is wrong comes in one error, cut where it is much")
    func manyProblems() throws {
        let none = try #require(try problem([]))
        #expect(none.contains("no tensor 'embeddings.word_embeddings.weight' [10, 4]; no tensor"))
        #expect(none.hasSuffix("; and 33 more"))
        let two = try #require(try problem(TinyModel.tensors().dropLast(2)))
        #expect(two.split(separator: ";").count == 2)
    }

    @Test("Weights that are not one safetensors file are refused with the way to convert them")
    func otherFiles() throws {
        let cases = [
            (["model.safetensors.index.json", "pytorch_model.bin"], "in several files"),
            (["pytorch_model.bin"], "can run code"), (["tf_model.h5"], "has no model.safetensors"),
        ]
        for (files, reason) in cases {
            let folder = try ScratchFolder()
            try TinyModel().write(to: folder)
            for file in files { try folder.write(file, "{}") }
            let model = try ModelFolder(path: folder.path)
            let error = #expect(throws: ModelError.self) { try model.weightsPath() }
            #expect(error?.problem.contains(reason) == true)
        }
    }
}

@Suite("Models made by the reference") struct WeightsFixtureTests {
    private static let folder =
        #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast()
        .joined(separator: "/") + "/Fixtures/models"

    private static func names() throws -> [String] {
        let directory = try #require(opendir(folder), "no fixtures in \(folder)")
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    @Test("Every one of them is read, with all its weights")
    func fixtures() throws {
        let names = try Self.names()
        #expect(names.count >= 10)
        for name in names {
            let model = try ModelFolder(path: Self.folder + "/" + name)
            let weights = try BERTWeights(SafeTensors(path: model.weightsPath()), model.configuration)
            #expect(weights.layers.count == model.configuration.layers)
            #expect(try weights.wordEmbeddings.floats().contains { $0 != 0 })
        }
    }
}
