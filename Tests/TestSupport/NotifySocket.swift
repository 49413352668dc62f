import Glibc

/// The socket on which systemd hears from its services, for a daemon that a test runs without systemd.
public final class NotifySocket: Sendable {
    private struct State: Sendable {
        var messages: [String] = []
        var isClosed = false
    }

    /// What the daemon needs in its environment.
    public var environment: [String: String] { ["NOTIFY_SOCKET": path] }

    private let path: String
    private let socket: Int32
    private let state = Observed(State())

    /// Opens it.
    public init() throws {
        path = try Guardian.shared.get().newPath(".notify")
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let socket = try SystemFailure.check(Glibc.socket(AF_UNIX, type, 0), "socket")
        self.socket = socket
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let path = path
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        do {
            try SystemFailure.check(withSocketAddress(&address) { bind(socket, $0, $1) }, path)
        } catch {
            close(socket)
            throw error
        }
        chmod(path, 0o666)
        let state = state
        startThread {
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                // Descriptors that came along, as with BARRIER=1, are closed by the kernel: that is what is asked for.
                let count = recv(socket, &buffer, buffer.count, 0)
                if count < 0 && errno == EINTR { continue }
                guard count > 0, !state.current.isClosed else { break }
                let lines = String(decoding: buffer[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
                state.update { $0.messages += lines }
            }
            close(socket)
        }
    }

    deinit {
        state.update { $0.isClosed = true }
        // Wakes the thread, which closes it.
        shutdown(socket, Int32(SHUT_RDWR))
        unlink(path)
    }

    /// All assignments received so far, such as `READY=1`, in order.
    public var messages: [String] { state.current.messages }
    /// The last `STATUS=`, without the name.
    public var status: String? {
        messages.last { $0.hasPrefix("STATUS=") }.map { String($0.dropFirst("STATUS=".count)) }
    }

    /// Waits for an assignment and returns it.
    ///
    /// - Parameters:
    ///   - prefix: How it begins: `READY=1`, `STATUS=idle`, `WATCHDOG`.
    ///   - start: Assignments before this one do not count; pass ``messages``.count for one still to come.
    ///   - limit: How long it may take.
    @discardableResult
    public func wait(
        for prefix: String, from start: Int = 0, within limit: Duration = .seconds(60),
        fileID: String = #fileID, line: Int = #line
    ) async throws -> String {
        do {
            let state = state
            return try await withDeadline(limit, "\(prefix) on the notify socket", fileID: fileID, line: line) {
                try await state.first { $0.messages.dropFirst(start).first { $0.hasPrefix(prefix) } }
            }
        } catch var missed as DeadlineMissed {
            missed.found = messages.suffix(20).joined(separator: "\n")
            throw missed
        }
    }
}
