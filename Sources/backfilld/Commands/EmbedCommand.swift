import ArgumentParser
import Embedders
import FoundationEssentials

/// `backfilld embed`: the embedder alone, without a database.
struct EmbedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Embed JSON Lines from standard input, without a database.",
        discussion: """
            Reads lines {"id": "…", "text": "…"} and writes lines {"id": "…", "embedding": […]} in the same order. An id \
            may be a string or a number. A line that does not fit ends it with 65, naming the line.
            """)

    @OptionGroup var options: SettingOptions

    private struct Input: Decodable {
        let id: RowID
        let text: String
    }

    private struct Output: Encodable {
        let id: RowID
        let embedding: [Float]
    }

    /// An id as it came, so that it goes back the same.
    private enum RowID: Codable {
        case number(Int)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Int.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .number(let number): try container.encode(number)
            case .text(let text): try container.encode(text)
            }
        }
    }

    func run() async throws {
        let settings = try options.settings(needsDatabase: false)
        try await reportingFailures {
            let embedder = try Assembly(settings).embedder
            var inputs: [Input] = []
            var number = 0
            while let line = readLine(strippingNewline: true) {
                number += 1
                if line.allSatisfy(\.isWhitespace) { continue }
                guard let input = try? JSONDecoder().decode(Input.self, from: Data(line.utf8)) else {
                    // What was right so far is not lost.
                    try await write(inputs, embedder)
                    complain(#"backfilld: line \#(number) of standard input is no {"id": "…", "text": "…"}"#)
                    throw Failure.data
                }
                inputs.append(input)
                if inputs.count == min(256, embedder.limits.rows) {
                    try await write(inputs, embedder)
                    inputs = []
                }
            }
            try await write(inputs, embedder)
        }
    }

    private func write(_ inputs: [Input], _ embedder: any Embedder) async throws {
        guard !inputs.isEmpty else { return }
        let vectors = try await embedder.embed(inputs.map(\.text))
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        for (input, vector) in zip(inputs, vectors) {
            print(String(decoding: try encoder.encode(Output(id: input.id, embedding: vector)), as: UTF8.self))
        }
    }
}
