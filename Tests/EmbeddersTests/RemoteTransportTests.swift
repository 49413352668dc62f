import TestSupport
import Testing

@testable import Embedders

@Suite("HTTP to a provider") struct RemoteTransportTests {
    /// Posts one request to a server that does these steps with every request.
    private func post(
        _ steps: [ScriptedHTTPServer.Step], options: HTTPTransportOptions = HTTPTransportOptions(),
        answerLimit: Int? = nil, fields: [(name: String, value: String)] = []
    ) async throws -> HTTPResponse {
        let server = try ScriptedHTTPServer { _, _ in steps }
        return try await withTransport(options) { transport in
            try await transport.post(
                HTTPRequest(
                    url: server.url + "/v1/embeddings", fields: fields, body: Array("{}".utf8), answerLimit: answerLimit
                ))
        }
    }

    @Test("A request arrives as it was made, and its answer as it was sent, whatever its status")
    func exchange() async throws {
        let server = try ScriptedHTTPServer { _, _ in
            [.send(HTTPBytes.answer(418, [("X-One", "1"), ("X-Two", "a"), ("x-two", "b")], "teapot"))]
        }
        try await withTransport { transport in
            #expect(!transport.isAwake)
            let body = Array(#"{"input":["é"]}"#.utf8)
            let fields = [
                (name: "Authorization", value: "Bearer x"), (name: "content-type", value: "application/json"),
            ]
            let answer = try await transport.post(
                HTTPRequest(url: server.url + "/v1/embeddings?a=b", fields: fields, body: body))
            #expect(transport.isAwake)
            #expect(answer.status == 418 && answer.fields["x-one"] == "1" && answer.fields["x-two"] == "b")
            #expect(String(decoding: answer.body, as: UTF8.self) == "teapot")
            let request = try #require(server.requests.first)
            #expect(request.line == "POST /v1/embeddings?a=b HTTP/1.1" && request.body == body)
            #expect(
                request.fields["authorization"] == "Bearer x" && request.fields["host"] == "127.0.0.1:\(server.port)")
        }
    }

    @Test("One connection carries one request after the other, and several carry several at once")
    func pool() async throws {
        let server = try ScriptedHTTPServer { _, _ in [.send(HTTPBytes.answer(200, [], "{}"))] }
        try await withTransport { transport in
            let request = HTTPRequest(url: server.url, body: [])
            for _ in 0..<20 { _ = try await transport.post(request) }
            #expect(server.connections == 1)
        }
        // Requests that are answered only when all of them are there: on fewer connections none would be.
        let gate = try ScriptedHTTPServer { _, _ in [.hold] }
        try await withTransport(HTTPTransportOptions(connections: 12)) { transport in
            await withTaskGroup { group in
                for _ in 0..<12 {
                    group.addTask { _ = try? await transport.post(HTTPRequest(url: gate.url, body: [])) }
                }
                await #expect(throws: Never.self) { try await gate.received(12) }
                group.cancelAll()
            }
            #expect(gate.connections == 12)
        }
    }

    @Test("Compressed answers are read, though not asked for")
    func compressed() async throws {
        let text = #"{"data":[]}"#
        let bytes = HTTPBytes.gzip(Array(text.utf8))
        let answer = try await post([.send(HTTPBytes.answer(200, [("Content-Encoding", "gzip")], bytes))])
        #expect(String(decoding: answer.body, as: UTF8.self) == text)
        let failure = await serviceFailure {
            let damaged = Array(bytes.dropLast(8)) + [UInt8](repeating: 7, count: 8)
            _ = try await post([.send(HTTPBytes.answer(200, [("Content-Encoding", "gzip")], damaged))])
        }
        #expect(failure?.kind == "unavailable" && failure?.reason.contains("not compressed as it says") == true)
    }

