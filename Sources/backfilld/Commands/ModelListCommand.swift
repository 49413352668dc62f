import ArgumentParser
import FoundationEssentials
import SentenceEncoder

/// `backfilld model list`.
struct ModelListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Show the models that are there.",
        discussion: """
            Dimension of the vectors, transformer layers, pooling, the most tokens of a text, bytes on the disk, and \
            where each is. The configured one is marked. What cannot be used is shown with the reason.
            """)

    @OptionGroup var options: SettingOptions

    @Flag(help: "Print JSON.")
    var json = false

    func run() async throws {
        let places = ModelPlaces.ofThisProcess
        let models = places.entries.map { ModelSummary(name: $0.name, path: $0.path, isConfigured: false) }
        let listed = marked(models, places)
        if json {
            print(try printedJSON(["models": listed]))
        } else if listed.isEmpty {
            print(
                "No model is in \(places.directories.joined(separator: ", ")). "
                    + "Get the default one: backfilld model add \(DefaultModel.name)")
        } else {
            print(ModelSummary.table(listed))
        }
    }

    /// With the configured one marked, and added if it is in none of the places.
    private func marked(_ models: [ModelSummary], _ places: ModelPlaces) -> [ModelSummary] {
        let settings: Settings
        do throws(ConfigurationError) {
            settings = try options.load(needsDatabase: false)
        } catch {
            complain(
                "Warning: no model is marked as configured, for the configuration is not right: backfilld config --check"
            )
            return models
        }
        guard settings.usesLocalModel, let path = try? places.path(of: settings.local.model) else { return models }
        var models = models
        if let index = models.firstIndex(where: { $0.path == path }) {
            models[index].isConfigured = true
        } else {
            models.append(ModelSummary(name: settings.local.model, path: path, isConfigured: true))
        }
        return models
    }
}
