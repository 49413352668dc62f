import COneDNN

/// A sentence encoder of the BERT family, computing on the processor.
///
/// It loads a sentence-transformers folder and gives the vectors that sentence-transformers gives, within the rounding
/// of its precision. Texts of one call are computed together without padding; the same text has the same vector
/// whatever else is in the call.
package final class SentenceEncoder: Sendable {
    /// What can be chosen.
    package struct Options: Sendable, Hashable {
        /// Nil for the best that the processor has.
        package var precision: Precision?
        /// Threads; nil for as many as the process may use processors.
        package var lanes: Int?
        /// What becomes of texts over the model's limit.
        package var longTexts: LongTexts

        /// Chooses.
        package init(precision: Precision? = nil, lanes: Int? = nil, longTexts: LongTexts = .truncate) {
            self.precision = precision
            self.lanes = lanes
            self.longTexts = longTexts
        }
    }

    /// The vectors of texts.
    package struct Encoded: Sendable {
        /// One a text, in the order of the texts, each of the model's dimension.
        package var vectors: [[Float]]
        /// Texts that were longer than the model's limit, cut or averaged.
        package var long: Int
        /// Tokens that were computed, those around the texts included.
        package var tokens: Int
    }

    /// The model.
    package let folder: ModelFolder
    /// What it computes with.
    package let precision: Precision
    /// What becomes of texts over the model's limit.
    package let longTexts: LongTexts
    /// SHA-256 of the weights' file, in hexadecimal.
    package let weightsHash: String

    let sequencer: Sequencer
    let network: Network
    let lanes: Lanes<Workspace>
    /// The most tokens of a group.
    let capacity: Int

    /// Tokens that a lane computes at once; more brings products no further, and leaves the caches.
    static let groupTokens = 256

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - folder: The model's, looked at already.
    ///   - options: How it is run.
    ///   - observe: Hears what the lanes do.
    /// - Throws: ``ModelError`` for a folder that is damaged or cannot be run exactly, and for a precision that this
    ///   processor does not have.
    package init(
        _ folder: ModelFolder, _ options: Options = Options(), observe: LaneObserver? = nil
    ) throws(ModelError) {
        let sequencer = try Sequencer(folder, longTexts: options.longTexts)
        let file = try SafeTensors(path: try folder.weightsPath())
        let weights = try BERTWeights(file, folder.configuration)
        let capacity = (max(Self.groupTokens, folder.maxSequenceLength) + 7) / 8 * 8
        try Self.checkSize(folder, capacity: capacity)
        var precision = options.precision ?? Self.bestPrecision(for: folder)
        try Self.check(precision, folder)
        // A row that is no number would show only with a text that has its word.
        try weights.wordEmbeddings.checkFinite()
        do {
            let network: Network
            do {
                network = try Self.network(folder, weights, sequencer, precision, capacity)
            } catch let error as ProductError where options.precision == nil && error.status == dnnl_unimplemented {
                // The library knows of reasons that the processor does not tell, such as ONEDNN_MAX_CPU_ISA.
                precision = .fp32
                network = try Self.network(folder, weights, sequencer, precision, capacity)
            }
            self.network = network
            lanes = try Lanes(count: max(1, options.lanes ?? ProcessorShare.count), observe: observe) {
                try Workspace(network, capacity: capacity)
            }
        } catch {
            throw error as? ModelError ?? ModelError(folder.path, "cannot be run: \(error)")
        }
        weightsHash = try file.sha256Text()
        self.folder = folder
        self.precision = precision
        self.sequencer = sequencer
        self.capacity = capacity
        longTexts = options.longTexts
    }

    /// Threads that compute.
    package var laneCount: Int { lanes.count }

    private static func network(
        _ folder: ModelFolder, _ weights: BERTWeights, _ sequencer: Sequencer, _ precision: Precision, _ capacity: Int
    ) throws -> Network {
        let configuration = folder.configuration
        guard precision == .int8 else {
            return try Network(weights, configuration, precision, capacity: capacity)
        }
        let sequences = Calibration.texts.flatMap {
            sequencer.sequences(of: $0, prompt: folder.prompt(for: .passage)).windows
        }
        let calibration = try Calibration(
            Network(weights, configuration, .fp32, capacity: capacity), sequences: sequences, capacity: capacity)
        return try Network(weights, configuration, .int8, calibration: calibration, capacity: capacity)
    }

    private static func bestPrecision(for folder: ModelFolder) -> Precision {
        folder.configuration.hasEvenHeads ? .best : .fp32
    }

    private static func check(_ precision: Precision, _ folder: ModelFolder) throws(ModelError) {
        guard precision.isAvailable else {
            throw ModelError(
                folder.path, "cannot be run at \(precision.rawValue): this processor has no instructions for it")
        }
        guard precision != .bf16 || folder.configuration.hasEvenHeads else {
            throw ModelError(
                folder.path, "cannot be run at bf16: its heads have \(folder.configuration.headSize) components")
        }
    }

    /// Sizes that are each possible can be too much together.
    private static func checkSize(_ folder: ModelFolder, capacity: Int) throws(ModelError) {
        let configuration = folder.configuration
        let bytes = capacity * (7 * configuration.hiddenSize + 2 * configuration.intermediateSize) * 4
        guard bytes <= 4 << 30 else {
            throw ModelError(
                folder.path,
                "needs \(bytes >> 30) GiB for each lane: \(capacity) positions, hidden size \(configuration.hiddenSize), intermediate size \(configuration.intermediateSize)"
            )
        }
    }
}
