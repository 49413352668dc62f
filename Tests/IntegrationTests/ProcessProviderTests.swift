import TestSupport
import Testing

/// The binary with a provider that it asks over HTTP.
@Suite(.serialized) struct ProcessProviderTests {
    @Test("A backlog is filled by a provider, its price told before, and the same text is sent once")
    func backfill() async throws {
        let (place, provider, server) = try await ProcessProvider.place(rows: 450)
        try await place.database.psql("UPDATE music_knowledge SET topic = 'same', suggestion = '{}' WHERE id <= 50")
        // One that is set aside is not sent.
        try await place.insert(451...451)
        try await place.database.psql(
            "INSERT INTO backfilld.failure (watch, key, reason, attempts, next_try, daemon) VALUES (1, '451', 'no', 5, 'infinity', 'd')"
        )
        let estimate = try await place.run("backfill", "--estimate").expect(.code(0))
        #expect(
            estimate.output.hasPrefix(
                "public.music_knowledge: 450 rows are pending (49 with a text that another has too), about "),
            "\(estimate)")
        #expect(estimate.output.contains(" at 0.5000 for a million tokens"))
        #expect(provider.seen.withLock(\.requests) == 0)
        try await place.database.psql("DELETE FROM music_knowledge WHERE id = 451; DELETE FROM backfilld.failure")
        let result = try await place.run("backfill").expect(.code(0), "450 processed, 450 embedded, 0 failed")
        #expect(!result.text.contains("sk-good"))
        #expect(try await place.pending() == 0)
        let texts = provider.seen.withLock(\.texts)
        #expect(texts.count == Set(texts).count)
        #expect(texts.count == 401)
        withExtendedLifetime(server) {}
    }

    @Test("check asks the provider for one text, and tells the limits that it was told")
    func check() async throws {
        let (place, provider, server) = try await ProcessProvider.place(rows: 3)
        let result = try await place.run("check").expect(.code(0))
        #expect(result.output.contains("embedder: openai (m) made \(Workplace.dimension) dimensions in "), "\(result)")
        #expect(result.output.contains("limits that it tells: 5,000 requests, 4,999 requests left"), "\(result)")
        #expect(result.output.contains("ok       embedder: the model that answers is m\n"), "\(result)")
        #expect(provider.seen.withLock(\.requests) == 1)
        withExtendedLifetime(server) {}
    }

    @Test("check warns of a server that answers with another model than it was asked for")
    func otherModel() async throws {
        let (place, provider, server) = try await ProcessProvider.place(rows: 1)
        let vector = (1...Workplace.dimension).map { "0.\($0)" }.joined(separator: ",")
        provider.fault.withLock {
            $0 = { _, _ in LabHTTPReply(json: #"{"data":[{"index":0,"embedding":[\#(vector)]}],"model":"zeta"}"#) }
        }
        let result = try await place.run("check").expect(.code(0))
        #expect(result.output.contains("WARNING  embedder: the model that answers is zeta\n"), "\(result)")
        #expect(result.output.contains(#""m" was asked for"#), "\(result)")
        withExtendedLifetime(server) {}
    }

    @Test("A key that is refused ends a backfill with 77 and its last four characters, and no row is charged")
    func denied() async throws {
        let (place, _, server) = try await ProcessProvider.place(rows: 3, key: "sk-bad-0123456789ab")
        let result = try await place.run("backfill").expect(.code(77))
        #expect(result.errors.contains("…89ab"), "\(result)")
        #expect(!result.text.contains("0123456789ab"))
        #expect(try await place.pending() == 3)
        try await place.run("failures").expect(.code(0), "no row has failed")
        withExtendedLifetime(server) {}
    }

    @Test("The daemon fills rows by a provider, those that were there and those that come")
    func daemon() async throws {
        let (place, _, server) = try await ProcessProvider.place(rows: 20)
        let daemon = try await place.startDaemon()
        try await place.allEmbedded()
        try await place.insert(21...30)
        try await place.allEmbedded()
        try await daemon.stop()
        withExtendedLifetime(server) {}
    }
}
