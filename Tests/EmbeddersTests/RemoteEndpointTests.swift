import Testing

@testable import Embedders

@Suite("Addresses of providers") struct RemoteEndpointTests {
    @Test(
        "A base address in any form in use leads to the embeddings",
        arguments: [
            ("https://api.openai.com/v1", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/", "https://api.openai.com/v1/embeddings"),
            ("https://api.openai.com/v1/embeddings", "https://api.openai.com/v1/embeddings"),
            ("api.openai.com", "https://api.openai.com/v1/embeddings"),
            ("localhost:11434", "http://localhost:11434/v1/embeddings"),
            ("http://localhost:11434/v1/", "http://localhost:11434/v1/embeddings"),
            ("http://tei/embeddings", "http://tei/embeddings"),
            ("https://gw.example/llm", "https://gw.example/llm/v1/embeddings"),
            (
                "https://generativelanguage.googleapis.com/v1beta/openai/",
                "https://generativelanguage.googleapis.com/v1beta/openai/embeddings"
            ),
            (
                "https://me.openai.azure.com/openai/deployments/d?api-version=1",
                "https://me.openai.azure.com/openai/deployments/d/embeddings?api-version=1"
            ),
            (
                "https://me.openai.azure.com/openai/deployments/d/embeddings?api-version=1",
                "https://me.openai.azure.com/openai/deployments/d/embeddings?api-version=1"
            ),
            ("https://me.openai.azure.com/openai/v1/", "https://me.openai.azure.com/openai/v1/embeddings"),
            ("https://me.openai.azure.com", "https://me.openai.azure.com/openai/v1/embeddings"),
            ("https://me.services.ai.azure.com/models", "https://me.services.ai.azure.com/models/embeddings"),
            ("http://[::1]:8080/v1", "http://[::1]:8080/v1/embeddings"),
            ("HTTPS://API.Example/V", "https://api.example/V/v1/embeddings"),
        ])
    func openAI(url: String, expected: String) throws {
        #expect(try OpenAIEndpoint(url: url).address.url == expected)
    }

    @Test("Cohere's address may have its version and its last part, or not")
    func cohere() throws {
        for url in ["https://api.cohere.com", "api.cohere.com/v2/", "https://api.cohere.com/v2/embed"] {
            #expect(try CohereEndpoint(url: url).address.url == "https://api.cohere.com/v2/embed")
        }
        #expect(throws: RemoteSettingError.self) { try CohereEndpoint(url: "https://api.cohere.com/v1") }
    }

    @Test("More of the query is added, encoded; a deployment of Azure's needs its version")
    func query() throws {
        let endpoint = try OpenAIEndpoint(url: "https://a.example/v1?x=1", query: [("api key", "a&b=é"), ("y", "")])
        #expect(endpoint.address.url == "https://a.example/v1/embeddings?x=1&api%20key=a%26b%3D%C3%A9&y=")
        #expect(endpoint.address.shown == "https://a.example/v1/embeddings")
        let error = #expect(throws: RemoteSettingError.self) {
            try OpenAIEndpoint(url: "https://me.openai.azure.com/openai/deployments/d")
        }
        #expect(error?.setting == "remote.query")
    }

    @Test(
        "What is no address is told of, without a password that is in it",
        arguments: [
            "", "ftp://x", "https://", "https:///v1", "https://me:secret@x/", "https://x:0/", "https://x:65536",
            "https://x:a",
            "https://x y/", "https://x/\n", "https://x/é", "https://x/#secret", "http://[::1", "http://[x]/", "://x",
        ])
    func wrong(url: String) {
        let error = #expect(throws: RemoteSettingError.self) { try OpenAIEndpoint(url: url) }
        #expect(error?.setting == "remote.url" && error?.description.contains("secret") == false)
    }

    @Test("A key that goes to another host without encryption is warned of")
    func warnings() throws {
        let model = try RemoteModel(name: "m")
        let key = try RemoteKey("sk-abcdefghijkl")
        for (url, key, count) in [
            ("http://gpu.example/v1", key, 1), ("http://gpu.example/v1", nil, 0), ("http://localhost/v1", key, 0),
            ("http://127.9.9.9/v1", key, 0), ("http://[::1]/v1", key, 0), ("https://gpu.example/v1", key, 0),
            ("http://127.0.0.1.example/v1", key, 1),
        ] as [(String, RemoteKey?, Int)] {
            let service = OpenAIService(
                transport: RecordedTransport(), endpoint: try OpenAIEndpoint(url: url), model: model, key: key)
            #expect(service.warnings.count == count, "\(url)")
            #expect(service.warnings.allSatisfy { !$0.contains("sk-") })
        }
    }

    @Test("A key is taken without the white space around it and shows its last four characters at most")
    func keys() throws {
        let key = try RemoteKey(" sk-abcdefghijkl\n")
        #expect(
            key.secret == "sk-abcdefghijkl" && "\(key)" == "the key …ijkl" && String(reflecting: key) == "the key …ijkl"
        )
        var dumped = ""
        dump(key, to: &dumped)
        #expect(!dumped.contains("sk-abc"))
        #expect("\(try RemoteKey("elevenchars"))" == "the key")
        for wrong in ["", " \n", "two keys", "a\u{0}b", "clé", "a\nb"] {
            let error = #expect(throws: RemoteSettingError.self, "\(wrong)") { try RemoteKey(wrong) }
            #expect(error?.setting == "remote.key")
        }
    }

    @Test("Fields, members and models that can't be sent are told of, without their values")
    func settings() throws {
        for (name, value) in [
            ("", "x"), ("a b", "x"), ("a", "secret\n"), ("Host", "secret"), ("content-length", "1"), ("é", "x"),
        ] {
            let error = #expect(throws: RemoteSettingError.self) {
                try OpenAIEndpoint(url: "https://x", headers: [(name, value)])
            }
            #expect(error?.setting == "remote.headers" && error?.problem.contains("secret") == false)
        }
        for members in [[("a", "x")], [("a", "1"), ("a", "2")], [("", "1")], [("a", "1}")]] {
            let error = #expect(throws: RemoteSettingError.self) { try RemoteModel(name: "m", members: members) }
            #expect(error?.setting == "remote.body")
        }
        #expect(throws: RemoteSettingError.self) { try RemoteModel(name: "") }
        #expect(throws: RemoteSettingError.self) { try RemoteModel(name: "m", dimension: 0) }
    }
}
