import Foundation
import TestSupport
import Testing

/// A machine of its own that a real systemd has booted; see Tests/with-systemd.sh.
struct SystemdMachine: Sendable {
    private let script: RunningProcess
    private let enter: [String]

    /// - Parameter options: What Tests/with-systemd.sh is told besides.
    init(_ options: [String]) async throws {
        // SIGTERM: it tears down what it made.
        script = try RunningProcess(
            "\(repositoryRoot)/Tests/with-systemd.sh", ["-v"] + options + ["--", "tail", "-f", "/dev/null"],
            endSignal: SIGTERM)
        let words = try await script.line(within: .seconds(180)) { $0.contains("systemd is up (PID ") }
            .split { !$0.isNumber }
        let pid = try #require(words.last)
        enter = ["--target", String(pid), "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--"]
    }

    fileprivate func powerOff() async throws {
        script.send(SIGTERM)
        _ = try await script.exit(within: .seconds(60))
    }

    fileprivate func run(_ command: String, input: String?) async throws -> CompletedProcess {
        try await RunningProcess.run(
            "nsenter", enter + ["bash", "-c", command],
            environment: [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "cat",
                "DEBIAN_FRONTEND": "noninteractive",
            ],
            directory: "/", input: input, within: .seconds(300))
    }
}

/// What has such a machine.
protocol OnSystemd: Sendable {
    var machine: SystemdMachine { get }
}

extension OnSystemd {
    /// Powers it off.
    func powerOff() async throws { try await machine.powerOff() }

    /// Runs a shell command on it as root, and returns what it wrote.
    @discardableResult
    func sh(
        _ command: String, input: String? = nil, exit: ProcessExit = .code(0),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await machine.run(command, input: input)
        #expect(result.exit == exit, "\(command): \(result)", sourceLocation: sourceLocation)
        return result.text
    }

    /// A property of the unit, or of another.
    func property(_ name: String, of unit: String = "backfilld") async throws -> String {
        try await sh("systemctl show '\(unit)' -p \(name) --value").trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
