import Glibc
import Synchronization

/// A server on a port of 127.0.0.1 that answers each request with the bytes that a script has for it, right or wrong.
public final class ScriptedHTTPServer: Sendable {
    /// A request that arrived whole.
    public struct Request: Sendable {
        /// The first line, as it came: method, target, version.
        public let line: String
        /// Its fields by name in lower case; of several of one name the last.
        public let fields: [String: String]
        /// What was posted.
        public let body: [UInt8]
        /// Which connection it came on, counted from 0.
        public let connection: Int
    }

    /// What the server does next.
    public enum Step: Sendable {
        /// Sends bytes.
        case send([UInt8])
        /// Sends the same bytes again and again, with a pause before each, until the client has gone.
        case drip([UInt8], every: Duration)
        /// Waits until the client has gone.
        case hold
        /// Ends the connection in good order.
        case close
        /// Resets the connection.
        case reset
    }

    private struct State: Sendable {
        var requests: [Request] = []
        var connections = 0
        var abandoned = 0
    }

    /// Where it listens, on 127.0.0.1.
    public let port: Int
    private let script: @Sendable (Request, Int) -> [Step]
    private let state = Observed(State())
    private let wake: Int32

    /// Listens on a port of its own.
    ///
    /// - Parameter script: What to do with a request, and how many came before it. After the last step the connection is
    ///   ready for another request.
    public init(_ script: @escaping @Sendable (Request, Int) -> [Step]) throws {
        let woken: Int32
        (wake, woken) = try makeSocketPair()
        let listener: Int32
        do {
            (listener, port) = try TCPPort.listening(on: 0)
        } catch {
            close(wake)
            close(woken)
            throw error
        }
        self.script = script
        startThread { [weak self] in
            var descriptors = [
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
                pollfd(fd: woken, events: Int16(POLLIN), revents: 0),
            ]
            while descriptors[1].revents == 0 {
                poll(&descriptors, 2, -1)
                while let client = acceptClient(of: listener) {
                    startThread { [weak self] in self?.serve(ScriptedConnection(socket: client)) }
                }
            }
            close(listener)
            close(woken)
        }
    }

    deinit { close(wake) }

    /// Where it is asked: `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The requests so far.
    public var requests: [Request] { state.current.requests }
    /// Connections that were made so far.
    public var connections: Int { state.current.connections }

    /// Waits until so many requests have come.
    public func received(_ count: Int) async throws {
        _ = try await withDeadline(.seconds(120), "\(count) requests") { [state] in
            try await state.first { $0.requests.count >= count ? true : nil }
        }
    }

    /// Waits until so many clients went away while they were held or dripped on.
    public func abandoned(_ count: Int = 1) async throws {
        _ = try await withDeadline(.seconds(120), "the end of \(count) clients") { [state] in
            try await state.first { $0.abandoned >= count ? true : nil }
        }
    }

    private func serve(_ connection: ScriptedConnection) {
        let number = state.update { state in
            state.connections += 1
            return state.connections - 1
        }
        while let request = connection.request(number) {
            let before = state.update { state in
                state.requests.append(request)
                return state.requests.count - 1
            }
            for step in script(request, before) {
                switch step {
                case .send(let bytes): guard connection.send(bytes) else { return connection.close() }
                case .drip(let bytes, let pause):
                    while connection.send(bytes), !connection.isGone(after: pause) {}
                    state.update { $0.abandoned += 1 }
                    return connection.close()
                case .hold:
                    while !connection.isGone(after: .seconds(1)) {}
                    state.update { $0.abandoned += 1 }
                    return connection.close()
                case .close: return connection.close()
                case .reset: return connection.reset()
                }
            }
        }
        connection.close()
    }
}
