import Embedders

/// An embedder's answer that can't be used. Nothing of it is written.
package enum EmbeddingError: Error, Sendable, Hashable, CustomStringConvertible {
    /// Not as many vectors as texts.
    case count(Int, expected: Int)
    /// A vector of another dimension than the embedder's own.
    case dimension(Int, expected: Int)
    /// A component that is not a number, or infinite.
    case notFinite
    /// Nothing but zeros.
    case zero

    /// What was wrong with the answer.
    package var description: String {
        switch self {
        case .count(let count, let expected): "the embedder answered \(count) vectors for \(expected) texts"
        case .dimension(let dimension, let expected):
            "the embedder answered a vector of \(dimension) dimensions, not \(expected)"
        case .notFinite: "the embedder answered a vector with a component that is no finite number"
        case .zero: "the embedder answered a vector of nothing but zeros"
        }
    }

    /// Why a vector that comes from outside is none; nil where it is one.
    static func flaw(of vector: [Float], dimension: Int) -> EmbeddingError? {
        if vector.count != dimension { return .dimension(vector.count, expected: dimension) }
        if !vector.allSatisfy(\.isFinite) { return .notFinite }
        return vector.allSatisfy { $0 == 0 } ? .zero : nil
    }

    static func check(_ vectors: [[Float]], count: Int, dimension: Int) throws(EmbeddingError) {
        for vector in try checkEach(vectors.map { .success($0) }, count: count, dimension: dimension) {
            if case .failure? = vector { throw .notFinite }
        }
    }

    /// A wrong number of vectors or a wrong dimension is nobody's own; a component that is no number is its text's.
    static func checkEach(
        _ vectors: [Result<[Float], EmbeddingFailure>?], count: Int, dimension: Int
    ) throws(EmbeddingError) -> [Result<[Float], EmbeddingFailure>?] {
        guard vectors.count == count else { throw .count(vectors.count, expected: count) }
        for case .success(let vector)? in vectors where vector.count != dimension {
            throw .dimension(vector.count, expected: dimension)
        }
        return vectors.map { vector in
            guard case .success(let numbers)? = vector, !numbers.allSatisfy(\.isFinite) else { return vector }
            return .failure(EmbeddingFailure(reason: "\(EmbeddingError.notFinite)"))
        }
    }
}
