import Embedders
import SentenceEncoder
import Testing

@testable import backfilld

@Suite("Settings of providers")
struct ConfigurationRemoteTests {
    private func remote(_ text: String, _ environment: [String: String] = [:]) throws -> Settings.Remote {
        let settings = try ConfigurationFolder(["backfilld.toml": text]).load(environment)
        return try #require(settings.remote)
    }

    @Test("OpenAI itself needs nothing but its key: model, dimension and limits are known")
    func openAI() throws {
        let settings = try ConfigurationFolder(["backfilld.toml": "embedder = \"openai\""])
            .load(["OPENAI_API_KEY": "sk-0123456789abcdef"])
        let remote = try #require(settings.remote)
        #expect(remote.url == "https://api.openai.com/v1")
        #expect(remote.model == "text-embedding-3-small")
        #expect(remote.dimension == 1536)
        #expect(!remote.sendsDimension)
        #expect(remote.key?.reveal == "sk-0123456789abcdef")
        #expect(remote.limits.inputs == 2048)
        #expect(remote.limits.inputTokens == 8191)
        #expect(remote.limits.requestTokens == 300_000)
        #expect(settings.batch.rows == 500)
        #expect(settings.batch.inFlight == 10)
        #expect(settings.lines.contains { $0.contains("remote.key") && $0.contains("environment OPENAI_API_KEY") })
        #expect(!settings.lines.joined().contains("abcdef"))
        #expect(settings.lines.contains { $0.contains("remote.dimension") && $0.contains("1536") })
    }

    @Test(
        "A key of a variable goes to its own provider and to no other",
        arguments: [
            ("http://localhost:11434/v1", nil), ("https://api.mistral.ai/v1", "mistral-key"),
            ("https://api.openai.com.example.org/v1", nil), ("https://eu.api.openai.com/v1", "openai-key"),
            ("https://music.openai.azure.com", "azure-key"), ("https://api.voyageai.com/v1", nil),
        ])
    func keys(url: String, key: String?) throws {
        let remote = try remote(
            "embedder = \"openai\"\n[remote]\nurl = \"\(url)\"\nmodel = \"m\"\ndimension = 3",
            ["OPENAI_API_KEY": "openai-key", "MISTRAL_API_KEY": "mistral-key", "AZURE_OPENAI_API_KEY": "azure-key"])
        #expect(remote.key?.reveal == key)
    }

    @Test("A key that is set is stronger than a variable of the provider's")
    func ownKey() throws {
        let folder = ConfigurationFolder(["backfilld.toml": "embedder = \"cohere\"", "remote-key": "own-key\n"])
        let settings = try folder.load(["CO_API_KEY": "other"], credentials: true)
        #expect(settings.remote?.key?.reveal == "own-key")
        #expect(settings.remote?.model == "embed-v4.0")
        #expect(settings.remote?.limits.inputs == 96)
        #expect(settings.batch.rows == 96)
        #expect(try folder.load(["CO_API_KEY": "other"]).remote?.key?.reveal == "other")
    }

