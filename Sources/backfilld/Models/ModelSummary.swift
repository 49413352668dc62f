import FoundationEssentials
import Glibc
import SentenceEncoder

/// What there is to tell about a model's folder.
struct ModelSummary: Encodable, Sendable {
    let name: String
    let path: String
    var isConfigured: Bool
    /// Nil where the folder cannot be used.
    var dimension: Int?
    var layers: Int?
    var pooling: String?
    /// The most tokens of a text.
    var limit: Int?
    /// Bytes of the files in the folder.
    var bytes: Int
    /// Why it cannot be used.
    var problem: String?

    init(name: String, path: String, isConfigured: Bool) {
        self.name = name
        self.path = path
        self.isConfigured = isConfigured
        bytes = Self.size(of: path)
        do throws(ModelError) {
            let folder = try ModelFolder(path: path)
            _ = try folder.weightsPath()
            dimension = folder.dimension
            layers = folder.configuration.layers
            pooling = folder.pooling.modes.map(\.rawValue).joined(separator: "+")
            limit = folder.maxSequenceLength
        } catch {
            problem = error.problem
        }
    }

    /// Names, figures and places in columns.
    static func table(_ models: [ModelSummary]) -> String {
        var rows = [["  MODEL", "DIMENSION", "LAYERS", "POOLING", "TOKENS", "SIZE", "WHERE"]]
        for model in models {
            let figure = { (number: Int?) in number.map(String.init) ?? "–" }
            rows.append([
                (model.isConfigured ? "* " : "  ") + shown(model.name), figure(model.dimension), figure(model.layers),
                model.pooling ?? "–", figure(model.limit), megabytes(model.bytes), shown(model.path),
            ])
        }
        let widths = rows[0].indices.map { column in rows.map(\.[column].count).max() ?? 0 }
        var lines: [String] = []
        for (index, row) in rows.enumerated() {
            let padded = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
            let text = padded.dropLast().joined(separator: "  ") + "  " + row[row.count - 1]
            lines.append(text)
            if index > 0, let problem = models[index - 1].problem { lines.append("      cannot be used: \(problem)") }
        }
        return lines.joined(separator: "\n")
    }

    /// A name of the file system, with nothing in it that a terminal obeys.
    private static func shown(_ name: String) -> String { String(quoted(name, most: .max).dropFirst().dropLast()) }

    /// `91.4 MB`.
    static func megabytes(_ bytes: Int) -> String { "\(bytes / 1_000_000).\(bytes / 100_000 % 10) MB" }

    /// Bytes of the regular files in a folder and in those in it; deeper there is nothing of a model.
    private static func size(of path: String, depth: Int = 2) -> Int {
        var bytes = 0
        // More names than a model has are not counted: the path may be any folder at all.
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).prefix(100) {
            var facts = stat()
            guard stat("\(path)/\(name)", &facts) == 0 else { continue }
            if facts.st_mode & S_IFMT == S_IFREG { bytes += Int(facts.st_size) }
            if facts.st_mode & S_IFMT == S_IFDIR, depth > 1 { bytes += size(of: "\(path)/\(name)", depth: depth - 1) }
        }
        return bytes
    }
}
