import Glibc

/// The thread of a ``TCPProxy``: one loop around `poll` for all of its connections.
struct ProxyLoop {
    private let listener: Int32
    private let server: Int
    private let wake: Int32
    private let control: Observed<TCPProxy.Control>
    private var connections: [ProxyConnection] = []
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    init(listener: Int32, server: Int, wake: Int32, control: Observed<TCPProxy.Control>) {
        self.listener = listener
        self.server = server
        self.wake = wake
        self.control = control
    }

    mutating func run() {
        while true {
            _ = recv(wake, &buffer, buffer.count, 0)
            let wanted = control.current
            if wanted.isClosed { break }
            if let ending = wanted.ending { end(ending) }
            listen(!wanted.refuses)
            accept()
            for index in connections.indices { connections[index].move(wanted, control, &buffer) }
            connections.filter(\.isOver).forEach { $0.sockets.forEach { close($0) } }
            connections.removeAll(where: \.isOver)
            let count = connections.count
            if wanted.open != count { control.update { $0.open = count } }
            sleep(wanted)
        }
        connections.flatMap(\.sockets).forEach { close($0) }
        close(listener)
        close(wake)
    }

    /// Waits until there is something to do.
    private func sleep(_ wanted: TCPProxy.Control) {
        let now = ContinuousClock.now
        var timeout: Int32 = -1
        var descriptors = [pollfd(fd: wake, events: Int16(POLLIN), revents: 0)]
        if control.current.isListening { descriptors.append(pollfd(fd: listener, events: Int16(POLLIN), revents: 0)) }
        for connection in connections {
            for (direction, pipe) in connection.pipes.enumerated() where !wanted.isSilent[direction] {
                if !pipe.hasEnded && !pipe.isFull {
                    descriptors.append(pollfd(fd: pipe.from, events: Int16(POLLIN), revents: 0))
                }
                guard let due = pipe.chunks.first?.due else { continue }
                if due <= now {
                    descriptors.append(pollfd(fd: pipe.to, events: Int16(POLLOUT), revents: 0))
                } else {
                    let milliseconds = Int32(clamping: Int64((due - now) / .milliseconds(1)) + 1)
                    timeout = timeout < 0 ? milliseconds : min(timeout, milliseconds)
                }
            }
        }
        poll(&descriptors, nfds_t(descriptors.count), timeout)
    }

    private mutating func end(_ ending: TCPProxy.Ending) {
        // Those that the kernel has accepted for us and we have not yet seen are open to their clients: they end too.
        accept()
        for connection in connections {
            connection.prepare(for: ending)
            connection.sockets.forEach { close($0) }
        }
        connections = []
        control.update { control in
            control.ending = nil
            control.open = 0
        }
    }

    private func listen(_ wanted: Bool) {
        guard wanted != control.current.isListening else { return }
        // The socket stays bound: of a port that is given up, the next proxy to ask for one could be the owner.
        let result = wanted ? Glibc.listen(listener, TCPPort.backlog) : shutdown(listener, Int32(SHUT_RDWR))
        if result == 0 { control.update { $0.isListening = wanted } }
    }

    private mutating func accept() {
        guard control.current.isListening else { return }
        while let client = acceptClient(of: listener) {
            control.update { $0.accepted += 1 }
            guard let server = try? TCPPort.connecting(to: server) else {
                close(client)
                continue
            }
            for socket in [client, server] {
                var yes: Int32 = 1
                setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
            }
            connections.append(ProxyConnection(client: client, server: server))
        }
    }
}

/// A client's connection and the one made to the server for it.
private struct ProxyConnection {
    /// Bytes on their way in one direction, from one socket to the other.
    struct Pipe {
        let from: Int32
        let to: Int32
        var chunks: [(due: ContinuousClock.Instant, bytes: ArraySlice<UInt8>)] = []
        var hasEnded = false
        var endWasPassedOn = false

        /// No more is read than this, so that a slow reader slows the writer as it would without a proxy.
        var isFull: Bool { chunks.reduce(0) { $0 + $1.bytes.count } >= 1 << 20 }
    }

    /// In the order of TCPProxy.Direction.
    private(set) var pipes: [Pipe]
    private var isBroken = false

    init(client: Int32, server: Int32) {
        pipes = [Pipe(from: client, to: server), Pipe(from: server, to: client)]
    }

    var sockets: [Int32] { pipes.map(\.from) }
    var isOver: Bool { isBroken || pipes.allSatisfy(\.endWasPassedOn) }

    /// Reads and writes what can be read and written without waiting.
    mutating func move(
        _ wanted: TCPProxy.Control, _ control: Observed<TCPProxy.Control>, _ buffer: inout [UInt8]
    ) {
        for direction in pipes.indices where !wanted.isSilent[direction] && !isBroken {
            read(direction, wanted.delay[direction], &buffer)
            write(direction, control)
        }
    }

    private mutating func read(_ direction: Int, _ delay: Duration, _ buffer: inout [UInt8]) {
        while !pipes[direction].hasEnded && !pipes[direction].isFull {
            let count = recv(pipes[direction].from, &buffer, buffer.count, 0)
            if count > 0 {
                pipes[direction].chunks.append((ContinuousClock.now + delay, buffer[..<count]))
            } else if count == 0 {
                pipes[direction].hasEnded = true
            } else {
                failed()
                return
            }
        }
    }

    private mutating func write(_ direction: Int, _ control: Observed<TCPProxy.Control>) {
        let to = pipes[direction].to
        while let chunk = pipes[direction].chunks.first, chunk.due <= .now {
            let ration = control.current.ration[direction]
            let most = ration?.bytes ?? chunk.bytes.count
            let count = chunk.bytes.prefix(most).withUnsafeBytes {
                send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count >= 0 else {
                failed()
                return
            }
            let ending = control.update { control -> TCPProxy.Ending? in
                control.bytes[direction] += count
                // One that was set while this was sent begins with what comes next.
                guard ration != nil else { return nil }
                control.ration[direction]?.bytes -= count
                guard let ration = control.ration[direction], ration.bytes <= 0 else { return nil }
                control.ration[direction] = nil
                return ration.ending
            }
            if let ending {
                prepare(for: ending)
                isBroken = true
                return
            }
            if count == chunk.bytes.count {
                pipes[direction].chunks.removeFirst()
            } else {
                pipes[direction].chunks[0].bytes = chunk.bytes.dropFirst(count)
            }
        }
        if pipes[direction].hasEnded, pipes[direction].chunks.isEmpty, !pipes[direction].endWasPassedOn {
            shutdown(to, Int32(SHUT_WR))
            pipes[direction].endWasPassedOn = true
        }
    }

    /// What is to be said to the sockets before they are closed.
    func prepare(for ending: TCPProxy.Ending) {
        guard ending == .reset else { return }
        for socket in sockets {
            var noLinger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &noLinger, socklen_t(MemoryLayout<linger>.size))
        }
    }

    /// Tells a socket that is not ready from one that is lost. ENOTCONN: the way to the server is still being made.
    private mutating func failed() {
        isBroken = ![EAGAIN, EINTR, ENOTCONN].contains(errno)
    }
}
