import Foundation
import Glibc

/// How a process ended.
public enum ProcessExit: Sendable, Equatable, CustomStringConvertible {
    /// It exited with this status.
    case code(Int32)
    /// This signal ended it.
    case signal(Int32)

    /// `exit 78`, `signal 9`.
    public var description: String {
        switch self {
        case .code(let code): "exit \(code)"
        case .signal(let number): "signal \(number)"
        }
    }
}

/// What a process that has ended left.
public struct CompletedProcess: Sendable, CustomStringConvertible {
    /// How it ended.
    public let exit: ProcessExit
    /// All it wrote to standard output.
    public let output: String
    /// All it wrote to standard error.
    public let errors: String

    /// Ending, output and errors, for a message.
    public var description: String { "\(exit)\n\(output)\(errors)" }
}

/// A program that was started and may still run. It is killed when nobody holds it any more, and when the test
/// process dies, however that happens.
public final class RunningProcess: Sendable {
    private struct State: Sendable {
        var output: [UInt8] = []
        var errors: [UInt8] = []
        /// What came on either stream, in the order it came, by line.
        var lines: [String] = []
        var unfinished: [[UInt8]] = [[], []]
        var openStreams = 2
        var exit: ProcessExit?

        mutating func take(_ chunk: ArraySlice<UInt8>, stream: Int) {
            if stream == 0 { output += chunk } else { errors += chunk }
            var rest = chunk
            while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
                lines.append(String(decoding: unfinished[stream] + rest[..<newline], as: UTF8.self))
                unfinished[stream] = []
                rest = rest[(newline + 1)...]
            }
            unfinished[stream] += rest
        }

