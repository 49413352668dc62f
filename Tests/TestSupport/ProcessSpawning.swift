import Foundation
import Glibc
import Synchronization

/// A call of the operating system that failed.
public struct SystemFailure: Error, CustomStringConvertible {
    /// What was tried.
    public let what: String
    /// The errno.
    public let code: Int32

    /// What was tried, and why it failed.
    public var description: String { "\(what): \(String(cString: strerror(code)))" }

    /// Throws when a call returned -1, else returns what it returned.
    @discardableResult
    static func check(_ result: Int32, _ what: @autoclosure () -> String) throws -> Int32 {
        guard result != -1 else { throw SystemFailure(what: what(), code: errno) }
        return result
    }
}

/// Runs `body` on a thread of its own, for calls that block.
func startThread(_ body: @escaping @Sendable () -> Void) {
    Thread.detachNewThread(body)
}

/// Starts a process in a session of its own, with all signals at their defaults.
///
/// - Parameter descriptors: What it gets as descriptors 0, 1 and 2; it gets no others.
/// - Returns: The process id. The caller waits for it.
func spawn(
    _ arguments: [String], environment: [String: String], directory: String?, descriptors: (Int32, Int32, Int32)
) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, descriptors.0, 0)
    posix_spawn_file_actions_adddup2(&actions, descriptors.1, 1)
    posix_spawn_file_actions_adddup2(&actions, descriptors.2, 2)

    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // POSIX_SPAWN_SETSID, which <spawn.h> shows to GNU sources only.
    let ownSession: Int32 = 0x80
    posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK) | ownSession))

    // env(1) goes there and becomes the program: the process stays the same.
    let arguments = (directory.map { ["env", "-C", $0] } ?? []) + arguments
    let argv = arguments.map { strdup($0) } + [nil]
    let envp = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    var pid: pid_t = 0
    let failure = noChildBetween.withLock { _ in
        // The test process may have been given descriptors of others: they stay here.
        for descriptor in (3..<openDescriptorsEnd()) { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
    }
    guard failure == 0 else { throw SystemFailure(what: "cannot start \(arguments[0])", code: failure) }
    return pid
}

/// One more than the highest descriptor that is open, 3 at least.
private func openDescriptorsEnd() -> Int32 {
    let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return max(2, open.compactMap(Int32.init).max() ?? 2) + 1
}

/// Held while a child is started, and from making a descriptor until it is close-on-exec where one call cannot do both.
private let noChildBetween = Mutex(())

/// A pipe whose ends no child inherits by accident.
func makePipe() throws -> (read: Int32, write: Int32) {
    try noChildBetween.withLock { _ in
        var ends: [Int32] = [-1, -1]
        try SystemFailure.check(pipe(&ends), "pipe")
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

/// Two connected sockets that no child inherits by accident.
func makeSocketPair(nonblocking: Bool = false) throws -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    var type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    if nonblocking { type |= Int32(SOCK_NONBLOCK.rawValue) }
    try SystemFailure.check(socketpair(AF_UNIX, type, 0, &ends), "socketpair")
    return (ends[0], ends[1])
}

/// The next client of a listening socket that does not block, itself not blocking; nil when none waits.
func acceptClient(of listener: Int32) -> Int32? {
    noChildBetween.withLock { _ in
        let client = accept(listener, nil, nil)
        guard client != -1 else { return nil }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        _ = fcntl(client, F_SETFL, O_NONBLOCK)
        return client
    }
}

/// Reads a descriptor to its end on a thread of its own, then closes it.
func drain(
    _ descriptor: Int32, _ chunk: @escaping @Sendable (ArraySlice<UInt8>) -> Void,
    end: @escaping @Sendable () -> Void
) {
    startThread {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count > 0 { chunk(buffer[..<count]) } else if count == 0 || errno != EINTR { break }
        }
        close(descriptor)
        end()
    }
}

/// Writes all of `bytes` on a thread of its own, then closes the descriptor.
func feed(_ descriptor: Int32, _ bytes: [UInt8]) {
    startThread {
        // A reader that is gone is an answer (EPIPE), not the end of the test process.
        var pipeSignal = sigset_t()
        sigemptyset(&pipeSignal)
        sigaddset(&pipeSignal, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &pipeSignal, nil)
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { break }
        }
        close(descriptor)
    }
}
