import TestSupport
import Testing

/// A machine under a real systemd on which nothing of ours is installed yet, the packages in /packages.
struct PackageHost: OnSystemd {
    let machine: SystemdMachine

    init(_ build: PackageBuild) async throws {
        machine = try await SystemdMachine(["--bind-ro", "\(build.folder):/packages"])
        // A container's host may forbid packages to touch services; this machine has a systemd of its own.
        try await sh("rm -f /usr/sbin/policy-rc.d")
    }

    /// Whether something is at a path.
    func has(_ path: String) async throws -> Bool {
        try await sh("if [ -e '\(path)' ]; then echo yes; fi").hasPrefix("yes")
    }
}
