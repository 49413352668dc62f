import Testing

@testable import backfilld

@Suite struct ConfigurationTablesTests {
    private let two = """
        [[tables]]
        name = "public.music_knowledge"

        [[tables]]
        name = 'app."My Songs"'
        key = "song"
        template = "{title}"
        """

    @Test func `several tables are read, with their lines`() throws {
        let settings = try ConfigurationFolder(["backfilld.toml": two]).load()
        #expect(settings.tables.map(\.name) == ["public.music_knowledge", "app.\"My Songs\""])
        #expect(settings.tables[0].text == .columns(["topic", "category", "suggestion"]))
        #expect(
            settings.tables[1]
                == .init(
                    name: "app.\"My Songs\"", key: "song", embedding: "embedding", text: .template("{title}")))
        #expect(settings.origins["tables.1.key"]?.description.hasSuffix("backfilld.toml, line 6") == true)
        #expect(settings.origins["tables.0.key"] == .builtIn)
        #expect(settings.origins["table.name"] == nil)
    }

    @Test func `tables and table exclude each other, and both places are named`() {
        let folder = ConfigurationFolder(["backfilld.toml": two + "\n[table]\nkey = \"k\""])
        let error = folder.failure(["BACKFILLD_TABLE_NAME": "x"])
        #expect(error.problems.count == 2)
        for (problem, place) in zip(error.problems, ["environment BACKFILLD_TABLE_NAME", "backfilld.toml, line 9"]) {
            #expect(problem.place.hasSuffix(place))
            #expect(problem.what.contains("backfilld.toml, line 1 begins [[tables]]"), "\(error)")
        }
    }

    @Test func `a table on the command line picks one of several`() throws {
        let folder = ConfigurationFolder(["backfilld.toml": two])
        let settings = try folder.load(options: ["table.name=music_knowledge"])
        #expect(settings.tables.map(\.name) == ["public.music_knowledge"])
        #expect(folder.failure(options: ["table.name=x"]).description.contains("not one of the configured tables"))
    }

    @Test func `a table needs a name, and a text made of columns or a template`() {
        let folder = ConfigurationFolder([
            "backfilld.toml": """
            [[tables]]
            key = "k"
            [[tables]]
            name = "a"
            [[tables]]
            name = "b"
            columns = ["x"]
            template = "{x}"
            [[tables]]
            name = "c"
            columns = ["x", "x"]
            [[tables]]
            name = "public.c"
            columns = ["x"]
            """
        ])
        let error = folder.failure()
        #expect(error.problems.map { $0.place.split(separator: " ").last ?? "" } == ["1", "3", "8", "11"], "\(error)")
        #expect(error.problems[2].what.contains("line 7"))
    }

    @Test(arguments: ["music_knowledge", "public.music_knowledge", "Music_Knowledge", "'\"music_knowledge\"'"])
    func `two entries for one column are one too many`(name: String) {
        let second = name.hasPrefix("'") ? name : "\"\(name)\""
        let text = "[[tables]]\nname = \"music_knowledge\"\n[[tables]]\nname = \(second)"
        let error = ConfigurationFolder(["backfilld.toml": text]).failure()
        #expect(error.problems.count == 1)
        #expect(error.problems.first?.what.contains("already configured at") == true)
    }

    @Test(arguments: [
        ("music_knowledge", true), ("x.music_knowledge", true), ("\"X.y\".\"music_knowledge\"", true),
        ("Music_Knowledge", true), ("\"Music_Knowledge\"", false), ("\"x.music_knowledge\"", false), ("songs", false),
    ])
    func `the default columns are those of music_knowledge in any schema`(name: String, isDefault: Bool) {
        let settings = try? ConfigurationFolder().load(["BACKFILLD_TABLE_NAME": name])
        #expect((settings != nil) == isDefault)
    }

    @Test func `columns in a variable are separated by commas`() throws {
        let environment = ["BACKFILLD_TABLE_NAME": "t", "BACKFILLD_TABLE_COLUMNS": "title, body ,tags"]
        #expect(try ConfigurationFolder().load(environment).tables[0].text == .columns(["title", "body", "tags"]))
        let error = ConfigurationFolder().failure(["BACKFILLD_TABLE_NAME": "t", "BACKFILLD_TABLE_COLUMNS": "a,,b"])
        #expect(error.description.contains("contains an empty name"))
    }
}