    @Test("Everything is taken from the file")
    func everything() throws {
        let remote = try remote(
            """
            embedder = "openai"
            [remote]
            url = "https://tei.example.org:8080"
            model = "BAAI/bge-m3"
            sendDimension = "yes"
            key = "k"
            headers = ["x-team: search: music", "x-a:b"]
            query = ["api-version=2024-10-21"]
            body = ['task="retrieval.passage"', 'query:task="retrieval.query"', 'truncate=true']
            passagePrompt = "p: "
            queryPrompt = "q: "
            inputs = 64
            inputTokens = 512
            requestTokens = 16000
            requestBytes = "1MB"
            requestsInFlight = 3
            requestsPerMinute = 100
            tokensPerMinute = 100000
            requestsPerDay = 5000
            tokensPerDay = 1000000
            connectDeadline = "2s"
            deadline = "90s"
            ca = "/etc/ca.pem"
            proxy = "http://u:p@proxy:3128"
            tokenizer = "bge"
            memory = "1MiB"
            price = 0.13
            """)
        #expect(remote.dimension == 1024)
        #expect(remote.sendsDimension)
        #expect(remote.headers.map(\.name) == ["x-team", "x-a"])
        #expect(remote.headers.map(\.value.reveal) == ["search: music", "b"])
        #expect(remote.query.map(\.value.reveal) == ["2024-10-21"])
        #expect(remote.body.map(\.name) == ["task", "truncate"])
        #expect(remote.body.map(\.value.reveal) == ["\"retrieval.passage\"", "true"])
        #expect(remote.queryBody.map(\.value.reveal) == ["\"retrieval.query\""])
        #expect((remote.passagePrompt, remote.queryPrompt) == ("p: ", "q: "))
        #expect(
            remote.limits
                == RequestLimits(inputs: 64, inputTokens: 512, requestTokens: 16_000, requestBytes: 1_000_000))
        #expect(remote.throttle.requestsInFlight == 3)
        #expect(remote.throttle.requestsPerMinute == 100)
        #expect(remote.throttle.tokensPerMinute == 100_000)
        #expect(remote.throttle.requestsPerDay == 5000)
        #expect(remote.throttle.tokensPerDay == 1_000_000)
        #expect((remote.connectDeadline, remote.deadline) == (.seconds(2), .seconds(90)))
        #expect(remote.authorities == "/etc/ca.pem")
        #expect(remote.proxy?.reveal == "http://u:p@proxy:3128")
        #expect(remote.tokenizer == "bge")
        #expect(remote.memory == 1 << 20)
        #expect(remote.price == 0.13)
    }

    @Test("A server that is not known gets small requests, and a batch that somebody chose stays")
    func unknownServer() throws {
        let text = "embedder = \"openai\"\n[remote]\nurl = \"http://localhost:8080\"\nmodel = \"x\"\ndimension = 8\n"
        let folder = ConfigurationFolder(["backfilld.toml": text + "[batch]\nrows = 400\ninFlight = 2"])
        let settings = try folder.load()
        #expect(settings.remote?.limits == RequestLimits(inputs: 32, requestBytes: 1_900_000))
        #expect(settings.remote?.key == nil)
        #expect(settings.batch.rows == 400)
        #expect(settings.batch.inFlight == 2)
    }

    @Test("A dimension other than the model's own is told to the provider where the model makes it")
    func shortened() throws {
        let text = "embedder = \"openai\"\n[remote]\ndimension = 512\n"
        #expect(try remote(text).sendsDimension)
        #expect(try !remote(text + "sendDimension = \"no\"").sendsDimension)
        #expect(try !remote(text + "model = \"text-embedding-ada-002\"").sendsDimension)
    }

    @Test(
        "Mistakes are named",
        arguments: [
            ("url = \"http://localhost:1/v1\"", "no model is named", "remote.model"),
            ("model = \"mine\"", "how many dimensions the vectors of \"mine\"", "remote.dimension"),
            ("price = \"cheap\"", "remote.price is \"cheap\", not a number", "0.02"),
            ("price = nan", "remote.price is \"nan\", not a number", "0.02"),
            ("price = -1.5", "remote.price is \"-1.5\", outside 0 to 1000000", ""),
            ("price = true", "remote.price must be a number, not true or false", "0.02"),
            ("key = \"a b\"", "remote.key has white space", ""),
            ("headers = [\"secret-thing\"]", "remote.headers has a part that is not of the form", ""),
            ("sendDimension = \"maybe\"", "not one of auto, yes, no", ""),
            ("tokensPerDay = 5", "outside 1000 to", ""),
            ("modle = \"x\"", "no setting \"remote.modle\"", "remote.model"),
        ])
    func mistakes(setting: String, what: String, remedy: String) {
        let error = ConfigurationFolder(["backfilld.toml": "embedder = \"openai\"\n[remote]\n\(setting)"]).failure()
        #expect(error.problems.count == 1, "\(error)")
        #expect(error.problems.first?.what.contains(what) == true, "\(error)")
        #expect(remedy.isEmpty || error.problems.first?.remedy?.contains(remedy) == true, "\(error)")
        #expect(!error.description.contains("secret-thing"))
    }

    @Test(
        "A key in the address or in the body is not shown",
        arguments: [
            ("url = \"http://h/v1?api-key=SECRET\"", "remote.query"),
            ("url = \"http://me:SECRET@h/v1\"", "a setting of its own"),
        ])
    func keysInAddresses(setting: String, remedy: String) {
        for embedder in ["openai", "local", "codette"] {
            let text = "embedder = \"\(embedder)\"\n[remote]\nmodel = \"m\"\ndimension = 3\n\(setting)"
            let error = ConfigurationFolder(["backfilld.toml": text]).failure()
            #expect(error.description.contains(remedy) && !error.description.contains("SECRET"), "\(error)")
        }
    }

    @Test("The members of the body are secrets")
    func secretBody() throws {
        let text = "embedder = \"openai\"\n[remote]\nbody = ['api_key=\"SECRET\"']"
        let settings = try ConfigurationFolder(["backfilld.toml": text]).load()
        #expect(!settings.lines.joined().contains("SECRET"))
        #expect(settings.lines.contains { $0.contains("remote.body") && $0.contains(Secret.mask) })
    }

    @Test("An empty proxy is none, whatever variables say")
    func noProxy() throws {
        let remote = try remote("embedder = \"openai\"\n[remote]\nproxy = \"\"")
        #expect(remote.proxy?.reveal == "")
    }

    @Test("What does nothing with an endpoint of the first version is told, and what does something is taken")
    func idleSettings() throws {
        let text = """
            embedder = "codette"
            [remote]
            dimension = 3
            requestsPerMinute = 7
            inputs = 20
            headers = ["x-a: b"]
            passagePrompt = "p: "
            body = ['a=1']
            key = "k"
            """
        let settings = try ConfigurationFolder(["backfilld.toml": text]).load()
        for key in ["remote.passagePrompt", "remote.body", "remote.key"] {
            #expect(
                settings.warnings.contains { $0.hasPrefix(key) && $0.contains("does nothing") }, "\(settings.warnings)")
        }
        #expect(settings.warnings.count == 3, "\(settings.warnings)")
        #expect(settings.remote?.limits.inputs == 20)
        #expect(settings.remote?.throttle.requestsPerMinute == 7)
        let plain = try ConfigurationFolder(["backfilld.toml": "embedder = \"codette\"\n[remote]\ndimension = 3"])
            .load()
        #expect(plain.remote?.limits.inputs == plain.batch.rows)
        #expect(plain.warnings.isEmpty, "\(plain.warnings)")
    }

    @Test("A ceiling that is less than one text is told at the start")
    func lowCeiling() throws {
        func warnings(_ text: String) throws -> [String] {
            try ConfigurationFolder(["backfilld.toml": "embedder = \"openai\"\n[remote]\n" + text]).load().warnings
        }
        #expect(try warnings("tokensPerDay = 1000").contains { $0.contains("remote.tokensPerDay is 1000") })
        #expect(try warnings("tokensPerDay = 100000").isEmpty)
    }

    @Test("With another embedder nothing of a provider is asked for, and batches are as ever")
    func local() throws {
        let settings = try ConfigurationFolder(["backfilld.toml": "[remote]\nurl = \"http://x\""]).load()
        #expect(settings.remote == nil)
        #expect(settings.batch.rows == 50)
        #expect(settings.batch.inFlight == 4)
    }

    @Test("The identity has what changes vectors, and neither the address nor the key")
    func identity() throws {
        func identity(_ more: String) throws -> EmbedderIdentity {
            let folder = ConfigurationFolder([
                "backfilld.toml": "embedder = \"openai\"\n[remote]\nkey = \"abc\"\n" + more
            ])
            return try Assembly(folder.load()).identity()
        }
        let plain = try identity("")
        #expect(plain.embedder == "openai")
        #expect(plain.model == "text-embedding-3-small")
        #expect(plain.dimension == 1536)
        #expect(plain.traits == ["prompt": ""])
        #expect(try identity("inputTokens = 30000") == plain)
        #expect(try identity("body = ['user=\"x\"', 'api_key=\"SECRET\"', 'truncate=true']") == plain)
        let task = try identity("body = ['task=\"retrieval.passage\"', 'instruction=\"Represent SECRET\"']")
        #expect(task.traits["request task"] == "\"retrieval.passage\"")
        #expect(task.traits["request instruction"]?.hasPrefix("sha256:") == true)
        #expect(!"\(task)".contains("SECRET"))
        #expect(try identity("requestsInFlight = 2") == plain)
        #expect(try identity("passagePrompt = \"passage: \"") != plain)
        #expect(try identity("body = ['task=\"a\"']") != identity("body = ['task=\"b\"']"))
        #expect(try identity("body = ['query:task=\"a\"']") == plain)
        #expect(try identity("dimension = 256") != plain)
    }

    @Test("What a backlog costs is told with the price, and empty and repeated texts cost nothing")
    func estimate() {
        var estimate = Estimate(
            table: "t", limits: RequestLimits(inputTokens: 1003), count: TokenCount(), pricePerMillionTokens: 0.5)
        estimate.add(["", String(repeating: "word", count: 100), String(repeating: "word", count: 100)])
        estimate.add([String(repeating: "x", count: 5000)])
        #expect(estimate.rows == 4)
        #expect((estimate.withoutText, estimate.repeated, estimate.long) == (1, 1, 1))
        #expect(estimate.tokens == 101 + 251)
        #expect(
            estimate.line == """
                t: 4 rows are pending (1 without text, 1 with a text that another has too, 1 cut to the limit of a text), \
                about 352 tokens, 0.0002 at 0.5000 for a million tokens. Without remote.tokenizer that may be a third \
                more or less.
                """)
    }
}
