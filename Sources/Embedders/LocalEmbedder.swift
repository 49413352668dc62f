import SentenceEncoder

/// A sentence encoder inside this process: no server, no key, nothing leaves the machine.
package struct LocalEmbedder: Embedder {
    /// What is chosen beside the model.
    package struct Options: Sendable, Hashable {
        /// Nil for the best that the processor has.
        package var precision: Precision?
        /// Threads; nil for as many as the process may use processors.
        package var lanes: Int?
        /// What becomes of texts over the model's limit.
        package var longTexts: LongTexts
        /// What is put before texts to be found; nil for what the model's folder says.
        package var passagePrompt: String?
        /// What is put before texts to search with; nil for what the model's folder says.
        package var queryPrompt: String?

        /// Chooses.
        package init(
            precision: Precision? = nil, lanes: Int? = nil, longTexts: LongTexts = .truncate,
            passagePrompt: String? = nil, queryPrompt: String? = nil
        ) {
            self.precision = precision
            self.lanes = lanes
            self.longTexts = longTexts
            self.passagePrompt = passagePrompt
            self.queryPrompt = queryPrompt
        }
    }

    /// `local`, the model's name, and in its traits whatever of model and options changes a vector.
    package let identity: EmbedderIdentity
    /// Nothing of its own: what is computed at once is a small part of it.
    package let limits = EmbedderLimits(rows: 4096, bytes: 64 << 20)

    /// The model at work.
    package let encoder: SentenceEncoder
    private let options: Options

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - folder: The model's, looked at already.
    ///   - options: How it is run.
    ///   - observe: Hears what the encoder's lanes do.
    /// - Throws: `ModelError` for a folder that is damaged or cannot be run exactly.
    package init(
        _ folder: ModelFolder, _ options: Options = Options(), observe: LaneObserver? = nil
    ) throws(ModelError) {
        encoder = try SentenceEncoder(
            folder,
            SentenceEncoder.Options(
                precision: options.precision, lanes: options.lanes, longTexts: options.longTexts),
            observe: observe)
        self.options = options
        identity = Self.identity(folder, options, weightsHash: encoder.weightsHash)
    }

    /// The identity that the embedder of a folder would have, without loading its weights; they are read once, for
    /// their hash.
    package static func identity(_ folder: ModelFolder, _ options: Options) throws(ModelError) -> EmbedderIdentity {
        identity(folder, options, weightsHash: try folder.weightsHash())
    }

    /// The vectors of texts to be found, in their order.
    package func embed(_ texts: [String]) async throws -> Embeddings {
        let encoded = try await encode(texts, for: .passage)
        return Embeddings(encoded.vectors, long: encoded.long)
    }

    /// The vectors of texts of a role, with the role's prompt, and how many were longer than the model's limit.
    package func encode(
        _ texts: [String], for role: TextRole, in queue: EncoderQueue = .rows
    ) async throws -> SentenceEncoder.Encoded {
        try await encoder.encode(texts, prompt: Self.prompt(for: role, encoder.folder, options), in: queue)
    }

    /// What is put before texts of a role.
    package static func prompt(for role: TextRole, _ folder: ModelFolder, _ options: Options) -> String {
        (role == .query ? options.queryPrompt : options.passagePrompt) ?? folder.prompt(for: role)
    }

    private static func identity(
        _ folder: ModelFolder, _ options: Options, weightsHash: String
    ) -> EmbedderIdentity {
        let limit = "\(folder.maxSequenceLength) tokens"
        return EmbedderIdentity(
            embedder: "local", model: folder.name, dimension: folder.dimension,
            traits: [
                "weights": "sha256:" + weightsHash,
                "pooling": folder.pooling.modes.map(\.rawValue).joined(separator: "+"),
                "normalized": folder.normalizes ? "yes" : "no",
                "precision": (options.precision ?? .fp32).vectorClass,
                "prompt": prompt(for: .passage, folder, options),
                "long texts": options.longTexts == .truncate ? "cut after \(limit)" : "mean of windows of \(limit)",
            ])
    }
}
