import Glibc

/// An archive with a model's folder somewhere in it.
///
/// Its members are written to where we say, one by one; nothing is unpacked to where the archive says.
struct ArchiveOrigin: ModelOrigin {
    let place: String
    private let format: Format
    /// What precedes the model's files in the members' names.
    private let prefix: String
    private let members: Set<String>

    private enum Format {
        case tar, zip
        /// A zip, where there is no unzip.
        case zipByPython
    }

    /// Looks for the folder.
    ///
    /// - Parameters:
    ///   - path: The file.
    ///   - place: Where it came from, for messages.
    init(path: String, place: String) throws(ModelAdditionError) {
        // No option of a program that is given it.
        self.path = path.hasPrefix("/") ? path : "./" + path
        self.place = place
        let (format, list) = try Self.list(self.path, place)
        self.format = format
        let names = list.split(whereSeparator: \.isNewline).map(String.init)
        guard let prefix = Self.prefix(among: names) else {
            throw ModelAdditionError(
                .data, "\(place) has no model's folder in it, that is config.json and model.safetensors")
        }
        self.prefix = prefix
        members = Set(names)
    }

    private let path: String

    func fetch(_ file: ModelFiles.File, into output: Int32) throws(ModelAdditionError) -> Bool {
        let member = prefix + file.path
        guard members.contains(member) else { return false }
        let result =
            switch format {
            case .tar:
                try ChildProcess.run(
                    "tar", ["--extract", "--gzip", "--to-stdout", "--force-local", "--file", path, "--", member],
                    output: output, limit: file.limit)
            case .zip:
                try ChildProcess.run("unzip", ["-p", path, member], output: output, limit: file.limit)
            case .zipByPython:
                try ChildProcess.run(
                    "python3", ["-c", Self.extracting, path, member], output: output, limit: file.limit)
            }
        if result.isOverLimit {
            throw ModelAdditionError.isTooLarge("\(member) in \(place)", file.limit)
        }
        guard result.status == 0 else { throw Self.damaged(place, result) }
        return true
    }

    /// The shortest name of a folder with all that a model needs.
    static func prefix(among names: [String]) -> String? {
        let all = Set(names)
        func prefixes(_ name: String) -> [String] {
            names.filter { $0 == name || $0.hasSuffix("/" + name) }.map { String($0.dropLast(name.utf8.count)) }
                .filter(isPlain).sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) }
        }
        // The transformer may be in a folder of its own, which modules.json names.
        return prefixes("modules.json").first
            ?? prefixes("config.json").first { all.contains($0 + "model.safetensors") }
    }

    /// unzip takes a name for a pattern, so it must have nothing of one; nor may it look like an option.
    private static func isPlain(_ prefix: String) -> Bool {
        !prefix.hasPrefix("-")
            && prefix.unicodeScalars.allSatisfy { $0.value >= 0x20 && !"[]*?\\\"".unicodeScalars.contains($0) }
    }

    private static func list(_ path: String, _ place: String) throws(ModelAdditionError) -> (Format, String) {
        let most = 16 << 20
        if isZip(path) {
            do throws(ModelAdditionError) {
                let (result, list) = try ChildProcess.text("unzip", ["-Z1", path], limit: most)
                guard result.status == 0 else { throw damaged(place, result) }
                return (.zip, list)
            } catch {
                guard error.kind == .unavailable else { throw error }
                let (result, list) = try ChildProcess.text("python3", ["-c", listing, path], limit: most)
                guard result.status == 0 else { throw damaged(place, result) }
                return (.zipByPython, list)
            }
        }
        let (result, list) = try ChildProcess.text(
            "tar", ["--list", "--gzip", "--quoting-style=literal", "--force-local", "--file", path], limit: most)
        guard result.status == 0 else { throw damaged(place, result) }
        return (.tar, list)
    }

    /// By its first bytes: what came from the web may be called anything.
    private static func isZip(_ path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return false }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: 4)
        return read(file, &bytes, 4) == 4 && bytes.starts(with: Array("PK".utf8))
    }

    private static func damaged(_ place: String, _ result: ChildProcess.Result) -> ModelAdditionError {
        let line = result.errors.split(whereSeparator: \.isNewline).first.map(String.init) ?? "code \(result.status)"
        return ModelAdditionError(.data, "\(place) cannot be unpacked: \(quoted(line, most: 300))")
    }

    private static let listing = "import sys, zipfile; print(*zipfile.ZipFile(sys.argv[1]).namelist(), sep='\\n')"
    private static let extracting =
        "import shutil, sys, zipfile; "
        + "shutil.copyfileobj(zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]), sys.stdout.buffer, 1 << 20)"
}
