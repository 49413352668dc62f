import Testing

@testable import backfilld

@Suite struct ConfigurationLocalTests {
    @Test func `each is taken from a file, a variable and an option`() throws {
        let folder = ConfigurationFolder([
            "backfilld.toml": """
            [local]
            model = "./models/e5"
            precision = "int8"
            lanes = 3
            longTexts = "mean"
            passagePrompt = "passage: "
            queryPrompt = ""
            """
        ])
        let settings = try folder.load()
        #expect(
            settings.local
                == .init(
                    model: "./models/e5", precision: .int8, lanes: 3, longTexts: .mean, passagePrompt: "passage: ",
                    queryPrompt: ""))
        // A blank at the end of a prompt is part of it.
        let other = try folder.load(
            ["BACKFILLD_LOCAL_PASSAGE_PROMPT": "p: ", "BACKFILLD_LOCAL_LONG_TEXTS": "truncate"],
            options: ["local.lanes=1", "local.precision=auto"])
        #expect(
            other.local
                == .init(
                    model: "./models/e5", precision: nil, lanes: 1, longTexts: .truncate, passagePrompt: "p: ",
                    queryPrompt: ""))
    }

    @Test(arguments: [
        ("[local]\nprecision = \"fp16\"", "not one of auto, fp32, bf16, int8", ""),
        ("[local]\nprecision = \"bf61\"", "not one of", "Did you mean \"bf16\"?"),
        ("[local]\nlanes = 0", "outside 1 to 256", ""),
        ("[local]\nlongTexts = \"cut\"", "not one of truncate, mean", ""),
        ("[local]\nmodel = \"\"", "is empty", ""),
        ("[local]\nqueryPrompt = 3", "must be a string", ""),
        ("[local]\nmodle = \"x\"", "no setting \"local.modle\"", "local.model"),
        ("embedder = \"lokal\"", "\"lokal\", which does not exist", "Did you mean \"local\"?"),
    ])
    func `mistakes are named`(text: String, what: String, remedy: String) {
        let error = ConfigurationFolder(["backfilld.toml": text]).failure()
        #expect(error.problems.count == 1, "\(error)")
        #expect(error.problems.first?.what.contains(what) == true, "\(error)")
        #expect(remedy.isEmpty || error.problems.first?.remedy?.contains(remedy) == true, "\(error)")
    }
}
