import Embedders
import SentenceEncoder
import Synchronization
import TestSupport
import Testing

@testable import Console

/// What callers get when there are too many of them, and what they can't take.
@Suite struct ConsoleSaturationTests {
    /// An embedder that waits until it is let go.
    private actor Gate {
        private(set) var isOpen = false
        private(set) var calls = 0
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func pass(_ texts: [String]) async -> QueryEmbedder.Answer {
            calls += 1
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
            return QueryEmbedder.Answer(vectors: texts.map { _ in [1] }, tokens: 1)
        }

        func open() {
            isOpen = true
            for one in waiting { one.resume() }
            waiting = []
        }
    }

    private final class Counter: Sendable { let count = Atomic(0) }

    private static func embedder(_ gate: Gate) -> QueryEmbedder {
        QueryEmbedder(identity: EmbedderIdentity(embedder: "test", model: "test", dimension: 1), rows: 10) { texts, _ in
            await gate.pass(texts)
        }
    }

    @Test(
        "Requests beyond the limit are told to come back, health and metrics are answered, and the others are when it goes on"
    )
    func saturated() async throws {
        let gate = Gate()
        let begun = Counter()
        let console = try RunningConsole(
            { $0.requests = 3 },
            services: {
                $0.embedder = Self.embedder(gate)
                $0.observe = { isUnderWay in if isUnderWay { begun.count.add(1, ordering: .relaxed) } }
            })
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<3 {
                group.addTask { try await console.post("/v1/embeddings", #"{"input":"a"}"#).status }
            }
            try await eventually("all places are taken") { begun.count.load(ordering: .relaxed) == 3 }
            let busy = try await console.post("/v1/embeddings", #"{"input":"b"}"#)
            #expect(busy.status == 503 && busy.fields["retry-after"] == "1")
            #expect(try await console.get("/healthz").status == 200)
            #expect(try await console.get("/metrics").body.contains(#"backfilld_console_refused_total{reason="busy"}"#))
            await gate.open()
            for try await status in group { #expect([200, 503].contains(status)) }
        }
        #expect(try await console.post("/v1/embeddings", #"{"input":"c"}"#).status == 200)
        try await console.stop()
    }

    @Test("What nobody waits for any more is not done: it is taken out of line, and its place is free")
    func abandoned() async throws {
        let gate = Gate()
        let console = try RunningConsole {
            $0.requests = 4
        } services: {
            $0.embedder = Self.embedder(gate)
        }
        for _ in 0..<4 {
            try await offPool { [name = console.name] in
                let client = try RawClient(name)
                client.send(
                    "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 13\r\n\r\n{\"input\":\"a\"}")
            }
        }
        let kind = Tally.RequestKind(endpoint: "/v1/embeddings", status: 499)
        try await eventually("all were given up") { console.tally.counts.requests[kind] == 4 }
        // Two calls were under way, and no other begins.
        await gate.open()
        #expect(try await console.post("/v1/embeddings", #"{"input":"b"}"#).status == 200)
        #expect(await gate.calls <= 3)
        try await console.stop()
    }

    @Test("An embedder that fails is told without its words, and its limit as 429 with when to come back")
    func failures() async throws {
        for (error, status, words) in [
            (EmbedderError.unavailable("secret words"), 502, "does not answer"),
            (.denied("secret words"), 502, "does not answer"),
            (.limited(retryAfter: .milliseconds(2500)), 429, "fewer requests"), (.refused("too long"), 400, "too long"),
        ] {
            let console = try RunningConsole(
                services: {
                    $0.embedder = QueryEmbedder(
                        identity: EmbedderIdentity(embedder: "test", model: "test", dimension: 1), rows: 10
                    ) { _, _ in throw error }
                })
            let answer = try await console.post("/v1/embeddings", #"{"input":"a"}"#)
            #expect(
                answer.status == status && answer.body.contains(words) && !answer.body.contains("secret"), "\(answer)")
            #expect(status != 429 || answer.fields["retry-after"] == "3")
            try await console.stop()
        }
    }

    @Test("With a certificate it speaks TLS and nothing else, and one that is of no use is told")
    func tls() async throws {
        let authority = try await TestAuthority()
        let path = authority.path("console")
        try await authority.issue(for: "127.0.0.1", kind: "IP", at: path)
        let console = try RunningConsole(tls: TLSFiles(certificate: path + ".crt", key: path + ".key"))
        let done = try await RunningProcess.run(
            "curl",
            ["-sS", "-m", "100", "--cacert", authority.certificate, "https://\(console.name)/healthz"],
            environment: ["PATH": "/usr/bin:/bin"])
        #expect(done.output == #"{"status":"ok"}"#, "\(done)")
        let plain = try? await console.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(plain == nil || plain?.status != 200)
        try await console.stop()
        #expect(throws: ConsoleError.self) {
            _ = try RunningConsole(tls: TLSFiles(certificate: path + ".key", key: path + ".crt"))
        }
    }
}
