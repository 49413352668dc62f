import Foundation
import TestSupport
import Testing

/// The binary with a provider that may be sent so much a day.
@Suite(.serialized) struct ProcessProviderCeilingTests {
    @Test("A backfill uses up the day's ceiling, ends with 75, and the next one knows of it")
    func ceiling() async throws {
        let made = try await ProcessProvider.place(rows: 450, more: "tokensPerDay = 2000")
        var place = made.place
        let provider = made.provider
        let state = FileManager.default.temporaryDirectory.appending(path: "backfilld-state-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: state) }
        // As root the service's own folder will do.
        if access("/var/lib/backfilld", W_OK | X_OK) != 0 {
            place.environment["HOME"] = "/"
            let nowhere = try await place.run("backfill").expect(.code(78))
            #expect(nowhere.errors.contains("remote.tokensPerDay: needs a folder to count in"), "\(nowhere)")
        }
        place.environment["STATE_DIRECTORY"] = state
        let first = try await place.run("backfill").expect(.code(75))
        #expect(first.errors.contains("(remote.tokensPerDay)") && first.errors.contains("00:00 UTC"), "\(first)")
        let tokens = provider.seen.withLock { $0.texts.reduce(0) { $0 + $1.utf8.count / 4 } }
        #expect((1500...2000).contains(tokens), "\(tokens)")
        try await place.run("backfill").expect(.code(75))
        let later = provider.seen.withLock { $0.texts.reduce(0) { $0 + $1.utf8.count / 4 } }
        #expect(later <= 2000, "\(later)")
        try Data("what".utf8).write(to: URL(filePath: "\(state)/remote-usage"))
        let requests = provider.seen.withLock(\.requests)
        let closed = try await place.run("backfill").expect(.code(78))
        #expect(closed.errors.contains("\(state)/remote-usage does not have what was sent today"), "\(closed)")
        #expect(provider.seen.withLock(\.requests) == requests)
        withExtendedLifetime(made.server) {}
    }

    @Test("A prompt that leaves no room for a text is refused before anything is sent")
    func noRoom() async throws {
        let made = try await ProcessProvider.place(rows: 1)
        try made.place.write(
            ProcessProvider.configuration(
                port: made.server.port,
                "inputTokens = 16\npassagePrompt = \"represent this passage for retrieval, as it stands: \""),
            to: "backfilld.toml")
        let result = try await made.place.run("backfill").expect(.code(78))
        #expect(
            result.errors.contains("remote.inputTokens")
                && result.errors.contains("remote.passagePrompt leaves no room"),
            "\(result)")
        #expect(made.provider.seen.withLock(\.requests) == 0)
    }

    @Test("A provider that asks for patience has backfill say so, and the daemon's status is waiting")
    func waiting() async throws {
        let made = try await ProcessProvider.place(rows: 1)
        made.provider.fault.withLock {
            $0 = { _, number in
                guard number == 1 else { return nil }
                var reply = LabHTTPReply(status: 429, json: "{}")
                // More than is waited for without a word.
                reply.fields.append(("retry-after", "12"))
                return reply
            }
        }
        let result = try await made.place.run("backfill").expect(.code(0), "1 processed, 1 embedded")
        #expect(result.errors.contains("public.music_knowledge: waiting for "), "\(result)")
        made.provider.fault.withLock {
            $0 = { _, _ in
                var reply = LabHTTPReply(status: 429, json: "{}")
                reply.fields.append(("retry-after", "600"))
                return reply
            }
        }
        let daemon = try await made.place.startDaemon()
        try await made.place.insert(2...2)
        try await eventually("told by status", polling: .milliseconds(200)) {
            try await made.place.run("status").output.contains("waiting")
        }
        try await daemon.stop()
        withExtendedLifetime(made.server) {}
    }

    @Test("A provider that asks for patience is there: check says for how long, and finds no failure")
    func limited() async throws {
        let made = try await ProcessProvider.place(rows: 1)
        let busy = try LabHTTPServer { _ in
            var reply = LabHTTPReply(status: 429, json: "{}")
            reply.fields.append(("retry-after", "600"))
            return reply
        }
        try made.place.write(ProcessProvider.configuration(port: busy.port), to: "backfilld.toml")
        let result = try await made.place.run("check").expect(.code(0))
        #expect(result.output.contains("WARNING  embedder: openai is there, and limited for "), "\(result)")
        withExtendedLifetime((made.server, busy)) {}
    }
}
