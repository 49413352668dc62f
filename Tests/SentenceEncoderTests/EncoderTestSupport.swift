import TestSupport
import Testing

@testable import SentenceEncoder

/// What sentence-transformers itself gives for a model, from Fixtures/; made by scripts/make-encoder-fixtures.
struct ReferenceVectors: Sendable {
    struct Text: Sendable {
        let text: String
        /// "plain", "query" or "passage".
        let kind: String
        /// The tokens that the reference was given; nil where only their number is recorded.
        let ids: [Int32]?
        let tokens: Int
        let wasCut: Bool
        let vector: [Float]
    }

    let dimension: Int
    let weightsHash: String
    let texts: [Text]

    init(named name: String) throws {
        let file = try JSONFile(path: Self.fixtures + "/vectors/\(name).json", limit: 16 << 20)
        dimension = try #require(file["dimension"]?.int)
        weightsHash = try #require(file["weights_sha256"]?.text)
        texts = try #require(file["texts"]?.elements).map { entry in
            let ids = entry["ids"]?.elements?.compactMap { $0.int.map(Int32.init) }
            return Text(
                text: try #require(entry["text"]?.text), kind: try #require(entry["kind"]?.text), ids: ids,
                tokens: try #require(ids?.count ?? entry["tokens"]?.int), wasCut: entry["cut"] == .bool(true),
                vector: Self.floats(fromBase64: try #require(entry["vector"]?.bytes)))
        }
    }

    /// The texts of a kind, with the prompt that the model's folder has for them.
    func texts(of kind: String) -> [Text] { texts.filter { $0.kind == kind } }

    /// The folders of random weights in Fixtures/models.
    static let tinyModels = [
        "cased", "cls-twelve-layers", "max-relu-bfloat16", "mean-normalized", "odd-sizes", "one-token-type",
        "prompt-not-pooled", "prompts", "sqrt-gelu-new", "three-poolings", "two-poolings",
    ]

    static func folder(of model: String) throws -> ModelFolder {
        try ModelFolder(path: model == "minilm" ? InstalledModel.folder : fixtures + "/models/" + model)
    }

    private static let fixtures = String(#filePath.dropLast("/EncoderTestSupport.swift".count)) + "/Fixtures"

    private static func floats(fromBase64 text: [UInt8]) -> [Float] {
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count = 0
        for character in text where character != UInt8(ascii: "=") {
            let digit: UInt8 =
                switch character {
                case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - 65
                case UInt8(ascii: "a")...UInt8(ascii: "z"): character - 71
                case UInt8(ascii: "0")...UInt8(ascii: "9"): character + 4
                case UInt8(ascii: "+"): 62
                default: 63
                }
            bits = bits << 6 | UInt32(digit)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return stride(from: 0, to: bytes.count - 3, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << UInt32(8 * $1) })
        }
    }
}

/// How far vectors are from those they should be.
struct Closeness {
    let count: Int
    var leastCosine = 1.0
    var meanCosine = 0.0
    var largestDifference: Float = 0

    init(_ vectors: [[Float]], to expected: [[Float]]) {
        #expect(vectors.count == expected.count)
        count = expected.count
        for (vector, wanted) in zip(vectors, expected) {
            #expect(vector.count == wanted.count)
            let cosine = Self.cosine(vector, wanted)
            leastCosine = min(leastCosine, cosine)
            meanCosine += cosine / Double(expected.count)
            for (one, other) in zip(vector, wanted) { largestDifference = max(largestDifference, abs(one - other)) }
        }
    }

    static func cosine(_ one: [Float], _ other: [Float]) -> Double {
        var (product, first, second) = (0.0, 0.0, 0.0)
        for (a, b) in zip(one, other) {
            product += Double(a) * Double(b)
            first += Double(a) * Double(a)
            second += Double(b) * Double(b)
        }
        // Not a number, where one of them is: no comparison with it holds.
        return product / (first * second).squareRoot()
    }
}

/// Texts of all lengths, for properties that hold whatever they say.
enum SomeTexts {
    static func random(_ count: Int, words: ClosedRange<Int>, seed: UInt64) -> [String] {
        var random = SeededRandom(seed: seed)
        let vocabulary = """
            cut the mud around three hundred hertz before you boost anything a compressor with slow attack keeps punch \
            of drums parallel compression blends crushed copy and dry signal reverb on snare 440 Hz, -3 dB! naïve 音楽
            """.split(separator: " ")
        return (0..<count).map { _ in
            (0..<words.lowerBound + random.below(words.count)).map { _ in
                String(vocabulary[random.below(vocabulary.count)])
            }
            .joined(separator: " ")
        }
    }
}
