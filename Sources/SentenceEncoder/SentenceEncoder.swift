/// A sentence encoder of the BERT family, computing on the processor.
///
/// It loads a sentence-transformers folder and gives the vectors that sentence-transformers gives, within the rounding
/// of its precision. Texts of one call are computed together without padding; the same text has the same vector
/// whatever else is in the call.
public final class SentenceEncoder: Sendable {
    /// What can be chosen.
    public struct Options: Sendable, Hashable {
        /// Nil for the best that the processor has.
        public var precision: Precision?
        /// Threads; nil for as many as the process may use processors.
        public var lanes: Int?
        /// What becomes of texts over the model's limit.
        public var longTexts: LongTexts

        /// Chooses.
        public init(precision: Precision? = nil, lanes: Int? = nil, longTexts: LongTexts = .truncate) {
            self.precision = precision
            self.lanes = lanes
            self.longTexts = longTexts
        }
    }

    /// The vectors of texts.
    public struct Encoded: Sendable {
        /// One a text, in the order of the texts, each of the model's dimension.
        public var vectors: [[Float]]
        /// Texts that were longer than the model's limit, cut or averaged.
        public var long: Int
        /// Tokens that were computed, those around the texts included.
        public var tokens: Int
    }

    /// The model.
    public let folder: ModelFolder
    /// What it computes with.
    public let precision: Precision
    /// What becomes of texts over the model's limit.
    public let longTexts: LongTexts
    /// SHA-256 of the weights' file, in hexadecimal.
    public let weightsHash: String

    let sequencer: Sequencer
    let network: Network
    let lanes: Lanes<Workspace>
    /// The most tokens of a group.
    let capacity: Int

    /// Tokens that a lane computes at once; more brings products no further, and leaves the caches.
    static let groupTokens = 256

    /// Loads a model.
    ///
    /// - Throws: ``ModelError`` for a folder that is damaged or cannot be run exactly, and for a precision that this
    ///   processor does not have.
    public init(_ folder: ModelFolder, _ options: Options = Options()) throws(ModelError) {
        let precision = options.precision ?? Self.bestPrecision(for: folder)
        try Self.check(precision, folder)
        let tokenizer = try Tokenizer(folder: folder.encoderPath)
        guard tokenizer.vocabularySize <= folder.configuration.vocabularySize else {
            throw ModelError(
                folder.path,
                "has a tokenizer of \(tokenizer.vocabularySize) tokens, but embeddings for \(folder.configuration.vocabularySize)"
            )
        }
        let file = try SafeTensors(path: try folder.weightsPath())
        let weights = try BERTWeights(file, folder.configuration)
        let capacity = (max(Self.groupTokens, folder.maxSequenceLength) + 7) / 8 * 8
        self.capacity = capacity
        sequencer = Sequencer(
            tokenizer: tokenizer, limit: folder.maxSequenceLength, longTexts: options.longTexts)
        do {
            var calibration: Calibration?
            if precision == .int8 {
                let sequences = Calibration.texts.flatMap { [sequencer] in
                    sequencer.sequences(of: $0, prompt: folder.prompt(for: .passage)).windows
                }
                calibration = try Calibration(
                    Network(weights, folder.configuration, .fp32, capacity: capacity), sequences: sequences,
                    capacity: capacity)
            }
            network = try Network(
                weights, folder.configuration, precision, calibration: calibration, capacity: capacity)
        } catch {
            throw error as? ModelError ?? ModelError(folder.path, "cannot be run: \(error)")
        }
        weightsHash = try file.sha256Text()
        self.folder = folder
        self.precision = precision
        longTexts = options.longTexts
        let network = network
        lanes = Lanes(count: max(1, options.lanes ?? ProcessorShare.count)) {
            try Workspace(network, capacity: capacity)
        }
    }

