import HTTPTypes
import TestSupport
import Testing

@testable import Console

/// Who may ask.
@Suite struct ConsoleAccessTests {
    private static let token = "correct-horse-battery-staple"

    @Test("Without the token there is the page, health and readiness, and nothing else, not even what there is")
    func token() async throws {
        let console = try RunningConsole(token: Self.token)
        for path in ["/", "/healthz"] { #expect(try await console.get(path).status == 200, "\(path)") }
        #expect(try await console.get("/readyz").status == 503)
        for path in ["/metrics", "/nothing", "/v1/embeddings"] {
            let answer = try await console.get(path)
            #expect(answer.status == 401 && answer.fields["www-authenticate"]?.hasPrefix("Bearer") == true, "\(path)")
        }
        for wrong in [
            "Basic \(Self.token)", "Bearer", "Bearer ", "Bearer \(Self.token)x", "Bearer \(Self.token.dropLast())",
            "Bearer x",
        ] {
            #expect(try await console.get("/metrics", "Authorization: \(wrong)").status == 401, "\(wrong)")
        }
        #expect(try await console.get("/metrics", "Authorization: Bearer \(Self.token)").status == 200)
        #expect(try await console.get("/metrics", "authorization: bearer \(Self.token)").status == 200)
        let embed = try await console.post("/v1/embeddings", #"{"input":"a"}"#)
        #expect(embed.status == 401 && embed.fields["connection"] == "close")
        try await console.stop()
    }

    @Test("Another token holds from the next request on")
    func reload() async throws {
        let console = try RunningConsole(token: Self.token)
        let other = "another-token-altogether"
        console.console.apply(ConsoleSettings(listen: .tcp(host: "127.0.0.1", port: 0), token: BearerToken(other)))
        #expect(try await console.get("/metrics", "Authorization: Bearer \(Self.token)").status == 401)
        #expect(try await console.get("/metrics", "Authorization: Bearer \(other)").status == 200)
        try await console.stop()
    }

    @Test(
        "Whoever watches is told nothing more after a reload changes the token, and a reload that changes nothing is none"
    )
    func watching() async throws {
        let console = try RunningConsole(token: Self.token)
        let client = try await offPool { [name = console.name] in
            let client = try RawClient(name)
            client.send(
                "GET /api/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \(Self.token)\r\nConnection: close\r\n\r\n"
            )
            _ = try client.head()
            while let line = try client.line(), !line.hasPrefix("event: status") {}
            return client
        }
        let settings = { ConsoleSettings(listen: .tcp(host: "127.0.0.1", port: 0), token: BearerToken($0)) }
        console.console.apply(settings(Self.token))
        #expect(console.tally.counts.connections == 1)
        console.console.apply(settings("another-token-altogether"))
        let isEnded = try await offPool { try client.isEnded() }
        #expect(isEnded)
        try await console.stop()
    }

    @Test("A page of another site may not even fetch; it may link to the page, and a page of an allowed origin may ask")
    func otherSites() async throws {
        let console = try RunningConsole(origins: ["https://app.example.com"])
        for site in ["cross-site", "same-site", "Cross-Site"] {
            let field = "Sec-Fetch-Site: \(site)"
            for path in ["/metrics", "/api/status", "/healthz", "/"] {
                #expect(try await console.get(path, field, "Sec-Fetch-Mode: no-cors").status == 403, "\(path)")
            }
            #expect(try await console.get("/metrics", field, "Sec-Fetch-Mode: navigate").status == 403)
            #expect(try await console.get("/", field, "Sec-Fetch-Mode: navigate").status == 200)
            #expect(try await console.get("/metrics", field, "Origin: https://app.example.com").status == 200)
        }
        for site in ["same-origin", "none"] {
            #expect(try await console.get("/metrics", "Sec-Fetch-Site: \(site)").status == 200)
        }
        try await console.stop()
    }

    @Test("A token is long enough, of signs that a field can carry, and in no description")
    func tokens() {
        #expect(BearerToken("short") == nil && BearerToken("with a blank in the middle") == nil)
        #expect(BearerToken("zwölf-mal-ümlaute-und-mehr") == nil)
        let token = BearerToken(Self.token)
        #expect(token.map { "\($0)" } == "<redacted>")
        #expect(token?.matches(Self.token.utf8) == true && token?.matches("".utf8) == false)
        #expect(token?.matches((Self.token + Self.token).utf8) == false)
    }

    @Test("Pages of allowed origins may ask and read, with a preflight; others may not, and the own page may")
    func origins() async throws {
        let console = try RunningConsole(origins: ["https://app.example.com"])
        let preflight = try await console.ask(
            "OPTIONS /v1/embeddings HTTP/1.1\r\nHost: \(console.name)\r\nOrigin: https://app.example.com\r\nAccess-Control-Request-Method: POST\r\n\r\n"
        )
        #expect(preflight?.status == 204)
        #expect(preflight?.fields["access-control-allow-origin"] == "https://app.example.com")
        #expect(preflight?.fields["access-control-allow-methods"] == "POST")
        #expect(preflight?.fields["access-control-allow-headers"]?.contains("authorization") == true)
        let allowed = try await console.get("/metrics", "Origin: https://app.example.com")
        #expect(allowed.status == 200 && allowed.fields["access-control-allow-origin"] == "https://app.example.com")
        #expect(allowed.fields["vary"] == "Origin")
        for origin in [
            "https://evil.example.com", "null", "https://app.example.com.evil.com", "http://app.example.com",
        ] {
            let answer = try await console.get("/metrics", "Origin: \(origin)")
            #expect(answer.status == 403 && answer.fields["access-control-allow-origin"] == nil, "\(origin)")
            let asked = try await console.ask(
                "OPTIONS /metrics HTTP/1.1\r\nHost: localhost\r\nOrigin: \(origin)\r\n\r\n")
            #expect(asked?.status == 403)
        }
        #expect(try await console.get("/metrics", "Origin: http://\(console.name)").status == 200)
        try await console.stop()
    }

    @Test("Without a token a page whose name leads here is refused (DNS rebinding); addresses and localhost are not")
    func rebinding() async throws {
        let console = try RunningConsole()
        for host in ["evil.example.com", "evil.example.com:8787", "127.0.0.1.evil.com", "localhost.evil.com"] {
            let answer = try await console.ask("GET /metrics HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(answer?.status == 403, "\(host)")
        }
        for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "[::1]:8787", "192.168.1.5:80"] {
            let answer = try await console.ask("GET /metrics HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            #expect(answer?.status == 200, "\(host)")
        }
        try await console.stop()
    }

    @Test("The page comes with the hashes of its own script and style, and nothing else may run")
    func page() async throws {
        let console = try RunningConsole()
        let answer = try await console.get("/")
        #expect(answer.status == 200 && answer.fields["content-type"] == "text/html; charset=utf-8")
        let policy = answer.fields["content-security-policy"] ?? ""
        #expect(policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"))
        #expect(!policy.contains("unsafe"))
        let small = Page(Array("<style>a{}</style><script>1</script>".utf8))
        // echo -n 1 | openssl dgst -sha256 -binary | base64
        #expect(small.policy.contains("script-src 'sha256-a4ayc/80/OGda4BO/1o/V0etpOqiLx1JwB5S3beHW0s='"))
        try await console.stop()
    }
}
