/// How large the activations of a model are, column by column, for rounding them to bytes.
struct Calibration: Sendable {
    /// By layer and role, the largest magnitudes seen in each column of the input.
    private var largest: [[LinearRole: [Float]]]
    private let activation: Activation

    init(_ configuration: BERTConfiguration) {
        largest = Array(repeating: [:], count: configuration.layers)
        activation = configuration.activation
    }

    /// Runs sequences through a model and looks.
    init(_ network: Network, sequences: [[Int32]], capacity: Int) throws {
        self.init(network.configuration)
        let workspace = try Workspace(network, capacity: capacity)
        for sequence in sequences {
            try workspace.run([sequence[...]]) { layer, role, input, columns in
                note(layer, role, input, rows: sequence.count, columns: columns)
            }
        }
        guard largest.allSatisfy({ $0.values.allSatisfy { $0.allSatisfy(\.isFinite) } }) else { throw Overflow() }
    }

    /// Activations that are no numbers any more.
    struct Overflow: Error, CustomStringConvertible {
        var description: String { "its weights are so large that numbers overflow" }
    }

    private mutating func note(
        _ layer: Int, _ role: LinearRole, _ input: UnsafePointer<Float>, rows: Int, columns: Int
    ) {
        var most = largest[layer][role] ?? Array(repeating: 0, count: columns)
        for row in 0..<rows {
            for column in 0..<columns { most[column] = max(most[column], abs(input[row * columns + column])) }
        }
        largest[layer][role] = most
    }

    /// How the input of a linear layer is spread.
    ///
    /// The strengths were found by trying on all-MiniLM-L6-v2; near them little changes. What attention gives is even
    /// enough as it is.
    func scaling(
        _ layer: Int, _ role: LinearRole, weights: UnsafePointer<Float>, inputs: Int, outputs: Int
    ) -> InputScaling {
        guard let largest = largest[layer][role] else { return .none(inputs) }
        let strength: Float =
            switch role {
            case .attentionInput: 0.75
            case .intermediate: 0.6
            case .output: 0.4
            case .attentionOutput: 0
            }
        return InputScaling(
            largest: largest, weights: weights, outputs: outputs, strength: strength,
            least: role == .output ? activation.least : nil)
    }

    /// Texts of many kinds, since what is to be embedded is not known yet. They decide on the rounding and on nothing
    /// else; the vectors of int8 change a little with them, so they stay as they are.
    static let texts = [
        "Cut the mud around 300 Hz before you boost anything.",
        "A compressor with a slow attack keeps the punch of the drums.",
        "Parallel compression blends a crushed copy with the dry signal.",
        "How do I sidechain the bass to the kick?",
        "1176, LA-2A & SSL bus compressor: ratio 4:1, attack 30 ms, release 100 ms, -3 dB.",
        "The quick brown fox jumps over the lazy dog.", "Paris is the capital of France.", "What?",
        "The committee will meet on Tuesday to discuss the budget for the coming year, and a report is due in June.",
        "Naïve café über straße", "12345 67890 !? ... -- () [] {}", "音楽 제작 звук ήχος",
    ]
}

extension Activation {
    /// A number that its results are not below.
    fileprivate var least: Float {
        switch self {
        case .gelu, .geluTanh: -0.171
        case .relu: 0
        }
    }
}
