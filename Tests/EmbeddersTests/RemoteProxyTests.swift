import TestSupport
import Testing

@testable import Embedders

@Suite("Proxies") struct RemoteProxyTests {
    @Test("A proxy is named by a URL with or without user and password, which are shown to nobody")
    func reading() throws {
        let proxy = try HTTPProxy("http://me:p%40ss%3Aw@proxy.example:3128/")
        #expect(proxy.host == "proxy.example" && proxy.port == 3128 && !proxy.isSOCKS)
        #expect(proxy.user == "me" && proxy.password == "p@ss:w")
        #expect("\(proxy)" == "proxy.example:3128" && !String(reflecting: proxy).contains("p@ss"))
        #expect(try HTTPProxy("proxy").port == 80)
        #expect(try HTTPProxy("socks5://[::1]").description == "[::1]:1080")
        for wrong in [
            "https://proxy:1", "ftp://proxy", "http://", "http://secret@", "http://a:secret@h:0", "http://secret%zz@h",
            "http://a:secret@h:x", "socks5://secret@h", "http://h/secret", "",
        ] {
            let error = #expect(throws: RemoteSettingError.self, "\(wrong)") { try HTTPProxy(wrong) }
            #expect(error?.description.contains("secret") == false)
        }
    }

    @Test(
        "The environment names a proxy as for other programs, but not for this machine",
        arguments: [
            ("https://api.example", ["HTTPS_PROXY": "http://p:1"], "p:1"),
            ("https://api.example", ["https_proxy": "http://q:1", "HTTPS_PROXY": "http://p:1"], "q:1"),
            ("https://api.example", ["HTTP_PROXY": "http://p:1"], nil),
            ("http://api.example", ["HTTP_PROXY": "p:1"], "p:1"),
            ("https://api.example", ["ALL_PROXY": "socks5://p"], "p:1080"), ("https://api.example", [:], nil),
            ("https://api.example", ["HTTPS_PROXY": ""], nil),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": "*"], nil),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": "other, example"], nil),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": ".example"], nil),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": "ample"], "p:80"),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": "api.example:443"], nil),
            ("https://api.example", ["HTTPS_PROXY": "p", "NO_PROXY": "api.example:8443"], "p:80"),
            ("https://10.1.2.3", ["HTTPS_PROXY": "p", "no_proxy": "10.1.2.3"], nil),
            ("https://[fd00::1]", ["HTTPS_PROXY": "p", "no_proxy": "fd00::1"], nil),
            ("http://localhost:8000", ["HTTP_PROXY": "p"], nil), ("http://127.0.0.1", ["HTTP_PROXY": "p"], nil),
            ("http://[::1]:80", ["HTTP_PROXY": "p"], nil),
        ] as [(String, [String: String], String?)])
    func environment(url: String, environment: [String: String], expected: String?) throws {
        let found = try HTTPProxy.choose(setting: nil, environment: environment, for: WebAddress(url))
        #expect(found?.description == expected)
    }

    @Test("A proxy that is set is used for every address, and a wrong one in the environment is named by its variable")
    func setting() throws {
        let address = try WebAddress("http://localhost:1")
        let set = try HTTPProxy.choose(setting: "http://p:1", environment: ["NO_PROXY": "*"], for: address)
        #expect(set?.description == "p:1")
        let none = try HTTPProxy.choose(
            setting: "", environment: ["http_proxy": "http://q:1"], for: WebAddress("http://a.example"))
        #expect(none == nil)
        let error = #expect(throws: RemoteSettingError.self) {
            try HTTPProxy.choose(
                setting: nil, environment: ["https_proxy": "nntp://x"], for: WebAddress("https://a.example"))
        }
        #expect(error?.setting == "https_proxy")
    }

    @Test("A request goes through the proxy, which gets user and password and nothing of the request's fields")
    func tunnel() async throws {
        let proxy = try ScriptedHTTPServer { request, before in
            // The second request on the connection is the one for the provider.
            before == 0
                ? [.send(Array("HTTP/1.1 200 Connected\r\n\r\n".utf8))] : [.send(HTTPBytes.answer(200, [], "through"))]
        }
        let options = HTTPTransportOptions(proxy: try HTTPProxy("http://me:secret@127.0.0.1:\(proxy.port)"))
        try await withTransport(options) { transport in
            let answer = try await transport.post(
                HTTPRequest(
                    url: "http://provider.invalid:8080/v1/embeddings", fields: [("authorization", "Bearer key")],
                    body: [1]))
            #expect(String(decoding: answer.body, as: UTF8.self) == "through")
        }
        let requests = proxy.requests
        try #require(requests.count == 2)
        #expect(requests[0].line.hasPrefix("CONNECT provider.invalid:8080 "))
        #expect(requests[0].fields["proxy-authorization"] == "Basic bWU6c2VjcmV0")
        #expect(requests[0].fields["authorization"] == nil)
        #expect(requests[1].fields["authorization"] == "Bearer key" && requests[1].fields["proxy-authorization"] == nil)
    }

    @Test("A proxy that wants a password, refuses or is not there is named, without its password")
    func refusals() async throws {
        for (status, kind) in [(407, "denied"), (403, "unavailable"), (502, "unavailable")] {
            let proxy = try ScriptedHTTPServer { _, _ in [.send(HTTPBytes.answer(status, [], ""))] }
            let options = HTTPTransportOptions(proxy: try HTTPProxy("http://me:secret@127.0.0.1:\(proxy.port)"))
            try await withTransport(options) { transport in
                let failure = await serviceFailure {
                    _ = try await transport.post(HTTPRequest(url: "http://provider.invalid/v1", body: []))
                }
                #expect(failure?.kind == kind, "\(status): \(String(describing: failure))")
                #expect(failure?.reason.contains("127.0.0.1:\(proxy.port)") == true)
                #expect(failure?.reason.contains("secret") == false)
            }
        }
    }
}