        mutating func endStream(_ stream: Int) {
            if !unfinished[stream].isEmpty { lines.append(String(decoding: unfinished[stream], as: UTF8.self)) }
            unfinished[stream] = []
            openStreams -= 1
        }
    }

    /// The process id.
    public let pid: pid_t
    private let name: String
    private let endSignal: Int32
    private let state = Observed(State())

    /// Starts a program in a session of its own.
    ///
    /// - Parameters:
    ///   - executable: Its path, or a name to be found on the PATH.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its whole environment; the test process's own when nil.
    ///   - directory: Where it runs; where the test process runs when nil.
    ///   - input: What it reads on standard input; nothing when nil.
    ///   - endSignal: The signal that ends it when nobody holds it any more.
    public init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: String? = nil,
        input: String? = nil,
        endSignal: Int32 = SIGKILL
    ) throws {
        name = ([executable] + arguments).joined(separator: " ")
        self.endSignal = endSignal
        let guardian = try Guardian.shared.get()
        let output = try makePipe()
        let errors = try makePipe()
        let stdin = try input.map { _ in try makePipe() }
        let nothing = try stdin == nil ? SystemFailure.check(open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null") : -1
        let childEnds = [stdin?.read ?? nothing, output.write, errors.write]
        defer { childEnds.forEach { close($0) } }
        do {
            pid = try spawn(
                [executable] + arguments, environment: environment ?? ProcessInfo.processInfo.environment,
                directory: directory, descriptors: (childEnds[0], childEnds[1], childEnds[2]))
        } catch {
            ([output.read, errors.read] + (stdin.map { [$0.write] } ?? [])).forEach { close($0) }
            throw error
        }
        guardian.watch(pid, endSignal: endSignal)
        if let stdin, let input { feed(stdin.write, Array(input.utf8)) }
        let state = state
        for (stream, descriptor) in [output.read, errors.read].enumerated() {
            drain(
                descriptor, { chunk in state.update { $0.take(chunk, stream: stream) } },
                end: { state.update { $0.endStream(stream) } })
        }
        let pid = pid
        startThread {
            // Waits without reaping: until the lock is held the number cannot become another process's.
            var information = siginfo_t()
            while waitid(P_PID, id_t(pid), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
            guardian.forget(pid)
            state.update { state in
                var status: Int32 = 0
                waitpid(pid, &status, 0)
                state.exit = status & 0x7f == 0 ? .code(status >> 8 & 0xff) : .signal(status & 0x7f)
            }
        }
    }

    deinit {
        send(endSignal)
    }

    /// Runs a program to its end.
    ///
    /// - Parameters:
    ///   - executable: Its path, or a name to be found on the PATH.
    ///   - arguments: Its arguments, without its name.
    ///   - environment: Its whole environment; the test process's own when nil.
    ///   - directory: Where it runs; where the test process runs when nil.
    ///   - input: What it reads on standard input; nothing when nil.
    ///   - limit: How long it may take.
    public static func run(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: String? = nil,
        input: String? = nil,
        within limit: Duration = .seconds(120),
        fileID: String = #fileID,
        line: Int = #line
    ) async throws -> CompletedProcess {
        let process = try RunningProcess(
            executable, arguments, environment: environment, directory: directory, input: input)
        return try await process.completed(within: limit, fileID: fileID, line: line)
    }

    /// Whether it has not ended yet.
    public var isRunning: Bool { state.current.exit == nil }
    /// What it has written to standard output so far.
    public var output: String { String(decoding: state.current.output, as: UTF8.self) }
    /// What it has written to standard error so far.
    public var errors: String { String(decoding: state.current.errors, as: UTF8.self) }
    /// The lines it has written on either so far, in the order they came.
    public var lines: [String] { state.current.lines }

    /// Sends a signal; nothing happens when the process has ended.
    public func send(_ signal: Int32) {
        state.update { if $0.exit == nil { _ = kill(pid, signal) } }
    }

    /// Waits for its end, and for all it wrote.
    ///
    /// A child that it left behind may hold its streams open: they are given up two seconds after its end.
    public func exit(
        within limit: Duration = .seconds(60), fileID: String = #fileID, line: Int = #line
    ) async throws -> ProcessExit {
        let ending = try await wait(within: limit, for: "the end of \(name)", fileID, line) { $0.exit }
        do {
            try await wait(within: .seconds(2), for: "the end of its streams", fileID, line) { state in
                state.openStreams == 0 ? () : nil
            }
        } catch is DeadlineMissed {}
        return ending
    }

    /// Waits for its end, and answers all it wrote.
    public func completed(
        within limit: Duration = .seconds(60), fileID: String = #fileID, line: Int = #line
    ) async throws -> CompletedProcess {
        let ending = try await exit(within: limit, fileID: fileID, line: line)
        return CompletedProcess(exit: ending, output: output, errors: errors)
    }

    /// Waits for a line on either stream and returns it; throws at once when the process ends without it.
    ///
    /// - Parameters:
    ///   - limit: How long it may take.
    ///   - start: Lines before this one do not count.
    ///   - matches: Whether a line is the one.
    @discardableResult
    public func line(
        within limit: Duration = .seconds(60),
        from start: Int = 0,
        fileID: String = #fileID,
        line: Int = #line,
        where matches: @escaping @Sendable (String) -> Bool
    ) async throws -> String {
        let name = name
        return try await wait(within: limit, for: "a line of \(name)", fileID, line) { state in
            if let found = state.lines.dropFirst(start).first(where: matches) { return found }
            guard state.openStreams > 0 || state.exit == nil else {
                throw ProcessEnded(name: name, exit: state.exit, lines: state.lines)
            }
            return nil
        }
    }

    private func wait<Answer: Sendable>(
        within limit: Duration, for what: String, _ fileID: String, _ line: Int,
        _ answer: @escaping @Sendable (State) throws -> Answer?
    ) async throws -> Answer {
        do {
            let state = state
            return try await withDeadline(limit, what, fileID: fileID, line: line) { try await state.first(answer) }
        } catch var missed as DeadlineMissed {
            missed.found = lines.suffix(40).joined(separator: "\n")
            throw missed
        }
    }
}

/// A process ended before it wrote the line that was waited for.
public struct ProcessEnded: Error, CustomStringConvertible {
    let name: String
    let exit: ProcessExit?
    let lines: [String]

    /// How it ended, and the end of what it wrote.
    public var description: String {
        "\(name) ended early (\(exit.map(\.description) ?? "?")):\n" + lines.suffix(40).joined(separator: "\n")
    }
}

/// The path of a product of this package, beside the test bundle.
public func builtBinary(_ name: String) throws -> String {
    let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent(name).path
    guard FileManager.default.isExecutableFile(atPath: path) else {
        throw SystemFailure(what: "\(path): swift build --product \(name) makes it", code: ENOENT)
    }
    return path
}
