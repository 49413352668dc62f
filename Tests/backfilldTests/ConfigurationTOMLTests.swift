import FoundationEssentials
import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationTOMLTests {
    @Test func `lines of keys are found`() {
        let text = #"""
            embedder = "hash" # a comment
            batch . rows = 3
            "log"."level" = "info"
            limits = { textBytes = "1KiB" }

            [ table ]
            name = '''
            a [b] = c
            '''
            columns = [
              "x", # ]
              "y=z",
            ]
            template = "\"]"
            [[tables]]
            name = "first"
            [[ "tables" ]]
            key = "k"
            name = """
            [[tables]]
            name = "no" \"""
            """""
            [tables.sub]
            deep = 1
            """#
        let index = TOMLLineIndex(text)
        #expect(index.line(of: ["embedder"]) == 1)
        #expect(index.line(of: ["batch", "rows"]) == 2)
        #expect(index.line(of: ["log", "level"]) == 3)
        #expect(index.line(of: ["limits", "textBytes"]) == 4)
        #expect(index.line(of: ["table", "name"]) == 7)
        #expect(index.line(of: ["table", "columns"]) == 10)
        #expect(index.line(of: ["table", "template"]) == 14)
        #expect(index.line(of: ["table", "key"]) == 6)
        #expect(index.line(of: ["tables", "0", "name"]) == 16)
        #expect(index.line(of: ["tables", "1"]) == 17)
        #expect(index.line(of: ["tables", "1", "key"]) == 18)
        #expect(index.line(of: ["tables", "1", "name"]) == 19)
        #expect(index.line(of: ["tables", "1", "sub", "deep"]) == 24)
        #expect(index.line(of: ["nowhere"]) == nil)
    }

    @Test(arguments: [
        ("rows = ", "line 1, column 8"), ("[batch]\nrows == 1", "line 2, column 7"), ("a = 1\na = 2", "line 2"),
        ("[[table]", "line 1"), ("x = [", "line 1"), ("[", "line 1, column 2"), ("\n[[ /", "line 2, column 4"),
        ("x = [ } ]", "line 1, column 7"), ("x = ]", "line 1, column 5"), ("x = { a = 1 ]", "line 1, column 13"),
        ("x = 1979-05-27T", "line 1, column 9"), ("x = 07:3", "line 1, column 7"),
    ])
    func `broken syntax is named with line and column`(text: String, place: String) {
        let error = ConfigurationFolder(["backfilld.toml": text]).failure()
        #expect(error.problems.count == 1)
        #expect(error.problems.first?.place.contains(place) == true, "\(error)")
    }

    @Test(arguments: [
        ("[batch]\nrows = \"50\"", "line 2", "must be a whole number, not a string", "without quotes"),
        ("[batch]\nquiet = 25", "line 2", "is 25, without a unit", "250ms"),
        ("[batch]\nquiet = 2.5", "line 2", "must be a duration", ""),
        ("[batch]\nquiet = \"soon\"", "line 2", "not a duration", "ms, s, min and h"),
        ("[batch]\nrows = 0", "line 2", "is 0, outside 1 to 10000", ""),
        ("batch.inFlight = 65", "line 1", "outside 1 to 64", ""),
        ("batch = 3", "line 1", "is a section", "[batch]"),
        ("[table]\ncolumns = \"a\"", "line 2", "must be a list of strings", "[\"topic\""),
        ("[table]\ncolumns = [\"a\", 1]", "line 2", "must be a list of strings", ""),
        ("[table]\ncolumns = []", "line 2", "names nothing", ""),
        ("[table]\nname = \"\"", "line 2", "is empty", ""),
        ("[log]\nlevel = \"inof\"", "line 2", "not one of trace, debug", "Did you mean \"info\"?"),
        ("[log]\nlevel = true", "line 2", "must be a string in quotes, not true or false", ""),
        ("notify = 1979-05-27", "line 1, column 14", "a date or a time", "quotes"),
        ("[limits]\ntextBytes = \"1TB\"", "line 2", "not a size", "KiB"),
        ("[limits]\ntextBytes = \"1B\"", "line 2", "outside 16B to 64MiB", ""),
        ("[batch]\nrow = 1", "line 2", "no setting \"batch.row\"", "batch.rows"),
        ("[bach]\nrows = 1", "line 2", "no setting \"bach.rows\"", "batch.rows"),
        ("BATCH_SIZE = 3", "line 1", "no setting \"BATCH_SIZE\" in this file", "batch.rows"),
        ("[[tables]]\nname = \"music_knowledge\"\nkeys = \"k\"", "line 3", "no setting \"keys\"", "\"key\""),
        ("[[table]]\nname = \"a\"", "line 1", "is a section", "[[tables]]"),
        ("[tables]\nname = \"a\"", "line 1", "must be a list of sections", "[[tables]]"),
        ("tables = []", "line 1", "must be a list of sections", ""),
        ("embedder = \"hsah\"", "line 1", "does not exist", "hash"),
        ("a.b.c.d.e.f.g.h.i.j.k.l.m.n.o.p.q = 1", "", "key of 17 parts", ""),
        ("a = \"\\u0000\"", "", "NUL", ""),
    ])
    func `mistakes are named`(text: String, place: String, what: String, remedy: String) {
        let error = ConfigurationFolder(["backfilld.toml": text]).failure()
        #expect(error.problems.count == 1, "\(error)")
        let problem = error.problems.first
        #expect(problem?.place.hasSuffix(place) == true, "\(error)")
        #expect(problem?.what.contains(what) == true, "\(error)")
        #expect(remedy.isEmpty || problem?.remedy?.contains(remedy) == true, "\(error)")
    }

    @Test func `the parser's message is shown without pieces of the file`() {
        #expect(TOMLProvider.withoutContents("expected '=', saw 'h'") == "expected '=', saw …")
        #expect(TOMLProvider.withoutContents("saw '\\n', key 'hunter2'") == "saw '\\n', key …")
        #expect(TOMLProvider.withoutContents("odd ' quotes' and 'hunter2") == "odd … and …")
    }

    @Test func `mutations of the file never crash`() {
        let original = Array(
            CommentedFile.text.split(separator: "\n").map { line in
                // With the settings in force, or nothing would be read.
                line.hasPrefix("# ") && line.contains(" = ") && !line.contains("tables") ? line.dropFirst(2) : line
            }.joined(separator: "\n").utf8)
        let signs = Array("\"'=[]{}.#\n\\,0az- ".utf8)
        var random = SeededRandom(seed: 5)
        var broken = 0
        let rounds = ProcessInfo.processInfo.environment["MUTATIONS"].flatMap { Int($0) } ?? 10_000
        for _ in 0..<rounds {
            // A window of the file: each mutation then has a good chance to matter.
            let from = Int.random(in: 0..<original.count, using: &random)
            var bytes = Array(original[from..<min(from + 600, original.count)])
            for _ in 0..<Int.random(in: 1...8, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                let byte = Bool.random(using: &random) ? signs.randomElement(using: &random) ?? 0 : .random(in: 0...255)
                if Bool.random(using: &random) { bytes[at] = byte } else { bytes.insert(byte, at: at) }
            }
            var problems: [ConfigurationProblem] = []
            let provider = TOMLProvider(
                text: String(decoding: bytes, as: UTF8.self), path: "x.toml", problems: &problems)
            if provider.isBroken {
                broken += 1
                #expect(!problems.isEmpty && provider.values.isEmpty)
            }
        }
        #expect(broken > 1_000)
    }

    @Test func `a value that is wrong does not lose the others`() throws {
        var problems: [ConfigurationProblem] = []
        let text = "[batch]\nrows = 7\nbytes = 3\nquiet = \"1ms\"\n[wrong]\nx = 1\n[log]\nlevel = \"debug\""
        let provider = TOMLProvider(text: text, path: "x.toml", problems: &problems)
        #expect(problems.count == 2)
        #expect(Set(provider.values.keys) == ["batch.rows", "batch.quiet", "log.level"])
        #expect(provider.values["log.level"]?.origin.description == "x.toml, line 8")
    }
}
