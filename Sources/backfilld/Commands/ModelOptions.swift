import ArgumentParser
import SentenceEncoder

/// The options of commands that use a model by themselves, beside the settings.
struct ModelOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The local embedder with this model: a name, or the path of a folder with a \"/\" in it.",
            valueName: "model"))
    var model: String?

    @Option(
        help: ArgumentHelp(
            "What the local embedder computes with: \(Settings.Local.precisionNames.joined(separator: ", ")).",
            valueName: "precision"))
    var precision: String?

    @Option(help: "The model's prompt for texts to search with, or for texts to be found.")
    var prompt = Role.passage

    /// `TextRole`, as an option.
    enum Role: String, ExpressibleByArgument, CaseIterable {
        case query, passage

        var role: TextRole { self == .query ? .query : .passage }
    }

    /// The settings of a command that needs no database, with what these options say.
    func settings(_ options: SettingOptions) throws(ExitCode) -> Settings {
        // As stronger settings, so that what is wrong with them is said in the same words.
        try options.settings(needsDatabase: false) { commandLine in
            commandLine.add("local.model", model)
            commandLine.add("local.precision", precision)
            if model != nil || precision != nil, options.embedder == nil { commandLine.add("embedder", "local") }
        }
    }
}
