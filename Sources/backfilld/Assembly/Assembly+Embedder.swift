import Embedders
import SentenceEncoder

extension Assembly {
    /// The configured embedder, ready to embed; a local one loads its model.
    ///
    /// - Parameters:
    ///   - observe: Hears what the lanes of a local one do.
    ///   - tell: Is told of a model that was loaded.
    ///   - endsAtCeiling: Whether a ceiling of the day is an error (`DayCeilingReached`) rather than something to wait for.
    /// - Throws: ``ModelNotFound``, `ModelError` or `RemoteSettingError`.
    func embedder(
        observe: LaneObserver? = nil, endsAtCeiling: Bool = false, tell: (LoadedModel) -> Void = { _ in }
    ) throws -> any Embedder {
        guard settings.usesLocalModel else { return try otherEmbedder(endsAtCeiling: endsAtCeiling) }
        let model = try loadedModel(observe: observe)
        tell(model)
        return model.embedder
    }

    /// The configured local model, loaded.
    ///
    /// - Throws: ``ModelNotFound`` or `ModelError`.
    func loadedModel(observe: LaneObserver? = nil) throws -> LoadedModel {
        try LoadedModel(
            path: ModelPlaces.ofThisProcess.path(of: settings.local.model), settings.local.options, observe: observe)
    }

    /// What the configured embedder's vectors are recorded as, without loading a model.
    ///
    /// - Throws: ``ModelNotFound`` or `ModelError`.
    func identity() throws -> EmbedderIdentity {
        if let remote = settings.remote, settings.usesProvider { return identity(of: remote) }
        guard settings.usesLocalModel else { return try otherEmbedder().identity }
        return try LocalEmbedder.identity(modelFolder(), settings.local.options)
    }

    /// The folder of the configured local model, read without its weights.
    ///
    /// - Throws: ``ModelNotFound`` or `ModelError`.
    func modelFolder() throws -> ModelFolder {
        try ModelFolder(path: ModelPlaces.ofThisProcess.path(of: settings.local.model))
    }

    private func otherEmbedder(endsAtCeiling: Bool = false) throws -> any Embedder {
        guard let remote = settings.remote else { return HashEmbedder(dimension: settings.hash.dimension) }
        return settings.usesProvider
            ? try provider(remote, endsAtCeiling: endsAtCeiling) : try endpoint(remote, endsAtCeiling: endsAtCeiling)
    }
}

extension Settings {
    /// Whether vectors are made by a model inside this process.
    var usesLocalModel: Bool { embedder == "local" }
}
