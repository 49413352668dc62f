import ArgumentParser

/// `backfilld model`: the models of the local embedder.
struct ModelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "List, check and add models of the local embedder.",
        subcommands: [ModelListCommand.self, ModelCheckCommand.self, ModelAddCommand.self])
}
