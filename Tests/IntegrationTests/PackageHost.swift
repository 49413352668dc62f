import Foundation
import TestSupport
import Testing

/// A machine under a real systemd on which nothing of ours is installed yet, the packages in /packages.
final class PackageHost: Sendable {
    private let script: RunningProcess
    private let enter: [String]

    init(_ build: PackageBuild) async throws {
        script = try RunningProcess(
            "\(PackageBuild.root)/Tests/with-systemd.sh",
            ["-v", "--bind-ro", "\(build.folder):/packages", "--", "tail", "-f", "/dev/null"], endSignal: SIGTERM)
        let words = try await script.line(within: .seconds(180)) { $0.contains("systemd is up (PID ") }
            .split { !$0.isNumber }
        let pid = try #require(words.last)
        enter = ["--target", String(pid), "--pid", "--mount", "--uts", "--ipc", "--cgroup", "--"]
        // A container's host may forbid packages to touch services; this machine has a systemd of its own.
        try await sh("rm -f /usr/sbin/policy-rc.d")
    }

    /// Powers it off.
    func powerOff() async throws {
        script.send(SIGTERM)
        _ = try await script.exit(within: .seconds(60))
    }

    /// Runs a shell command on it as root, and returns what it wrote.
    @discardableResult
    func sh(
        _ command: String, input: String? = nil, exit: ProcessExit = .code(0),
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let result = try await RunningProcess.run(
            "nsenter", enter + ["bash", "-c", command],
            environment: [
                "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "cat",
                "DEBIAN_FRONTEND": "noninteractive",
            ],
            directory: "/", input: input, within: .seconds(300))
        #expect(result.exit == exit, "\(command): \(result)", sourceLocation: sourceLocation)
        return result.text
    }

    /// A property of the unit.
    func property(_ name: String, of unit: String = "backfilld") async throws -> String {
        try await sh("systemctl show '\(unit)' -p \(name) --value").trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// Whether something is at a path.
    func has(_ path: String) async throws -> Bool {
        try await sh("if [ -e '\(path)' ]; then echo yes; fi").hasPrefix("yes")
    }
}