    @Test("A body over the bound ends the request: by its length, by its bytes, and decompressed")
    func bounds() async throws {
        let tooLong = HTTPBytes.head(200, [("Content-Length", "1000000000")])
        let chunks = HTTPBytes.head(200, [("Transfer-Encoding", "chunked")])
        let packed = HTTPBytes.head(200, [("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")])
        let bomb = HTTPBytes.chunk(HTTPBytes.gzipBomb(20_000))
        for steps: [ScriptedHTTPServer.Step] in [
            [.send(tooLong), .hold],
            [.send(chunks), .drip(HTTPBytes.chunk([UInt8](repeating: 0x20, count: 10_000)), every: .zero)],
            [.send(packed), .send(bomb), .hold],
        ] {
            let failure = await serviceFailure { _ = try await post(steps, answerLimit: 100_000) }
            #expect(
                failure?.kind == "tooMany" && failure?.reason.contains("larger than the 100000 bytes") == true,
                "\(String(describing: failure))")
        }
        // At the bound it is taken.
        let answer = try await post(
            [.send(HTTPBytes.answer(200, [], [UInt8](repeating: 1, count: 1000)))], answerLimit: 1000)
        #expect(answer.body.count == 1000)
    }

    @Test("A server that says nothing, or drips, is waited for until the deadline and no longer")
    func deadlines() async throws {
        let options = HTTPTransportOptions(deadline: .milliseconds(300))
        let head = HTTPBytes.head(200, [("Transfer-Encoding", "chunked")])
        for steps: [ScriptedHTTPServer.Step] in [
            [.hold], [.send(head), .hold], [.send(head), .drip(HTTPBytes.chunk([0x20]), every: .milliseconds(20))],
            [.drip(Array("H".utf8), every: .milliseconds(20))],
            [.drip(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8), every: .milliseconds(20))],
        ] {
            let failure = await serviceFailure {
                try await withDeadline(.seconds(60)) { _ = try await post(steps, options: options) }
            }
            // What is no HTTP at all is found out earlier.
            #expect(failure?.kind == "unavailable", "\(String(describing: failure))")
        }
    }

    @Test("Connections that end, are reset or carry no HTTP are the provider's failure")
    func broken() async throws {
        let head = HTTPBytes.head(200, [("Content-Length", "100")])
        for steps: [ScriptedHTTPServer.Step] in [
            [.close], [.reset], [.send(head), .close], [.send(head), .reset], [.send(Array("{}".utf8) + head), .close],
            [.send(Array("SSH-2.0-OpenSSH\r\n".utf8)), .hold],
            [.send(HTTPBytes.head(200, [("Transfer-Encoding", "chunked")]) + Array("zz\r\n".utf8)), .hold],
            [.send(HTTPBytes.head(200, [("X", String(repeating: "a", count: 200_000))])), .hold],
        ] {
            let failure = await serviceFailure { try await withDeadline(.seconds(60)) { _ = try await post(steps) } }
            #expect(failure?.kind == "unavailable", "\(String(describing: failure))")
        }
    }

    @Test("Nobody at the address, or no such name, is told with the address")
    func nobody() async throws {
        // Where nobody listens: the system gives out others.
        let port = 1
        try await withTransport(HTTPTransportOptions(connectDeadline: .seconds(5))) { transport in
            for (url, part) in [
                ("http://127.0.0.1:\(port)/v1?key=sk-secret-secret", "127.0.0.1:\(port) failed: Connection refused"),
                ("http://no-such-host.invalid/v1?key=sk-secret-secret", "no-such-host.invalid"),
            ] {
                let failure = await serviceFailure { _ = try await transport.post(HTTPRequest(url: url, body: [])) }
                #expect(
                    failure?.kind == "unavailable" && failure?.reason.contains(part) == true,
                    "\(String(describing: failure))")
                #expect(failure?.reason.contains("secret") != true)
            }
        }
    }

    @Test("A redirect is an answer like any other: nothing is sent to where it points")
    func redirects() async throws {
        let other = try ScriptedHTTPServer { _, _ in [.send(HTTPBytes.answer(200, [], "{}"))] }
        for status in [301, 302, 303, 307, 308] {
            let answer = try await post(
                [.send(HTTPBytes.answer(status, [("Location", other.url + "/x")], ""))],
                fields: [("authorization", "Bearer secret")])
            #expect(answer.status == status)
        }
        #expect(other.requests.isEmpty && other.connections == 0)
    }

    @Test("A cancelled request ends at once, and so does its connection")
    func cancellation() async throws {
        let server = try ScriptedHTTPServer { _, _ in [.hold] }
        try await withTransport { transport in
            let request = Task { try await transport.post(HTTPRequest(url: server.url, body: [])) }
            try await server.received(1)
            request.cancel()
            await #expect(throws: CancellationError.self) {
                try await withDeadline(.seconds(60)) { try await request.value }
            }
            try await server.abandoned()
        }
    }

    @Test("After the shutdown nothing is sent, what was in flight has ended, and a second one is harmless")
    func shutdown() async throws {
        let server = try ScriptedHTTPServer { _, _ in [.hold] }
        let transport = try HTTPClientTransport()
        let request = Task { try await transport.post(HTTPRequest(url: server.url, body: [])) }
        try await server.received(1)
        try await withDeadline(.seconds(60)) { await transport.shutdown() }
        #expect(await serviceFailure { _ = try await request.value }?.kind == "unavailable")
        await transport.shutdown()
        let late = await serviceFailure { _ = try await transport.post(HTTPRequest(url: server.url, body: [])) }
        #expect(late?.reason.contains("closed") == true)
        #expect(server.requests.count == 1)
    }

    @Test("A field that can't be sent fails the request without being quoted")
    func fields() async throws {
        let failure = await serviceFailure {
            _ = try await post([.close], fields: [("authorization", "Bearer sk-secret\r\nX: y")])
        }
        #expect(failure?.kind == "unavailable" && failure?.reason.contains("secret") == false)
    }
}

/// Runs a body with a transport that is closed behind it.
func withTransport<Result>(
    _ options: HTTPTransportOptions = HTTPTransportOptions(), _ body: (HTTPClientTransport) async throws -> Result
) async throws -> Result {
    let transport = try HTTPClientTransport(options)
    do {
        let result = try await body(transport)
        await transport.shutdown()
        return result
    } catch {
        await transport.shutdown()
        throw error
    }
}
