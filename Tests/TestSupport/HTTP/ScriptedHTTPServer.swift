/// A server on a port of 127.0.0.1 that answers each request with the bytes that a script has for it, right or wrong.
///
/// What a provider of the lab says in whole answers, a ``LabHTTPServer`` does with less.
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
    public var port: Int { listener.port }
    private let state: Observed<State>
    private let listener: LoopbackListener

    /// Listens on a port of its own.
    ///
    /// - Parameter script: What to do with a request, and how many came before it. After the last step the connection is
    ///   ready for another request.
    public init(_ script: @escaping @Sendable (Request, Int) -> [Step]) throws {
        let state = Observed(State())
        self.state = state
        listener = try LoopbackListener { Self.serve(ScriptedConnection(socket: $0), state, script) }
    }

    /// Where it is asked: `http://127.0.0.1:PORT`.
    public var url: String { "http://127.0.0.1:\(port)" }
    /// The requests so far.
    public var requests: [Request] { state.current.requests }
    /// Connections that a whole request came on so far. Whoever looks for another server, at a port that was that one's a
    /// moment ago, connects here too, and has nothing to say that is understood.
    public var connections: Int { Set(requests.map(\.connection)).count }

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

    private static func serve(
        _ connection: ScriptedConnection, _ state: Observed<State>, _ script: (Request, Int) -> [Step]
    ) {
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
