import Glibc
import TestSupport
import Testing

@testable import Console

/// The listener over real sockets.
@Suite struct ConsoleListenerTests {
    @Test("It answers health, with fields that harden a browser, and keeps the connection")
    func health() async throws {
        let console = try RunningConsole()
        let (first, second) = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            let first = try client.answer()
            client.send("HEAD /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return (first, try client.answer(hasBody: false))
        }
        #expect(first?.status == 200 && first?.body == #"{"status":"ok"}"#)
        #expect(first?.fields["x-content-type-options"] == "nosniff" && first?.fields["cache-control"] == "no-store")
        #expect(first?.fields["content-security-policy"]?.contains("default-src 'none'") == true)
        #expect(second?.status == 200 && second?.fields["content-length"] == "15")
        try await console.stop()
    }

    @Test("What is not there is 404, a wrong method is 405 and says which is right, and both are JSON")
    func wrongRequests() async throws {
        let console = try RunningConsole()
        for path in ["/nothing", "/healthz/", "/../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/v1/embeddings/..", "//"]
        {
            let answer = try await console.get(path)
            #expect(answer.status == 404, "\(path)")
            #expect(answer.body.hasPrefix(#"{"error":""#))
        }
        let wrong = try await console.post("/healthz", "{}")
        #expect(wrong.status == 405 && wrong.fields["allow"] == "GET, HEAD, OPTIONS")
        let embed = try await console.get("/v1/embeddings")
        #expect(embed.status == 405 && embed.body.contains(#""error":{"message":"#))
        for method in ["DELETE", "PUT", "TRACE", "PATCH", "BREW"] {
            let answer = try await console.ask("\(method) /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(answer == nil || [400, 405].contains(answer!.status), "\(method): \(answer?.status ?? 0)")
        }
        try await console.stop()
    }

    @Test("A unix socket works, a stale one is replaced, a file is not, and the socket's file goes with the console")
    func unixSocket() async throws {
        let folder = try temporaryFolder()
        let path = "\(folder)/console.sock"
        let console = try RunningConsole(listen: .unix(path: path))
        let answer = try await console.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        #expect(answer?.status == 200)
        #expect(throws: ConsoleError.self) { _ = try RunningConsole(listen: .unix(path: path)) }
        try await console.stop()
        #expect(access(path, F_OK) != 0)
        // As a killed process leaves it.
        let stale = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafeBytes(of: &address) {
            bind(stale, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), socklen_t($0.count))
        }
        #expect(status == 0)
        Glibc.close(stale)
        let again = try RunningConsole(listen: .unix(path: path))
        #expect(try await again.ask("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")?.status == 200)
        try await again.stop()
        let file = open(path, O_CREAT | O_WRONLY, 0o600)
        Glibc.close(file)
        #expect(throws: ConsoleError.self) { _ = try ListeningSockets(ConsoleSettings(listen: .unix(path: path))) }
        #expect(access(path, F_OK) == 0)
    }

    @Test("An address that is taken or wrong is told, and one that others reach wants a token")
    func addresses() async throws {
        let console = try RunningConsole()
        let taken = try ListenAddress(parsing: console.name)
        #expect {
            _ = try ListeningSockets(ConsoleSettings(listen: taken))
        } throws: {
            guard case ConsoleError.unavailable(_, let reason) = $0 else { return false }
            return reason.contains("another process")
        }
        #expect {
            _ = try ListeningSockets(ConsoleSettings(listen: .unix(path: "/nowhere/at/all/x.sock")))
        } throws: {
            if case ConsoleError.misconfigured = $0 { true } else { false }
        }
        #expect {
            _ = try ListeningSockets(ConsoleSettings(listen: .tcp(host: "0.0.0.0", port: 0)))
        } throws: {
            if case ConsoleError.misconfigured = $0 { true } else { false }
        }
        #expect {
            _ = try ListeningSockets(ConsoleSettings(listen: .systemd))
        } throws: {
            if case ConsoleError.misconfigured = $0 { true } else { false }
        }
        try await console.stop()
    }

    @Test("A stop ends resting connections, and its end comes while a slow client is still there")
    func stop() async throws {
        let console = try RunningConsole { $0.grace = .milliseconds(300) }
        let resting = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            _ = try client.answer()
            return client
        }
        let slow = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send("POST /v1/embeddings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{")
            return client
        }
        try await eventually("both are connected") { console.tally.counts.connections == 2 }
        try await console.stop()
        #expect(try await offPool { try resting.isEnded() && slow.isEnded() })
    }
}
