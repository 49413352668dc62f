import Foundation
import TestSupport
import Testing

/// A provider's key: changed while the daemon runs, and shown to nobody.
@Suite(.serialized) struct ProcessProviderKeyTests {
    /// Where a key may stand that a reload reads anew.
    enum Source: CaseIterable {
        case file, credential
    }

    @Test(
        "A key that was refused is replaced by a reload, and the rows that waited are asked for at once",
        arguments: Source.allCases)
    func rotated(_ source: Source) async throws {
        let (bad, good) = ("sk-bad-0123456789ab", ProcessProvider.key)
        var (place, provider, server) = try await ProcessProvider.place(rows: 3, key: nil)
        func put(_ key: String) throws {
            switch source {
            case .file:
                let text = ProcessProvider.configuration(port: server.port, "key = \"\(key)\"")
                try place.write(text, to: "backfilld.toml")
            case .credential: try place.write(key + "\n", to: "remote-key")
            }
        }
        place.environment["CREDENTIALS_DIRECTORY"] = place.folder
        try put(bad)
        // Nobody asks again by himself before this test is over.
        let daemon = try await place.startDaemon("--set", "retry.longest=1h")
        try await daemon.says("…89ab")
        try put("not a key")
        daemon.send(SIGHUP)
        try await daemon.says("the new configuration is refused")
        try put(good)
        daemon.send(SIGHUP)
        try await daemon.says("reloaded: remote.key changed")
        try await place.allEmbedded()
        #expect(provider.seen.withLock(\.fields)["authorization"] == "Bearer \(good)")

        // Taken away again, it is not used any more either.
        try put(bad)
        let lines = daemon.lines.count
        daemon.send(SIGHUP)
        try await daemon.says("reloaded: remote.key changed", from: lines)
        try await place.insert(4...4)
        try await daemon.says("…89ab", from: lines)
        try await daemon.stop()
        #expect(!daemon.lines.contains { $0.contains("0123456789") }, "\(daemon.lines)")
        withExtendedLifetime(server) {}
    }

    @Test("A key for another address waits for the restart that the address waits for")
    func otherAddress() async throws {
        var (place, provider, server) = try await ProcessProvider.place(rows: 0, key: nil)
        place.environment["CREDENTIALS_DIRECTORY"] = place.folder
        try place.write(ProcessProvider.key, to: "remote-key")
        let daemon = try await place.startDaemon()
        try place.write("sk-of-the-other-address", to: "remote-key")
        try place.write(ProcessProvider.configuration(port: 1), to: "backfilld.toml")
        daemon.send(SIGHUP)
        try await daemon.says("remote.key, remote.url changed too, but only a restart makes that hold")
        try await place.insert(1...3)
        try await place.allEmbedded()
        #expect(provider.seen.withLock(\.fields)["authorization"] == "Bearer \(ProcessProvider.key)")
        try await daemon.stop()
        withExtendedLifetime(server) {}
    }

    @Test("A key that goes over a network without encryption is warned of at the start")
    func unencrypted() async throws {
        let (place, _, _) = try await ProcessProvider.place(rows: 0)
        let address = "remote.url=http://provider.invalid/v1"
        let daemon = try await place.startDaemon("--set", address)
        try await daemon.says("the key is sent to provider.invalid without encryption")
        try await daemon.stop()
    }

    @Test("Key, fields, query and a proxy's password are in no message, no argument, no output and no core file")
    func secrets() async throws {
        var (place, provider, server) = try await ProcessProvider.place(
            rows: 3, key: "sk-secret-of-key-0123456789",
            more: """
                headers = ["x-team: secret-of-field"]
                query = ["code=secret-of-query"]
                """)
        let refused = try await place.startDaemon("--log-level", "trace")
        try await refused.says("…6789")
        try await Self.isClosed(refused)
        refused.send(SIGHUP)
        try await refused.says("reloaded")
        var texts = [["check"], ["check", "--json"], ["config"], ["config", "--json"], ["backfill"], ["status"]]
        #expect(
            provider.seen.withLock { $0.fields["x-team"] == "secret-of-field" && $0.path.contains("secret-of-query") })
        for command in texts {
            let result = try await place.run(command)
            #expect(!result.text.contains("secret-of"), "\(command): \(result)")
        }
        try await refused.stop()
        #expect(!refused.lines.joined().contains("secret-of"), "\(refused.lines)")

        // Through a proxy that is not there, and with the right key.
        place.environment["BACKFILLD_REMOTE_PROXY"] = "http://user:secret-of-proxy@127.0.0.1:1"
        texts = [["check"], ["config"], ["config", "--json"], ["backfill"]]
        for command in texts {
            let result = try await place.run(command)
            #expect(!result.text.contains("secret-of"), "\(command): \(result)")
            #expect(command[0] == "config" || result.text.contains("127.0.0.1:1"), "\(command): \(result)")
        }
        place.environment["BACKFILLD_REMOTE_PROXY"] = nil
        place.environment["BACKFILLD_REMOTE_KEY"] = ProcessProvider.key
        let gate = DispatchSemaphore(value: 0)
        provider.pause.withLock { $0 = { gate.wait() } }
        let backfill = try place.start(["backfill"])
        try await eventually("a request that is held") { provider.seen.withLock { !$0.texts.isEmpty } }
        try await Self.isClosed(backfill)
        provider.pause.withLock { $0 = nil }
        gate.signal()
        #expect(try await backfill.exit() == .code(0))
        let output = backfill.lines.joined()
        #expect(!output.contains("secret-of") && !output.contains("0123456789"), "\(output)")
        try await place.allEmbedded()
        withExtendedLifetime(server) {}
    }

    /// Nothing of its command line is secret, and no image of it is ever written.
    private static func isClosed(_ process: RunningProcess) async throws {
        let folder = "/proc/\(process.pid)"
        let commandLine = try String(contentsOfFile: "\(folder)/cmdline", encoding: .utf8)
        #expect(!commandLine.contains("secret-of") && !commandLine.contains("0123456789"))
        let limits = try String(contentsOfFile: "\(folder)/limits", encoding: .utf8)
        let core = try #require(limits.split(separator: "\n").first { $0.hasPrefix("Max core file size") })
        #expect(core.split(separator: " ").dropFirst(4).prefix(2) == ["0", "0"], "\(core)")
        // The files of a process that may not be dumped belong to root, whoever runs it (proc(5)).
        let owner = try FileManager.default.attributesOfItem(atPath: "\(folder)/mem")[.ownerAccountID] as? NSNumber
        #expect(owner == 0)
    }
}
