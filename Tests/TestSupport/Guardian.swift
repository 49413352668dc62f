import Foundation
import Glibc
import Synchronization

/// Sees to it that nothing outlives the test process, not even when that is killed: no process and no file.
///
/// A shell of its own session holds the other end of a socket. When the test process ends, however it ends, the kernel
/// closes the socket; the shell then ends the processes it was told of and removes ``folder``. Should the shell be
/// killed too, the next test process's one finds the folder unlocked and sweeps it.
final class Guardian: Sendable {
    /// Started at the first use.
    static let shared = Result { try Guardian() }

    /// For sockets, clusters and files of this test process; short, for a socket's path has 107 bytes at most.
    let folder: String
    private let socket: Int32
    private let nextName = Atomic(0)

    private static let script = #"""
        sweep() {
            for pidfile in "$1"/*/data/postmaster.pid; do
                [ -e "$pidfile" ] || continue
                read -r pid <"$pidfile"
                # The number may be another process's by now: a postmaster works in its data directory.
                [ "$(readlink "/proc/$pid/cwd")" = "${pidfile%/*}" ] && kill -QUIT "$pid" && end "$pid"
            done
            rm -rf "$1"
        }
        end() { # waits for a process that was told to end; kills it after five seconds
            for _ in $(seq 100); do
                case $(cat "/proc/$1/stat") in '' | *') Z '*) return ;; esac
                sleep 0.05
            done
            kill -KILL "$1"
        }
        # Beside the reading: a socket that nobody reads is full soon, and holds up whoever starts or ends a process.
        for folder in "${1%.*}".*; do
            [ "$folder" != "$1" ] && [ -e "$folder/lock" ] && flock -n "$folder/lock" true && sweep "$folder"
        done </dev/null &
        watched=
        while read -r sign pid signal; do
            case $sign in
                +) watched="$watched $pid:$signal" ;;
                -) rest=; for one in $watched; do [ "${one%:*}" = "$pid" ] || rest="$rest $one"; done; watched=$rest ;;
            esac
        done
        for one in $watched; do kill -"${one#*:}" "${one%:*}"; done
        for one in $watched; do end "${one%:*}"; done
        sweep "$1"
        """#

    private init() throws {
        var template = Array("/tmp/backfilld-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemFailure(what: "mkdtemp", code: errno) }
        folder = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        chmod(folder, 0o755)
        // Held as long as this process lives: the descriptor is never closed, and no child has it.
        let lock = try SystemFailure.check(open("\(folder)/lock", O_CREAT | O_RDWR | O_CLOEXEC, 0o600), "lock")
        try SystemFailure.check(flock(lock, LOCK_EX), "flock")

        let childEnd: Int32
        (socket, childEnd) = try makeSocketPair()
        let nothing = try SystemFailure.check(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null")
        _ = try spawn(
            ["/bin/sh", "-c", Self.script, "backfilld-test-guardian", folder],
            environment: ["PATH": "/usr/sbin:/usr/bin:/sbin:/bin"], directory: "/",
            descriptors: (childEnd, nothing, nothing))
        close(childEnd)
        close(nothing)
    }

    /// Ends a process with `endSignal` should the test process end first.
    func watch(_ pid: pid_t, endSignal: Int32) {
        tell("+ \(pid) \(endSignal)\n")
    }

    /// Forgets a process that has ended.
    func forget(_ pid: pid_t) {
        tell("- \(pid)\n")
    }

    /// A path in ``folder`` that nobody else was given.
    func newPath(_ name: String = "") -> String {
        "\(folder)/\(nextName.add(1, ordering: .relaxed).newValue)\(name)"
    }

    private func tell(_ message: String) {
        _ = send(socket, message, message.utf8.count, Int32(MSG_NOSIGNAL))
    }
}

/// An empty folder for a test's files, removed when the test process ends.
public func temporaryFolder() throws -> String {
    let path = try Guardian.shared.get().newPath()
    try SystemFailure.check(mkdir(path, 0o755), path)
    return path
}
