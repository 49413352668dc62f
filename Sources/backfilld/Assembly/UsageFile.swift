import Embedders
import FoundationEssentials
import Glibc
import Systemd

/// The file that has what was sent today, so that a day's ceiling holds over restarts, and for the service and a command beside
/// it together.
struct UsageFile: SharedUsage {
    private let path: String

    /// In a folder, which is made where it is missing.
    init(folder: String) throws(SharedUsageError) {
        path = "\(folder)/remote-usage"
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw Self.error("made", folder) }
        // What can't be read is told at the start.
        _ = try add(DayUsage(day: 0))
    }

    /// The folder for the state of this process: of the service its own, else of whoever runs a command.
    ///
    /// - Returns: Nil where there is none.
    static func folder(_ environment: [String: String]) -> String? {
        if let given = StateDirectory.path(in: environment) { return given }
        // Root may write everywhere, and so may whoever has the service's folder.
        let ofService = "/var/lib/backfilld"
        if access(ofService, W_OK | X_OK) == 0 { return ofService }
        if let state = environment["XDG_STATE_HOME"], state.first == "/" { return made(state) }
        guard let home = environment["HOME"], home.first == "/", home != "/" else { return nil }
        _ = mkdir("\(home)/.local", 0o700)
        return made("\(home)/.local/state")
    }

    private static func made(_ state: String) -> String {
        _ = mkdir(state, 0o700)
        return "\(state)/backfilld"
    }

    func add(_ part: DayUsage) throws(SharedUsageError) -> DayUsage {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Self.error("opened", path) }
        defer { close(file) }
        // Held for a moment only, by whoever adds to it.
        while flock(file, LOCK_EX) != 0 { guard errno == EINTR else { throw Self.error("locked", path) } }
        leaveToOwner(file)
        var buffer = [UInt8](repeating: 0, count: 128)
        let count = pread(file, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Self.error("read", path) }
        var sum = part
        if count > 0 {
            guard let kept = DayUsage(text: String(decoding: buffer[..<count], as: UTF8.self)) else {
                throw SharedUsageError(
                    "\(path) does not have what was sent today in it, so that nothing is sent; remove it to count anew")
            }
            sum = kept.adding(part)
            if sum == kept { return sum }
        }
        let text = Array(sum.text.utf8)
        guard pwrite(file, text, text.count, 0) == text.count, ftruncate(file, off_t(text.count)) == 0 else {
            throw Self.error("written", path)
        }
        return sum
    }

    /// What root has made in the service's folder is the service's, who else could not go on.
    private func leaveToOwner(_ file: Int32) {
        guard geteuid() == 0 else { return }
        var (folder, found) = (stat(), stat())
        let parent = String(path.dropLast("/remote-usage".count))
        guard stat(parent, &folder) == 0, fstat(file, &found) == 0, found.st_uid != folder.st_uid else { return }
        _ = fchown(file, folder.st_uid, folder.st_gid)
    }

    private static func error(_ what: String, _ path: String) -> SharedUsageError {
        SharedUsageError(
            "\(path), which has what was sent today, can't be \(what) (\(String(cString: strerror(errno)))), so that nothing is "
                + "sent: a ceiling that nobody counts for would be none")
    }
}

extension Assembly {
    /// Where what is sent is counted by the day; nil where no ceiling needs it.
    ///
    /// - Throws: `RemoteSettingError` where it can't be read or written, or there is no folder to keep it in: a ceiling that
    ///   every start counts from nothing is none.
    func usageFile(_ remote: Settings.Remote) throws(RemoteSettingError) -> UsageFile? {
        let throttle = remote.throttle
        guard throttle.requestsPerDay != nil || throttle.tokensPerDay != nil else { return nil }
        let setting = throttle.tokensPerDay == nil ? "remote.requestsPerDay" : "remote.tokensPerDay"
        guard let folder = UsageFile.folder(ProcessInfo.processInfo.environment) else {
            throw RemoteSettingError(
                setting,
                "needs a folder to count in: give the unit a StateDirectory=, or set XDG_STATE_HOME or HOME")
        }
        do throws(SharedUsageError) {
            return try UsageFile(folder: folder)
        } catch {
            throw RemoteSettingError(setting, error.description)
        }
    }
}
