import Foundation
import TestSupport
import Testing

/// The Debian packages, built once for all tests from the release binary that `make build` made: one that is linked
/// for tests needs Swift's libraries, and is none to be packaged.
struct PackageBuild: Sendable {
    /// The folder that they are in.
    let folder: String
    /// What building and checking them said.
    let log: String
    let version: String

    private static let shared = Task { () async throws -> PackageBuild in
        try requireFreshBinary()
        let folder = try temporaryFolder()
        let result = try await RunningProcess.run(
            "\(repositoryRoot)/scripts/make-deb", [folder], directory: repositoryRoot, within: .seconds(900))
        guard result.exit == .code(0) else { throw PackageFailure(log: result.text) }
        return PackageBuild(folder: folder, log: result.text, version: try version(in: folder))
    }

    /// The packages.
    static func made() async throws -> PackageBuild { try await shared.value }

    /// A release binary of other sources would pass or fail for what is not there any more.
    private static func requireFreshBinary() throws {
        let files = FileManager.default
        func modified(_ path: String) throws -> Date? {
            try files.attributesOfItem(atPath: "\(repositoryRoot)/\(path)")[.modificationDate] as? Date
        }
        // Where there is none, make-deb says so.
        guard let built = try? modified(".build/release/backfilld") else { return }
        let newer = try files.subpathsOfDirectory(atPath: "\(repositoryRoot)/Sources").filter {
            try ($0.hasSuffix(".swift") || $0.hasSuffix(".sql")) && modified("Sources/\($0)") ?? built > built
        }
        guard newer.isEmpty else { throw StaleBinary(newer: newer.sorted()) }
    }

    private static func version(in folder: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let name = try #require(names.first { $0.hasPrefix("backfilld-model-minilm_") && $0.hasSuffix("_all.deb") })
        return String(name.split(separator: "_")[1])
    }

    /// The path of a package of that name.
    func package(_ name: String) throws -> String {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        let file = try #require(names.first { $0.hasPrefix("\(name)_") && $0.hasSuffix(".deb") }, "\(name): \(names)")
        return "\(folder)/\(file)"
    }

    /// Everything in a package: its paths, and how `tar` lists each.
    func files(of name: String) async throws -> [String: String] {
        let list = try await RunningProcess.run("dpkg-deb", ["--contents", try package(name)]).expect(.code(0))
        let lines = list.output.split(separator: "\n").compactMap { line -> (String, String)? in
            let words = line.split(separator: " ", maxSplits: 5)
            return words.count == 6 ? (String(words[5].dropFirst()), String(line)) : nil
        }
        return Dictionary(lines) { $1 }
    }

    /// The same package once more as the next version, with a configuration file that has changed too.
    func successor() async throws -> String {
        let path = "\(folder)/next/backfilld_next.deb"
        let script = """
            set -eu
            mkdir -p "$1/next"
            rm -rf "$1/next/tree"
            dpkg-deb --raw-extract "$2" "$1/next/tree"
            sed -i 's/^Version: .*/&+next/' "$1/next/tree/DEBIAN/control"
            echo '# Something new.' >>"$1/next/tree/etc/backfilld/backfilld.toml"
            dpkg-deb --root-owner-group -Zgzip -z1 --build "$1/next/tree" "$3"
            """
        try await RunningProcess.run("bash", ["-c", script, "bash", folder, try package("backfilld"), path])
            .expect(.code(0))
        return path
    }
}

/// The release binary is older than what it is built from.
struct StaleBinary: Error, CustomStringConvertible {
    let newer: [String]
    var description: String {
        """
        .build/release/backfilld is older than Sources/\(newer[0])\(newer.count > 1 ? " and \(newer.count - 1) more" : ""): \
        run "make build" first, as "make test" does
        """
    }
}

/// The packages could not be built.
struct PackageFailure: Error, CustomStringConvertible {
    let log: String
    var description: String { "scripts/make-deb: \(log.suffix(4_000))" }
}