    /// Computes the vectors of texts.
    ///
    /// - Parameters:
    ///   - texts: Any number of texts of any length.
    ///   - prompt: What is put before each; see ``ModelFolder/prompt(for:)``.
    /// - Throws: `CancellationError`; an error of oneDNN, such as for want of memory.
    public func encode(_ texts: [String], prompt: String) async throws -> Encoded {
        let tokenized = try await tokenize(texts, prompt: prompt)
        let sequences = tokenized.flatMap(\.windows)
        let groups = GroupPlan.groups(
            sequences.map(\.count), lanes: lanes.count, capacity: capacity)
        let dimension = folder.dimension
        let vectors = AlignedMemory(bytes: sequences.count * dimension * 4)
        let (folder, skipped) = (folder, folder.pooling.includesPrompt ? 0 : sequencer.length(ofPrompt: prompt))
        try await lanes.run(groups.count) { workspace, number in
            let group = groups[number]
            try workspace.run(group.map { sequences[$0][...] })
            var row = 0
            for index in group {
                // Each sequence has its own place, so lanes never write to the same.
                let vector = vectors.bound(to: Float.self) + index * dimension
                workspace.pool(row, sequences[index].count, skipping: skipped, folder.pooling.modes, to: vector)
                if folder.normalizes {
                    VectorMath.normalize(UnsafeMutableBufferPointer(start: vector, count: dimension))
                }
                row += sequences[index].count
            }
        }
        return Encoded(
            vectors: gather(tokenized, vectors), long: tokenized.count(where: \.isLong),
            tokens: sequences.reduce(0) { $0 + $1.count })
    }

    /// The ids of a text's tokens as the encoder takes them: one sequence, or several for a text of several windows.
    public func tokens(of text: String, prompt: String) -> [[Int32]] {
        sequencer.sequences(of: text, prompt: prompt).windows
    }

    private func tokenize(_ texts: [String], prompt: String) async throws -> [TokenizedText] {
        let step = 32
        let sequencer = sequencer
        // Not worth waking a lane for.
        guard texts.count > 4 || texts.contains(where: { $0.utf8.count > 4096 }) else {
            return texts.map { sequencer.sequences(of: $0, prompt: prompt) }
        }
        let parts = SharedArray<[TokenizedText]>(repeating: [], count: (texts.count + step - 1) / step)
        try await lanes.run(parts.count) { _, number in
            let part = texts[number * step..<min(number * step + step, texts.count)]
            parts.set(number, part.map { sequencer.sequences(of: $0, prompt: prompt) })
        }
        return parts.elements.flatMap(\.self)
    }

    /// One vector a text: its sequence's, or the mean of its windows'.
    private func gather(_ tokenized: [TokenizedText], _ vectors: AlignedMemory) -> [[Float]] {
        let dimension = folder.dimension
        var next = vectors.bound(to: Float.self)
        return tokenized.map { text in
            var result = Array(UnsafeBufferPointer(start: next, count: dimension))
            if text.windows.count > 1 {
                for index in result.indices { result[index] = 0 }
                for (number, window) in text.windows.enumerated() {
                    let weight = Float(window.count)
                    for index in 0..<dimension { result[index] += weight * next[number * dimension + index] }
                }
                result.withUnsafeMutableBufferPointer { VectorMath.normalize($0) }
            }
            next += text.windows.count * dimension
            return result
        }
    }

    private static func bestPrecision(for folder: ModelFolder) -> Precision {
        // Pairs of components are multiplied at once.
        folder.configuration.headSize % 2 == 0 ? .best : .fp32
    }

    private static func check(_ precision: Precision, _ folder: ModelFolder) throws(ModelError) {
        guard precision.isAvailable else {
            throw ModelError(
                folder.path, "cannot be run at \(precision.rawValue): this processor has no instructions for it")
        }
        guard precision != .bf16 || folder.configuration.headSize % 2 == 0 else {
            throw ModelError(
                folder.path, "cannot be run at bf16: its heads have \(folder.configuration.headSize) components")
        }
    }
}
