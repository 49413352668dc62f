import ArgumentParser
import Embedders
import SentenceEncoder

/// `backfilld embed`: the embedder alone, without a database.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed JSON Lines from standard input, without a database.",
        discussion: """
            Reads lines {"id": "…", "text": "…"} and writes lines {"id": "…", "embedding": […]} in the same order. An id \
            may be a string or a number. A line that does not fit ends it with 65, naming the line.

            The embedder is the configured one, which without a configuration is the local one with its default model. \
            --prompt query is for texts to search with, where the model wants them marked.
            """)

    @OptionGroup var options: SettingOptions
    @OptionGroup var model: ModelOptions

    private struct Output: Encodable {
        let id: LineID
        let embedding: [Float]
    }

    func run() async throws {
        let settings = try model.settings(options)
        try await reportingFailures {
            let embedder = try Assembly(settings).embedder()
            let role = model.prompt.role
            try await TextLines.process(most: min(256, embedder.limits.rows)) { lines in
                let texts = lines.map(\.text)
                // The others know no roles.
                let vectors =
                    if let local = embedder as? LocalEmbedder {
                        try await local.encode(texts, for: role).vectors
                    } else if let remote = embedder as? RemoteEmbedder {
                        try await remote.embed(texts, for: role).vectors
                    } else {
                        try await embedder.embed(texts).vectors
                    }
                return zip(lines, vectors).map { Output(id: $0.id, embedding: $1) }
            }
        }
    }
}
