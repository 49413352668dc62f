import FoundationEssentials
import TestSupport
import Testing

@testable import Console

/// A hundred thousand requests that are broken in some way, on few connections.
@Suite struct ConsoleFuzzTests {
    private static let requests = 100_000
    private static let workers = 4

    private static func openFiles() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
    }

    private static func residentBytes() throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
        return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
    }

    private static let seeds: [String] = [
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "GET /api/search?q=modal%20jazz&k=5&filter.category=jazz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        "OPTIONS /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example.com\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 15\r\n\r\n{\"input\":\"abc\"}",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{\"input\":\"abc\"}\r\n0\r\n\r\n",
        "POST /api/upsert-embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 39\r\n\r\n{\"rows\":[{\"id\":\"1\",\"text\":\"some text\"}]}",
    ]

    /// A request with some bytes changed, left out, or said twice; and as it was, now and then.
    private static func mutated(_ random: inout SeededRandom) -> [UInt8] {
        var bytes = Array(seeds.randomElement(using: &random)!.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: bytes.indices, using: &random)
            switch Int.random(in: 0...4, using: &random) {
            case 0: bytes[place] = UInt8.random(in: .min ... .max, using: &random)
            case 1: bytes.remove(at: place)
            case 2: bytes.insert(UInt8.random(in: .min ... .max, using: &random), at: place)
            case 3: bytes.insert(contentsOf: bytes[place..<min(place + 20, bytes.count)], at: place)
            default: bytes[place] = Array("\r\n :,;/%{}[]\"\\0".utf8).randomElement(using: &random)!
            }
        }
        return bytes
    }

    private static let paths = [
        "/", "/healthz", "/readyz", "/metrics", "/v1/embeddings", "/api/upsert-embeddings", "/api/search",
        "/api/tables",
        "/api/status", "/nothing", "/../..", "*", "//", "/%00",
    ]
    private static let bodies = [
        #"{"input":"abc"}"#, #"{"input":["a","b"],"encoding_format":"base64"}"#, #"{"rows":[{"id":"1","text":"t"}]}"#,
        "[[[[",
    ]
    private static let queries = ["q=", "k=", "filter.a=", "%", "%zz", "&", "=", "x", "%e4", "mode=text", "9"]
    private static let fields = [
        "Origin: https://app.example.com", "Origin: null", "Authorization: Bearer x", "Expect: 100-continue",
        "X: \u{e4}",
    ]

    /// A request that a parser has to take, with something wrong in it that is for whoever answers to find.
    private static func wellFormed(_ random: inout SeededRandom) -> [UInt8] {
        let method = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "DELETE"].randomElement(using: &random)!
        var query = ""
        for _ in 0..<Int.random(in: 0...3, using: &random) { query += queries.randomElement(using: &random)! }
        var body = Array(bodies.randomElement(using: &random)!.utf8)
        for _ in 0..<Int.random(in: 0...3, using: &random) {
            body[Int.random(in: body.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        let path = paths.randomElement(using: &random)! + (query.isEmpty ? "" : "?" + query)
        let field = fields.randomElement(using: &random)!
        let head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(field)\r\nContent-Length: \(body.count)\r\n\r\n"
        return Array(head.utf8) + body
    }

    @Test(
        "A hundred thousand broken requests are answered or cut off, with no crash, no descriptor and no memory left over"
    )
    func fuzz() async throws {
        let console = try RunningConsole(origins: ["https://app.example.com"]) { limits in
            limits.header = .milliseconds(500)
            limits.body = .milliseconds(500)
            limits.idle = .seconds(5)
        }
        // What is made once is there before it is measured.
        try await run(console, requests: 4000, seed: 1)
        try await eventually("nobody is connected") { console.tally.counts.connections == 0 }
        let (files, memory) = (try Self.openFiles(), try Self.residentBytes())
        try await run(console, requests: Self.requests, seed: 2)
        try await eventually("nobody is connected") { console.tally.counts.connections == 0 }
        let grown = try Self.residentBytes() - memory
        #expect(grown < 64 << 20, "\(grown >> 20) MiB more")
        // Others may have tests of their own under way in this process.
        try await eventually("descriptors are closed") { try Self.openFiles() <= files + 16 }
        #expect(try await console.get("/healthz").status == 200)
        let answered = console.tally.counts.requests.values.reduce(0, +)
        #expect(answered > Self.requests / 4, "\(answered) of them were requests")
        try await console.stop()
    }

    /// Sends so many, several on a connection as long as it lives.
    private func run(_ console: RunningConsole, requests: Int, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for worker in 0..<Self.workers {
                group.addTask {
                    try await offPool { [name = console.name] in
                        var random = SeededRandom(seed: seed << 8 | UInt64(worker))
                        var left = requests / Self.workers
                        while left > 0 {
                            let client = try RawClient(name)
                            let batch = min(left, Int.random(in: 1...40, using: &random))
                            left -= batch
                            // The last one may end the connection, or leave it waiting for more.
                            for number in 1...batch {
                                let request = number < batch ? Self.wellFormed(&random) : Self.mutated(&random)
                                guard client.send(request) else { break }
                            }
                            client.endSending()
                            _ = try client.isEnded()
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
