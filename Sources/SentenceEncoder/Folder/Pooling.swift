/// How the vectors of a sequence's tokens become one.
package enum PoolingMode: String, Sendable {
    /// The first token's.
    case cls
    /// The largest of each component.
    case max
    /// The mean.
    case mean
    /// The sum, divided by the square root of the number of tokens.
    case meanSqrtLength = "mean_sqrt_len_tokens"
}

/// The configuration of sentence-transformers' `Pooling` module.
package struct Pooling: Sendable, Equatable {
    /// One or more; the results of several are concatenated in this order.
    package let modes: [PoolingMode]
    /// Whether a prompt's tokens take part. If not, the first k tokens are left out by every mode, where k is the
    /// number of tokens of the prompt encoded alone, without its closing [SEP]: so [CLS] is left out too, `cls` takes
    /// the first token after the prompt, and [SEP] stays. Without a prompt nothing is left out.
    let includesPrompt: Bool

    /// What sentence-transformers makes for a folder without modules.json.
    static let standard = Pooling(modes: [.mean], includesPrompt: true)

    private init(modes: [PoolingMode], includesPrompt: Bool) {
        self.modes = modes
        self.includesPrompt = includesPrompt
    }

    /// Older files have a truth value for each mode; the order is that of sentence-transformers' `forward`.
    private static let flags = [
        ("pooling_mode_cls_token", "cls"), ("pooling_mode_max_tokens", "max"), ("pooling_mode_mean_tokens", "mean"),
        ("pooling_mode_mean_sqrt_len_tokens", "mean_sqrt_len_tokens"),
        ("pooling_mode_weightedmean_tokens", "weightedmean"), ("pooling_mode_lasttoken", "lasttoken"),
    ]

    /// Reads the module's config.json; refuses modes that cannot be run and a dimension that is not `hiddenSize`.
    init(_ file: JSONFile, hiddenSize: Int) throws(ModelError) {
        try file.refuseUnknown(
            except: Set(Self.flags.map(\.0)).union([
                "embedding_dimension", "word_embedding_dimension", "pooling_mode", "include_prompt",
            ]))
        let largest = 1 << 20
        let dimension = try file.integer("embedding_dimension", in: 1...largest)
        let olderName = try file.integer("word_embedding_dimension", in: 1...largest)
        guard (dimension ?? olderName) == hiddenSize else {
            throw file.error(
                "is for vectors of \((dimension ?? olderName).map(String.init) ?? "no known number of") components, the model has \(hiddenSize)"
            )
        }
        includesPrompt = try file.flag("include_prompt") ?? true
        modes = try Self.modeNames(file).map { (name) throws(ModelError) in
            guard let mode = PoolingMode(rawValue: name) else {
                throw file.error("asks for pooling \(quote(name)); cls, max, mean and mean_sqrt_len_tokens can be run")
            }
            return mode
        }
    }

    private static func modeNames(_ file: JSONFile) throws(ModelError) -> [String] {
        switch file["pooling_mode"] {
        case .string(let name): return [String(decoding: name, as: UTF8.self)]
        case .array(let elements):
            let names = elements.compactMap(\.text)
            guard names.count == elements.count, 1...16 ~= names.count else {
                throw file.error("has a 'pooling_mode' that is not a list of 1 to 16 names")
            }
            return names
        case nil:
            var names: [String] = []
            for (flag, name) in flags where try file.flag(flag) ?? false { names.append(name) }
            return names.isEmpty ? ["mean"] : names
        case let other?: throw file.error("has \(other.kind) as 'pooling_mode'")
        }
    }
}
