import Embedders
import FoundationEssentials
import Glibc
import Testing

@testable import backfilld

@Suite("The count of a day in a file")
struct UsageFileTests {
    private let place = ConfigurationFolder([:])
    private var folder: String { place.path }

    private static func part(_ requests: Int, _ tokens: Int, day: Int = 20_000) -> DayUsage {
        var part = DayUsage(day: day)
        (part.requests, part.tokens) = (requests, tokens)
        return part
    }

    @Test("Two who use one folder count together, and a new day begins with nothing")
    func together() async throws {
        let state = "\(folder)/state"
        let (one, two) = (try UsageFile(folder: state), try UsageFile(folder: state))
        await withTaskGroup(of: Void.self) { group in
            for file in [one, two] {
                group.addTask { for _ in 0..<200 { _ = try? file.add(Self.part(1, 10)) } }
            }
        }
        #expect(try one.add(Self.part(0, -5)) == Self.part(400, 3_995))
        #expect(try two.add(DayUsage(day: 0)) == Self.part(400, 3_995))
        #expect(try one.add(Self.part(1, 7, day: 20_001)) == Self.part(1, 7, day: 20_001))
        #expect(try two.add(Self.part(9, 9)) == Self.part(1, 7, day: 20_001))
    }

    @Test("A file that has something else in it, or can't be opened, is told, and does not count as nothing")
    func closed() throws {
        let state = "\(folder)/broken"
        _ = try UsageFile(folder: state)
        try Data("what".utf8).write(to: URL(filePath: "\(state)/remote-usage"))
        let error = #expect(throws: SharedUsageError.self) { _ = try UsageFile(folder: state) }
        #expect(error?.description.contains("\(state)/remote-usage does not have") == true)
        let missing = #expect(throws: SharedUsageError.self) { _ = try UsageFile(folder: "\(folder)/a/b") }
        #expect(missing?.description.contains("No such file or directory") == true)
        _ = symlink("/dev/null", "\(folder)/remote-usage")
        #expect(throws: SharedUsageError.self) { _ = try UsageFile(folder: folder) }
    }

    @Test("The service's own folder goes before all others")
    func places() {
        #expect(UsageFile.folder(["STATE_DIRECTORY": "/a:/b", "HOME": folder]) == "/a")
        // Where the service's is there and may be written, it is that one.
        let other = UsageFile.folder(["XDG_STATE_HOME": folder])
        #expect(other == "\(folder)/backfilld" || other == "/var/lib/backfilld")
    }
}
