import FoundationEssentials
import SentenceEncoder

/// The files of a model's folder that the encoder reads, and those that tell its licence.
struct ModelFiles: Sendable, Equatable {
    /// A file, by its path in the folder.
    struct File: Sendable, Equatable {
        let path: String
        /// The most bytes it may have.
        let limit: Int
        /// Whether there is no model without it.
        var isNeeded = false
    }

    /// The one that tells where the others are; a folder may be without it.
    static let modules = File(path: "modules.json", limit: configurationFileLimit)

    let files: [File]

    private struct Module: Decodable {
        let path: String
    }

    /// - Parameter modules: What modules.json holds; nil where there is none.
    init(modules: [UInt8]?) throws(ModelAdditionError) {
        var folders: [String] = []
        if let modules {
            guard let list = try? JSONDecoder().decode([Module].self, from: Data(modules)) else {
                throw ModelAdditionError(.data, "modules.json is no list of modules with a path each")
            }
            folders = list.map(\.path)
        }
        guard folders.count <= 16, folders.allSatisfy(Self.isPlain) else {
            throw ModelAdditionError(
                .data,
                "modules.json names paths that are not taken: each is to be a few plain names with \"/\" between them")
        }
        let encoder = Self.prefix(folders.first ?? "")
        var files = ["config_sentence_transformers.json"].map { File(path: $0, limit: configurationFileLimit) }
        files.append(File(path: encoder + "config.json", limit: configurationFileLimit, isNeeded: true))
        // adapter_config.json is fetched to be refused.
        let others = ["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "adapter_config.json"]
        let kinds = ["bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet"]
        for name in others + kinds.map({ "sentence_\($0)_config.json" }) {
            files.append(File(path: encoder + name, limit: configurationFileLimit))
        }
        for name in ["tokenizer.json", "vocab.txt"] {
            files.append(File(path: encoder + name, limit: vocabularyFileLimit))
        }
        for folder in folders.dropFirst() where !folder.isEmpty {
            files.append(File(path: Self.prefix(folder) + "config.json", limit: configurationFileLimit))
        }
        for name in ["README.md", "LICENSE", "LICENSE.txt", "LICENSE.md", "NOTICE"] {
            files.append(File(path: name, limit: configurationFileLimit))
        }
        // Last: what is wrong with the others is found before the long transfer.
        files.append(File(path: encoder + "model.safetensors", limit: 8 << 30, isNeeded: true))
        self.files = files
    }

    private static func prefix(_ folder: String) -> String { folder.isEmpty ? "" : folder + "/" }

    /// Whether a path stays in its folder and means the same in an address.
    private static func isPlain(_ folder: String) -> Bool {
        folder.isEmpty
            || folder.split(separator: "/", omittingEmptySubsequences: false).allSatisfy {
                ModelSource.isName(String($0))
            }
    }
}
