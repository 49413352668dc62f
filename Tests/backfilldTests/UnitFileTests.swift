import Foundation
import TestSupport
import Testing

/// The units that are shipped, as text; a real systemd has its say in the integration tests.
@Suite struct UnitFileTests {
    private static func file(_ name: String) throws -> String {
        return try String(contentsOfFile: "\(repositoryRoot)/systemd/\(name)", encoding: .utf8)
    }

    private static func body(_ name: String) throws -> String {
        let text = try file(name)
        let start = try #require(text.range(of: "[Unit]"))
        return String(text[start.lowerBound...])
    }

    @Test("The template differs from the unit in nothing but the instance's names")
    func template() throws {
        var expected = try Self.body("backfilld.service")
        for (plain, instance) in [
            ("table filled\n", "table filled (%i)\n"),
            ("backfilld run\n", "backfilld run --config /etc/backfilld/%i.toml\n"),
            ("--check\n", "--check --config /etc/backfilld/%i.toml\n"),
            ("-/etc/backfilld/environment", "-/etc/backfilld/%i.environment"),
            ("backfilld.toml: BACKFILLD_", "%i.toml: BACKFILLD_"), (":backfilld.database-", ":backfilld.%i.database-"),
            (":backfilld.remote-", ":backfilld.%i.remote-"),
            ("StateDirectory=backfilld\n", "StateDirectory=backfilld-%i\n"),
            (":backfilld.console-", ":backfilld.%i.console-"),
            ("# For the console's socket in the file system.\n", ""),
            ("RuntimeDirectory=backfilld\n", "RuntimeDirectory=backfilld-%i\n"),
        ] {
            #expect(expected.contains(plain), "\(plain)")
            expected = expected.replacingOccurrences(of: plain, with: instance)
        }
        #expect(try Self.body("backfilld@.service") == expected)
    }

    @Test("Every drop-in is one: where it goes on its first line, sections, assignments")
    func dropIns() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(repositoryRoot)/systemd/examples")
        #expect(names.count >= 5)
        for name in names {
            let lines = try Self.file("examples/\(name)").split(separator: "\n")
            #expect(lines.first == "# /etc/systemd/system/backfilld.service.d/\(name)")
            #expect(lines.contains("[Service]"))
            // Settings that are commented out are no prose: they begin right after the sign.
            let settings = lines.filter { !$0.hasPrefix("# ") && $0 != "#" && !$0.hasPrefix("[") }
            #expect(!settings.isEmpty && settings.allSatisfy { $0.contains("=") }, "\(name): \(settings)")
        }
    }
}
