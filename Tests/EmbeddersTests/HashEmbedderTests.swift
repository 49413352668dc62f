import Embedders
import Testing

/// Expected values come from Python's hashlib, struct and math, by the formula of `HashEmbedder`'s documentation.
@Suite struct HashEmbedderTests {
    static let emoji = "👩‍👩‍👧 🎛️ 🇩🇪"

    @Test(
        "Five components are those that Python computes",
        arguments: [
            ("hello", [-0.508109008, -0.698442827, 0.117769431, -0.489992076, -0.006401606]),
            ("", [-0.608060211, 0.006532538, -0.745000276, 0.273516378, 0.019582795]),
            ("Größe, déjà vu", [0.434314791, -0.225827643, -0.435041294, -0.452288893, -0.605430729]),
            (emoji, [0.351123829, -0.505389886, 0.225417185, 0.001348639, 0.755300201]),
        ])
    func fiveComponents(text: String, expected: [Double]) async throws {
        let vector = try #require(try await HashEmbedder(dimension: 5).embed([text]).vectors.first)
        #expect(vector.count == 5)
        for (component, value) in zip(vector, expected) { #expect(abs(Double(component) - value) < 1e-6) }
    }

    /// Some components, and the sum of all weighted by their place, which no two exchanged components leave as it is.
    @Test(
        "Components and weighted sum of 384 are those that Python computes",
        arguments: [
            (
                "hello", [0: -0.052435425, 7: 0.012041072, 8: -0.052940408, 255: 0.033889363, 383: 0.043898235],
                -433.523215
            ),
            ("", [0: -0.092936064, 7: 0.024503609, 8: -0.092171867, 255: 0.060006325, 383: 0.076067752], -804.210721),
            (
                "Größe, déjà vu",
                [0: 0.047353373, 7: -0.034740978, 8: 0.047831426, 255: -0.021552054, 383: -0.015383148], -2642.737583
            ),
            (
                emoji, [0: 0.027258371, 7: -0.008038913, 8: 0.028180916, 255: -0.021305529, 383: -0.029910098],
                2608.532689
            ),
        ])
    func manyComponents(text: String, expected: [Int: Double], weighted: Double) async throws {
        let vector = try #require(try await HashEmbedder(dimension: 384).embed([text]).vectors.first)
        #expect(vector.count == 384)
        for (index, value) in expected { #expect(abs(Double(vector[index]) - value) < 1e-6) }
        let sum = vector.enumerated().reduce(0) { $0 + Double($1.offset + 1) * Double($1.element) }
        #expect(abs(sum - weighted) < 1e-3)
    }

    @Test("Every vector has the L2 norm 1", arguments: [1, 5, 8, 9, 384, 1536])
    func norm(dimension: Int) async throws {
        let texts = ["", "a", "hello", Self.emoji, String(repeating: "long ", count: 10_000)]
        for vector in try await HashEmbedder(dimension: dimension).embed(texts).vectors {
            #expect(vector.count == dimension)
            let norm = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
            #expect(abs(norm - 1) < 1e-6)
        }
    }

    @Test("One vector for each text, in the order of the texts")
    func order() async throws {
        let embedder = HashEmbedder(dimension: 16)
        let texts = (0..<100).map { "text \($0 % 50)" }
        let vectors = try await embedder.embed(texts).vectors
        #expect(vectors == texts.map(embedder.vector))
        #expect(Set(vectors).count == 50)
        #expect(try await embedder.embed([]).vectors.isEmpty)
    }

    @Test("The same text has the same vector from many calls at once")
    func concurrent() async throws {
        let embedder = HashEmbedder()
        let texts = (0..<20).map { "row \($0), \(Self.emoji)" }
        let expected = try await embedder.embed(texts).vectors
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<32 { group.addTask { try await embedder.embed(texts).vectors } }
            for try await vectors in group { #expect(vectors == expected) }
        }
    }

    @Test("Texts that differ in a byte have other vectors")
    func bytes() {
        let embedder = HashEmbedder(dimension: 8)
        // Canonically equivalent, so equal to Swift; the vector is one of bytes.
        #expect("\u{e9}" == "e\u{301}")
        #expect(embedder.vector(of: "\u{e9}") != embedder.vector(of: "e\u{301}"))
        #expect(embedder.vector(of: "a") != embedder.vector(of: "a "))
        #expect(embedder.vector(of: "a\0b") != embedder.vector(of: "a"))
    }

    @Test("Its identity names the algorithm and the dimension")
    func identity() {
        #expect(
            HashEmbedder().identity
                == EmbedderIdentity(embedder: "hash", model: "sha256-sincos", dimension: 384))
        #expect(HashEmbedder(dimension: 7).identity.dimension == 7)
        #expect(HashEmbedder().limits.rows > 0)
        #expect(HashEmbedder().limits.bytes > 0)
    }
}
