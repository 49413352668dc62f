/// The vectors of an answer while they come in, in whatever order.
struct ReceivedVectors {
    /// No model has vectors as long.
    static let mostComponents = 65_536

    /// Nil: whatever the first one has, and all the others then.
    private var dimension: Int?
    private let isConfigured: Bool
    private var vectors: [[Float]]
    private var received: Set<Int> = []
    /// Why some vectors are none, by their places: that is of their text's doing, and takes nothing from the others.
    private(set) var flaws: [Int: String] = [:]
    /// Whether any was a string.
    private(set) var wereStrings = false

    init(count: Int, dimension: Int?) {
        vectors = Array(repeating: [], count: count)
        self.dimension = dimension
        isConfigured = dimension != nil
    }

    /// Reads a vector, as numbers or as base64; nil where it is `null`, or has `null` or `NaN` for a number.
    mutating func read(from reader: inout AnswerReader) throws(AnswerProblem) -> [Float]? {
        let vector: [Float]
        switch reader.current {
        case AnswerReader.Byte.openBracket:
            guard let floats = try reader.floats(most: Self.mostComponents, count: dimension) else { return nil }
            vector = floats
        case AnswerReader.Byte.quote:
            wereStrings = true
            vector = try reader.base64Floats()
        case AnswerReader.Byte.letterN:
            try reader.skip()
            return nil
        default: throw reader.problem("a vector is neither numbers nor a string")
        }
        guard vector.count == dimension ?? vector.count, !vector.isEmpty else {
            throw AnswerProblem(
                "a vector has \(vector.count) components"
                    + (dimension.map { isConfigured ? ", \($0) are configured" : ", another has \($0)" } ?? ""),
                // Bytes or bits in the place of floats are too few.
                concernsEncoding: wereStrings, concernsDimension: isConfigured && !wereStrings)
        }
        dimension = vector.count
        return vector
    }

    /// Puts a vector in its place.
    mutating func put(_ vector: [Float]?, at index: Int) throws(AnswerProblem) {
        guard vectors.indices.contains(index) else {
            throw AnswerProblem("it has a vector \(index) for \(vectors.count) texts, which are counted from 0")
        }
        guard received.insert(index).inserted else {
            throw AnswerProblem("it has vector \(index) twice", concernsNumber: true)
        }
        switch vector.map(Self.worth) {
        case .usable?: vectors[index] = vector ?? []
        case .zero?: flaws[index] = "its vector has nothing but zeros"
        case .notFinite?: flaws[index] = "its vector has a component beyond all numbers"
        case nil: flaws[index] = "its vector has a component that is no number"
        }
    }

    /// All of them, in the order of the texts; of one that is none, no components.
    func all() throws(AnswerProblem) -> [[Float]] {
        guard received.count == vectors.count else {
            throw AnswerProblem(
                "it has \(received.count) vectors for \(vectors.count) texts", concernsNumber: true)
        }
        return vectors
    }

    private enum Worth { case usable, zero, notFinite }

    private static func worth(_ vector: [Float]) -> Worth {
        var bits: UInt32 = 0
        var most: UInt32 = 0
        for component in vector {
            let magnitude = component.bitPattern & 0x7fff_ffff
            bits |= magnitude
            most = max(most, magnitude)
        }
        // From this pattern on: infinity, then what is no number.
        if most >= 0x7f80_0000 { return .notFinite }
        return bits == 0 ? .zero : .usable
    }
}
