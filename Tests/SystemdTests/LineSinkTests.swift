import Glibc
import Testing

@testable import Systemd

/// Lines to a pipe that is full, closed, or read by somebody slow.
struct LineSinkTests {
    private final class Pipe {
        let reading: Int32
        private(set) var writing: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            guard pipe(&ends) == 0 else { throw SystemFailure(code: errno) }
            (reading, writing) = (ends[0], ends[1])
            // Reading what is there must not wait for more.
            _ = fcntl(reading, F_SETFL, O_NONBLOCK)
        }

        deinit {
            close(reading)
            close(writing)
        }

        func lines() -> [Substring] {
            var text: [UInt8] = []
            var bytes = [UInt8](repeating: 0, count: 1 << 16)
            while case let count = read(reading, &bytes, bytes.count), count > 0 { text += bytes.prefix(count) }
            return String(decoding: text, as: UTF8.self).split(separator: "\n")
        }
    }

    @Test(
        "A pipe that nobody reads stops nobody, and hears of the loss when it is read again",
        arguments: zip([20, 9000], [5000, 100]))
    func full(_ size: Int, _ written: Int) throws {
        let pipe = try Pipe()
        let output = PlainOutput(stamp: .priority, descriptor: pipe.writing)
        let filler = String(repeating: "x", count: size)
        for number in 0..<written { output.write(LogEntry(.info, "entry \(number) \(filler)")) }
        let whole = pipe.lines().filter { $0.wholeMatch(of: /<6>entry \d+ x+/) != nil && $0.hasSuffix(filler) }
        #expect(!whole.isEmpty && whole.count < written)
        output.write(LogEntry(.info, "after"))
        output.write(LogEntry(.info, "and on"))
        #expect(
            pipe.lines() == [
                "<4>\(written - whole.count) log entries were lost: nobody took them lostEntries=\(written - whole.count)",
                "<6>after", "<6>and on",
            ])
    }

    @Test("A line longer than a pipe takes at once arrives whole where it is read")
    func long() throws {
        let pipe = try Pipe()
        let text = String(repeating: "y", count: 30_000)
        PlainOutput(stamp: .priority, descriptor: pipe.writing).write(LogEntry(.info, text))
        #expect(pipe.lines() == ["<6>\(text)"])
    }

    @Test(
        "What a descriptor never takes is not kept as a loss to be told",
        arguments: [("/dev/null", O_RDONLY), ("/dev/full", O_WRONLY)])
    func refused(_ path: String, _ mode: Int32) throws {
        let descriptor = open(path, mode | O_CLOEXEC)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let sink = LineSink(descriptor)
        for _ in 0..<3 {
            sink.write("nobody hears this") { lines in
                Issue.record("\(lines) lines are called lost")
                return ""
            }
        }
    }
}
