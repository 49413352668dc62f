import CSystemd
import Glibc

/// The image that the kernel writes of a crashed process: with the database password and the API keys in it.
package enum CoreDumps {
    /// Keeps this process from ever being dumped: setrlimit(2) for dumps to a file, prctl(2) `PR_SET_DUMPABLE` for
    /// those to a handler such as systemd-coredump, which no limit stops.
    ///
    /// It also keeps other processes of the same user from reading this one's memory by ptrace(2).
    ///
    /// - Returns: Whether both were accepted.
    @discardableResult
    package static func disable() -> Bool {
        var none = rlimit(rlim_cur: 0, rlim_max: 0)
        let limited = setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none) == 0
        return csystemd_forbid_dumping() == 0 && limited
    }
}
