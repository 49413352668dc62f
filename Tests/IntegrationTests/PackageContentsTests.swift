import Foundation
import TestSupport
import Testing

/// What is in the packages, what `make install` puts there without one, and the manual pages.
@Suite(.serialized) struct PackageContentsTests {
    @Test("lintian finds no error and nothing to warn of")
    func lintian() async throws {
        let build = try await PackageBuild.made()
        // make-deb has run it too, and would have failed; here what it says is looked at.
        let packages = try ["backfilld", "backfilld-dbgsym", "backfilld-model-minilm"].map { try build.package($0) }
        let result = try await RunningProcess.run(
            "lintian", ["--allow-root", "--fail-on", "error,warning"] + packages, within: .seconds(300))
        #expect(result.exit == .code(0) && result.output == "", "\(result)")
    }

    @Test("The package has binary, units, manual, completions, documents, and its configuration as a conffile")
    func contents() async throws {
        let build = try await PackageBuild.made()
        let files = try await build.files(of: "backfilld")
        for path in [
            "/usr/bin/backfilld", "/etc/backfilld/backfilld.toml", "/usr/share/man/man8/backfilld.8.gz",
            "/usr/share/man/man5/backfilld.toml.5.gz", "/usr/share/bash-completion/completions/backfilld",
            "/usr/share/zsh/vendor-completions/_backfilld", "/usr/share/fish/vendor_completions.d/backfilld.fish",
            "/usr/share/doc/backfilld/README.md", "/usr/share/doc/backfilld/docs/architecture.md",
            "/usr/share/doc/backfilld/copyright", "/usr/share/doc/backfilld/changelog.Debian.gz",
        ] {
            #expect(files[path] != nil, "\(path) is not in \(files.keys.sorted())")
        }
        for file in try FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/systemd") {
            #expect(
                file == "examples" || files.keys.contains { $0.hasSuffix("/systemd/system/\(file)") }
                    || files["/usr/lib/systemd/catalog/\(file)"] != nil, "\(file)")
        }
        #expect(!files.keys.contains { $0.contains("/share/backfilld") }, "the model is a package of its own")

        let control = try await RunningProcess.run("dpkg-deb", ["--info", try build.package("backfilld")])
        for dependency in ["libpq5", "libsystemd0", "libc6", "libdnnl"] {
            #expect(control.output.contains(dependency), "\(control.output)")
        }
        let conffiles = try await RunningProcess.run(
            "dpkg-deb", ["--info", try build.package("backfilld"), "conffiles"])
        #expect(conffiles.output == "/etc/backfilld/backfilld.toml\n")
        #expect(try await build.files(of: "backfilld-dbgsym").keys.contains { $0.hasSuffix(".debug") })
        let model = try await build.files(of: "backfilld-model-minilm")
        #expect(model["/usr/share/backfilld/models/all-MiniLM-L6-v2/model.safetensors"] != nil, "\(model)")
    }

    @Test("make install puts the same in place without a package, and make uninstall takes it away but for /etc")
    func install() async throws {
        let folder = try temporaryFolder()
        let packaged = try await PackageBuild.made().files(of: "backfilld").keys
        let places = ["DESTDIR=\(folder)", "PREFIX=/opt/backfilld", "SYSTEMD_VERSION=254"]
        let make = try await RunningProcess.run(
            "make", ["install"] + places, directory: repositoryRoot, within: .seconds(300)
        ).expect(.code(0))
        let files = try Self.files(below: folder)
        let names = Set(files.map { String($0.split(separator: "/").last ?? "") })
        for path in packaged where !path.hasSuffix("/") {
            let name = path.split(separator: "/").last.map { $0.hasSuffix(".gz") ? $0.dropLast(3) : $0 } ?? ""
            if ["copyright", "changelog", "changelog.Debian"].contains(name) { continue }
            #expect(names.contains(String(name)), "\(path) is not in \(files)")
        }
        let unit = try String(
            contentsOfFile: "\(folder)/opt/backfilld/lib/systemd/system/backfilld.service", encoding: .utf8)
        #expect(unit.contains("ExecStart=/opt/backfilld/bin/backfilld run") && !unit.contains("/usr/bin/backfilld"))
        for name in ["backfilld", "backfilld@"] {
            let growing = "/opt/backfilld/lib/systemd/system/\(name).service.d/growing-delay.conf"
            #expect(files.contains(growing))
            let lines = try String(contentsOfFile: folder + growing, encoding: .utf8)
            #expect(lines.contains("\nRestartMaxDelaySec=") && !lines.contains("/etc/systemd"), "\(lines)")
        }
        #expect(!make.text.contains("daemon-reload"), "a packager's machine is left alone")
        try await RunningProcess.run("\(folder)/opt/backfilld/bin/backfilld", ["model", "list"], directory: "/")
            .expect(.code(0), "\(folder)/opt/backfilld/share/backfilld/models/all-MiniLM-L6-v2")

        try await RunningProcess.run("make", ["uninstall"] + places, directory: repositoryRoot).expect(.code(0))
        #expect(try Self.files(below: folder) == ["/etc/backfilld/backfilld.toml"])
    }

    private static func files(below folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { path in
            var isFolder: ObjCBool = false
            return FileManager.default.fileExists(atPath: "\(folder)/\(path)", isDirectory: &isFolder)
                && !isFolder.boolValue
        }.map { "/\($0)" }.sorted()
    }

    @Test("man and mandoc set both manual pages without a warning", arguments: ["backfilld.8", "backfilld.toml.5"])
    func manual(page: String) async throws {
        var path = "\(repositoryRoot)/man/\(page)"
        if page == "backfilld.toml.5" {
            path = "\(try temporaryFolder())/\(page)"
            let made = try await RunningProcess.run(try builtBinary("backfilld"), ["config", "--manual"])
            try made.expect(.code(0)).output.write(toFile: path, atomically: true, encoding: .utf8)
        }
        let lint = try await RunningProcess.run("mandoc", ["-T", "lint", "-W", "warning", path])
        #expect(lint.exit == .code(0) && lint.text == "", "\(lint)")
        let set = try await RunningProcess.run(
            "man", ["--warnings", "-l", path],
            environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MAN_KEEP_FORMATTING": ""])
        #expect(set.exit == .code(0) && set.errors == "", "\(set)")
        #expect(set.output.contains("SEE ALSO"))
    }
}
