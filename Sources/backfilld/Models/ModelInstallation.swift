import FoundationEssentials
import Glibc
import SentenceEncoder

/// A model on its way into a directory: it grows in a folder beside its place and gets there by a rename, whole or not
/// at all.
final class ModelInstallation {
    private let directory: String
    /// A folder of ours in `directory`; the lock on it says that we live.
    let work: String
    private let lock: Int32
    private static let prefix = ".adding-"

    /// Where the model grows.
    var model: String { work + "/model" }

    /// Makes the directory if need be, and takes away what earlier runs left that were killed.
    init(into directory: String) throws(ModelAdditionError) {
        try Self.makeDirectories(directory)
        Self.sweep(directory)
        var template = Array("\(directory)/\(Self.prefix)XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else {
            throw ModelAdditionError(
                errno == EACCES || errno == EROFS ? .noPermission : .cannotCreate,
                "cannot write into \(directory): \(systemMessage(errno)). Run it as root, or say where: --to DIR")
        }
        work = String(cString: made)
        self.directory = directory
        lock = open(work, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        _ = flock(lock, LOCK_EX | LOCK_NB)
        try Self.makeDirectories(work + "/model")
    }

    deinit {
        try? FileManager.default.removeItem(atPath: work)
        close(lock)
    }

    /// Gets a file from where the model is.
    ///
    /// - Returns: False where there is no such file.
    func fetch(_ file: ModelFiles.File, from origin: some ModelOrigin) throws(ModelAdditionError) -> Bool {
        let path = "\(model)/\(file.path)"
        try Self.makeDirectories(Self.parent(path))
        let output = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard output >= 0 else {
            throw ModelAdditionError(.cannotCreate, "cannot write \(path): \(systemMessage(errno))")
        }
        defer { close(output) }
        guard try origin.fetch(file, into: output) else {
            unlink(path)
            return false
        }
        guard fchmod(output, 0o644) == 0, fsync(output) == 0 else {
            throw ModelAdditionError(.cannotCreate, "cannot write \(path): \(systemMessage(errno))")
        }
        return true
    }

    /// Puts the model into its place.
    ///
    /// - Parameter replacing: Whether to take the place of one of that name.
    func finish(name: String, replacing: Bool) throws(ModelAdditionError) {
        let place = "\(directory)/\(name)"
        // A folder that was made for a file that there was not is no part of the model.
        for part in (try? FileManager.default.contentsOfDirectory(atPath: model)) ?? [] { rmdir("\(model)/\(part)") }
        Self.synchronise(model)
        // Who has the old one open keeps it: its files stay as they are until they are closed.
        let old = work + "/old"
        let isReplaced = replacing && rename(place, old) == 0
        // A folder takes the place of none that has something in it.
        if rename(model, place) != 0 {
            let reason = errno
            if isReplaced { rename(old, place) }
            if reason == EEXIST || reason == ENOTEMPTY { throw Self.exists(place) }
            throw ModelAdditionError(.cannotCreate, "cannot rename \(model) to \(place): \(systemMessage(reason))")
        }
        Self.synchronise(directory)
    }

    static func exists(_ place: String) -> ModelAdditionError {
        ModelAdditionError(.cannotCreate, "\(place) is there already; --force replaces it, --name gives another name")
    }

    private static func synchronise(_ folder: String) {
        for name in ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []) + ["."] {
            let file = open("\(folder)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard file >= 0 else { continue }
            fsync(file)
            close(file)
        }
    }

    private static func makeDirectories(_ path: String) throws(ModelAdditionError) {
        var facts = stat()
        if path.isEmpty || stat(path, &facts) == 0 { return }
        try makeDirectories(parent(path))
        // The service's user has to read it, whatever the umask of who adds it.
        guard mkdir(path, 0o755) == 0 || errno == EEXIST, chmod(path, 0o755) == 0 else {
            throw ModelAdditionError(
                errno == EACCES || errno == EROFS ? .noPermission : .cannotCreate,
                "cannot make \(path): \(systemMessage(errno)). Run it as root, or say where: --to DIR")
        }
    }

    private static func parent(_ path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }

    private static func sweep(_ directory: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? [] where name.hasPrefix(prefix)
        {
            let file = open("\(directory)/\(name)", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            guard file >= 0 else { continue }
            if flock(file, LOCK_EX | LOCK_NB) == 0 {
                try? FileManager.default.removeItem(atPath: "\(directory)/\(name)")
            }
            close(file)
        }
    }
}
