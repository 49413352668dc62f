import Glibc
import Synchronization
import TestSupport

/// A daemon of a run: a process that is started again whenever it ends, as systemd does, behind proxies of its own.
final class FaultDaemon: Sendable {
    /// One process of it.
    struct Life: Sendable {
        let name: String
        let process: RunningProcess
        /// What it was told to end with, so that its end is no surprise.
        var told: Set<Int32> = []

        var events: [LabEvent] { process.lines.compactMap { LabEvent(line: $0) } }
        /// What it told, for whoever has to find out what went wrong: all troubles, and the end of the rest.
        var story: [String] {
            let dull: Set<String> = ["batch", "embedded"]
            let lines = process.lines.map { dull.contains(LabEvent(line: $0)?.event ?? "") ? "" : $0 }
            return lines.dropLast(20).filter { !$0.isEmpty }.suffix(60) + lines.suffix(20).filter { !$0.isEmpty }
        }
        /// Whether its listener's session, which has its claims, was the same from its start on.
        var isUnbroken: Bool {
            process.isRunning && !events.contains { ["lost", "dying", "ended"].contains($0.event) }
        }
    }

    private struct State {
        var lives: [Life] = []
        var isOver = false
        var random: SeededRandom
        var hours = 0
    }

    let number: Int
    let server: TCPProxy
    let provider: TCPProxy
    /// What its processes take for the time of day.
    let clock: FaultClock
    private let options: [String]
    private let hasAppointments: Bool
    private let state: Mutex<State>

    init(_ number: Int, _ options: [String], database: TestDatabase, provider: Int, seed: UInt64?) throws {
        self.number = number
        clock = try FaultClock()
        server = try TCPProxy(to: database.server.port)
        self.provider = try TCPProxy(to: provider)
        self.options =
            options + [
                "--conninfo", database.conninfo(port: server.port), "--provider", "\(self.provider.port)",
                "--clock", clock.file,
            ]
        hasAppointments = seed != nil
        state = Mutex(State(random: SeededRandom(seed: (seed ?? 0) &* 31 &+ UInt64(number))))
    }

    var lives: [Life] { state.withLock(\.lives) }
    var current: RunningProcess? { state.withLock { $0.lives.last?.process } }

    // MARK: Life

    /// Starts it, and again when it has ended, until ``finish()``.
    func run() async throws {
        while !state.withLock(\.isOver) {
            let process = try start()
            // A process that stops itself is continued as if by an operator who needs a moment to notice.
            let operator_ = Task { try await self.continueWhenStopped(process) }
            _ = try await process.exit(within: .seconds(600))
            operator_.cancel()
            try await pause(most: 700)
        }
    }

    /// Starts one process, with an appointment of its own to die or to stop at, now and then.
    @discardableResult
    func start() throws -> RunningProcess {
        try state.withLock { state in
            let name = "daemon \(number)-\(state.lives.count + 1)"
            var arguments = options + ["--name", name]
            let stage = ["claimed", "read", "embedded", "written", "released"][state.random.below(5)]
            let appointment = "\(stage):\(1 + state.random.below(20))"
            switch state.random.below(4) {
            case 0 where hasAppointments: arguments += ["--die-at", appointment]
            case 1 where hasAppointments: arguments += ["--stop-at", appointment]
            default: break
            }
            let process = try RunningProcess(builtBinary("lab-daemon"), arguments)
            state.lives.append(Life(name: name, process: process))
            return process
        }
    }

    private func continueWhenStopped(_ process: RunningProcess) async throws {
        var seen = 0
        while !Task.isCancelled {
            let from = seen
            try await process.line(within: .seconds(600), from: from) { $0.contains(#""event":"stopping""#) }
            seen = process.lines.count
            try await pause(most: 3_000)
            process.send(SIGCONT)
        }
    }

    /// A time of its own that something takes which nothing announces.
    private func pause(most milliseconds: Int) async throws {
        let chance = state.withLock { $0.random.below(milliseconds) }
        try await Task.sleep(for: .milliseconds(chance))
    }

    // MARK: What is done to it

    func send(_ signal: Int32) {
        state.withLock { state in
            guard !state.lives.isEmpty else { return }
            state.lives[state.lives.count - 1].told.insert(signal)
            state.lives[state.lives.count - 1].process.send(signal)
        }
    }

    /// Nothing is wrong from here on; no process has an appointment any more that it has not kept.
    func heal() {
        server.forward()
        provider.forward()
        send(SIGCONT)
    }

    /// Ends it in good order; what is wrong with how it ended.
    func finish() async throws -> [String] {
        state.withLock { $0.isOver = true }
        send(SIGCONT)
        send(SIGTERM)
        guard let process = current else { return [] }
        do {
            let exit = try await process.completed(within: .seconds(20)).exit
            // It may have been told before it could hear, or have kept an appointment of its own.
            let isFair =
                exit == .signal(SIGTERM) && process.lines.isEmpty
                || exit == .signal(SIGKILL) && process.lines.contains { $0.contains(#""dying""#) }
                || exit == .signal(SIGKILL) && state.withLock { $0.lives.last?.told.contains(SIGKILL) ?? false }
            // A start that failed is an end of its own: it would have been started again.
            let isFailedStart = exit == .code(69) && !process.lines.contains { $0.contains(#""listening""#) }
            return exit == .code(0) || isFair || isFailedStart
                ? [] : ["daemon \(number) ended with \(exit) after SIGTERM"]
        } catch {
            process.send(SIGKILL)
            return ["daemon \(number) did not end after SIGTERM: \(error)"]
        }
    }
}
