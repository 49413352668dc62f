import FoundationEssentials
import Testing

@testable import backfilld

@Suite struct ModelPlacesTests {
    @Test("The service's own folder comes first, none twice")
    func order() {
        #expect(
            ModelPlaces(environment: ["STATE_DIRECTORY": "/run/s:/other"]).directories == [
                "/run/s/models", "/var/lib/backfilld/models", "/usr/local/share/backfilld/models",
                "/usr/share/backfilld/models",
            ])
        #expect(ModelPlaces(environment: ["STATE_DIRECTORY": "/var/lib/backfilld"]).directories.count == 3)
        #expect(ModelPlaces(environment: [:], program: "/usr/bin/backfilld").directories.count == 3)
        #expect(
            ModelPlaces(environment: [:], program: "/opt/b/bin/backfilld").directories.last
                == "/opt/b/share/backfilld/models")
        #expect(ModelPlaces(environment: [:], program: "/root/.build/debug/backfilld").directories.count == 3)
    }

    @Test("A name is found in the first place that has it, a path is taken as it is")
    func found() throws {
        let folder = ConfigurationFolder()
        for path in ["a/one", "b/one", "b/two", "b/.adding-x"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
        }
        folder.write("b/file", "")
        let places = ModelPlaces(directories: ["\(folder.path)/a", "\(folder.path)/none", "\(folder.path)/b"])
        #expect(try places.path(of: "one") == "\(folder.path)/a/one")
        #expect(try places.path(of: "two") == "\(folder.path)/b/two")
        #expect(places.entries.map(\.name) == ["one", "one", "two"])
        for path in ["/no/such", "./x", "a/b", ".", ".."] { #expect(try places.path(of: path) == path) }
    }

    @Test(
        "What is not there is told with the places, the names that are, and the way out",
        arguments: [
            ("tow", "Did you mean \"two\"?"), ("file", "\"backfilld model add file\""), (".adding-x", "one, two"),
        ])
    func missing(name: String, words: String) throws {
        let folder = ConfigurationFolder()
        for path in ["a/one", "a/two", "a/.adding-x"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
        }
        folder.write("a/file", "")
        let error = #expect(throws: ModelNotFound.self) {
            try ModelPlaces(directories: ["\(folder.path)/a", "/no/such"]).path(of: name)
        }
        let text = try #require(error).description
        for word in [words, "\(folder.path)/a", "/no/such", "one, two", "a path needs a \"/\""] {
            #expect(text.contains(word), "\(text)")
        }
        #expect(Failure.code(of: try #require(error)).rawValue == 78)
    }
}
