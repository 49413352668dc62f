import TestSupport
import Testing

@testable import Console

/// Callers that mean harm, or are broken: each is answered or cut off, and the console goes on.
@Suite struct ConsoleHostileTests {
    /// What is refused, or cut off without an answer.
    private static let malformed: [String] = [
        // Smuggling: a length that is not one, two of them, both kinds, a coding that is none.
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5x\r\n\r\nabcde",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999999\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        // No HTTP at all.
        "\u{16}\u{3}\u{1}\u{2}\u{0}\r\n\r\n", "GET\r\n\r\n", "GET /healthz\r\n\r\n", "GET /healthz HTTP/9.9\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost localhost\r\n\r\n", "GET /healthz HTTP/1.1\r\n: x\r\n\r\n",
        "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\u{0}b\r\n\r\n",
        "GET /heal thz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        // A host is named once.
        "GET /healthz HTTP/1.1\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "GET /healthz HTTP/1.0\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ]

    @Test("What is no HTTP, or would be read in two ways, is refused or cut off, and nothing behind it is answered")
    func malformed() async throws {
        let console = try RunningConsole { $0.header = .seconds(2) }
        for request in Self.malformed {
            let statuses = try await offPool { [name = console.name] in
                let client = try RawClient(name)
                client.send(request)
                client.endSending()
                var statuses: [Int] = []
                while let answer = try client.answer() { statuses.append(answer.status) }
                return statuses
            }
            #expect(
                statuses.count <= 1 && statuses.allSatisfy { (400..<500).contains($0) },
                "\(request.debugDescription): \(statuses)")
        }
        #expect(try await console.get("/healthz").status == 200)
        try await console.stop()
    }

    @Test(
        "Too large a header is 431, too large a body 413, said before the body is there, and a chunked one as soon as it is"
    )
    func oversize() async throws {
        let console = try RunningConsole { limits in
            limits.headerBytes = 4096
            limits.bodyBytes = 10_000
        }
        let long = String(repeating: "x", count: 8000)
        let header = try await console.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Long: \(long)\r\n\r\n")
        #expect(header?.status == 431)
        let many = (0..<300).map { "X-\($0): 1\r\n" }.joined()
        let fields = try await console.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(many)\r\n")
        #expect(fields?.status == 431)
        let body = try await console.ask(
            "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10001\r\nExpect: 100-continue\r\n\r\n")
        #expect(body?.status == 413 && body?.fields["connection"] == "close")
        let chunks = String(repeating: "1000\r\n\(String(repeating: "y", count: 4096))\r\n", count: 4)
        let chunked = try await console.ask(
            "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks)")
        #expect(chunked?.status == 413)
        #expect(console.tally.counts.refused["tooLarge"] == 2)
        try await console.stop()
    }

    @Test("Whoever is slow with a header, a body or the next request is cut off, and whoever reads nothing is too")
    func slow() async throws {
        let console = try RunningConsole { limits in
            limits.header = .milliseconds(300)
            limits.body = .milliseconds(300)
            limits.idle = .milliseconds(300)
            limits.answer = .milliseconds(500)
        }
        let starts = [
            "", "GET /hea", "GET /healthz HTTP/1.1\r\nHost: loc",
            "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n{\"in",
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ]
        for start in starts {
            let isEnded = try await offPool { [name = console.name] in
                let client = try RawClient(name)
                client.send(start)
                return try client.isEnded()
            }
            #expect(isEnded, "\(start.debugDescription)")
        }
        // Requests without end, and not a byte of the answers read.
        let isEnded = try await offPool { [name = console.name] in
            let client = try RawClient(name, receiveBuffer: 4096)
            let request = String(repeating: "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 50)
            for _ in 0..<100_000 where !client.send(request) { return true }
            return false
        }
        #expect(isEnded)
        try await eventually("nobody is connected") { console.tally.counts.connections == 0 }
        #expect(try await console.get("/healthz").status == 200)
        try await console.stop()
    }

    @Test("Pipelined requests are answered in their order, and a refused one ends the line")
    func pipelined() async throws {
        let console = try RunningConsole()
        let bodies = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            let one = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let two = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
            client.send(String(repeating: one + two, count: 20) + "nonsense\r\n\r\n")
            var statuses: [Int] = []
            while let answer = try client.answer() { statuses.append(answer.status) }
            return statuses
        }
        #expect(bodies.prefix(40).elementsEqual((0..<40).map { $0 % 2 == 0 ? 200 : 404 }))
        #expect(bodies.count <= 41)
        try await console.stop()
    }

    @Test("A body that is coded in another way than chunked is 501, and nothing behind it is answered")
    func codings() async throws {
        let console = try RunningConsole()
        for coding in ["gzip, chunked", "identity, chunked"] {
            let answers = try await offPool { [name = console.name] in
                let client = try RawClient(name)
                client.send(
                    "POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: \(coding)\r\n\r\n0\r\n\r\n"
                        + "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                var answers: [Int] = []
                while let answer = try client.answer() { answers.append(answer.status) }
                return answers
            }
            #expect(answers == [501], "\(coding)")
        }
        try await console.stop()
    }

    @Test("HTTP/1.0 ends with the answer, unless the caller asks for more")
    func oldVersion() async throws {
        let console = try RunningConsole()
        let (one, two) = try await offPool { [name = console.name] in
            let request = { (field: String) in "GET /healthz HTTP/1.0\r\n\(field)\r\n" }
            let client = try RawClient(name)
            client.send(request("") + request(""))
            let one = (try client.answer()?.status, try client.answer()?.status)
            let other = try RawClient(name)
            other.send(request("Connection: Keep-Alive\r\n"))
            let first = try other.answer()?.status
            other.send(request(""))
            return (one, (first, try other.answer()?.status))
        }
        #expect(one == (200, nil) && two == (200, 200))
        try await console.stop()
    }

    @Test("Where all places are taken the connection that has rested longest gives way, and none that is at work")
    func connections() async throws {
        let console = try RunningConsole { $0.connections = 3 }
        var open: [RawClient] = []
        for _ in 0..<3 {
            open.append(
                try await offPool { [name = console.name] in
                    let client = try RawClient(name)
                    client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                    _ = try client.answer()
                    return client
                })
        }
        #expect(try await console.get("/healthz").status == 200)
        let longest = open[0]
        let hasGivenWay = try await offPool { try longest.isEnded() }
        #expect(hasGivenWay)
        #expect(console.tally.counts.refused["connections"] == 1)
        // Those that are at work are left alone, and a new one is turned away.
        for client in open[1...] {
            client.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let status = try await offPool { try client.head()?.status }
            #expect(status == 200)
        }
        try await eventually("two are connected") { console.tally.counts.connections == 2 }
        let third = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send("GET /api/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try client.head()
            return client
        }
        let isTurnedAway = try await offPool { [name = console.name] in try RawClient(name).isEnded() }
        #expect(isTurnedAway)
        open.removeLast()
        try await eventually("there is room") { console.tally.counts.connections == 2 }
        #expect(try await console.get("/healthz").status == 200)
        withExtendedLifetime(third) {}
        withExtendedLifetime(open) {}
        try await console.stop()
    }

    @Test("Bodies that are no JSON, not UTF-8, or nested without end are 400 with a reason")
    func bodies() async throws {
        let console = try RunningConsole()
        let deep = String(repeating: "[", count: 100_000)
        for body in [
            "", "nonsense", "[]", "null", "{", #"{"input":}"#, #"{"input":\#(deep)"#, #"{"input":[[1,2],[3]]}"#,
            #"{"input":""}"#,
            #"{"input":[]}"#, #"{"input":"a","encoding_format":"words"}"#, #"{"input":"a","dimensions":3}"#,
            #"{"input":"\ud800"}"#, #"{"model":"hash"}"#,
        ] {
            let answer = try await console.post("/v1/embeddings", body)
            #expect(answer.status == 400, "\(body.prefix(40)): \(answer.status)")
            #expect(answer.body.contains(#""type":"invalid_request_error""#))
        }
        let bytes: [UInt8] = Array(#"{"input":"a"#.utf8) + [0xff, 0xfe] + Array(#""}"#.utf8)
        let answer = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(bytes.count)\r\n\r\n")
            client.send(bytes)
            return try client.answer()
        }
        #expect(answer?.status == 400 && answer?.body.contains("UTF-8") == true)
        try await console.stop()
    }

    @Test("What a request says does not come back in a header field")
    func headerInjection() async throws {
        let console = try RunningConsole(origins: ["https://app.example.com"])
        let answer = try await console.get(
            "/healthz?x=%0d%0aSet-Cookie:%20a=b", "Origin: https://app.example.com%0d%0aX-Evil: 1")
        #expect(answer.status == 403 && answer.fields["x-evil"] == nil && answer.fields["set-cookie"] == nil)
        try await console.stop()
    }
}
