import ArgumentParser
import Embedders
import SentenceEncoder

/// `backfilld tokenize`: what the local embedder's model is given.
struct TokenizeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tokenize",
        abstract: "Show the token ids of JSON Lines from standard input, without a database.",
        discussion: """
            Reads lines {"id": "…", "text": "…"} and writes lines {"id": "…", "ids": […]} in the same order: the ids as \
            the model takes them, with its special tokens, its prompt and cut to its limit. With local.longTexts = "mean" \
            a text over the limit has several: {"id": "…", "windows": [[…], […]]}.
            """)

    @OptionGroup var options: SettingOptions
    @OptionGroup var model: ModelOptions

    private struct Output: Encodable {
        let id: LineID
        /// One of the two.
        var ids: [Int32]?
        var windows: [[Int32]]?
    }

    func run() async throws {
        let settings = try model.settings(options)
        try await reportingFailures {
            guard settings.usesLocalModel else {
                complain("backfilld: the embedder \(settings.embedder) has no tokens; name a model: --model NAME")
                throw Failure.usage
            }
            let folder = try Assembly(settings).modelFolder()
            let sequencer = try Sequencer(folder, longTexts: settings.local.options.longTexts)
            let prompt = LocalEmbedder.prompt(for: model.prompt.role, folder, settings.local.options)
            try await TextLines.process(most: 256) { lines in
                lines.map { line in
                    let windows = sequencer.sequences(of: line.text, prompt: prompt).windows
                    return windows.count == 1
                        ? Output(id: line.id, ids: windows[0]) : Output(id: line.id, windows: windows)
                }
            }
        }
    }
}
