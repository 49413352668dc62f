import Foundation
import TestSupport
import Testing

/// The local encoder as a user has it: texts in, vectors and tokens out, models listed and checked.
@Suite(.serialized) struct ProcessModelTests {
    private static let lines = """
        {"id": 7, "text": "Hello, world!"}

        {"id": "b", "text": "Give kick and bass a place each."}
        """

    private static func vector(_ object: [String: Any]) throws -> [Double] {
        try #require(object["embedding"] as? [Double])
    }

    private static func cosine(_ left: [Double], _ right: [Double]) -> Double {
        let product = zip(left, right).map(*).reduce(0, +)
        return product / (left.map { $0 * $0 }.reduce(0, +) * right.map { $0 * $0 }.reduce(0, +)).squareRoot()
    }

    @Test("embed gives a vector a line, in order, by every precision nearly the same")
    func embed() async throws {
        let place = try ModelWorkplace()
        let exact = try ModelWorkplace.objects(
            try await place.run("embed", "--model", TestModel.miniLM, "--precision", "fp32", input: Self.lines)
                .expect(.code(0)))
        #expect(exact.count == 2)
        #expect(exact[0]["id"] as? Int == 7 && exact[1]["id"] as? String == "b")
        #expect(try Self.vector(exact[0]).count == 384)
        // sentence-transformers' own first components of this text.
        for (component, reference) in zip(try Self.vector(exact[0]), [-0.0381772, 0.0329111, -0.0054595]) {
            #expect(abs(component - reference) < 1e-5)
        }
        let automatic = try ModelWorkplace.objects(
            try await place.run("embed", "--model", TestModel.miniLM, input: Self.lines).expect(.code(0)))
        for (left, right) in zip(exact, automatic) {
            #expect(Self.cosine(try Self.vector(left), try Self.vector(right)) > 0.999)
        }
    }

