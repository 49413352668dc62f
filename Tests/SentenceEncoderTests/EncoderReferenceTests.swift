import Testing

@testable import SentenceEncoder

@Suite("Vectors against sentence-transformers' own")
struct EncoderReferenceTests {
    /// What a precision must come to. The first two figures are the project's bars; those of the random models, whose
    /// vectors are not of length one, are relative to the length.
    private static func check(_ closeness: Closeness, _ precision: Precision, length: Float = 1) {
        switch precision {
        case .fp32:
            #expect(closeness.leastCosine >= 0.99999)
            #expect(closeness.largestDifference <= 1e-4 * length)
        case .bf16: #expect(closeness.leastCosine >= 0.999)
        case .int8:
            #expect(closeness.leastCosine >= 0.99)
            // Of a set; one text alone may be as far off as the least.
            if closeness.count > 1 { #expect(closeness.meanCosine >= 0.997) }
        }
    }

    @Test("all-MiniLM-L6-v2 on every text of the hard set", arguments: Precision.allCases.filter(\.isAvailable))
    func installedModel(precision: Precision) async throws {
        let reference = try ReferenceVectors(named: "minilm")
        let encoder = try SentenceEncoder(ReferenceVectors.folder(of: "minilm"), .init(precision: precision, lanes: 2))
        #expect(encoder.weightsHash == reference.weightsHash)
        let texts = reference.texts(of: "plain")
        let encoded = try await encoder.encode(texts.map(\.text), prompt: "")
        Self.check(Closeness(encoded.vectors, to: texts.map(\.vector)), precision)
        #expect(encoded.tokens == texts.reduce(0) { $0 + $1.tokens })
        #expect(encoded.long == texts.count(where: \.wasCut))
        // And each alone, as a row that is inserted by itself.
        for text in texts {
            let alone = try await encoder.encode([text.text], prompt: "")
            Self.check(Closeness(alone.vectors, to: [text.vector]), precision)
        }
    }

    @Test("random models with every option", arguments: ReferenceVectors.tinyModels, Precision.allCases)
    func randomModels(name: String, precision: Precision) async throws {
        let folder = try ReferenceVectors.folder(of: name)
        guard precision.isAvailable else {
            // That it says so is what there is to test on such a processor.
            #expect(throws: ModelError.self) { try SentenceEncoder(folder, .init(precision: precision)) }
            return
        }
        let reference = try ReferenceVectors(named: name)
        #expect(folder.dimension == reference.dimension && !reference.texts.isEmpty)
        let encoder = try SentenceEncoder(folder, .init(precision: precision, lanes: 1))
        for (kind, prompt) in [
            ("plain", folder.prompts.defaultText), ("query", folder.prompt(for: .query)),
            ("passage", folder.prompt(for: .passage)),
        ] {
            let texts = reference.texts(of: kind)
            guard !texts.isEmpty else { continue }
            let encoded = try await encoder.encode(texts.map(\.text), prompt: prompt)
            let lengths = texts.map { text in text.vector.reduce(0) { $0 + $1 * $1 }.squareRoot() }
            Self.check(
                Closeness(encoded.vectors, to: texts.map(\.vector)), precision, length: max(1, lengths.max() ?? 1))
            for text in texts where text.ids != nil {
                #expect(
                    encoder.sequencer.sequences(of: text.text, prompt: prompt).windows == [text.ids], "\(text.text)")
            }
        }
    }
}
