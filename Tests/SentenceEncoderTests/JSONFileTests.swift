import Glibc
import Testing
@testable import SentenceEncoder

@Suite("Files that are read whole") struct JSONFileTests {
    private func refusal(_ path: String, limit: Int = 100) -> String? {
        do throws(ModelError) {
            _ = try readFile(path, limit: limit)
            return nil
        } catch {
            return error.problem
        }
    }

    @Test("A file is read to its last byte, up to the limit and not beyond")
    func reading() throws {
        let folder = try ScratchFolder()
        let bytes = (0..<100).map { UInt8($0) }
        let path = try folder.write("f", bytes)
        #expect(try readFile(path, limit: 100) == bytes)
        #expect(refusal(path, limit: 99)?.contains("is 100 bytes long, more than the 99") == true)
        #expect(try readFile(try folder.write("empty", []), limit: 0) == [])
    }

    @Test("What is no regular file is refused without being read")
    func irregular() throws {
        let folder = try ScratchFolder()
        let fifo = folder.path + "/fifo"
        try #require(mkfifo(fifo, 0o600) == 0)
        defer { unlink(fifo) }
        #expect(refusal(fifo) == "is not a regular file")
        #expect(refusal("/dev/zero") == "is not a regular file")
        #expect(refusal(folder.path) == "is not a regular file")
        #expect(refusal(folder.path + "/absent") == "cannot be opened: No such file or directory")
        #expect(refusal("/dev/null\u{0}x")?.contains("NUL") == true)
    }

    @Test("A member of another kind than expected is refused by its name, and null counts as absent")
    func members() throws {
        let file = try JSONFile(path: "f", bytes: Array(#"{"n": 1, "x": 1.5, "t": "a", "b": true, "z": null}"#.utf8))
        #expect(try file.integer("n", in: 1...1) == 1)
        #expect(try file.integer("z", in: 1...1) == nil)
        #expect(try file.number("x") == 1.5)
        #expect(try file.text("t") == "a")
        #expect(try file.flag("b") == true)
        #expect(throws: ModelError("f", "has a number as 'x' where a whole number is expected")) {
            try file.integer("x", in: 0...9)
        }
        #expect(throws: ModelError("f", "has 1 as 'n'; 2 to 9 can be used")) { try file.integer("n", in: 2...9) }
        #expect(throws: ModelError("f", "has a string as 't' where a number is expected")) { try file.number("t") }
        #expect(throws: ModelError("f", "has a number as 'n' where true or false is expected")) { try file.flag("n") }
        #expect(throws: ModelError("f", "has a truth value as 'b' where a string is expected")) { try file.text("b") }
        #expect(throws: ModelError.self) { try JSONFile(path: "f", bytes: Array("[]".utf8)) }
        #expect(throws: ModelError("f", "is not valid JSON: not a value at byte 0")) {
            try JSONFile(path: "f", bytes: Array("<html>".utf8))
        }
    }
}
