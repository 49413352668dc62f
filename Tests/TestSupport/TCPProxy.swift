import Glibc

/// Stands between a client and a server on 127.0.0.1 and is as unkind as a network.
///
/// What it cannot do: the kernel acknowledges for it, so a client's TCP never sees a lost packet. A silent proxy is a
/// peer that is there and says nothing, which only a heartbeat notices.
public final class TCPProxy: Sendable {
    /// Which way bytes go.
    public enum Direction: Int, Sendable, CaseIterable {
        /// From the client to the server.
        case toServer
        /// From the server to the client.
        case toClient
    }

    struct Control: Sendable {
        var isSilent = [false, false]
        var delay: [Duration] = [.zero, .zero]
        var refuses = false
        /// How connections are to be ended now.
        var ending: Ending?
        /// After how many more bytes each way the connection that carries the last of them ends, and how.
        var ration: [Ration?] = [nil, nil]
        var isClosed = false

        var isListening = true
        var accepted = 0
        var open = 0
        var bytes = [0, 0]
    }

    /// How a connection ends.
    public enum Ending: Sendable, CaseIterable {
        /// In good order (FIN).
        case cut
        /// RST.
        case reset
    }

    struct Ration: Sendable {
        var bytes: Int
        let ending: Ending
    }

    /// Where clients connect, on 127.0.0.1.
    public let port: Int
    private let control: Observed<Control>
    private let wake: Int32

    /// Listens on a port of its own and passes everything on.
    ///
    /// - Parameter server: The server's port on 127.0.0.1.
    public init(to server: Int) throws {
        let woken: Int32
        (wake, woken) = try makeSocketPair(nonblocking: true)
        let listener: Int32
        do {
            (listener, port) = try TCPPort.listening()
        } catch {
            close(wake)
            close(woken)
            throw error
        }
        control = Observed(Control())
        let control = control
        startThread {
            var loop = ProxyLoop(listener: listener, server: server, wake: woken, control: control)
            loop.run()
        }
    }

    deinit {
        // The thread closes its sockets.
        change { $0.isClosed = true }
        close(wake)
    }

    /// Holds back whatever comes from now on. The connections stay open; new ones are accepted, and silent too.
    public func goSilent(_ directions: Direction...) {
        change { control in
            for direction in directions.isEmpty ? Direction.allCases : directions {
                control.isSilent[direction.rawValue] = true
            }
        }
    }

    /// Passes everything on, also what was held back, at once, and accepts connections.
    public func forward() {
        change { control in
            control.isSilent = [false, false]
            control.delay = [.zero, .zero]
            control.ration = [nil, nil]
            control.refuses = false
        }
    }

    /// Passes bytes on so much later.
    public func delay(_ delay: Duration, _ directions: Direction...) {
        change { control in
            for direction in directions.isEmpty ? Direction.allCases : directions {
                control.delay[direction.rawValue] = delay
            }
        }
    }

    /// Ends every connection in good order (FIN), on both sides. New ones are still accepted.
    public func cut() async throws { try await end(.cut) }

    /// Resets every connection (RST), on both sides. New ones are still accepted.
    public func reset() async throws { try await end(.reset) }

    /// Lets so many more bytes pass in one direction, all connections together, and then ends the one that carried the
    /// last of them, in the middle of whatever that was. The others stay.
    public func end(_ ending: Ending, after bytes: Int, _ direction: Direction) {
        change { $0.ration[direction.rawValue] = Ration(bytes: max(bytes, 1), ending: ending) }
    }

    /// Refuses new connections until ``forward()``; those that are open stay.
    public func refuseConnections() async throws {
        change { $0.refuses = true }
        // Until the socket has ceased to listen a connection could still succeed.
        let control = control
        try await withDeadline(.seconds(180), "the proxy's refusal") {
            try await control.first { $0.isListening ? nil : () }
        }
    }

    /// Connections accepted since the start.
    public var accepted: Int { control.current.accepted }
    /// Connections open now.
    public var open: Int { control.current.open }
    /// Bytes passed on.
    public func bytes(_ direction: Direction) -> Int { control.current.bytes[direction.rawValue] }

    /// Waits until so many connections were accepted since the start.
    public func accepted(
        atLeast count: Int, within limit: Duration = .seconds(60), fileID: String = #fileID, line: Int = #line
    ) async throws {
        let control = control
        try await withDeadline(limit, "\(count) connections through the proxy", fileID: fileID, line: line) {
            try await control.first { $0.accepted >= count ? () : nil }
        }
    }

    private func end(_ ending: Ending) async throws {
        change { $0.ending = ending }
        let control = control
        try await withDeadline(.seconds(180), "the proxy's connections ended") {
            try await control.first { $0.ending == nil ? () : nil }
        }
    }

    private func change(_ change: (inout Control) -> Void) {
        control.update(change)
        // When it is full, the thread has been woken already.
        _ = send(wake, [1], 1, Int32(MSG_NOSIGNAL))
    }
}
