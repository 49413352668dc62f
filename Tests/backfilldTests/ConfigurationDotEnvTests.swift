import TestSupport
import Testing

@testable import backfilld

@Suite struct ConfigurationDotEnvTests {
    private func values(_ text: String) -> [String: String] {
        DotEnvFile(text).variables.mapValues(\.value)
    }

    @Test(arguments: [
        ("A=b", "b"), ("  export A = b  ", "b"), ("export\tA=b", "b"), ("A=", ""), ("A=b # c", "b"), ("A=b#c", "b#c"),
        ("A=# c", ""), ("A='b # c' # d", "b # c"), (#"A="b\n\"c\" \$d \\ \x""#, "b\n\"c\" $d \\ \\x"),
        (#"A='b\n'"#, #"b\n"#), ("A=\"b\nc\"", "b\nc"), ("A=b\r\n", "b"), ("A=1\nA=2", "2"), ("A=b=c", "b=c"),
        ("A=it's", "it's"), ("A=\"\"", ""), ("A=postgres://u:p%40@h/d?x=y", "postgres://u:p%40@h/d?x=y"),
        ("A=\"\nb\n\" # c", "\nb\n"),
    ])
    func `lines are read`(text: String, value: String) {
        let file = DotEnvFile(text)
        #expect(file.variables["A"]?.value == value)
        #expect(file.skippedLines.isEmpty)
    }

    @Test func `lines are numbered, also after a value of several lines`() {
        let file = DotEnvFile("# comment\n\nA=1\nB=\"x\ny\nz\"\nC=3\nnonsense\nD=4")
        #expect(file.variables.mapValues(\.line) == ["A": 3, "B": 4, "C": 7, "D": 9])
        #expect(file.skippedLines == [8])
    }

    @Test func `a quote that is not closed costs its own line only`() {
        let file = DotEnvFile("A=\"1\nB=\"2\"\nC='3\nD=4\nE=\"5")
        #expect(file.variables.mapValues(\.value) == ["B": "2", "D": "4"])
        #expect(file.skippedLines == [1, 3, 5])
    }

    @Test func `mutations of a line never crash and never lose another line`() {
        let lines = [
            "DATABASE_URL=postgres://u:p@h/d", "export BATCH_SIZE=20", "# a comment", "A='single # quoted'",
            "B=plain # c",
            "C=\"double \\\" quoted\"", "PGHOST=/var/run", "LAST=end",
        ]
        let whole = values(lines.joined(separator: "\n"))
        let names = ["DATABASE_URL", "BATCH_SIZE", nil, "A", "B", "C", "PGHOST", "LAST"]
        var random = SeededRandom(seed: 4)
        for _ in 0..<10_000 {
            let chosen = Int.random(in: 0..<lines.count, using: &random)
            var bytes = Array(lines[chosen].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let at = Int.random(in: 0...bytes.count, using: &random)
                let byte =
                    [UInt8](#""'\=#$ "#.utf8).randomElement(using: &random) ?? UInt8.random(in: 0...255, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0 where at < bytes.count: bytes.remove(at: at)
                case 1 where at < bytes.count: bytes[at] = byte
                case 2: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
                default: bytes.insert(byte, at: at)
                }
            }
            bytes.removeAll { $0 == UInt8(ascii: "\n") }
            var mutated = lines
            mutated[chosen] = String(decoding: bytes, as: UTF8.self)
            // A mutation may make the line name another variable; then the later of the two counts.
            let given = values(mutated[chosen]).keys
            let found = values(mutated.joined(separator: "\n"))
            for (index, name) in names.enumerated() {
                guard index != chosen, let name, !given.contains(name) else { continue }
                #expect(found[name] == whole[name], "lost \(name) after \(mutated[chosen].debugDescription)")
            }
        }
    }
}