    @Test("A query has the model's prompt for queries, a passage that for passages; settings are stronger")
    func prompts() async throws {
        let place = try ModelWorkplace()
        func ids(_ more: String...) async throws -> [Int] {
            let result = try await RunningProcess.run(
                try builtBinary("backfilld"), ["tokenize", "--model", TestModel.tiny] + more,
                environment: ["PATH": "/usr/bin:/bin"], directory: place.folder, input: #"{"id": 1, "text": "mix"}"#)
            return try #require(try ModelWorkplace.objects(result.expect(.code(0))).first?["ids"] as? [Int])
        }
        let (query, passage) = (try await ids("--prompt", "query"), try await ids("--prompt", "passage"))
        #expect(query != passage && query.count > 3 && passage.count > 3)
        #expect(try await ids() == passage)
        #expect(try await ids("--set", "local.passagePrompt=").count == 3)
        #expect(try await ids("--set", "local.queryPrompt=mix ", "--prompt", "query").count == 4)
        let vectors = try ModelWorkplace.objects(
            try await place.run("embed", "--model", TestModel.tiny, "--prompt", "query", input: Self.lines)
                .expect(.code(0)))
        #expect(try Self.vector(vectors[0]).count == 32)
    }

    @Test("tokenize shows what the model takes: cut to its limit, or in windows of it")
    func tokenize() async throws {
        let place = try ModelWorkplace()
        let hello = try await place.run("tokenize", "--model", TestModel.miniLM, input: Self.lines).expect(.code(0))
        #expect(try ModelWorkplace.objects(hello)[0]["ids"] as? [Int] == [101, 7592, 1010, 2088, 999, 102])
        let long = #"{"id": 1, "text": ""# + String(repeating: "mix ", count: 600) + #""}"#
        let cut = try await place.run("tokenize", "--model", TestModel.miniLM, input: long).expect(.code(0))
        #expect((try ModelWorkplace.objects(cut)[0]["ids"] as? [Int])?.count == 256)
        let all = try await place.run(
            "tokenize", "--model", TestModel.miniLM, "--set", "local.longTexts=mean", input: long
        ).expect(.code(0))
        let windows = try #require(try ModelWorkplace.objects(all)[0]["windows"] as? [[Int]])
        #expect(windows.map(\.count).reduce(0, +) == 600 + 2 * windows.count && windows.count == 3)
    }

    @Test("What is wrong is told, with the exit code that fits")
    func mistakes() async throws {
        let place = try ModelWorkplace()
        try await place.run("embed", "--model", TestModel.tiny, input: "{\"id\": 1, \"text\": \"a\"}\nnonsense\n")
            .expect(.code(65), "line 2", "\"embedding\"")
        try await place.run("embed", input: Self.lines).expect(
            .code(78), "there is no model \"all-MiniLM-L6-v2\"", "\(place.folder)/models", "/var/lib/backfilld/models",
            "backfilld model add all-MiniLM-L6-v2")
        try await place.run("embed", "--model", "./nowhere", input: Self.lines).expect(
            .code(78), "./nowhere: does not exist")
        try await place.run("embed", "--model", TestModel.tiny, "--precision", "fp16", input: Self.lines)
            .expect(.code(78), "local.precision", "not one of auto, fp32, bf16, int8")
        try await place.run("embed", "--model", TestModel.tiny, "--prompt", "both").expect(
            .code(64), "'query' and 'passage'")
        try await place.run("tokenize", "--embedder", "hash", input: Self.lines).expect(.code(64), "hash has no tokens")
        try await place.run("embed", "--embedder", "hash", input: Self.lines).expect(.code(0), "\"embedding\"")
    }

    @Test("model list shows what is there, marks the configured one and says why another cannot be used")
    func list() async throws {
        let place = try ModelWorkplace()
        try await place.run("model", "list").expect(.code(0), "backfilld model add all-MiniLM-L6-v2")
        try await place.run("model", "add", TestModel.tiny, "--name", "small").expect(
            .code(0), "\(place.folder)/models/small: 32 dimensions", "local.model = \"small\"")
        try FileManager.default.createDirectory(
            atPath: "\(place.folder)/models/broken", withIntermediateDirectories: true)
        let text = try await place.run("model", "list", "--set", "local.model=small").expect(
            .code(0), "* small", "  broken", "cannot be used: is not the folder of a model")
        #expect(!text.output.contains("* broken"))
        let json = try await place.run("model", "list", "--json", "--set", "local.model=smal").expect(.code(0)).json()
        let models = try #require(json["models"] as? [[String: Any]])
        #expect(models.map { $0["name"] as? String } == ["broken", "small"])
        #expect(models[1]["dimension"] as? Int == 32 && models[1]["limit"] as? Int == 64)
        #expect(models[1]["isConfigured"] as? Bool == false)
        try await place.run("embed", "--model", "smal", input: Self.lines).expect(.code(78), "Did you mean \"small\"?")
        try await place.run("embed", "--model", "small", input: Self.lines).expect(.code(0), "\"embedding\"")
    }

    @Test("model check holds the default model against sentence-transformers, another against its own fp32")
    func check() async throws {
        let place = try ModelWorkplace()
        let result = try await place.run("model", "check", TestModel.miniLM, "--json").expect(.code(0)).json()
        #expect(result["reference"] as? String == "sentence-transformers")
        let results = try #require(result["results"] as? [[String: Any]])
        #expect(results.map { $0["precision"] as? String } == ["fp32", "bf16", "int8"])
        #expect(try #require(results[0]["lowestCosine"] as? Double) > 0.99999)
        #expect(try #require(results[0]["largestDifference"] as? Double) < 1e-4)
        try await place.run("model", "check", TestModel.tiny).expect(.code(0), "against fp32", "fp32   cosine 1.000000")
        try await place.run("model", "check", "none").expect(.code(78), "there is no model \"none\"")
    }
}
