import FoundationEssentials
import Glibc
import Testing

@testable import backfilld

@Suite struct ModelInstallationTests {
    private static func names(_ path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: path).sorted()
    }

    private static func model(_ folder: ConfigurationFolder, _ text: String) throws -> FolderOrigin {
        try FileManager.default.createDirectory(atPath: "\(folder.path)/source", withIntermediateDirectories: true)
        folder.write("source/config.json", text, mode: 0o600)
        return FolderOrigin(place: "\(folder.path)/source")
    }

    private static let file = ModelFiles.File(path: "config.json", limit: 100, isNeeded: true)

    @Test("It gets its place whole, readable for everybody, and leaves nothing beside it")
    func whole() throws {
        let folder = ConfigurationFolder()
        let (origin, directory) = (try Self.model(folder, "one"), "\(folder.path)/a/models")
        do {
            let installation = try ModelInstallation(into: directory)
            #expect(try installation.fetch(Self.file, from: origin))
            #expect(try !installation.fetch(.init(path: "sub/none.json", limit: 9), from: origin))
            #expect(try Self.names(directory).count == 1)
            try installation.finish(name: "m", replacing: false)
        }
        #expect(try Self.names(directory) == ["m"])
        #expect(try Self.names("\(directory)/m") == ["config.json"])
        for (path, mode) in [("m", 0o755), ("m/config.json", 0o644)] as [(String, mode_t)] {
            var facts = stat()
            #expect(stat("\(directory)/\(path)", &facts) == 0 && facts.st_mode & 0o777 == mode)
        }
    }

    @Test("Another of its name is replaced only if that is wanted")
    func replacing() throws {
        let folder = ConfigurationFolder()
        let directory = "\(folder.path)/models"
        func add(_ text: String, replacing: Bool) throws {
            let installation = try ModelInstallation(into: directory)
            _ = try installation.fetch(Self.file, from: try Self.model(folder, text))
            try installation.finish(name: "m", replacing: replacing)
        }
        try add("one", replacing: true)
        let error = #expect(throws: ModelAdditionError.self) { try add("two", replacing: false) }
        #expect(error?.kind == .cannotCreate)
        #expect(try String(contentsOfFile: "\(directory)/m/config.json", encoding: .utf8) == "one")
        try add("two", replacing: true)
        #expect(try String(contentsOfFile: "\(directory)/m/config.json", encoding: .utf8) == "two")
        #expect(try Self.names(directory) == ["m"])
    }

    @Test("What a killed run left is taken away by the next, what a living one makes is not")
    func leftovers() throws {
        let folder = ConfigurationFolder()
        let directory = "\(folder.path)/models"
        try FileManager.default.createDirectory(
            atPath: "\(directory)/.adding-killed/model", withIntermediateDirectories: true)
        let living = try ModelInstallation(into: directory)
        #expect(try Self.names(directory).count == 1)
        let next = try ModelInstallation(into: directory)
        #expect(try Self.names(directory).count == 2)
        #expect(access(living.model, F_OK) == 0 && access(next.model, F_OK) == 0)
    }

    @Test("Files over their limit, folders and FIFOs are refused")
    func hostileFiles() throws {
        let folder = ConfigurationFolder()
        let origin = try Self.model(folder, String(repeating: "x", count: 101))
        mkfifo("\(folder.path)/source/fifo", 0o600)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/source/sub", withIntermediateDirectories: true)
        let installation = try ModelInstallation(into: "\(folder.path)/models")
        for path in ["config.json", "fifo", "sub"] {
            let error = #expect(throws: ModelAdditionError.self) {
                try installation.fetch(.init(path: path, limit: 100), from: origin)
            }
            #expect(error?.kind == .data, "\(path)")
        }
    }

    @Test("A program that writes more than it may is stopped; one that is missing is named with its package")
    func programs() throws {
        let (endless, zeros) = try ChildProcess.text("cat", ["/dev/zero"], limit: 1_000_000)
        #expect(endless.isOverLimit && zeros.utf8.count <= 1_000_000)
        let (echoed, text) = try ChildProcess.text("printf", ["%s", "$HOME; `ls`"], limit: 1000)
        #expect(echoed.status == 0 && !echoed.isOverLimit && text == "$HOME; `ls`")
        let error = #expect(throws: ModelAdditionError.self) {
            try ChildProcess.text("no-such-program-of-backfilld", [], limit: 1)
        }
        #expect(error?.kind == .unavailable && error?.description.contains("apt install") == true)
    }

    @Test("The built-in vectors are of the default model's dimension and length one; a cosine tells what is wrong")
    func reference() {
        #expect(ReferenceVectors.ofDefaultModel.count == 8)
        for reference in ReferenceVectors.ofDefaultModel {
            let vector = reference.vector
            #expect(vector.count == 384)
            #expect(abs(vector.reduce(0) { $0 + $1 * $1 } - 1) < 1e-5)
        }
        #expect(ModelCheckup.cosine([1, 0], [2, 0]) == 1)
        #expect(ModelCheckup.cosine([1, 0], [0, 1]) == 0)
        #expect(ModelCheckup.cosine([1, 0], [1]) == 0)
        #expect(ModelCheckup.cosine([.nan, 0], [1, 0]) == 0)
        #expect(ModelCheckup.cosine([0, 0], [1, 0]) == 0)
    }
}
