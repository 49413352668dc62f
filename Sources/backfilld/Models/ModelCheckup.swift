import Embedders
import SentenceEncoder

/// Recomputes reference texts with a model, and tells how near it comes.
struct ModelCheckup {
    /// A precision's vectors against the reference.
    struct Result: Encodable, Sendable {
        let precision: String
        /// Nil where this processor or model does not have the precision.
        var lowestCosine: Double?
        var meanCosine: Double?
        /// The largest difference of a component.
        var largestDifference: Double?
        /// The lowest cosine that passes.
        let threshold: Double
        /// Why it was not computed.
        var problem: String?

        var isRight: Bool { problem != nil || (lowestCosine ?? 0) >= threshold }
    }

    let path: String
    let folder: ModelFolder
    /// Whether there are vectors that sentence-transformers made with these very weights.
    let hasReference: Bool

    /// - Throws: `ModelError` for a folder that is damaged or cannot be run exactly.
    init(path: String) throws(ModelError) {
        self.path = path
        folder = try ModelFolder(path: path)
        hasReference = try folder.weightsHash() == DefaultModel.weightsHash
    }

    /// Computes at every precision there is.
    ///
    /// - Throws: `ModelError`, where even fp32 cannot be run.
    func results() async throws -> [Result] {
        let texts = ReferenceVectors.ofDefaultModel.map(\.text)
        let plain = try await Self.vectors(texts, path, .fp32)
        let reference = hasReference ? ReferenceVectors.ofDefaultModel.map(\.vector) : plain
        var results: [Result] = []
        for precision in Precision.allCases {
            var result = Result(precision: precision.rawValue, threshold: precision == .int8 ? 0.98 : 0.999)
            do {
                let vectors = precision == .fp32 ? plain : try await Self.vectors(texts, path, precision)
                let cosines = zip(vectors, reference).map(Self.cosine)
                result.lowestCosine = cosines.min()
                result.meanCosine = cosines.reduce(0, +) / Double(cosines.count)
                result.largestDifference = zip(vectors, reference).map(Self.difference).max()
            } catch let error as ModelError {
                result.problem = error.problem
            }
            results.append(result)
        }
        return results
    }

    private static func vectors(_ texts: [String], _ path: String, _ precision: Precision) async throws -> [[Float]] {
        // No prompts: the reference has none.
        let options = LocalEmbedder.Options(precision: precision, passagePrompt: "", queryPrompt: "")
        return try await LoadedModel(path: path, options).embedder.encode(texts, for: .passage).vectors
    }

    /// 0 where one of the two is no vector that could be compared.
    static func cosine(_ left: [Float], _ right: [Float]) -> Double {
        guard left.count == right.count else { return 0 }
        var (product, leftSquare, rightSquare) = (0.0, 0.0, 0.0)
        for (x, y) in zip(left, right) {
            product += Double(x) * Double(y)
            leftSquare += Double(x) * Double(x)
            rightSquare += Double(y) * Double(y)
        }
        let cosine = product / (leftSquare * rightSquare).squareRoot()
        return cosine.isFinite ? cosine : 0
    }

    private static func difference(_ left: [Float], _ right: [Float]) -> Double {
        zip(left, right).map { Double(abs($0 - $1)) }.max() ?? .infinity
    }
}
